package window

import (
	"sync"
	"sync/atomic"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/main/internal/engine"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/renderer/ring"
)

// A hearing reads what a document says in its ring. One goroutine at a time listens; when the work on a message begins, which is code of the
// app, that stays with the goroutine and another one listens on. So a lone message wakes one thread.
type hearing struct {
	link *frameLink
	ring *ring.Ring

	users atomic.Int32  // the link until it closes, whoever listens, and whoever drains
	ended atomic.Bool   // nothing is to be heard any more
	apart atomic.Bool   // the document has left its place: it is heard until it says that it has gone
	freed chan struct{} // closed when nobody uses it any more

	reading sync.Mutex
	frame   *cef.Frame
	url     string // of the document
	sender  ipc.Sender
	work    func() // what has to be done for the packet that was read last
}

// A listener is whom a document speaks to.
type listener struct {
	peer    *ipc.Peer
	sender  func(url string) ipc.Sender // may be called on any goroutine
	dropped func(error)
	damaged func(error)
}

// newHearing is used by the link alone, until its end or until it listens.
func newHearing(l *frameLink, r *ring.Ring) *hearing {
	h := &hearing{link: l, ring: r, frame: l.frame.Retain(), freed: make(chan struct{})}
	h.users.Store(1)
	return h
}

// listen hears one packet after the other. Whoever calls it is one of the users.
func (h *hearing) listen() {
	for {
		bell := h.ring.Bell()
		if h.ended.Load() {
			break
		}
		gone := h.apart.Load() && h.ring.Left()
		read, work, err := h.next()
		if err != nil && h.apart.Load() { // whoever is in its place now has not done that
			break
		}
		if err != nil {
			h.link.to.damaged(err)
			break
		}
		if work != nil {
			go h.listen()
			work()
			return
		}
		if !read && gone {
			h.link.Close()
			continue
		}
		if !read {
			h.link.catchUp()
			h.ring.Sleep(bell)
		}
	}
	h.leave()
}

// next reads a packet, or a part of one, and returns what has to be done for it.
func (h *hearing) next() (read bool, work func(), err error) {
	h.reading.Lock()
	defer h.reading.Unlock()
	packet, read, err := h.ring.Read(protocol.MaxPacket)
	if packet == nil {
		return read, nil, err
	}
	engine.Observe()
	if url := h.frame.GetURL(); url != h.url {
		h.url, h.sender = url, h.link.to.sender(url)
	}
	h.work = nil
	conn := ipc.Conn{Sender: h.sender, Document: h.link.document, Start: func(work func()) { h.work = work }}
	h.link.to.dropped(h.link.to.peer.Receive(conn, packet))
	return true, h.work, nil
}

// drain hears what is in the ring. What comes meanwhile is not waited for.
func (h *hearing) drain() {
	for there := h.ring.Written(); !h.ring.ReadUpTo(there); {
		read, work, _ := h.next()
		if work != nil {
			go work()
		}
		if !read {
			return
		}
	}
}

// end tells the listener, and the document, that it is over.
func (h *hearing) end() {
	h.ended.Store(true)
	h.ring.Close()
	h.leave()
}

// leave gives the memory back when nobody uses it any more.
func (h *hearing) leave() {
	if h.users.Add(-1) == 0 {
		h.ring.Free()
		h.frame.Release()
		close(h.freed)
	}
}
