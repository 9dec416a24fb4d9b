package protocol

import (
	"errors"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

func encode(t testing.TB, v any) []byte {
	t.Helper()
	return must(t)(AppendValue(nil, v))
}

// decodeInto decodes raw into a new T.
func decodeInto[T any](t testing.TB, raw []byte) T {
	t.Helper()
	var v T
	if err := DecodeValue(raw, &v); err != nil {
		t.Fatalf("into %T: %v", v, err)
	}
	return v
}

type base struct {
	ID   int    `json:"id"`
	Note string `json:"note"`
}

type tagged struct {
	base
	*Extra
	Title  string            `msgpack:"t" json:"title"`
	Body   string            `json:"body,omitempty"`
	Plain  int               // by its name
	Hidden string            `json:"-"`
	When   time.Time         `json:"when,omitzero"`
	Note   string            `json:"note"` // nearer than base.Note
	Addr   netip.Addr        `json:"addr"`
	Counts map[int]uint8     `json:"counts"`
	Big    *big.Int          `json:"big"`
	Raw    []byte            `json:"raw"`
	Sum    [4]byte           `json:"sum"`
	Next   *tagged           `json:"next"`
	Any    any               `json:"any"`
	Error  error             `json:"error"`
	Names  map[string]string `json:"names"`
	lower  int
}

// Extra is embedded by pointer.
type Extra struct {
	Colour string `json:"colour"`
}

func TestStructs(t *testing.T) {
	in := tagged{
		base: base{ID: 1, Note: "far"}, Extra: &Extra{"red"}, Title: "a", Plain: 2, Hidden: "no",
		When: time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC), Note: "near", Addr: netip.MustParseAddr("::1"),
		Counts: map[int]uint8{-1: 2, 10: 3}, Big: big.NewInt(-7), Raw: []byte{1}, Sum: [4]byte{1, 2, 3, 4},
		Next: &tagged{Title: "b"}, Any: []any{int64(1)}, lower: 3,
	}
	raw := encode(t, in)
	object := decodeInto[map[string]any](t, raw)
	for key, want := range map[string]any{
		"id": int64(1), "note": "near", "colour": "red", "t": "a", "Plain": int64(2), "addr": "::1",
		"counts": map[string]any{"-1": int64(2), "10": int64(3)}, "sum": []byte{1, 2, 3, 4}, "names": nil, "error": nil,
	} {
		if got := object[key]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %#v, want %#v", key, got, want)
		}
	}
	for _, key := range []string{"title", "body", "Hidden", "-", "lower", "base", "Extra"} {
		if v, ok := object[key]; ok {
			t.Errorf("%s travelled as %v", key, v)
		}
	}
	if _, ok := object["next"].(map[string]any)["when"]; ok {
		t.Error("a zero time travelled in spite of omitzero")
	}
	out := decodeInto[tagged](t, raw)
	in.base.Note, in.Hidden, in.lower = "", "", 0
	if !reflect.DeepEqual(in, out) {
		t.Errorf("got %+v, want %+v", out, in)
	}
}

