package ring

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"unsafe"
)

// A page is a document's end of the ring, as ring.c has it, written here from ring.h.
type page struct {
	shared  *shared
	in, out []byte
	head    uint32 // of in
	tail    uint32 // of out
	part    []byte
	left    int
}

// pair makes a ring and its far end. The memory is Go's own, so that the race detector watches it.
func pair() (*Ring, *page) {
	words := make([]uint64, MemorySize/8)
	memory := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), MemorySize)
	return New(memory, 7, func() {}), newPage(memory)
}

func newPage(memory []byte) *page {
	return &page{shared: (*shared)(unsafe.Pointer(&memory[0])), out: memory[DataOffset : DataOffset+Size], in: memory[DataOffset+Size : MemorySize]}
}

// startAt puts all positions there, as if so many bytes had been through.
func startAt(r *Ring, p *page, position uint32) {
	r.head.Store(position)
	r.tail, p.head, p.tail = position, position, position
	for _, d := range []*direction{&r.shared.toMain, &r.shared.toPage} {
		d.tail.Store(position)
		d.head.Store(position)
	}
}

func (p *page) put(at, length, total uint32) {
	(*atomic.Uint64)(unsafe.Pointer(&p.out[at])).Store(uint64(length) | uint64(total)<<32)
}

// record writes a record with any header and n bytes, wherever the ring is.
func (p *page) record(length, total, n uint32) {
	p.put(p.tail%Size, length, total)
	p.tail += (recordHeader + n + 7) &^ 7
	p.shared.toMain.tail.Store(p.tail)
}

func (p *page) reserve(n int) (length, at uint32) {
	for {
		used := p.tail - p.shared.toMain.head.Load()
		at = p.tail % Size
		free, straight := Size-used, Size-at
		want, least := uint32(min(n, 128<<10)), uint32(4096)
		if n <= 16<<10 {
			least = want
		}
		if straight < 8+least || used == 0 && at >= 64<<10 {
			if straight > free {
				return 0, 0
			}
			p.put(at, 0xffffffff, 0)
			p.tail += straight
			p.shared.toMain.tail.Store(p.tail)
			continue
		}
		if room := min(free, straight); room >= 8+least {
			return min(want, room-8), at
		}
		return 0, 0
	}
}

func (p *page) wakeMain() {
	d := &p.shared.toMain
	if d.asleep.Load() != 0 && d.asleep.Swap(0) != 0 {
		d.bell.Add(1)
		wake(&d.bell)
	}
}

// send waits for room, and reports whether the ring is still open.
func (p *page) send(packet []byte) bool {
	for done := 0; done < len(packet); {
		if p.shared.closed.Load() != 0 {
			return false
		}
		n, at := p.reserve(len(packet) - done)
		if n == 0 {
			p.wakeMain()
			d := &p.shared.toMain
			room := d.room.Load()
			d.wants.Store(1)
			if n, _ := p.reserve(len(packet) - done); n == 0 && p.shared.closed.Load() == 0 {
				sleep(&d.room, room)
			}
			continue
		}
		copy(p.out[at+8:at+8+n], packet[done:])
		total := uint32(0)
		if done == 0 {
			total = uint32(len(packet))
		}
		p.put(at, n, total)
		p.tail += (8 + n + 7) &^ 7
		p.shared.toMain.tail.Store(p.tail)
		done += int(n)
	}
	p.wakeMain()
	return true
}

// read returns the next packet, or nil if there is none that is whole.
func (p *page) read() ([]byte, error) {
	d := &p.shared.toPage
	for d.tail.Load() != p.head {
		used, at := d.tail.Load()-p.head, p.head%Size
		header := (*atomic.Uint64)(unsafe.Pointer(&p.in[at])).Load()
		length, total := uint32(header), int(header>>32)
		whole := (8 + length + 7) &^ 7
		if length == pad {
			whole = Size - at
		}
		if used > Size || used%8 != 0 || whole > used || whole > Size-at || length == 0 {
			return nil, fmt.Errorf("%d bytes are written behind %d, the next record has %d", used, p.head, length)
		}
		if length != pad {
			if (total != 0) != (p.left == 0) || total == 0 && int(length) > p.left {
				return nil, fmt.Errorf("a record of %d bytes of %d, %d bytes are to come", length, total, p.left)
			}
			p.left = max(p.left, total) - int(length)
			p.part = append(p.part, p.in[at+8:at+8+length]...)
		}
		p.head += whole
		d.head.Store(p.head)
		if d.wants.Load() != 0 && d.tail.Load()-p.head <= Size/2 && d.wants.Swap(0) != 0 {
			p.shared.toMain.bell.Add(1)
			wake(&p.shared.toMain.bell)
		}
		if length != pad && p.left == 0 {
			packet := p.part
			p.part = nil
			return packet, nil
		}
	}
	return nil, nil
}

// next waits for a packet, and returns nil when the ring is closed.
func (p *page) next() ([]byte, error) {
	d := &p.shared.toPage
	for p.shared.closed.Load() == 0 {
		bell := d.bell.Load()
		if packet, err := p.read(); packet != nil || err != nil {
			return packet, err
		}
		d.asleep.Store(1)
		if d.tail.Load() == p.head && p.shared.closed.Load() == 0 {
			sleep(&d.bell, bell)
		}
		d.asleep.Store(0)
	}
	return nil, nil
}

// next reads the next packet, or returns nil if there is none that is whole.
func (r *Ring) next(limit int) ([]byte, error) {
	for {
		packet, read, err := r.Read(limit)
		if packet != nil || err != nil || !read {
			return packet, err
		}
	}
}

// listen waits for a packet as who listens in main does, and returns nil when the ring is closed.
func (r *Ring) listen(limit int) ([]byte, error) {
	for bell := r.Bell(); r.shared.closed.Load() == 0; bell = r.Bell() {
		if packet, err := r.next(limit); packet != nil || err != nil {
			return packet, err
		}
		r.Sleep(bell)
	}
	return nil, nil
}

// say writes all of a packet, and sleeps where there is no room: for a sender without a listener beside it.
func (r *Ring) say(packet, tail []byte) {
	for done := 0; done < len(packet)+len(tail); {
		bell := r.Bell()
		r.Want()
		n := r.Write(packet, tail, done)
		r.Ring()
		if n == done {
			r.Sleep(bell)
		}
		done = n
	}
}

// pattern is a packet that no other of the same size looks like.
func pattern(n int, seed uint64) []byte {
	b := make([]byte, n+8)
	for i := 0; i < n; i += 8 {
		seed = seed*6364136223846793005 + 1442695040888963407
		binary.LittleEndian.PutUint64(b[i:], seed)
	}
	return b[:n:n]
}
