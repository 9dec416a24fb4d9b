package socket

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/protocol"
)

const (
	// MaxDatagram is the largest datagram. The packet of one is a datagram of its own, several small ones are joined in one, and a larger
	// one travels in parts.
	MaxDatagram = 64 << 10
	// maxJoined is how large a datagram of several packets gets: checked and unpacked, one takes ten times the memory.
	maxJoined = 8 << 10
	// MaxParts is the largest packet in parts; a larger one lies in memory that is handed over. Parts go through the processor's cache, so
	// they cost less than two copies; fresh memory costs the kernel much more than what it saves.
	MaxParts = 8 << 20
	// MaxQueued is how many bytes may wait for a far end that does not read.
	MaxQueued = protocol.MaxQueuedBytes
	// itemCost is what a waiting packet takes besides its bytes.
	itemCost = 64
)

// ErrClosed is the kind of every error on a connection that this side has closed.
var ErrClosed = errors.New("the port is closed")

// ErrGone says that the far end has closed its end, and so takes nothing more.
var ErrGone = errors.New("the other end of the port is gone")

// A Conn is one end of a pair. What is sent goes out at once where the far end has room, else it waits, joined into fewer datagrams. Send,
// Flush and Close may be called from any goroutine, Receive from one at a time.
type Conn struct {
	file *os.File
	raw  syscall.RawConn
	in   receiver

	mu      sync.Mutex
	out     outlet
	waiting []item
	queued  int           // bytes in waiting
	idle    chan struct{} // closed when nothing waits any more; nil if nothing does
	sending bool          // the first of waiting is on its way out
	last    time.Time     // of the last small packet
	row     int           // how many have come close together
	failed  error         // why nothing can be sent any more
	region  outbound
}

// An item is a datagram, with the memory that goes with it. One that waits is in one piece.
type item struct {
	data   []byte
	tail   []byte // comes behind data; the sender's own memory
	end    []byte // and this comes behind tail
	memory int    // a descriptor, or -1
	size   int
	part   bool // nothing may be joined with it
}

// length is how many bytes the datagram has.
func (it *item) length() int { return len(it.data) + len(it.tail) + len(it.end) }

// An outlet writes one item at a time. Its function is made once, so that writing allocates nothing.
type outlet struct {
	item item
	err  error // unix.EAGAIN if there was no room
	try  func(fd uintptr)
}

func (o *outlet) init() {
	o.try = func(fd uintptr) { o.err = o.item.write(int(fd)) }
}

// write writes an item.
func (o *outlet) write(raw syscall.RawConn, it item) error {
	o.item = it
	if closed := raw.Control(o.try); closed != nil {
		o.err = ErrClosed
	}
	o.item = item{} // the caller's memory is the caller's again
	return o.err
}

// New makes a connection of one end of a pair, which it takes over.
func New(f *os.File) (*Conn, error) {
	file, err := open(f)
	if err != nil {
		return nil, err
	}
	c := &Conn{file: file}
	if c.raw, err = file.SyscallConn(); err != nil {
		_ = file.Close()
		return nil, err
	}
	c.in.init(c.raw)
	c.in.conn = c
	c.out.init()
	return c, nil
}

// Send sends a packet, which is the caller's again when Send returns. It does not wait for the far end: what that has no room for waits
// here, up to MaxQueued bytes; more is refused with the kind protocol.ErrLimit.
func (c *Conn) Send(packet []byte) error { return c.SendTail(packet, nil) }

// SendTail is Send for a packet in two pieces: tail comes behind packet, and is copied only if it has to wait.
func (c *Conn) SendTail(packet, tail []byte) error {
	size := len(packet) + len(tail)
	if size > protocol.MaxPacket || len(packet) < protocol.HeaderSize {
		return fmt.Errorf("%w: a packet of %d bytes", protocol.ErrLimit, size)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.failed != nil:
		return c.failed
	case c.queued > 0 && c.queued+size+itemCost > MaxQueued:
		return fmt.Errorf("%w: more than %d bytes wait for the far end", protocol.ErrLimit, MaxQueued)
	case size <= MaxDatagram:
		return c.send(item{data: packet, tail: tail, memory: -1, size: size})
	}
	if sent, err := c.sendRegion(packet, tail); sent || err != nil {
		return err
	}
	if size <= MaxParts {
		return c.sendParts(packet, tail)
	}
	memory, err := seal(packet, tail)
	if err != nil {
		return err
	}
	return c.send(item{data: handover(size), memory: memory, size: size})
}