func TestNumbers(t *testing.T) {
	raw := func(v any) []byte { return encode(t, v) }
	if n := decodeInto[int64](t, raw(int64(math.MinInt64))); n != math.MinInt64 {
		t.Error(n)
	}
	if n := decodeInto[uint64](t, raw(uint64(math.MaxUint64))); n != math.MaxUint64 {
		t.Error(n)
	}
	if n := decodeInto[uint64](t, raw(new(big.Int).SetUint64(math.MaxUint64))); n != math.MaxUint64 {
		t.Error(n)
	}
	if n := decodeInto[int](t, raw(math.Copysign(0, -1))); n != 0 {
		t.Error(n)
	}
	if f := decodeInto[float32](t, raw(3)); f != 3 {
		t.Error(f)
	}
	if f := decodeInto[[]float64](t, raw(NewView([]int16{-1, 2}))); !reflect.DeepEqual(f, []float64{-1, 2}) {
		t.Error(f)
	}
	if n := decodeInto[[2]uint16](t, raw(NewView([]float64{1, 65535}))); n != [2]uint16{1, 65535} {
		t.Error(n)
	}
	if n := decodeInto[[]int](t, raw([]byte{1, 2})); !reflect.DeepEqual(n, []int{1, 2}) {
		t.Error(n)
	}
	if n := decodeInto[[]byte](t, raw([]any{1, 2})); !reflect.DeepEqual(n, []byte{1, 2}) {
		t.Error(n)
	}
	if f := decodeInto[[]float64](t, raw(View{ViewFloat16, []byte{0, 0x3c, 0, 0xc0, 1, 0, 0, 0x7c}})); f[0] != 1 || f[1] != -2 || f[2] != 0x1p-24 || !math.IsInf(f[3], 1) {
		t.Error(f)
	}
	if n := decodeInto[big.Int](t, raw(uint64(math.MaxUint64))); n.String() != "18446744073709551615" {
		t.Error(n.String())
	}
}

func TestWrongTypes(t *testing.T) {
	type inner struct {
		Tags []string `json:"tags"`
	}
	type outer struct {
		Title string           `json:"title"`
		N     uint8            `json:"n"`
		In    map[string]inner `json:"in"`
		When  time.Time        `json:"when"`
	}
	m := func(key string, v any) any { return map[string]any{key: v} }
	for _, c := range []struct {
		in   any
		into any
		want string
	}{
		{m("title", 5), new(outer), `field "title": expected string, got number`},
		{m("n", 300), new(outer), `field "n": 300 does not fit into uint8`},
		{m("n", -1), new(outer), `field "n": -1 does not fit into uint8`},
		{m("n", 1.5), new(outer), `field "n": expected integer, got 1.5`},
		{m("in", m("a", m("tags", []any{"x", nil, true}))), new(outer), `field "in.a.tags[2]": expected string, got boolean`},
		{m("n", math.Inf(1)), new(outer), `field "n": expected integer, got Infinity`},
		{m("when", "today"), new(outer), `field "when": expected Date, got string`},
		{m("when", InvalidDate{}), new(outer), `field "when": expected Date, got invalid Date`},
		{[]any{1}, new(outer), `expected object, got array`},
		{[]any{1, "x"}, new([]int), `element [1]: expected number, got string`},
		{"x", new(bool), `expected boolean, got string`},
		{Undefined{}, new(chan int), ``},
		{1, new(chan<- int), `nothing can be decoded into chan<- int`},
		{1, new(chan int), `expected ReadableStream, got number`},
		{new(Map), new(map[string]int), ``},
		{&Map{[]MapEntry{{[]any{}, 1}}}, new(map[any]int), `field "array key": array key cannot be the key of a Go map`},
		{[]any{1, 2, 3}, new([2]int), `expected at most 2 elements, got 3`},
		{big.NewInt(1), new(float64), `expected number, got bigint`},
		{new(big.Int).Lsh(big.NewInt(1), 64), new(uint64), `a bigint does not fit into uint64`},
		{1e300, new(int64), `1e+300 does not fit into int64`},
		{NewView([]float64{1.5}), new([]int), `element [0]: 1.5 does not fit into int`},
		{NewView([]int64{-1}), new([]uint64), `element [0]: -1 does not fit into uint64`},
		{"x", new(netip.Addr), `ParseAddr("x"): unable to parse IP`},
		{1, new(error), `expected Error, got number`},
		{map[string]any{"x": 1}, new(map[int]int), `field "x": expected an integer as name`},
		{map[string]any{"-1": 1}, new(map[uint]int), `field "-1": expected an integer as name`},
		{map[string]any{"300": 1}, new(map[uint8]int), `field "300": the name does not fit into uint8`},
		{&Map{[]MapEntry{{"a", "x"}}}, new(map[string]int), `field "a": expected number, got string`},
		{&Map{[]MapEntry{{7, m("title", 1)}}}, new(map[any]outer), `field "7.title": expected string, got number`},
		{&Map{[]MapEntry{{true, "x"}}}, new(map[bool]int), `field "boolean key": expected number, got string`},
		{[]any{1, 2}, new(bytesKept), `two are too many`},
	} {
		err := DecodeValue(encode(t, c.in), c.into)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%v into %T: %v", c.in, c.into, err)
		case c.want != "" && (err == nil || err.Error() != c.want || !errors.Is(err, ErrType)):
			t.Errorf("%v into %T: got %v, want %s", c.in, c.into, err, c.want)
		}
	}
	for _, into := range []any{nil, 5, (*int)(nil)} {
		if DecodeValue([]byte{1}, into) == nil {
			t.Errorf("decoded into %v", into)
		}
	}
}

