package protocol

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
)

func TestHostile(t *testing.T) {
	frame := append(AppendHeader(nil, 1), 0x93, 4, 1)
	for name, tail := range map[string]string{
		"array of 4 G":         "\xdd\xff\xff\xff\xff",
		"map of 4 G":           "\xdf\xff\xff\xff\xff",
		"bin of 4 GB":          "\xc6\xff\xff\xff\xff",
		"2 M nested arrays":    strings.Repeat("\x91", 2<<20),
		"nested exts":          "\xc7\x04\x08\xc7\x02\x08\xc7\x00",
		"array in a short ext": "\xc7\x03\x08\x93\xc0\xc0\xc0",
		"5 M nils":             "\xdd\x00\x50\x00\x00" + strings.Repeat("\xc0", 5<<20),
	} {
		packet := append(bytes.Clone(frame), tail...)
		if err := Check(packet); err == nil {
			t.Errorf("%s: accepted", name)
		}
		var v any
		if err := DecodeValue([]byte(tail), &v); err == nil {
			t.Errorf("%s: decoded", name)
		}
	}
}

func TestLimits(t *testing.T) {
	deep := func(n int) []byte {
		return append(append(AppendHeader(nil, 1), 0x93, 4, 1), strings.Repeat("\x91", n)+"\xc0"...)
	}
	if err := Check(deep(MaxDepth)); err != nil {
		t.Error(err)
	}
	frames := append(AppendHeader(nil, 1), strings.Repeat("\x91\x01", MaxFrames)...)
	if err := Check(frames); err != nil {
		t.Error(err)
	}
	for name, packet := range map[string][]byte{
		"depth":  deep(MaxDepth + 1),
		"frames": append(frames, 0x91, 1),
		"size":   make([]byte, MaxPacket+1),
		"args":   append(AppendHeader(nil, 1), "\x93\x02\xa1x\xdc\x01\x00"+strings.Repeat("\xc0", 256)...),
		"channel": append(AppendHeader(nil, 1),
			"\x93\x02\xda\x01\x00"+strings.Repeat("x", 256)+"\x90"...),
		"items": append(AppendHeader(nil, 1), "\x93\x04\x01\xdd\x00\x40\x00\x00"+strings.Repeat("\xc0", 4<<20)...),
	} {
		if err := Check(packet); !errors.Is(err, ErrLimit) || errors.Is(err, ErrPacket) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckDoesNotAllocate(t *testing.T) {
	for _, g := range readGolden(t).Packets {
		packet := unhex(t, g.Hex)
		if n := testing.AllocsPerRun(10, func() { _ = Check(packet) }); n != 0 {
			t.Errorf("%s: %v allocations", g.Name, n)
		}
	}
}

// selfish writes bytes of its own choice.
type selfish string

func (s selfish) EncodeMsgpack(enc *msgpack.Encoder) error {
	_, err := enc.Writer().Write([]byte(s))
	return err
}

func TestAppendErrors(t *testing.T) {
	type pointer *pointer
	var loop pointer
	loop = &loop
	deep := any(1)
	for range MaxDepth + 1 {
		deep = []any{deep}
	}
	for _, c := range []struct {
		v    any
		kind error
		want string
	}{
		{func() {}, ErrUncloneable, "value cannot be cloned: func()"},
		{map[string]any{"a": []any{1, make(chan int)}}, ErrUncloneable, `field "a[1]": value cannot be cloned: chan int`},
		{struct{ C complex128 }{}, ErrUncloneable, `field "C": value cannot be cloned: complex128`},
		{map[float64]int{1: 1}, ErrUncloneable, "value cannot be cloned: map key of type float64; use protocol.Map"},
		{loop, ErrUncloneable, "value cannot be cloned: protocol.pointer points to itself"},
		{View{ViewInt16, []byte{1}}, ErrUncloneable, "value cannot be cloned: 1 bytes of Int16Array"},
		{Boxed{[]any{}}, ErrUncloneable, "value cannot be cloned: boxed []interface {}"},
		{SparseArray{Elements: []Element{{1, 1}}}, ErrUncloneable, "value cannot be cloned: element 1 of an array of length 0"},
		{make([]byte, MaxPacket), ErrLimit, ""},
		{strings.Repeat("x", MaxPacket), ErrLimit, ""},
		{deep, ErrLimit, ""},
		{make([]any, MaxElements), ErrLimit, ""},
		{selfish("\xc1"), ErrPacket, ""},
		{selfish("\xc0\xc0"), ErrPacket, ""},
		{[]any{selfish("\xd6\x0d\x00\x00\x00\x00")}, ErrPacket, ""},
		{selfish("\x92\x90\xd6\x0d\x00\x00\x00\x00"), ErrUncloneable, ""},
	} {
		name := fmt.Sprintf("%T", c.v)
		out, err := AppendValue([]byte("before"), c.v)
		if !errors.Is(err, c.kind) || c.want != "" && err.Error() != c.want || string(out) != "before" {
			t.Errorf("%s: %q, %v", name, out[:min(len(out), 10)], err)
		}
	}
	// What follows an error is not disturbed by it.
	if out, err := AppendValue(nil, []any{selfish("\x91\x01"), map[string]any{}}); err != nil || string(out) != "\x92\x91\x01\x80" {
		t.Errorf("%x, %v", out, err)
	}
}

func TestAppendCallErrors(t *testing.T) {
	start := AppendHeader(nil, 1)
	for _, channel := range []string{"", strings.Repeat("x", 256), "\xff"} {
		if out, err := AppendSend(start, channel); !errors.Is(err, ErrChannel) || !bytes.Equal(out, start) {
			t.Errorf("%q: %x, %v", channel, out, err)
		}
	}
	if _, err := AppendInvoke(start, 1, "x", make([]any, 256)...); !errors.Is(err, ErrLimit) {
		t.Error(err)
	}
	_, err := AppendInvoke(start, 1, "x", 1, map[string]any{"f": func() {}})
	if want := `argument 2: field "f": value cannot be cloned: func()`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	out, err := AppendResult(start, 1, func() {})
	if err == nil || !bytes.Equal(out, start) {
		t.Errorf("%x, %v", out, err)
	}
	out, err = AppendError(start, 3, ErrorValue{Name: "Error", Message: "m\xff", Code: "C", Data: func() {}})
	if err == nil {
		t.Error("data that cannot be cloned was not reported")
	}
	p, parseErr := Parse(out)
	if parseErr != nil || p.Frames[0].Message != "m\uFFFD" || p.Frames[0].Code != "C" || p.Frames[0].ID != 3 {
		t.Errorf("%+v, %v", p, parseErr)
	}
	out, err = AppendError(start, 3, ErrorValue{Message: strings.Repeat("é", MaxPacket)})
	if err != nil || Check(out) != nil {
		t.Error(err)
	}
	whole := strings.Repeat("x", maxErrorText)
	for _, c := range []struct{ text, want string }{{whole, whole}, {whole + "x", whole + "…"}} {
		out, err = AppendError(start, 3, ErrorValue{Name: c.text, Message: c.text, Code: c.text})
		if p, parseErr := Parse(out); err != nil || parseErr != nil || p.Frames[0].Name != c.want || p.Frames[0].Message != c.want || p.Frames[0].Code != c.want {
			t.Errorf("texts of %d bytes: %v, %v", len(c.text), err, parseErr)
		}
	}
}

func TestSharedGoValues(t *testing.T) {
	list := []int{1}
	p := &node{Name: "x"}
	type pair struct {
		A, B []int
		P, Q *node
		E, F []int
	}
	got := decodeInto[map[string]any](t, encode(t, pair{list, list, p, p, []int{}, []int{}}))
	a, b := got["A"].([]any), got["B"].([]any)
	if &a[0] != &b[0] {
		t.Error("a slice that appears twice became two")
	}
	got["P"].(map[string]any)["mark"] = true
	if got["Q"].(map[string]any)["mark"] != true {
		t.Error("a pointer that appears twice became two")
	}
}
