// Package ring is the main process's side of the memory that it shares with a document: a ring of bytes for the packets each way, and a bell for
// whoever sleeps until there are some. The other side is ring.c of package renderer; ring.h has the layout.
//
// A packet that travels so wakes one thread in the main process and two in the renderer's, and nobody else's: neither Chromium's IO threads nor
// the UI thread have anything to do with it. A document gets its ring from the main process, in a process message to its frame, so what comes
// out of it was said in that frame's process.
//
// The renderer can write anything anywhere in the memory at any time. So this side believes its own copies of the positions, checks the other's
// against the size, reads what a record says of itself once, and copies packets out before anybody looks at them.
package ring

import (
	"errors"
	"sync/atomic"
	"unsafe"
)

const (
	// Size is how many bytes the ring of one direction holds. What is not used takes no memory.
	Size = 1 << 20
	// Whole is up to how many bytes a packet is never parted.
	Whole = 16 << 10
	// DataOffset is where the rings begin in the memory, first the one to the main process.
	DataOffset = 4096
	// MemorySize is how many bytes a Ring shares.
	MemorySize = DataOffset + 2*Size

	version = 1

	recordHeader = 8          // u32 bytes of a packet that follow, u32 bytes of the whole packet; 0 where a part goes on
	pad          = ^uint32(0) // in place of the first: nothing follows up to the ring's end
	partUpTo     = 128 << 10
	minPart      = 4096
	roomy        = Size / 2 // bytes in the ring at which who waits for room is woken: not for every record
	rewindFrom   = 64 << 10 // from here on an empty ring is begun anew, so that few packets at a time use little memory
)

// shared is what lies at the beginning of the memory.
type shared struct {
	version  uint32
	document uint32
	size     uint32
	closed   atomic.Uint32
	left     atomic.Uint32 // the document has gone; nothing more is written
	_        [44]byte
	toMain   direction
	toPage   direction
}

// direction is one ring's state. Positions count bytes from the beginning of time, modulo 2^32.
type direction struct {
	tail   atomic.Uint32 // how far it is written; the writer's
	_      [60]byte
	head   atomic.Uint32 // how far it is read; the reader's
	_      [60]byte
	asleep atomic.Uint32 // the reader wants the bell rung
	bell   atomic.Uint32 // changes when it is; a futex
	wants  atomic.Uint32 // the writer waits for room
	room   atomic.Uint32 // changes when there is some; a futex of the page's, which alone waits so
	_      [48]byte
}

// ErrDamaged is what [Ring.Read] fails with where the other side does not keep to the layout.
var ErrDamaged = errors.New("ring: the shared memory makes no sense")

// A Ring is the main process's end. Read and Sleep are for one goroutine at a time, and so is Write.
type Ring struct {
	shared  *shared
	in, out []byte
	free    func()

	head atomic.Uint32 // of in
	part []byte        // of a packet that is not whole yet
	left int           // bytes that it lacks

	tail uint32 // of out
}

// New makes a ring for a document in memory of [MemorySize] bytes that is all zero. The memory is in use until Free has been called, which
// calls free.
func New(memory []byte, document uint32, free func()) *Ring {
	r := &Ring{shared: (*shared)(unsafe.Pointer(unsafe.SliceData(memory))), free: free}
	r.in, r.out = memory[DataOffset:DataOffset+Size], memory[DataOffset+Size:MemorySize]
	r.shared.version, r.shared.document, r.shared.size = version, document, Size
	r.shared.toMain.asleep.Store(1)
	r.shared.toPage.asleep.Store(1)
	return r
}

// Written returns up to where the page has written, for ReadUpTo.
func (r *Ring) Written() uint32 { return r.shared.toMain.tail.Load() }

// ReadUpTo reports whether everything up to there has been read, or it is no place in the ring.
func (r *Ring) ReadUpTo(there uint32) bool {
	left := there - r.head.Load()
	return left == 0 || left > Size
}

// Read reads a record, and reports whether there was one. It returns a copy of the packet that the record completes, if it does. A packet has at
// most limit bytes.
func (r *Ring) Read(limit int) (packet []byte, read bool, err error) {
	used, at := r.shared.toMain.tail.Load()-r.head.Load(), r.head.Load()%Size
	if used == 0 {
		return nil, false, nil
	}
	if used > Size || used%recordHeader != 0 {
		return nil, false, ErrDamaged
	}
	header := (*atomic.Uint64)(unsafe.Pointer(&r.in[at])).Load()
	length, total := uint32(header), uint32(header>>32)
	room := min(used, Size-at)
	switch {
	case length == pad && used >= Size-at:
		r.read(Size - at)
		return nil, true, nil
	case length == 0 || length > room-recordHeader:
		return nil, false, ErrDamaged
	}
	packet, err = r.take(r.in[at+recordHeader:at+recordHeader+length], int(total), limit)
	r.read((recordHeader + length + 7) &^ 7)
	return packet, true, err
}

