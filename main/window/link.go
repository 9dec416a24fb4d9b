package window

import (
	"errors"
	"fmt"
	"sync"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/main/internal/engine"
	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/renderer"
)

// joinUpTo is how many bytes of packets travel in one process message: from here on, joining saves less than copying costs.
const joinUpTo = 16 << 10

var messageName = cef.NewMessageName(renderer.Message)

var errNotSent = errors.New("the frame is gone")

// A frameLink is the way to a frame for as long as its document lives. Any goroutine puts packets in; the UI thread sends them, in that
// order, those that wait together in one message.
type frameLink struct {
	mu      sync.Mutex
	frame   *cef.Frame // nil when closed
	waiting []parcel
	bytes   int  // in waiting
	coming  bool // the UI thread is on its way to send
}

// A parcel is a packet, or a message that has been made of a large one.
type parcel struct {
	packet  []byte
	message *cef.ProcessMessage
}

func newFrameLink(frame *cef.Frame) *frameLink { return &frameLink{frame: frame.Retain()} }

// Send takes a copy of the packet.
func (l *frameLink) Send(packet []byte) error {
	var p parcel
	if len(packet) > joinUpTo {
		p.message = cef.NewBytesMessage(messageName, packet, renderer.SharedMemoryFrom) // here, not on the UI thread
		if p.message == nil {
			return errNotSent
		}
	} else {
		p.packet = append(make([]byte, 0, len(packet)), packet...)
	}
	l.mu.Lock()
	if l.frame == nil || l.bytes+len(packet) > protocol.MaxQueuedBytes {
		gone := l.frame == nil
		l.mu.Unlock()
		p.drop()
		if gone {
			return errNotSent
		}
		return fmt.Errorf("%w: more than %d bytes wait to be sent", protocol.ErrLimit, protocol.MaxQueuedBytes)
	}
	l.waiting = append(l.waiting, p)
	l.bytes += len(packet)
	call := !l.coming
	l.coming = true
	l.mu.Unlock()
	if call {
		engine.Post(l.flush)
	}
	return nil
}

func (p parcel) drop() {
	if p.message != nil {
		p.message.Release()
	}
}

// flush sends what waits. UI thread.
func (l *frameLink) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := 0; i < len(l.waiting); {
		if m := l.waiting[i].message; m != nil {
			l.send(m)
			i++
			continue
		}
		joined, n := join(l.waiting[i:])
		l.send(cef.NewBytesMessage(messageName, joined, renderer.SharedMemoryFrom))
		i += n
	}
	clear(l.waiting)
	l.waiting, l.bytes, l.coming = l.waiting[:0], 0, false
}

// join makes one packet of those that come first: one header and all their frames. They belong to one document, so the headers are alike.
func join(parcels []parcel) (packet []byte, n int) {
	packet = parcels[0].packet
	for n = 1; n < len(parcels) && parcels[n].message == nil && len(packet)+len(parcels[n].packet) <= joinUpTo; n++ {
		packet = append(packet, parcels[n].packet[protocol.HeaderSize:]...)
	}
	return packet, n
}

func (l *frameLink) send(m *cef.ProcessMessage) {
	if m == nil {
		return
	}
	if l.frame != nil {
		l.frame.SendProcessMessage(cef.ProcessIDRenderer, m)
	}
	m.Release()
}

// Close gives the frame back.
func (l *frameLink) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.waiting {
		p.drop()
	}
	l.waiting = nil
	if l.frame != nil {
		l.frame.Release()
		l.frame = nil
	}
}