// sendParts sends a large packet in several datagrams. c.mu is held: nothing may come between them.
func (c *Conn) sendParts(packet, tail []byte) error {
	head := appendPart(make([]byte, 0, partHeader), len(packet)+len(tail))
	for len(packet)+len(tail) > 0 {
		n := min(len(packet), MaxDatagram-partHeader)
		m := min(len(tail), MaxDatagram-partHeader-n)
		if err := c.send(item{data: head, tail: packet[:n], end: tail[:m], memory: -1, size: n + m, part: true}); err != nil {
			return err
		}
		packet, tail = packet[n:], tail[m:]
	}
	return nil
}

// send sends an item or lets it wait. c.mu is held.
func (c *Conn) send(it item) error {
	if len(c.waiting) == 0 && !c.inRow(&it) {
		if err := c.out.write(c.raw, it); err != unix.EAGAIN {
			it.release()
			return c.fault(err)
		}
	}
	c.wait(it)
	return nil
}

// Packets that follow each other within apart are one row, and beyond the first rowAlone of a row they wait to be joined: a datagram for each
// would cost more than all the rest.
const (
	apart    = 5 * time.Microsecond
	rowAlone = 32
	rowSize  = 4 << 10
)

// inRow reports whether a packet should wait for those that probably follow it. c.mu is held.
func (c *Conn) inRow(it *item) bool {
	if it.part || it.memory >= 0 || it.length() > rowSize {
		return false
	}
	now := time.Now()
	if c.row++; now.Sub(c.last) > apart {
		c.row = 0
	}
	c.last = now
	return c.row > rowAlone
}

// wait lets an item wait, joined with the one before it if both are small. c.mu is held.
func (c *Conn) wait(it item) {
	if last := c.lastWaiting(); last != nil && it.memory < 0 && !it.part {
		if grown := len(last.data) + it.length() - protocol.HeaderSize; last.memory < 0 && !last.part && grown <= maxJoined && sameDocument(last.data, it.data) {
			last.data = append(append(last.data, it.data[protocol.HeaderSize:]...), it.tail...)
			last.size += it.size
			c.queued += it.size
			return
		}
	}
	whole := append(make([]byte, 0, max(it.length(), 512)), it.data...)
	it.data, it.tail, it.end = append(append(whole, it.tail...), it.end...), nil, nil
	it.size += itemCost // at most MaxQueued and one packet wait
	c.waiting = append(c.waiting, it)
	c.queued += it.size
	if c.idle == nil {
		c.idle = make(chan struct{})
		go c.drain()
	}
}

// lastWaiting is the last item that waits and is not on its way, or nil. c.mu is held.
func (c *Conn) lastWaiting() *item {
	n := len(c.waiting)
	if n == 0 || n == 1 && c.sending {
		return nil
	}
	return &c.waiting[n-1]
}

func sameDocument(a, b []byte) bool {
	return string(a[:protocol.HeaderSize]) == string(b[:protocol.HeaderSize])
}

// drain sends what waits, until nothing does.
func (c *Conn) drain() {
	var out outlet
	out.init()
	var g *gate
	defer func() { g.close() }()
	for {
		c.mu.Lock()
		if len(c.waiting) == 0 || c.failed != nil {
			c.drop()
			c.mu.Unlock()
			return
		}
		it := c.waiting[0]
		c.sending = true
		c.mu.Unlock()
		err := out.write(c.raw, it)
		if err == unix.EAGAIN {
			err = c.awaitRoom(&g, &out, it)
		}
		c.mu.Lock()
		it.release()
		c.sending = false
		c.waiting[0] = item{}
		c.waiting = c.waiting[1:]
		c.queued -= it.size
		_ = c.fault(err)
		c.mu.Unlock()
	}
}

