package socket

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/protocol"
)

// A region is memory that both sides keep mapped, for large packets one way: the sender copies a packet into it and says where it lies, the
// receiver copies it out and says that it has. Its first packet costs fresh pages, the others cost two copies and nothing else. It comes once
// for each way of a connection, from the side that writes it, and goes only to a far end that has said that it knows regions.
//
// The socket says everything there is to say of it, in order, so the two sides need no word of memory in common; the system calls are the
// barriers. Datagrams, with numbers as in all others:
const (
	regionMark = 3 // u32 size, and the memory: a region
	beginMark  = 4 // u32 size, u32 offset, u32 ready: a packet that lies in the region, of which the first ready bytes are there
	moreMark   = 5 // u32 ready: so many are there now. It follows until all are, with nothing between
	takenMark  = 6 // u32 count: so many more packets have been copied out
)

const (
	// RegionSize is how large a region this side makes.
	RegionSize = 4 << 20
	// MaxRegion is the largest that it takes.
	MaxRegion = 16 << 20
	// regionStep is how much of a packet is copied before the far end is told, which then copies that out meanwhile.
	regionStep = 256 << 10
	// regionLine is what packets in a region are aligned to.
	regionLine = 64
	// regionSeals keep a region from shrinking under those who read it.
	regionSeals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW
)

var (
	errRegion = errors.New("malformed use of a region")
	errFault  = errors.New("no memory for a region")
)

func words(dst []byte, mark byte, numbers ...uint32) []byte {
	dst = append(dst[:0], mark, 0, 0, 0)
	for _, n := range numbers {
		dst = binary.LittleEndian.AppendUint32(dst, n)
	}
	return dst
}

// numbers reads what words has written.
func numbers(datagram []byte, into ...*uint32) error {
	if len(datagram) != 4+4*len(into) || datagram[1]|datagram[2]|datagram[3] != 0 {
		return errRegion
	}
	for i, n := range into {
		*n = binary.LittleEndian.Uint32(datagram[4+4*i:])
	}
	return nil
}

// A span is where a packet lies in a region.
type span struct{ begin, end int }

// An outbound is the region that this side writes. Conn.mu guards it.
type outbound struct {
	welcome bool // the far end knows regions
	closed  bool // or there was none to be had
	memory  []byte
	spans   []span // of packets that have not been taken yet, in order
	head    [16]byte
}

// reserve finds room for n bytes. It returns false if there is none.
func (o *outbound) reserve(n int) (at int, ok bool) {
	limit := len(o.memory)
	if len(o.spans) > 0 {
		first, last := o.spans[0].begin, o.spans[len(o.spans)-1]
		at = (last.end + regionLine - 1) &^ (regionLine - 1)
		switch {
		case last.begin < first:
			limit = first
		case at+n > limit:
			at, limit = 0, first
		}
	}
	if at+n > limit {
		return 0, false
	}
	o.spans = append(o.spans, span{at, at + n})
	return at, true
}

// taken frees the room of n packets.
func (o *outbound) taken(n uint32) error {
	if n == 0 || uint64(n) > uint64(len(o.spans)) {
		return fmt.Errorf("%w: %d of %d packets are taken", errRegion, n, len(o.spans))
	}
	o.spans = o.spans[:copy(o.spans, o.spans[n:])]
	return nil
}

