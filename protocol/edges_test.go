package protocol

import (
	"errors"
	"strings"
	"testing"
)

// edge is a limit, met and passed by one.
type edge struct {
	name     string
	at, past func() error
}

func (e edge) check(t *testing.T) {
	t.Run(e.name, func(t *testing.T) {
		if err := e.at(); err != nil {
			t.Errorf("at the limit: %v", err)
		}
		if err := e.past(); !errors.Is(err, ErrLimit) && !errors.Is(err, ErrChannel) {
			t.Errorf("one past the limit: %v", err)
		}
	})
}

// TestEdgesRead gives the check what is exactly as large as allowed, and what is larger by one.
func TestEdgesRead(t *testing.T) {
	header := AppendHeader(nil, 1)
	read := func(parts ...string) func() error {
		return func() error { return Check(append(header[:HeaderSize:HeaderSize], strings.Join(parts, "")...)) }
	}
	result := "\x93\x04\x01"
	bytes32 := func(n int) string { return string([]byte{0xc6, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) }
	array32 := func(n int) string { return string([]byte{0xdd, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) }
	body := MaxPacket - HeaderSize - len(result) - 5
	items := MaxElements - 4 // the frame's array, its kind and id, and the list
	for _, e := range []edge{
		{"packet", read(result, bytes32(body), strings.Repeat("x", body)), read(result, bytes32(body+1), strings.Repeat("x", body+1))},
		{"frames", read(strings.Repeat("\x92\x06\x01", MaxFrames)), read(strings.Repeat("\x92\x06\x01", MaxFrames+1))},
		{"depth", read(result, strings.Repeat("\x91", MaxDepth), "\xc0"), read(result, strings.Repeat("\x91", MaxDepth+1), "\xc0")},
		{"elements", read(result, array32(items), strings.Repeat("\xc0", items)), read(result, array32(items+1), strings.Repeat("\xc0", items+1))},
		{"elements of several frames", read(result, array32(items-3), strings.Repeat("\xc0", items-3), "\x92\x06\x01"),
			read(result, array32(items-2), strings.Repeat("\xc0", items-2), "\x92\x06\x01")},
		{"args", read("\x93\x02\xa1x\xdc\x00\xff", strings.Repeat("\xc0", MaxArgs)), read("\x93\x02\xa1x\xdc\x01\x00", strings.Repeat("\xc0", MaxArgs+1))},
		{"channel", read("\x93\x02\xd9\xff", strings.Repeat("x", MaxChannel), "\x90"), read("\x93\x02\xda\x01\x00", strings.Repeat("x", MaxChannel+1), "\x90")},
	} {
		e.check(t)
	}
}

// TestEdgesWritten does the same where packets are made.
func TestEdgesWritten(t *testing.T) {
	header := AppendHeader(nil, 1)
	send := func(channel string, args ...any) func() error {
		return func() error { _, err := AppendSend(header[:HeaderSize:HeaderSize], channel, args...); return err }
	}
	deep := func(n int) any {
		v := any(nil)
		for range n {
			v = []any{v}
		}
		return v
	}
	body := MaxPacket - HeaderSize - 3 - 2 - 5 - 1 // the frame's array and kind, the channel, the list of arguments, the bytes' head
	for _, e := range []edge{
		{"packet", send("x", make([]byte, body+1)), send("x", make([]byte, body+2))},
		{"depth", send("x", deep(MaxDepth)), send("x", deep(MaxDepth+1))},
		{"elements", send("x", make([]any, MaxElements-frameItems-1)), send("x", make([]any, MaxElements-frameItems))},
		{"args", send("x", make([]any, MaxArgs)...), send("x", make([]any, MaxArgs+1)...)},
		{"channel", send(strings.Repeat("x", MaxChannel)), send(strings.Repeat("x", MaxChannel+1))},
	} {
		e.check(t)
	}
}

// What was written at a limit can be read: the two sides count alike.
func TestEdgesAgree(t *testing.T) {
	header := AppendHeader(nil, 1)
	for name, args := range map[string][]any{"elements": {make([]any, MaxElements-frameItems-1)}, "elements of two arguments": {make([]any, MaxElements-frameItems-2), nil}} {
		packet, err := AppendSend(header, "x", args...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if err := Check(packet); err != nil {
			t.Errorf("%s: what was written is refused: %v", name, err)
		}
	}
	v := any(nil)
	for range MaxDepth {
		v = map[string]any{"x": v}
	}
	packet, err := AppendResult(header, 1, v)
	if err != nil || Check(packet) != nil {
		t.Errorf("depth: %v, %v", err, Check(packet))
	}
}
