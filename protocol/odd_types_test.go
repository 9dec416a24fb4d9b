package protocol

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

// grade is a byte with a name, shade one that is a text.
type grade uint8

type shade uint8

func (s shade) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "shade %d", uint8(s)), nil }

func (s *shade) UnmarshalText(text []byte) error {
	_, err := fmt.Sscanf(string(text), "shade %d", (*uint8)(s))
	return err
}

func TestNamedBytes(t *testing.T) {
	for _, binary := range []any{[]byte{1, 2}, ArrayBuffer{1, 2}, View{ViewInt16, []byte{1, 2}}, []grade{1, 2}, [2]grade{1, 2}, []any{1, 2}} {
		raw := encode(t, binary)
		if got := decodeInto[[]grade](t, raw); !reflect.DeepEqual(got, []grade{1, 2}) {
			t.Errorf("%T: %v", binary, got)
		}
		if got := decodeInto[[3]grade](t, raw); got != [3]grade{1, 2} {
			t.Errorf("%T: %v", binary, got)
		}
	}
	for _, texts := range []any{[]shade{1, 2}, [2]shade{1, 2}} {
		raw := encode(t, texts)
		if got := decodeInto[any](t, raw); !reflect.DeepEqual(got, []any{"shade 1", "shade 2"}) {
			t.Errorf("%T: %v", texts, got)
		}
		if got := decodeInto[[]shade](t, raw); !reflect.DeepEqual(got, []shade{1, 2}) {
			t.Errorf("%T: %v", texts, got)
		}
		if got := decodeInto[[2]shade](t, raw); got != [2]shade{1, 2} {
			t.Errorf("%T: %v", texts, got)
		}
	}
	for _, binary := range []any{[]byte{1, 2}, View{ViewInt16, []byte{1, 2}}} {
		for _, into := range []any{new([]shade), new([2]shade)} {
			if err := DecodeValue(encode(t, binary), into); !errors.Is(err, ErrType) {
				t.Errorf("%T into %T: %v", binary, into, err)
			}
		}
	}
}

func TestNumbersOfViews(t *testing.T) {
	if got := decodeInto[[]time.Duration](t, encode(t, NewView([]int16{-1, 2}))); !reflect.DeepEqual(got, []time.Duration{-1, 2}) {
		t.Error(got)
	}
	if got := decodeInto[[]time.Month](t, encode(t, NewView([]uint64{7}))); !reflect.DeepEqual(got, []time.Month{7}) {
		t.Error(got)
	}
	for _, c := range []struct {
		view View
		into any
		want string
	}{
		{NewView([]uint64{1 << 63}), new([]int64), "element [0]: 9223372036854775808 does not fit into int64"},
		{NewView([]int64{1, -1}), new([]uint16), "element [1]: -1 does not fit into uint16"},
		{NewView([]float64{256}), new([]uint8), ""}, // bytes: they are the view's
		{NewView([]float64{256}), new([]int8), "element [0]: 256 does not fit into int8"},
		{NewView([]float64{math.NaN()}), new([]int), "element [0]: NaN does not fit into int"},
		{NewView([]float64{1e39}), new([]float32), "element [0]: 1e+39 does not fit into float32"},
		{NewView([]float64{math.Inf(-1)}), new([]float32), ""},
	} {
		err := DecodeValue(encode(t, c.view), c.into)
		if (err == nil) != (c.want == "") || err != nil && err.Error() != c.want {
			t.Errorf("%v into %T: %v, want %q", c.view, c.into, err, c.want)
		}
	}
}

func TestTooLargeForFloat32(t *testing.T) {
	type pair struct{ A, B float32 }
	var p pair
	err := DecodeValue(encode(t, map[string]any{"A": 1.5, "B": -1e300}), &p)
	if err == nil || err.Error() != `field "B": -1e+300 does not fit into float32` || !errors.Is(err, ErrType) {
		t.Errorf("%v, %v", p, err)
	}
	if got := decodeInto[[]float32](t, encode(t, []any{math.Inf(1), 0.1})); !math.IsInf(float64(got[0]), 1) || got[1] != 0.1 {
		t.Error(got)
	}
}

// What takes no memory counts all the same: a page says four billion of it in a few bytes.
func TestMuchOfNothing(t *testing.T) {
	raw := encode(t, SparseArray{Length: math.MaxUint32})
	for _, into := range []any{new([]struct{}), new([][0]int)} {
		if err := DecodeValue(raw, into); !errors.Is(err, ErrLimit) {
			t.Errorf("%T: %v", into, err)
		}
	}
	out := encode(t, [][]struct{}{make([]struct{}, 2), make([]struct{}, 2)})
	if string(out) != "\x92\x92\x80\x80\x92\x80\x80" {
		t.Errorf("two arrays became one: %x", out)
	}
}

// alike has a key for all.
type alike struct{ n int }

func (alike) MarshalText() ([]byte, error) { return []byte("same"), nil }

// zeroAt7 is asked by its pointer.
type zeroAt7 int

func (z *zeroAt7) IsZero() bool { return *z == 7 }

// fickle is left out every other time it is asked.
type fickle struct{ asked *int }

func (f fickle) IsZero() bool { *f.asked++; return *f.asked%2 == 0 }

func TestOddTypesOut(t *testing.T) {
	asked, askedOnce := 0, 1
	for _, c := range []struct {
		v    any
		want string // the encoding, or the error
	}{
		{map[alike]int{{1}: 1, {2}: 2}, `two keys of a map[protocol.alike]int are both "same"`},
		{map[any]int{1: 1, "1": 2}, `two keys of a map[interface {}]int are both "1"`},
		{map[*alike]int{nil: 1}, "\x81\xa0\x01"},
		{struct {
			Z zeroAt7 `json:",omitzero"`
		}{7}, "\x80"},
		{&struct {
			Z zeroAt7 `json:",omitzero"`
		}{8}, "\x81\xa1Z\x08"},
		{struct {
			Z zeroer `json:",omitzero"`
		}{(*zeroAt7)(nil)}, "\x80"},
		{struct {
			F fickle `json:",omitzero"`
		}{fickle{&asked}}, "that changed while it was written"},
		{struct {
			F fickle `json:",omitzero"`
		}{fickle{&askedOnce}}, "that changed while it was written"},
		{selfish("\xa1\xff"), "protocol.selfish encoded itself badly: protocol: malformed packet: text is not UTF-8"},
		{selfish("\x92\x01\x81\xa1\xff\xc0"), "text is not UTF-8"},
		{selfish("\xc9\x00\x00\x00\x04\x06\xa1\xff\xa1g"), "text is not UTF-8"},
		{selfish("\x92\xc4\x01\xff\xa2\xc3\xa9"), "\x92\xc4\x01\xff\xa2\xc3\xa9"},
	} {
		out, err := AppendValue(nil, c.v)
		if err == nil && string(out) != c.want || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T: %x, %v, want %q", c.v, out, err, c.want)
		}
	}
}