// awaitRoom writes an item when the far end has room for it. It leaves its gate open in g.
func (c *Conn) awaitRoom(g **gate, out *outlet, it item) error {
	if *g == nil {
		made, err := newGate(c.raw)
		if starved(err) {
			for err = unix.EAGAIN; err == unix.EAGAIN; err = out.write(c.raw, it) {
				time.Sleep(lull)
			}
		}
		if made == nil {
			return err
		}
		*g = made
	}
	if (*g).raw.Write(func(uintptr) bool { return out.write(c.raw, it) != unix.EAGAIN }) != nil {
		return ErrClosed
	}
	return out.err
}

// drop forgets what waits, if anything still does, and tells those who wait for that. c.mu is held.
func (c *Conn) drop() {
	for _, it := range c.waiting {
		it.release()
	}
	c.waiting, c.queued = nil, 0
	if c.idle != nil {
		close(c.idle)
		c.idle = nil
	}
}

// fault notes an error after which nothing can be sent any more. Unless the far end has gone, that ends the connection: both would wait for what
// does not come. c.mu is held.
func (c *Conn) fault(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, unix.EPIPE) || errors.Is(err, unix.ECONNRESET) {
		err = ErrGone
	}
	if c.failed == nil {
		if c.failed = err; err != ErrGone {
			c.shutdown()
		}
	}
	return c.failed
}

// shutdown wakes whoever waits in the system at either end. What has been sent can still be received.
func (c *Conn) shutdown() {
	_ = c.raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_RDWR) })
}

// Flush waits until everything sent so far has been handed to the system, or can no more be.
func (c *Conn) Flush(ctx context.Context) error {
	c.mu.Lock()
	idle, failed := c.idle, c.failed
	c.mu.Unlock()
	if idle == nil {
		return failed
	}
	select {
	case <-idle:
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.failed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Close ends the connection; what waits is lost. A Receive that waits ends with ErrClosed.
func (c *Conn) Close() {
	c.mu.Lock()
	if c.failed == nil {
		c.failed = ErrClosed
	}
	c.region.close()
	c.mu.Unlock()
	c.shutdown()
	_ = c.file.Close()
	c.in.leave()
	c.in.shut()
	c.in.region.close()
}

// taken hears how many packets the far end has taken out of the region.
func (c *Conn) taken(datagram []byte) error {
	var n uint32
	if err := numbers(datagram, &n); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.region.taken(n)
}

// tellTaken tells the far end how many packets have been taken out of its region.
func (c *Conn) tellTaken() {
	i := &c.in.region
	c.mu.Lock()
	defer c.mu.Unlock()
	if i.taken == 0 || c.failed != nil || c.queued+itemCost >= MaxQueued {
		return
	}
	if last := c.lastWaiting(); last != nil && last.memory < 0 && last.data[0] == takenMark {
		said := last.data[len(last.data)-4:]
		binary.LittleEndian.PutUint32(said, binary.LittleEndian.Uint32(said)+i.taken)
	} else {
		_ = c.send(item{data: words(i.head[:], takenMark, i.taken), memory: -1, size: 8, part: true})
	}
	i.taken = 0
}

// write sends the datagram if the far end has room for it, else it returns EAGAIN.
func (it *item) write(fd int) error {
	var rights []byte
	if it.memory >= 0 {
		rights = unix.UnixRights(it.memory)
	}
	for {
		var err error
		if it.length() == len(it.data) {
			_, err = unix.SendmsgN(fd, it.data, rights, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		} else {
			_, err = unix.SendmsgBuffers(fd, [][]byte{it.data, it.tail, it.end}, rights, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		}
		if err != unix.EINTR {
			return err
		}
	}
}

func (it *item) release() {
	if it.memory >= 0 {
		_ = unix.Close(it.memory)
	}
}
