package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"
)

// record has every kind of field that a handler may ask for.
type record struct {
	A any            `json:"a"`
	B bool           `json:"b"`
	C []byte         `json:"c"`
	I int8           `json:"i"`
	U uint32         `json:"u"`
	F float32        `json:"f"`
	S string         `json:"s"`
	L []record       `json:"l"`
	M map[string]int `json:"m"`
	N map[any]any    `json:"n"`
	P *record        `json:"p"`
	R RegExp         `json:"r"`
	E error          `json:"e"`
	V [4]float64     `json:"v"`
	O io.Reader      `json:"o"`
}

// targets are what the fuzz tests decode into.
func targets() []any {
	return []any{new(any), new(record), new(*record), new([]record), new([]any), new([]float64), new([]byte), new(string), new(int64),
		new(uint8), new(float64), new(bool), new(map[string]any), new(map[string]record), new(map[int][]string), new(map[any]struct{}),
		new(*Map), new(Set), new(View), new(UTF16), new(error), new([3]any), new([][][]any), new(io.Reader), new(*fakePort),
		new(iter.Seq2[record, error]), new(json.RawMessage), new(Ordered), new(*Object),
		new([]grade), new([4]grade), new([]shade), new([4]shade), new([]struct{}), new(nest), new(folder), new([]float32), new([]time.Duration)}
}

// FuzzCheck gives the check arbitrary packets: it must not panic, and what it
// accepts must be decodable into anything without dying or using memory out of
// proportion.
func FuzzCheck(f *testing.F) {
	g := readGolden(f)
	for _, p := range slices.Concat(g.Packets, g.Bad, g.BadFromPage) {
		f.Add(unhex(f, p.Hex))
	}
	for _, v := range append(g.Values, g.Links...) {
		f.Add(append(AppendHeader(nil, 1), append([]byte{0x93, 4, 1}, unhex(f, v.Hex)...)...))
		f.Add(append(AppendHeader(nil, 1), append([]byte{0x93, 2, 0xa1, 'x', 0x92, 0x80}, unhex(f, v.Hex)...)...))
	}
	ring := map[string]any{}
	ring["l"] = []any{ring}
	list := []any{ring, nil}
	list[1] = list
	for _, v := range []any{ring, list, Set{[]any{list}}} {
		packet, err := AppendSend(AppendHeader(nil, 1), "x", v, v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packet)
	}
	// Many bytes at the end travel as a piece of their own: the two together, the first alone, and with the mark of where they were cut.
	for _, head := range []string{"\x93\x02\xa1x\x92\x01", "\x94\x03\x01\xa1x\x91", "\x93\x04\x01"} {
		first := append(AppendHeader(nil, 1), head+"\xc6\x00\x00\x00\x04"...)
		f.Add(append(bytes.Clone(first), "tail"...))
		f.Add(first)
		marked := append(bytes.Clone(first), "tail"...)
		marked[1] = byte(len(first))
		f.Add(marked)
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		err := Check(packet)
		parsed, parseErr := Parse(packet)
		if (err == nil) != (parseErr == nil) {
			t.Fatalf("Check: %v, Parse: %v", err, parseErr)
		}
		if err != nil {
			if !errors.Is(err, ErrPacket) && !errors.Is(err, ErrLimit) {
				t.Fatalf("error of no kind: %v", err)
			}
			return
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		n := 0
		for i := range parsed.Frames {
			frame := &parsed.Frames[i]
			l := newTable()
			frame.Args.Bind(l)
			for _, into := range targets() {
				_ = frame.Value.Bind(l).Decode(into)
				checkEnd(t, reflect.ValueOf(into).Elem(), map[treePart]bool{})
				n++
			}
			for i := range frame.Args.Len() {
				for _, into := range targets() {
					_ = frame.Args.Decode(i, into)
					checkEnd(t, reflect.ValueOf(into).Elem(), map[treePart]bool{})
					n++
				}
			}
		}
		runtime.ReadMemStats(&after)
		// Each decode has its budget, and garbage counts here as well.
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(n)*4*uint64(decodeBudget(len(packet))) {
			t.Fatalf("%d bytes took %d bytes to decode %d times", len(packet), used, n)
		}
	})
}

// treePart is a slice or map.
type treePart struct {
	at  uintptr
	len int
	t   reflect.Type
}

// checkEnd fails if v contains itself without a pointer or an interface in between. Parts are true while what is in them is looked at.
func checkEnd(t *testing.T, v reflect.Value, parts map[treePart]bool) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			checkEnd(t, v.Field(i), parts)
		}
	case reflect.Slice, reflect.Map, reflect.Array:
		if v.Len() == 0 {
			return
		}
		if v.Kind() != reflect.Array {
			part := treePart{v.Pointer(), v.Len(), v.Type()}
			if open, seen := parts[part]; open {
				t.Fatalf("a %s contains itself", v.Type())
			} else if seen {
				return
			}
			parts[part] = true
			defer func() { parts[part] = false }()
		}
		switch v.Type().Elem().Kind() {
		case reflect.Struct, reflect.Slice, reflect.Map, reflect.Array:
		default:
			return
		}
		if v.Kind() == reflect.Map {
			for _, e := range v.Seq2() {
				checkEnd(t, e, parts)
			}
			return
		}
		for i := range v.Len() {
			checkEnd(t, v.Index(i), parts)
		}
	}
}

// FuzzRoundTrip decodes what the check accepts, encodes that, and decodes it
// again: from then on the bytes stay the same.
func FuzzRoundTrip(f *testing.F) {
	for _, v := range readGolden(f).Values {
		f.Add(unhex(f, v.Hex))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		roundTrip[any](t, raw)
		roundTrip[Ordered](t, raw)
	})
}

// roundTrip does so by way of a T.
func roundTrip[T any](t *testing.T, raw []byte) {
	var first T
	if DecodeValue(raw, &first) != nil {
		return
	}
	out, err := AppendValue([]byte("prefix"), first)
	if err != nil {
		t.Fatalf("decoded, but not encoded: %v", err)
	}
	out, ok := bytes.CutPrefix(out, []byte("prefix"))
	if !ok {
		t.Fatal("what was there is gone")
	}
	var second T
	if err := DecodeValue(out, &second); err != nil {
		t.Fatalf("%x became %x: %v", raw, out, err)
	}
	again, err := AppendValue(nil, second)
	if err != nil || !bytes.Equal(again, out) {
		t.Fatalf("%x became %x, then %x, %v", raw, out, again, err)
	}
}
