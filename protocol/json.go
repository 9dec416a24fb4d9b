package protocol

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"time"
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
	x, err := d.any()
	if err != nil {
		return err
	}
	if x, err = d.jsonable(x, 0); err != nil {
		return err
	}
	var text bytes.Buffer
	w := json.NewEncoder(&text)
	w.SetEscapeHTML(false)
	if err := w.Encode(x); err != nil {
		return ownError(err)
	}
	v.SetBytes(bytes.TrimSuffix(text.Bytes(), []byte("\n")))
	return nil
}

// jsonable returns what encoding/json makes JSON.stringify's text of: undefined is left out, in an array it is null. It refuses what would become
// something else, and cycles. What is shared counts each time: its text is there as often. The value may be part of another argument, too, and
// stays as it is.
func (d *decoder) jsonable(v any, depth int) (any, error) {
	if depth > MaxDepth {
		return nil, fmt.Errorf("protocol: %w: nested too deeply for JSON", ErrLimit)
	}
	size := anySize
	if s, ok := v.(string); ok {
		size += len(s)
	}
	if err := d.take(1, size); err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case nil, bool, string, int64, uint64:
		return v, nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, typeErrorf("%s has no place in JSON", numberText(v))
		}
		return v, nil
	case Undefined:
		return nil, nil
	case []any:
		return d.jsonableList(v, depth)
	case map[string]any:
		return d.jsonableMap(v, depth)
	}
	return nil, typeErrorf("%s has no place in JSON", kindOf(v))
}

func (d *decoder) jsonableList(v []any, depth int) (any, error) {
	list := make([]any, len(v))
	for i, x := range v {
		var err error
		if list[i], err = d.jsonable(x, depth+1); err != nil {
			return nil, atIndex(err, i)
		}
	}
	return list, nil
}

func (d *decoder) jsonableMap(v map[string]any, depth int) (any, error) {
	object := make(map[string]any, len(v))
	for name, x := range v {
		if err := d.take(len(name), 1); err != nil {
			return nil, err
		}
		if _, ok := x.(Undefined); ok {
			continue
		}
		x, err := d.jsonable(x, depth+1)
		if err != nil {
			return nil, atField(err, name)
		}
		object[name] = x
	}
	return object, nil
}

// kindOf names what any gives, as JavaScript would.
func kindOf(v any) string {
	switch v := v.(type) {
	case []byte:
		return "Uint8Array"
	case time.Time, InvalidDate:
		return "Date"
	case *big.Int:
		return "bigint"
	case View:
		return v.Kind.String()
	case UTF16:
		return "a lone surrogate"
	case *SparseArray:
		return "array with holes"
	case Boxed:
		return "boxed primitive"
	case Stream:
		return "ReadableStream"
	case Port:
		return "MessagePort"
	}
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}
