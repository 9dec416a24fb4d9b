package window

import (
	"errors"
	"testing"
	"time"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/renderer/ring"
)

// ringLink is a link whose packets go through a ring that nobody reads.
func ringLink() *frameLink {
	return &frameLink{document: 7, out: ring.New(make([]byte, ring.MemorySize), 7, func() {})}
}

func TestBacklogLimit(t *testing.T) {
	l := ringLink()
	half := make([]byte, protocol.MaxQueuedBytes/2)
	for range 2 {
		if err := l.Send(half); err != nil {
			t.Fatalf("%d bytes are refused: %v", l.backlog.bytes, err)
		}
	}
	if err := l.Send(packetOf(t, 1)); !errors.Is(err, protocol.ErrLimit) {
		t.Errorf("one byte more than %d: %v", protocol.MaxQueuedBytes, err)
	}
	if l.backlog.bytes != protocol.MaxQueuedBytes {
		t.Errorf("%d bytes wait", l.backlog.bytes)
	}
	l.Close()
	if err := l.Send(packetOf(t, 1)); !errors.Is(err, errNotSent) {
		t.Errorf("after the end: %v", err)
	}
}

func TestBacklogWait(t *testing.T) {
	var l *frameLink
	for _, bytes := range []int{waitFrom - 1, waitFrom} {
		l = ringLink()
		for l.backlog.bytes < bytes {
			if err := l.Send(make([]byte, max(bytes/2, bytes-l.backlog.bytes))); err != nil {
				t.Fatal(err)
			}
		}
		if l.backlog.bytes != bytes {
			t.Fatalf("%d bytes wait, not %d", l.backlog.bytes, bytes)
		}
		if bytes < waitFrom {
			if err := l.Wait(nil); err != nil {
				t.Errorf("with %d bytes: %v", bytes, err)
			}
		}
	}
	waited := make(chan error)
	go func() { waited <- l.Wait(nil) }()
	select {
	case err := <-waited:
		t.Fatalf("nobody waits with %d bytes: %v", l.backlog.bytes, err)
	case <-time.After(50 * time.Millisecond): // a wait that does not end is shown by time alone
	}
	l.mu.Lock()
	l.closeRing()
	l.mu.Unlock()
	if err := <-waited; err != nil {
		t.Errorf("the link's end gives %v", err)
	}
}
