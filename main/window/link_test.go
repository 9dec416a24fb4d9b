package window

import (
	"bytes"
	"testing"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/protocol"
)

func packetOf(t *testing.T, size int) parcel {
	t.Helper()
	packet, err := protocol.AppendSend(protocol.AppendHeader(nil, 7), "c", bytes.Repeat([]byte{1}, size))
	if err != nil {
		t.Fatal(err)
	}
	return parcel{packet: packet}
}

func TestJoin(t *testing.T) {
	big := joinUpTo - 200
	for _, c := range []struct {
		name    string
		parcels []parcel
		joined  int
	}{
		{"alone", []parcel{packetOf(t, 1)}, 1},
		{"several", []parcel{packetOf(t, 1), packetOf(t, 20), packetOf(t, 300)}, 3},
		{"up to the limit", []parcel{packetOf(t, big), packetOf(t, 50), packetOf(t, 500)}, 2},
		{"up to a message", []parcel{packetOf(t, 1), packetOf(t, 2), {message: &cef.ProcessMessage{}}, packetOf(t, 3)}, 2},
	} {
		packet, n := join(c.parcels)
		if n != c.joined {
			t.Errorf("%s: %d joined, want %d", c.name, n, c.joined)
		}
		p, err := protocol.Parse(packet)
		if err != nil || p.Document != 7 || len(p.Frames) != n {
			t.Errorf("%s: document %d with %d frames, %v", c.name, p.Document, len(p.Frames), err)
		}
	}
}
