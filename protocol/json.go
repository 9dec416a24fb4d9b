package protocol

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// rawJSON writes the value that a text in JSON stands for. Numbers are what JSON.parse makes of them.
func (e *encoder) rawJSON(text []byte) error {
	if len(text) == 0 {
		e.scalar()
		return e.null()
	}
	var v any
	err := json.Unmarshal(text, &v)
	if err != nil {
		return fmt.Errorf("%w: json.RawMessage: %w", ErrUncloneable, err)
	}
	e.single = true // another text's values may come to lie where these were
	err = e.any(v)
	e.single = false
	return err
}

// rawJSON decodes any value that JSON has a place for into its text, in the shortest form and with sorted keys.
func (d *decoder) rawJSON(v reflect.Value) error {
	described := d.describe(d.peek())
	x, err := d.any()
	if err != nil {
		return err
	}
	if err := d.jsonable(x, 0); err != nil {
		return fmt.Errorf("%s: %w", described, err)
	}
	var text bytes.Buffer
	w := json.NewEncoder(&text)
	w.SetEscapeHTML(false)
	if err := w.Encode(x); err != nil {
		return typeErrorf("%s does not become JSON: %w", described, err)
	}
	v.SetBytes(bytes.TrimSuffix(text.Bytes(), []byte("\n")))
	return nil
}

// jsonable refuses what encoding/json would write as something else, and cycles. What is shared counts each time: its text is there as often.
func (d *decoder) jsonable(v any, depth int) error {
	if depth > MaxDepth {
		return fmt.Errorf("protocol: %w: nested too deeply for JSON", ErrLimit)
	}
	size := anySize
	if s, ok := v.(string); ok {
		size += len(s)
	}
	if err := d.take(1, size); err != nil {
		return err
	}
	switch v := v.(type) {
	case nil, bool, string, int64, uint64, float64:
		return nil
	case []any:
		for i, x := range v {
			if err := d.jsonable(x, depth+1); err != nil {
				return atIndex(err, i)
			}
		}
		return nil
	case map[string]any:
		for k, x := range v {
			if err := d.take(len(k), 1); err != nil {
				return err
			}
			if err := d.jsonable(x, depth+1); err != nil {
				return atField(err, k)
			}
		}
		return nil
	}
	return typeErrorf("%T has no place in JSON", v)
}
