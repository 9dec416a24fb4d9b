package protocol

import (
	"fmt"
	"maps"
	"slices"
)

// meta reads what a send or an invoke carries beside its arguments.
func (w *walker) meta(f *Frame) error {
	n, err := w.next(classMap, "meta is not a map")
	if err != nil {
		return err
	}
	if n > MaxMeta {
		return w.limit("too many entries in meta")
	}
	for range n {
		name, err := w.metaText()
		if err != nil {
			return err
		}
		value, err := w.metaText()
		if err != nil {
			return err
		}
		if !w.keep {
			continue
		}
		if f.Meta == nil {
			f.Meta = make(map[string]string, n)
		}
		f.Meta[string(name)] = string(value)
	}
	return nil
}

func (w *walker) metaText() ([]byte, error) {
	s, err := w.text("meta has something else than text")
	if err == nil && len(s) > MaxMetaText {
		err = w.limit("text in meta too long")
	}
	return s, err
}

// meta writes it, sorted by name.
func (e *encoder) meta(meta map[string]string) error {
	if len(meta) > MaxMeta {
		return fmt.Errorf("protocol: %w: %d entries in meta, %d are allowed", ErrLimit, len(meta), MaxMeta)
	}
	e.mapLen(len(meta))
	for _, name := range slices.Sorted(maps.Keys(meta)) {
		for _, s := range [...]string{name, meta[name]} {
			if len(s) > MaxMetaText {
				return fmt.Errorf("protocol: %w: %d bytes of text in meta, %d are allowed", ErrLimit, len(s), MaxMetaText)
			}
			if err := e.string(s); err != nil {
				return err
			}
		}
	}
	return nil
}