// create makes the memory and returns its descriptor, which is the caller's.
func (o *outbound) create() (fd int, err error) {
	fd, err = unix.MemfdCreate("oriel-region", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return -1, err
	}
	if err = unix.Ftruncate(fd, RegionSize); err == nil {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, regionSeals|unix.F_SEAL_SEAL)
	}
	if err == nil {
		o.memory, err = unix.Mmap(fd, 0, RegionSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func (o *outbound) close() {
	if o.closed = true; o.memory != nil {
		_ = unix.Munmap(o.memory)
		o.memory = nil
	}
}

// UseRegion says that the far end knows regions.
func (c *Conn) UseRegion() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.region.welcome = true
}

// sendRegion sends a packet through the region. It reports false where there is none or no room in it. c.mu is held.
func (c *Conn) sendRegion(packet, tail []byte) (sent bool, err error) {
	o := &c.region
	if !o.welcome || o.closed {
		return false, nil
	}
	if o.memory == nil {
		fd, err := o.create()
		if err != nil { // no more memory or descriptors for this process: packets go as before
			o.closed = true
			return false, nil
		}
		if err := c.send(item{data: words(o.head[:], regionMark, RegionSize), memory: fd, size: itemCost}); err != nil {
			return false, err
		}
	}
	size := len(packet) + len(tail)
	at, ok := o.reserve(size)
	if !ok {
		return false, nil
	}
	return true, c.fill(at, size, packet, tail)
}

// fill copies a packet to its place in the region. While the far end keeps up, it hears of each step, else of the whole. c.mu is held.
func (c *Conn) fill(at, size int, packet, tail []byte) error {
	to := c.region.memory[at : at+size]
	for ready := 0; ready < size; {
		begun := ready > 0
		end := min(size, ready+regionStep)
		if len(c.waiting) > 0 {
			end = size
		}
		for ready < end {
			from := packet[min(ready, len(packet)):]
			if len(from) == 0 {
				from = tail[ready-len(packet):]
			}
			n, err := guarded(to[ready:end], from)
			if err != nil {
				return c.fault(err)
			}
			ready += n
		}
		data := words(c.region.head[:], moreMark, uint32(ready))
		if !begun {
			data = words(c.region.head[:], beginMark, uint32(size), uint32(at), uint32(ready))
		}
		if err := c.send(item{data: data, memory: -1, size: len(data), part: true}); err != nil {
			return err
		}
	}
	return nil
}

// An inbound is the region that the far end writes. It can write there at any time, so nothing is believed that is read there but what has
// been copied out.
type inbound struct {
	mu     sync.Mutex // for close
	closed bool
	memory []byte

	from   []byte // where the packet lies that is coming
	packet []byte // and what has been copied; nil if none is coming
	taken  uint32 // packets that the far end has not been told of
	head   [8]byte
}

// open maps the region that came with a datagram. It closes fd.
func (i *inbound) open(datagram []byte, fd int) error {
	defer unix.Close(fd)
	var size uint32
	if err := numbers(datagram, &size); err != nil {
		return err
	}
	if i.memory != nil || size == 0 || size > MaxRegion {
		return fmt.Errorf("%w: one more, or one of %d bytes", errRegion, size)
	}
	if have, err := unix.FcntlInt(uintptr(fd), unix.F_GET_SEALS, 0); err != nil || have&regionSeals != regionSeals {
		return fmt.Errorf("%w: not sealed", errRegion)
	}
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil || stat.Size != int64(size) {
		return fmt.Errorf("%w: not of the size told", errRegion)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return ErrClosed
	}
	memory, err := unix.Mmap(fd, 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("map a region: %w", err)
	}
	i.memory = memory
	return nil
}

func (i *inbound) close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed = true; i.memory != nil {
		_ = unix.Munmap(i.memory)
	}
}

// begin takes a packet's first datagram.
func (i *inbound) begin(datagram []byte, spare *spare) error {
	var size, at, ready uint32
	if err := numbers(datagram, &size, &at, &ready); err != nil {
		return err
	}
	if size < protocol.HeaderSize || uint64(at)+uint64(size) > uint64(len(i.memory)) || ready > size {
		return fmt.Errorf("%w: a packet of %d bytes at %d", errRegion, size, at)
	}
	i.from, i.packet = i.memory[at:at+size:at+size], spare.take(int(size))
	return i.copy(ready)
}

// more takes those that follow.
func (i *inbound) more(datagram []byte) error {
	var ready uint32
	if err := numbers(datagram, &ready); err != nil {
		return err
	}
	if datagram[0] != moreMark || int64(ready) <= int64(len(i.packet)) || int64(ready) > int64(len(i.from)) {
		return fmt.Errorf("%w: %d bytes are there", errRegion, ready)
	}
	return i.copy(ready)
}

// copy copies what is there.
func (i *inbound) copy(ready uint32) (err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return ErrClosed
	}
	done := len(i.packet)
	i.packet = i.packet[:ready]
	_, err = guarded(i.packet[done:], i.from[done:])
	return err
}

// guarded copies to or from a region. Its size is sealed, but the far end can take pages of it away, and if the system then has no others, an
// access faults.
func guarded(to, from []byte) (n int, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			err = errFault
		}
	}()
	return copy(to, from), nil
}

// whole returns the packet if all of it is there, else nil.
func (i *inbound) whole() []byte {
	if i.packet == nil || len(i.packet) < len(i.from) {
		return nil
	}
	packet := i.packet
	i.packet, i.from = nil, nil
	i.taken++
	return packet
}