func TestUndefinedAndNull(t *testing.T) {
	for _, v := range []any{nil, Undefined{}} {
		raw := encode(t, v)
		s, n, p, r, set, view := "x", 5, new(int), record{S: "x"}, Set{[]any{1}}, View{Kind: ViewInt8}
		for _, into := range []any{&s, &n, &p, &r, &set, &view} {
			if err := DecodeValue(raw, into); err != nil {
				t.Error(err)
			}
		}
		if s != "" || n != 0 || p != nil || !reflect.DeepEqual(r, record{}) || set.Values != nil || view.Kind != 0 {
			t.Errorf("%v left %q %d %v %v %v %v", v, s, n, p, r, set, view)
		}
	}
}

func TestCollections(t *testing.T) {
	m := encode(t, &Map{[]MapEntry{{1, "a"}, {2, "b"}}})
	if got := decodeInto[map[int]string](t, m); !reflect.DeepEqual(got, map[int]string{1: "a", 2: "b"}) {
		t.Error(got)
	}
	set := encode(t, Set{[]any{"a", "b"}})
	if got := decodeInto[[]string](t, set); !reflect.DeepEqual(got, []string{"a", "b"}) {
		t.Error(got)
	}
	if got := decodeInto[map[string]bool](t, set); !got["a"] || !got["b"] || len(got) != 2 {
		t.Error(got)
	}
	if got := decodeInto[map[string]struct{}](t, set); len(got) != 2 {
		t.Error(got)
	}
	sparse := encode(t, SparseArray{Length: 3, Elements: []Element{{2, 7}}, Properties: []Property{{"x", 1}}})
	if got := decodeInto[[]int](t, sparse); !reflect.DeepEqual(got, []int{0, 0, 7}) {
		t.Error(got)
	}
	for _, v := range []any{[]byte{1, 2}, ArrayBuffer{1, 2}, View{ViewInt16, []byte{1, 2}}} {
		if got := decodeInto[[]byte](t, encode(t, v)); !reflect.DeepEqual(got, []byte{1, 2}) {
			t.Error(got)
		}
		if got := decodeInto[ArrayBuffer](t, encode(t, v)); !reflect.DeepEqual(got, ArrayBuffer{1, 2}) {
			t.Error(got)
		}
	}
	if got := decodeInto[string](t, encode(t, Boxed{"x"})); got != "x" {
		t.Error(got)
	}
	if got := decodeInto[string](t, encode(t, UTF16{'a', 0xd800})); got != "a\uFFFD" {
		t.Errorf("%q", got)
	}
	if got := decodeInto[error](t, encode(t, &Error{Name: "TypeError", Message: "bad"})); got.Error() != "TypeError: bad" {
		t.Error(got)
	}
	if got := decodeInto[msgpack.RawMessage](t, []byte{0x91, 1}); string(got) != "\x91\x01" {
		t.Error(got)
	}
}

func TestBadText(t *testing.T) {
	for _, raw := range []string{"\xa1\xff", "\x81\xa1\xff\xc0", "\x91\xa1\xff"} {
		var v any
		if err := DecodeValue([]byte(raw), &v); !errors.Is(err, ErrPacket) || !strings.Contains(err.Error(), "UTF-8") {
			t.Errorf("%x: %v", raw, err)
		}
	}
}
