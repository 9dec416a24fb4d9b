package router

import (
	"bytes"
	"context"
	"testing"

	"github.com/oriel-go/oriel/protocol"
)

// Bytes that one handler would have borrowed, had it not been taken by another request, are those of the handler that keeps them.
func TestLentToNobody(t *testing.T) {
	packet, err := protocol.AppendInvoke(protocol.AppendHeader(nil, 1), 1, "c", bytes.Repeat([]byte{7}, 40<<10))
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := protocol.Parse(packet)
	if err != nil {
		t.Fatal(err)
	}
	var given bool
	var kept []byte
	line := NewLine(LineOptions{Start: func(work func()) { work() }})
	s := line.Begin(SessionOptions{Link: nowhere{}, Document: 1, GiveBack: func(any) { given = true }})
	r := s.Router()
	HandleOnce(r, "c", func(context.Context, Lent) (int, error) { t.Error("called"); return 0, nil })
	r.handlers["c"].once = func() bool { // what another request does between decoding and the call
		r.RemoveHandler("c")
		Handle(r, "c", func(_ context.Context, p []byte) (int, error) { kept = p; return 0, nil })
		return false
	}
	if err := s.Receive(&packet, parsed.Frames, len(packet)); err != nil {
		t.Fatal(err)
	}
	if len(kept) != 40<<10 || given {
		t.Errorf("%d bytes are kept, and the packet was given back: %v", len(kept), given)
	}
}
