package socket

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A receiver reads datagrams. Its function is made once, so that reading allocates nothing but the packet.
type receiver struct {
	conn *Conn
	raw  syscall.RawConn
	gate atomic.Pointer[gate] // nil until somebody waits there
	read func(fd uintptr)

	data     [MaxDatagram]byte
	rights   [256]byte // room for more descriptors than anybody may send, so that none is lost open
	how      int       // flags for the system
	n, extra int
	flags    int
	err      error
	parts    joining
	region   inbound
	spare    spare
	look     func(uintptr) bool
	began    time.Time   // when there was nothing to read
	row      int         // datagrams that have come within lull of being waited for
	staying  atomic.Bool // in the system, without a gate
	limit    int32       // of those who stay
}

func (r *receiver) init(raw syscall.RawConn) {
	r.raw, r.limit = raw, int32(runtime.GOMAXPROCS(0)/2)
	r.read = func(fd uintptr) {
		for {
			if r.parts.packet == nil {
				r.n, r.extra, r.flags, _, r.err = unix.Recvmsg(int(fd), r.data[:], r.rights[:], r.how)
			} else {
				r.n, r.extra, r.flags, _, r.err = unix.RecvmsgBuffers(int(fd), [][]byte{r.parts.head[:], r.parts.room()}, r.rights[:], r.how)
			}
			if r.err != unix.EINTR {
				return
			}
		}
	}
	r.look = func(uintptr) bool {
		if r.try(unix.MSG_DONTWAIT) != unix.EAGAIN {
			return true
		}
		if r.began.IsZero() {
			r.began = time.Now()
		}
		return false
	}
}

// Receive waits for the next packet; it is the caller's. With stay, it may wait in the system for a moment and keep a processor from other
// goroutines meanwhile, which is by far the shortest way for a packet that comes soon. The error is io.EOF when the far end has closed,
// ErrClosed when this end has. Any other error is about a far end that breaks the rules, or what has kept this one from sending; the connection
// should then be closed.
func (c *Conn) Receive(stay bool) ([]byte, error) {
	for {
		packet, err := c.in.next(stay)
		if errors.Is(err, io.EOF) {
			err = c.end()
		}
		if err != nil {
			c.in.leave()
			c.in.shut()
		}
		if packet != nil || err != nil {
			return packet, err
		}
	}
}

// end says why nothing more comes.
func (c *Conn) end() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed == nil || c.failed == ErrGone {
		return io.EOF
	}
	return c.failed
}

const (
	// lull is how long a datagram is waited for in the system: the shortest time that the system measures for sockets, one of its ticks.
	lull = time.Millisecond
	// rowStays is how many datagrams in a row have come within lull before that is done: it takes a few system calls to change over.
	rowStays = 8
)

// staying is how many have changed over to waiting in the system.
var staying atomic.Int32

// stays reports whether the next datagram is to be waited for in the system, as half of the processors may be at most.
func (r *receiver) stays() bool {
	if already := r.staying.Load(); already || r.row < rowStays {
		return already
	}
	n := staying.Load()
	if n >= r.limit || !staying.CompareAndSwap(n, n+1) {
		return false
	}
	r.staying.Store(true)
	r.shut()
	return true
}

// leave ends the waiting in the system. Any goroutine may call it.
func (r *receiver) leave() {
	if r.staying.Swap(false) {
		staying.Add(-1)
	}
}

// shut closes the gate, if there is one. Any goroutine may call it.
func (r *receiver) shut() { r.gate.Swap(nil).close() }

// datagram reads one, with stay from within the system if it is expected soon.
func (r *receiver) datagram(stay bool) error {
	if stay && r.stays() {
		if err := r.try(0); err != unix.EAGAIN {
			return err
		}
		stay = false
	}
	if !stay {
		r.row = 0
		r.leave()
	}
	g := r.gate.Load()
	if g == nil {
		var err error
		if g, err = newGate(r.raw); starved(err) {
			for err = unix.EAGAIN; err == unix.EAGAIN; err = r.try(0) {
			}
		}
		if g == nil {
			return err
		}
		r.gate.Store(g)
	}
	r.began = time.Time{}
	if g.raw.Read(r.look) != nil {
		return ErrClosed
	}
	if r.row++; !r.began.IsZero() && time.Since(r.began) >= lull {
		r.row = 0
	}
	return r.err
}

func (r *receiver) try(how int) error {
	r.how = how | unix.MSG_CMSG_CLOEXEC
	if closed := r.raw.Control(r.read); closed != nil {
		r.err = ErrClosed
	}
	return r.err
}

// next reads a datagram; packet is nil if it was a part, and there are more to come.
func (r *receiver) next(stay bool) (packet []byte, err error) {
	switch err := r.datagram(stay); {
	case err == unix.ECONNRESET: // said once, of a far end that has gone without reading everything; what it has sent comes after that
		return nil, nil
	case err != nil:
		return nil, err
	}
	memory, err := r.descriptor()
	switch {
	case err != nil:
		return nil, err
	case memory >= 0 && (r.parts.packet != nil || r.region.packet != nil):
		_ = unix.Close(memory)
		return nil, errParts
	case memory >= 0 && r.n > 0 && r.data[0] == regionMark:
		return nil, r.region.open(r.data[:r.n], memory)
	case memory >= 0:
		return unseal(r.data[:r.n], memory)
	case r.flags&unix.MSG_TRUNC != 0:
		return nil, fmt.Errorf("a datagram longer than %d bytes or its packet", MaxDatagram)
	case r.n == 0:
		return nil, io.EOF
	case r.parts.packet != nil:
		err = r.parts.grow(r.n)
	case r.region.packet != nil || r.data[0] >= regionMark && r.data[0] <= takenMark:
		return r.mapped(r.data[:r.n])
	case r.data[0] == partMark:
		err = r.parts.begin(r.data[:r.n], &r.spare)
	default:
		return append([]byte(nil), r.data[:r.n]...), nil
	}
	if err != nil {
		return nil, err
	}
	return r.parts.whole(), nil
}

// mapped takes a datagram about a region.
func (r *receiver) mapped(datagram []byte) (packet []byte, err error) {
	switch {
	case r.region.packet != nil:
		err = r.region.more(datagram)
	case datagram[0] == beginMark:
		err = r.region.begin(datagram, &r.spare)
	case datagram[0] == takenMark:
		return nil, r.conn.taken(datagram)
	default:
		err = errRegion
	}
	if err != nil {
		return nil, err
	}
	if packet = r.region.whole(); packet != nil {
		r.conn.tellTaken()
	}
	return packet, nil
}

// errNoRoom is about memory that was handed over and is lost, since this process may have no descriptor more.
var errNoRoom = fmt.Errorf("no descriptor for memory that was handed over: %w", unix.EMFILE)

// descriptor returns the one that came with the datagram, or -1. What came beyond that is closed, and an error.
func (r *receiver) descriptor() (int, error) {
	if r.extra == 0 && r.flags&unix.MSG_CTRUNC != 0 {
		return -1, errNoRoom
	}
	if r.extra == 0 {
		return -1, nil
	}
	var all []int
	messages, err := unix.ParseSocketControlMessage(r.rights[:r.extra])
	for i := range messages {
		fds, _ := unix.ParseUnixRights(&messages[i])
		all = append(all, fds...)
	}
	if err == nil && len(all) == 1 && r.flags&(unix.MSG_CTRUNC|unix.MSG_TRUNC) == 0 {
		return all[0], nil
	}
	for _, fd := range all {
		_ = unix.Close(fd)
	}
	return -1, fmt.Errorf("%w: %d descriptors with one datagram", errHandover, len(all))
}
