package window

import (
	"errors"
	"fmt"
	"sync"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/main/internal/engine"
	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/renderer"
	"github.com/oriel-go/oriel/renderer/ring"
)

// joinUpTo is how many bytes of packets travel in one process message: below it a message costs the same however full it is.
const joinUpTo = 64 << 10

// joinFrom is the size of a packet that gets a message of its own: copying it once more would cost what joining saves.
const joinFrom = 32 << 10

var messageName = cef.NewMessageName(renderer.Message)

var errNotSent = errors.New("the frame is gone")

// A frameLink is the way to a frame for as long as its document lives. Any goroutine puts packets in. Until the document has its ring, the
// UI thread sends them, in that order, those that wait together in one message; then they go through the ring.
type frameLink struct {
	document uint32
	frameID  string
	to       listener

	mu      sync.Mutex
	frame   *cef.Frame // nil when closed
	waiting []parcel
	bytes   int  // in waiting
	coming  bool // the UI thread is on its way to send

	out     *ring.Ring // nil until packets go that way, and when closed
	backlog backlog
	hearing *hearing      // the other direction; nil without a ring, and when closed
	freed   chan struct{} // closed when the ring's memory has been given back; nil without one

	spare []parcel // the list that flush has emptied, and one buffer of it
	blank []byte
}

// A parcel is what becomes one process message: packets joined in one, or the message that has been made of a large packet.
type parcel struct {
	packet  []byte
	message *cef.ProcessMessage
}

func newFrameLink(frame *cef.Frame, document uint32, to listener) *frameLink {
	return &frameLink{document: document, frameID: frame.GetIdentifier(), to: to, frame: frame.Retain()}
}

// Send takes a copy of the packet.
func (l *frameLink) Send(packet []byte) error { return l.SendTail(packet, nil) }

// SendTail takes copies. The renderer gets tail as a buffer of its own, and is told by the packet's header where it begins.
func (l *frameLink) SendTail(packet, tail []byte) error {
	if tail != nil {
		packet[1], packet[2], packet[3] = byte(len(packet)), byte(len(packet)>>8), byte(len(packet)>>16)
	}
	if sent, err := l.write(packet, tail); sent {
		return err
	}
	size := len(packet) + len(tail)
	var message *cef.ProcessMessage
	if size >= joinFrom || tail != nil {
		message = cef.NewTailMessage(messageName, packet, tail, renderer.SharedMemoryFrom) // here, not on the UI thread
		if message == nil {
			return errNotSent
		}
	}
	l.mu.Lock()
	if l.out != nil { // meanwhile
		defer l.mu.Unlock()
		parcel{message: message}.drop()
		return l.writeLocked(packet, tail)
	}
	if l.frame == nil || l.bytes+size > protocol.MaxQueuedBytes {
		gone := l.frame == nil
		l.mu.Unlock()
		parcel{message: message}.drop()
		if gone {
			return errNotSent
		}
		return fmt.Errorf("%w: more than %d bytes wait to be sent", protocol.ErrLimit, protocol.MaxQueuedBytes)
	}
	if message != nil {
		l.waiting = append(l.waiting, parcel{message: message})
	} else {
		l.join(packet)
	}
	l.bytes += size
	call := !l.coming
	l.coming = true
	l.mu.Unlock()
	if call {
		engine.Post(l.flush)
	}
	return nil
}

// join adds a packet's frames to the packet that comes last in line, or begins another. They belong to one document, so the headers are
// alike. l.mu is held.
func (l *frameLink) join(packet []byte) {
	if n := len(l.waiting); n > 0 && l.waiting[n-1].message == nil {
		if last := &l.waiting[n-1]; len(last.packet)+len(packet) <= joinUpTo {
			last.packet = append(last.packet, packet[protocol.HeaderSize:]...)
			return
		}
	}
	l.waiting = append(l.waiting, parcel{packet: append(l.blank, packet...)})
	l.blank = nil
}

func (p parcel) drop() {
	if p.message != nil {
		p.message.Release()
	}
}

// flush sends what waits. UI thread.
func (l *frameLink) flush() {
	l.mu.Lock()
	parcels, frame := l.waiting, l.frame
	l.waiting, l.spare, l.bytes, l.coming = l.spare, nil, 0, false
	if frame != nil {
		frame = frame.Retain() // Close may come meanwhile, from elsewhere
	}
	l.mu.Unlock()
	var blank []byte
	for _, p := range parcels {
		if p.message == nil {
			blank = p.packet[:0]
			p.message = cef.NewBytesMessage(messageName, p.packet, renderer.SharedMemoryFrom)
		}
		if p.message != nil && frame != nil {
			frame.SendProcessMessage(cef.ProcessIDRenderer, p.message)
		}
		p.drop()
	}
	if frame != nil {
		frame.Release()
	}
	clear(parcels)
	l.mu.Lock()
	l.spare, l.blank = parcels[:0], blank
	l.mu.Unlock()
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
	l.closeRing()
}
