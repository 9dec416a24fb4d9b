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
	raw  syscall.RawConn
	gate *gate
	read func(fd uintptr)

	data     [MaxDatagram]byte
	rights   [256]byte // room for more descriptors than anybody may send, so that none is lost open
	how      int       // flags for the system
	n, extra int
	flags    int
	err      error
	parts    joining
	lively   bool  // the next datagram is expected within lull
	limit    int32 // of those who stay
}

func (r *receiver) init(raw syscall.RawConn) (err error) {
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
	r.gate, err = newGate(raw, unix.EPOLLIN)
	return err
}

// Receive waits for the next packet; it is the caller's. With stay, it may wait in the system for a moment and keep a processor from other
// goroutines meanwhile, which is by far the shortest way for a packet that comes soon. The error is io.EOF when the far end has closed,
// ErrClosed when this end has. Any other error is about a far end that breaks the rules, after which the connection should be closed.
func (c *Conn) Receive(stay bool) ([]byte, error) {
	for {
		packet, err := c.in.next(stay)
		if errors.Is(err, io.EOF) && c.closed() {
			err = ErrClosed
		}
		if packet != nil || err != nil {
			return packet, err
		}
	}
}

// closed reports whether this side has closed the connection.
func (c *Conn) closed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Is(c.failed, ErrClosed)
}

// lull is how long a datagram is waited for in the system: the shortest time that the system measures for sockets, one of its ticks.
const lull = time.Millisecond

// staying is how many wait in the system now.
var staying atomic.Int32

// mayStay reports whether one more may wait in the system, of half the processors at most.
func (r *receiver) mayStay() bool {
	for {
		n := staying.Load()
		if n >= r.limit {
			return false
		}
		if staying.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// datagram reads one, with stay from within the system if it is expected soon.
func (r *receiver) datagram(stay bool) error {
	if r.lively && stay && r.mayStay() {
		err := r.try(0)
		staying.Add(-1)
		if err != unix.EAGAIN {
			return err
		}
		r.lively = false
	} else if err := r.try(unix.MSG_DONTWAIT); err != unix.EAGAIN {
		r.lively = true
		return err
	}
	for began := time.Now(); ; {
		if err := r.gate.wait(); err != nil {
			return err
		}
		r.lively = time.Since(began) < lull
		if err := r.try(unix.MSG_DONTWAIT); err != unix.EAGAIN {
			return err
		}
	}
}

func (r *receiver) try(how int) error {
	r.how = how | unix.MSG_CMSG_CLOEXEC
	if closed := r.raw.Control(r.read); closed != nil {
		return ErrClosed
	}
	return r.err
}

// next reads a datagram; packet is nil if it was a part, and there are more to come.
func (r *receiver) next(stay bool) (packet []byte, err error) {
	switch err := r.datagram(stay); {
	case err == unix.ECONNRESET:
		return nil, io.EOF
	case err != nil:
		return nil, err
	}
	memory, err := r.descriptor()
	switch {
	case err != nil:
		return nil, err
	case memory >= 0 && r.parts.packet != nil:
		_ = unix.Close(memory)
		return nil, errParts
	case memory >= 0:
		return unseal(r.data[:r.n], memory)
	case r.flags&unix.MSG_TRUNC != 0:
		return nil, fmt.Errorf("a datagram longer than %d bytes or its packet", MaxDatagram)
	case r.n == 0:
		return nil, io.EOF
	case r.parts.packet != nil:
		err = r.parts.grow(r.n)
	case r.data[0] == partMark:
		err = r.parts.begin(r.data[:r.n])
	default:
		return append([]byte(nil), r.data[:r.n]...), nil
	}
	if err != nil {
		return nil, err
	}
	return r.parts.whole(), nil
}

// descriptor returns the one that came with the datagram, or -1. What came beyond that is closed, and an error.
func (r *receiver) descriptor() (int, error) {
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
