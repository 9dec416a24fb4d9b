package window

import (
	"time"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/main/internal/engine"
	"github.com/oriel-go/oriel/renderer"
	"github.com/oriel-go/oriel/renderer/ring"
)

var ringMessageName = cef.NewMessageName(renderer.RingMessage)

// maxRings is how many documents of a window have rings. Each keeps a thread here and one in the page's process; more use messages.
const maxRings = 256

// farewell is how long a document is heard that has left its place. Chromium gives it a second to hide.
const farewell = 2 * time.Second

// offerRing sends the document memory for its ring. Until it says that it has it, packets travel in messages. UI thread.
func (l *frameLink) offerRing() {
	message, region := cef.NewSharedMessage(ringMessageName, ring.MemorySize)
	if message == nil {
		return
	}
	defer message.Release()
	l.hearing = newHearing(l, ring.New(region.Bytes(), l.document, region.Release))
	l.freed = l.hearing.freed
	l.frame.SendProcessMessage(cef.ProcessIDRenderer, message)
}

// ringTaken hears that the document has its ring, and says in it whatever it says from now on. It reports whether that was to be expected. UI thread.
func (l *frameLink) ringTaken() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.hearing
	switch {
	case l.frame == nil:
		return true
	case h == nil || l.out != nil:
		return false
	}
	last := cef.ProcessMessageCreate(renderer.RingMessage)
	list := last.GetArgumentList()
	list.SetInt(0, int(int32(l.document)))
	list.Release()
	l.waiting = append(l.waiting, parcel{message: last})
	l.out = h.ring
	if !l.coming {
		l.coming = true
		engine.Post(l.flush)
	}
	h.users.Add(1)
	go h.listen()
	return true
}

// write sends a packet through the ring, if that is where packets go.
func (l *frameLink) write(packet, tail []byte) (sent bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.out == nil {
		return false, nil
	}
	return true, l.writeLocked(packet, tail)
}

func (l *frameLink) writeLocked(packet, tail []byte) error {
	if err := l.backlog.limit(len(packet) + len(tail)); err != nil {
		return err
	}
	engine.Publish()
	done := 0
	if l.backlog.empty() {
		done = l.out.Write(packet, tail, 0)
	}
	if done < len(packet)+len(tail) {
		l.backlog.add(packet, tail, done)
		l.backlog.write(l.out)
	}
	l.out.Ring()
	return nil
}

// catchUp writes what there was no room for before.
func (l *frameLink) catchUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.out != nil && !l.backlog.empty() {
		l.backlog.write(l.out)
		l.out.Ring()
	}
}

// Wait returns when there is room for another packet, so that who sends much does so at the page's pace.
func (l *frameLink) Wait(done <-chan struct{}) error { return l.backlog.wait(&l.mu, done) }

// Linger goes on hearing the document, until it says that it has gone, if there is something to hear it by.
func (l *frameLink) Linger() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hearing == nil || l.out == nil {
		return false
	}
	l.hearing.apart.Store(true)
	l.hearing.ring.Wake()
	return true
}

// closeRing ends both directions. l.mu is held.
func (l *frameLink) closeRing() {
	l.out = nil
	l.backlog.clear()
	if h := l.hearing; h != nil {
		l.hearing = nil
		h.end()
	}
}

// drain hears what the document has said up to now, before something happens that it may have wanted to come before. UI thread.
func (l *frameLink) drain() {
	l.mu.Lock()
	h := l.hearing
	if h == nil || l.out == nil {
		l.mu.Unlock()
		return
	}
	h.users.Add(1)
	l.mu.Unlock()
	defer h.leave()
	h.drain()
}

// gone reports that nothing of the link is used any more.
func (l *frameLink) gone() bool {
	l.mu.Lock()
	closed := l.frame == nil
	l.mu.Unlock()
	if !closed || l.freed == nil {
		return closed
	}
	select {
	case <-l.freed:
		return true
	default:
		return false
	}
}
