package window

import (
	"fmt"
	"sync"
	"time"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/renderer/ring"
)

// waitFrom is from how many bytes in a backlog on senders wait, and patience for how long without the page's taking anything.
const (
	waitFrom = 4 << 20
	patience = 5 * time.Second
)

// A backlog is the packets that a ring had no room for, in their order. The lock of the link that it belongs to is held around every method;
// wait gives it up meanwhile.
type backlog struct {
	rests []rest
	bytes int           // of them
	taken int           // how often the page has taken some of it
	room  chan struct{} // closed when there is less; nil if nobody waits for that
	stuck bool          // somebody has waited, and the page has taken nothing since
	spare [][]byte      // buffers of rests that have gone, while there are others
}

// A rest is a packet that the ring had no room for, or not for all of it.
type rest struct {
	packet []byte
	done   int  // bytes that are written
	joins  bool // others may be added
}

func (b *backlog) empty() bool { return len(b.rests) == 0 }

// limit says why a packet of that size may not be sent.
func (b *backlog) limit(size int) error {
	if b.bytes+size > protocol.MaxQueuedBytes {
		return fmt.Errorf("%w: more than %d bytes wait to be sent", protocol.ErrLimit, protocol.MaxQueuedBytes)
	}
	return nil
}

// add takes a copy of a packet, of which done bytes are written. Small ones go into one packet, as the page would read them.
func (b *backlog) add(packet, tail []byte, done int) {
	joins := tail == nil && done == 0 && len(packet) <= ring.Whole/2
	if n := len(b.rests); n > 0 && joins {
		last := &b.rests[n-1]
		if more := packet[protocol.HeaderSize:]; last.joins && last.done == 0 && len(last.packet)+len(more) <= cap(last.packet) {
			last.packet = append(last.packet, more...)
			b.bytes += len(more)
			return
		}
	}
	size := len(packet) + len(tail)
	b.bytes += size
	if joins {
		size = ring.Whole
	}
	b.rests = append(b.rests, rest{packet: append(append(b.buffer(size), packet...), tail...), done: done, joins: joins})
}

// buffer returns an empty one for size bytes.
func (b *backlog) buffer(size int) []byte {
	if n := len(b.spare); n > 0 {
		last := b.spare[n-1]
		b.spare = b.spare[:n-1]
		if cap(last) >= size && cap(last) <= 2*size {
			return last[:0]
		}
	}
	return make([]byte, 0, size)
}

// write writes what there is room for; with more to come, the ring's Sleep ends when there is.
func (b *backlog) write(to *ring.Ring) {
	asked := false
	for len(b.rests) > 0 {
		first := &b.rests[0]
		before := first.done
		first.done = to.Write(first.packet, nil, before)
		if first.done > before {
			b.taken++
			b.stuck = false
		}
		switch {
		case first.done == len(first.packet):
			b.drop(first)
		case first.done == before && asked:
			return
		default:
			asked = true
			to.Want() // and look again: there may be room by now
		}
	}
	b.rests, b.spare = nil, nil
}

// drop takes the first one away, which is written.
func (b *backlog) drop(first *rest) {
	b.bytes -= len(first.packet)
	b.spare = append(b.spare, first.packet)
	*first = rest{}
	b.rests = b.rests[1:]
	b.tellRoom()
}

func (b *backlog) tellRoom() {
	if b.room != nil && b.bytes < waitFrom {
		close(b.room)
		b.room = nil
	}
}

func (b *backlog) clear() {
	b.rests, b.spare, b.bytes = nil, nil, 0
	b.tellRoom()
}

// wait returns when there is room for another packet, or done is closed. It fails while the page takes nothing.
func (b *backlog) wait(mu *sync.Mutex, done <-chan struct{}) error {
	mu.Lock()
	defer mu.Unlock()
	for b.bytes >= waitFrom {
		if b.stuck {
			return fmt.Errorf("%w: the page takes nothing, and %d bytes wait for it", protocol.ErrLimit, b.bytes)
		}
		if b.room == nil {
			b.room = make(chan struct{})
		}
		room, before, timer := b.room, b.taken, time.NewTimer(patience)
		mu.Unlock()
		late, ended := false, false
		select {
		case <-room:
		case <-done:
			ended = true
		case <-timer.C:
			late = true
		}
		timer.Stop()
		mu.Lock()
		if ended {
			return nil
		}
		b.stuck = b.stuck || late && b.taken == before
	}
	return nil
}
