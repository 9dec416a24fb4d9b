package socket

import (
	"fmt"
	"io"
	"syscall"

	"golang.org/x/sys/unix"
)

// A receiver reads datagrams. Its function is made once, so that reading allocates nothing but the packet.
type receiver struct {
	raw  syscall.RawConn
	read func(fd uintptr) bool

	data     [MaxDatagram]byte
	rights   [256]byte // room for more descriptors than anybody may send, so that none is lost open
	n, extra int
	flags    int
	err      error
	parts    joining
}

func (r *receiver) init(raw syscall.RawConn) {
	r.raw = raw
	r.read = func(fd uintptr) bool {
		for {
			const flags = unix.MSG_DONTWAIT | unix.MSG_CMSG_CLOEXEC
			if r.parts.packet == nil {
				r.n, r.extra, r.flags, _, r.err = unix.Recvmsg(int(fd), r.data[:], r.rights[:], flags)
			} else {
				r.n, r.extra, r.flags, _, r.err = unix.RecvmsgBuffers(int(fd), [][]byte{r.parts.head[:], r.parts.room()}, r.rights[:], flags)
			}
			if r.err != unix.EINTR {
				return r.err != unix.EAGAIN
			}
		}
	}
}

// Receive waits for the next packet; it is the caller's. The error is io.EOF when the far end has closed, ErrClosed when this end has. Any
// other error is about a far end that breaks the rules, after which the connection should be closed.
func (c *Conn) Receive() ([]byte, error) {
	for {
		packet, err := c.in.next()
		if packet != nil || err != nil {
			return packet, err
		}
	}
}

// next reads a datagram; packet is nil if it was a part, and there are more to come.
func (r *receiver) next() (packet []byte, err error) {
	if err := r.raw.Read(r.read); err != nil {
		return nil, ErrClosed
	}
	if r.err == unix.ECONNRESET {
		return nil, io.EOF
	}
	if r.err != nil {
		return nil, r.err
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
