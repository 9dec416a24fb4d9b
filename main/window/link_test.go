package window

import (
	"bytes"
	"testing"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/protocol"
)

func packetOf(t *testing.T, size int) []byte {
	t.Helper()
	packet, err := protocol.AppendSend(protocol.AppendHeader(nil, 7), "c", bytes.Repeat([]byte{1}, size))
	if err != nil {
		t.Fatal(err)
	}
	return packet
}

func TestJoin(t *testing.T) {
	const big = joinFrom - 200
	for _, c := range []struct {
		name  string
		sizes []int // -1 is a message that has been made already
		want  []int // packets in each parcel, 0 for such a message
	}{
		{"alone", []int{1}, []int{1}},
		{"several", []int{1, 20, 300}, []int{3}},
		{"up to the limit", []int{big, big, 500}, []int{2, 1}},
		{"around a message", []int{1, 2, -1, 3, 4}, []int{2, 0, 2}},
	} {
		var l frameLink
		for _, size := range c.sizes {
			if size < 0 {
				l.waiting = append(l.waiting, parcel{message: &cef.ProcessMessage{}})
			} else {
				l.join(packetOf(t, size))
			}
		}
		if len(l.waiting) != len(c.want) {
			t.Fatalf("%s: %d messages, want %d", c.name, len(l.waiting), len(c.want))
		}
		for i, n := range c.want {
			if n == 0 {
				continue
			}
			p, err := protocol.Parse(l.waiting[i].packet)
			if err != nil || p.Document != 7 || len(p.Frames) != n {
				t.Errorf("%s: document %d with %d frames, %v", c.name, p.Document, len(p.Frames), err)
			}
		}
	}
}