// take adds a record to the packet that it belongs to, and returns that when it is whole.
func (r *Ring) take(bytes []byte, total, limit int) ([]byte, error) {
	switch {
	case r.left == 0 && total == len(bytes) && total <= limit:
		return append([]byte{}, bytes...), nil // not cleared first
	case r.left == 0:
		if total <= len(bytes) || total > limit {
			return nil, ErrDamaged
		}
		r.part, r.left = buffer(total), total
	case total != 0 || len(bytes) > r.left:
		return nil, ErrDamaged
	}
	r.part = append(r.part, bytes...)
	if r.left -= len(bytes); r.left > 0 {
		return nil, nil
	}
	packet := r.part
	r.part = nil
	return packet, nil
}

// read gives n bytes back to the writer, who may wait for them.
func (r *Ring) read(n uint32) {
	d := &r.shared.toMain
	head := r.head.Add(n)
	d.head.Store(head)
	if d.wants.Load() != 0 && d.tail.Load()-head <= roomy && d.wants.Swap(0) != 0 {
		d.room.Add(1)
		wake(&d.room)
	}
}

// Bell returns what [Ring.Sleep] is to be told.
func (r *Ring) Bell() uint32 { return r.shared.toMain.bell.Load() }

// Sleep returns when there may be something to read, room to write where [Ring.Want] has asked for it, or the ring is closed: since Bell has
// returned bell, before whatever the caller has looked at. It keeps a thread.
func (r *Ring) Sleep(bell uint32) {
	d := &r.shared.toMain
	d.asleep.Store(1)
	if d.tail.Load() == r.head.Load() {
		sleep(&d.bell, bell)
	}
	d.asleep.Store(0)
}

// Write writes what there is room for of a packet whose first done bytes have been written before, and returns how many have been now. The
// packet comes in two pieces, of which the second may be empty. The page sees nothing of it before Ring.
func (r *Ring) Write(packet, tail []byte, done int) int {
	total := len(packet) + len(tail)
	for done < total {
		n, at := r.reserve(total - done)
		if n == 0 {
			break
		}
		header := uint64(n)
		if done == 0 {
			header |= uint64(total) << 32
		}
		to := r.out[at+recordHeader : at+recordHeader+n]
		copied := 0
		if done < len(packet) {
			copied = copy(to, packet[done:])
		}
		copy(to[copied:], tail[max(0, done+copied-len(packet)):])
		(*atomic.Uint64)(unsafe.Pointer(&r.out[at])).Store(header)
		r.tail += (recordHeader + n + 7) &^ 7
		r.shared.toPage.tail.Store(r.tail)
		done += int(n)
	}
	return done
}

// reserve returns where in the ring the next record may stand, and with how many bytes of the n that are left; 0 if there is no room.
func (r *Ring) reserve(n int) (length, at uint32) {
	for {
		used := r.tail - r.shared.toPage.head.Load()
		if used > Size {
			return 0, 0 // the page makes no sense; nothing is written over what it may still read
		}
		at = r.tail % Size
		free, straight := Size-used, Size-at
		want := uint32(min(n, partUpTo))
		least := want
		if n > Whole {
			least = minPart
		}
		if straight < recordHeader+least || used == 0 && at >= rewindFrom {
			if straight > free {
				return 0, 0
			}
			(*atomic.Uint64)(unsafe.Pointer(&r.out[at])).Store(uint64(pad))
			r.tail += straight
			r.shared.toPage.tail.Store(r.tail)
			continue
		}
		room := min(free, straight)
		if room < recordHeader+least {
			return 0, 0
		}
		return min(want, room-recordHeader), at
	}
}

// Ring wakes the page up if it sleeps. It is to be called after Write.
func (r *Ring) Ring() {
	d := &r.shared.toPage
	if d.asleep.Load() != 0 && d.asleep.Swap(0) != 0 {
		d.bell.Add(1)
		wake(&d.bell)
	}
}

// Left reports whether the document has gone: then there is nothing to read but what can be read now.
func (r *Ring) Left() bool { return r.shared.left.Load() != 0 }

// Wake ends Sleep. It may be called on any goroutine before Free.
func (r *Ring) Wake() {
	d := &r.shared.toMain
	d.bell.Add(1)
	wake(&d.bell)
}

// Want asks the page to end the next Sleep when it has read something. Then there may be room to Write, and there may be some already.
func (r *Ring) Want() { r.shared.toPage.wants.Store(1) }

// Close tells the page that nothing is read or written any more, and ends Sleep. It may be called on any goroutine before Free.
func (r *Ring) Close() {
	r.shared.closed.Store(1)
	for _, d := range []*direction{&r.shared.toMain, &r.shared.toPage} {
		d.bell.Add(1)
		d.room.Add(1)
		wake(&d.bell)
		wake(&d.room)
	}
}

// Free gives the memory back. Nothing may use the ring any more.
func (r *Ring) Free() { r.free() }
