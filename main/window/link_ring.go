package window

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/main/internal/engine"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/renderer"
	"github.com/oriel-go/oriel/renderer/ring"
)

var ringMessageName = cef.NewMessageName(renderer.RingMessage)

// maxDrained is how many packets are heard on the UI thread when a document goes: as many as a ring holds of the smallest.
const maxDrained = ring.Size / 24

// waitFrom is from how many bytes in the backlog on senders wait, and patience for how long without the page's taking anything.
const (
	waitFrom = 16 << 20
	patience = 5 * time.Second
)

// A rest is a packet that the ring had no room for, or not for all of it.
type rest struct {
	packet []byte
	done   int  // bytes that are written
	joins  bool // others may be added
}

// A hearing reads what a document says in its ring. One goroutine at a time listens; when the work on a message begins, which is code of the app,
// that stays with the goroutine and another one listens on. So a lone message wakes one thread.
type hearing struct {
	link *frameLink
	ring *ring.Ring
	to   listener

	users atomic.Int32 // the link until it closes, whoever listens, and whoever drains
	ended atomic.Bool  // nothing is to be heard any more

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

// offerRing sends the document memory for its ring. Until it says that it has it, packets travel in messages. UI thread.
func (l *frameLink) offerRing(to listener) {
	message, region := cef.NewSharedMessage(ringMessageName, ring.MemorySize)
	if message == nil {
		return
	}
	defer message.Release()
	l.hearing = &hearing{link: l, to: to, frame: l.frame.Retain(), ring: ring.New(region.Bytes(), l.document, region.Release)}
	l.hearing.users.Store(1)
	l.frame.SendProcessMessage(cef.ProcessIDRenderer, message)
}

// ringTaken hears that the document has its ring, and says in it whatever it says from now on. It reports whether that was to be expected. UI thread.
func (l *frameLink) ringTaken() bool {
	h := l.hearing
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case h == nil || l.out != nil:
		return false
	case l.frame == nil:
		return true
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
	size, done := len(packet)+len(tail), 0
	if l.behind+size > protocol.MaxQueuedBytes {
		return fmt.Errorf("%w: more than %d bytes wait to be sent", protocol.ErrLimit, protocol.MaxQueuedBytes)
	}
	if len(l.backlog) == 0 {
		done = l.out.Write(packet, tail, 0)
	}
	if done < size {
		l.behind += l.queue(packet, tail, done)
		l.writeBacklog()
	}
	l.out.Ring()
	return nil
}

// queue adds a packet to the backlog, of which done bytes are written, and returns by how many bytes that has grown. Small ones go into one
// packet, as the page would read them. l.mu is held.
func (l *frameLink) queue(packet, tail []byte, done int) int {
	if n := len(l.backlog); n > 0 && tail == nil {
		last := &l.backlog[n-1]
		if last.joins && last.done == 0 && len(last.packet)+len(packet) <= cap(last.packet) {
			last.packet = append(last.packet, packet[protocol.HeaderSize:]...)
			return len(packet) - protocol.HeaderSize
		}
	}
	r := rest{done: done, joins: tail == nil && done == 0 && len(packet) <= ring.Whole/2}
	size := len(packet) + len(tail)
	if r.joins {
		r.packet, size = l.blank, ring.Whole
		l.blank = nil
	}
	if cap(r.packet) < size {
		r.packet = make([]byte, 0, size)
	}
	r.packet = append(append(r.packet[:0], packet...), tail...)
	l.backlog = append(l.backlog, r)
	return len(r.packet)
}

// catchUp writes what there was no room for before.
func (l *frameLink) catchUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.out != nil && len(l.backlog) > 0 {
		l.writeBacklog()
		l.out.Ring()
	}
}

// writeBacklog writes what there is room for; with more to come, the ring's Sleep ends when there is. l.mu is held.
func (l *frameLink) writeBacklog() {
	asked := false
	for len(l.backlog) > 0 {
		first := &l.backlog[0]
		before := first.done
		first.done = l.out.Write(first.packet, nil, before)
		switch {
		case first.done == len(first.packet):
			l.lessen(len(first.packet))
			if first.joins {
				l.blank = first.packet
			}
			l.backlog[0] = rest{}
			l.backlog = l.backlog[1:]
		case first.done == before && asked:
			return
		default:
			asked = true
			l.out.Want() // and look again: there may be room by now
		}
	}
	l.backlog = nil
}

// lessen takes bytes off the backlog. l.mu is held.
func (l *frameLink) lessen(bytes int) {
	l.behind -= bytes
	l.stuck = false
	if l.room != nil && l.behind < waitFrom {
		close(l.room)
		l.room = nil
	}
}

// Wait returns when there is room for another packet, so that who sends much does so at the page's pace.
func (l *frameLink) Wait(done <-chan struct{}) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.behind >= waitFrom {
		if l.stuck {
			return fmt.Errorf("%w: the page takes nothing, and %d bytes wait for it", protocol.ErrLimit, l.behind)
		}
		if l.room == nil {
			l.room = make(chan struct{})
		}
		room, before := l.room, l.behind
		timer := time.NewTimer(patience)
		l.mu.Unlock()
		late := false
		select {
		case <-room:
		case <-done:
			timer.Stop()
			l.mu.Lock()
			return nil
		case <-timer.C:
			late = true
		}
		timer.Stop()
		l.mu.Lock()
		l.stuck = late && l.behind >= before
	}
	return nil
}

// closeRing ends both directions. l.mu is held.
func (l *frameLink) closeRing() {
	l.out, l.backlog = nil, nil
	l.lessen(l.behind)
	if h := l.hearing; h != nil {
		l.hearing = nil
		h.ended.Store(true)
		h.ring.Close()
		h.leave()
	}
}

// leave gives the memory back when nobody uses it any more.
func (h *hearing) leave() {
	if h.users.Add(-1) == 0 {
		h.ring.Free()
		h.frame.Release()
	}
}

// listen hears one packet after the other.
func (h *hearing) listen() {
	for {
		bell := h.ring.Bell()
		if h.ended.Load() {
			break
		}
		heard, work, err := h.next()
		switch {
		case err != nil:
			h.to.damaged(err)
			h.leave()
			return
		case work != nil:
			go h.listen()
			work()
			return
		case !heard:
			h.link.catchUp()
			h.ring.Sleep(bell)
		}
	}
	h.leave()
}

// next hears a packet, if there is one, and returns what has to be done for it.
func (h *hearing) next() (heard bool, work func(), err error) {
	h.reading.Lock()
	defer h.reading.Unlock()
	packet, err := h.ring.Read(protocol.MaxPacket)
	if packet == nil {
		return false, nil, err
	}
	if url := h.frame.GetURL(); url != h.url {
		h.url, h.sender = url, h.to.sender(url)
	}
	h.work = nil
	conn := ipc.Conn{Sender: h.sender, Document: h.link.document, Start: func(work func()) { h.work = work }}
	h.to.dropped(h.to.peer.Receive(conn, packet))
	return true, h.work, nil
}

// drain hears what has been said up to now, before something happens that the document may have wanted to come before. UI thread.
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
	for range maxDrained {
		heard, work, _ := h.next()
		if work != nil {
			go work()
		}
		if !heard {
			return
		}
	}
}
