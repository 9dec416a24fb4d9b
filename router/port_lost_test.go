package router

import (
	"runtime"
	"testing"
	"time"

	"github.com/oriel-go/oriel/protocol"
)

// collects runs the collector until something is so.
func collects(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !so(); time.Sleep(time.Millisecond) {
		if runtime.GC(); time.Now().After(end) {
			t.Fatalf("%s: it is not so", what)
		}
	}
}

// What waits at a port that is closed there and let go of here, unread, is not counted for ever.
func TestUnreadPortsLetGo(t *testing.T) {
	r := NewRouter(nil)
	OnFunc(r, "port", func(*Port) {})
	s := NewLine(LineOptions{Router: r, Start: func(work func()) { work() }}).Begin(SessionOptions{Link: nowhere{}, Document: 1})
	give := func(packet []byte) {
		t.Helper()
		parsed, err := protocol.Parse(packet)
		if err == nil {
			err = s.Receive(nil, parsed.Frames, len(packet))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	head := func() []byte { return protocol.AppendHeader(nil, 1) }
	for n := byte(1); n < 20; n += 2 {
		give(append(head(), 0x93, 2, 0xa4, 'p', 'o', 'r', 't', 0x91, 0xd6, byte(protocol.ExtPort), 0, 0, 0, n))
		give(append(append(head(), 0x93, byte(protocol.KindPost), n, 0x91, 0xc5, 0xff, 0xff), make([]byte, 0xffff)...))
		give(protocol.AppendClose(head(), uint32(n)))
	}
	collects(t, "nothing is unheard", func() bool {
		portsMu.Lock()
		defer portsMu.Unlock()
		return s.ports.unheard == 0
	})
}

// The other end of a port that waits in a channel which nobody has any more is told so.
func TestPortInChannelLetGo(t *testing.T) {
	x, y := NewMessageChannel()
	func() {
		a, b := NewMessageChannel()
		if err := a.Post(nil, x); err != nil {
			t.Fatal(err)
		}
		runtime.KeepAlive(b)
	}()
	done := y.Done()
	collects(t, "the other end is told", func() bool {
		select {
		case <-done:
			return true
		default:
			return false
		}
	})
}
