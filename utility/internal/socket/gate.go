package socket

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// A gate is where a goroutine waits until a socket is ready. It lies between the socket and the runtime's poller: in the list of that one, the
// socket would wake a thread for each datagram, also for those that another thread waits for in the system.
type gate struct {
	sock syscall.RawConn
	file *os.File // an epoll instance, which knows the socket only while somebody waits
	raw  syscall.RawConn

	event unix.EpollEvent
	ready [1]unix.EpollEvent
	armed bool
	err   error
	arm   func(sock uintptr)
	look  func(fd uintptr) bool
}

// newGate makes a gate of a socket for unix.EPOLLIN or unix.EPOLLOUT. One goroutine at a time may wait at it.
func newGate(sock syscall.RawConn, events uint32) (*gate, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	_ = unix.SetNonblock(fd, true) // which tells os that the runtime may poll it
	g := &gate{sock: sock, file: os.NewFile(uintptr(fd), "port"), event: unix.EpollEvent{Events: events | unix.EPOLLONESHOT}}
	g.arm = func(sock uintptr) { g.err = unix.EpollCtl(fd, unix.EPOLL_CTL_MOD, int(sock), &g.event) }
	g.look = func(fd uintptr) bool {
		if !g.armed {
			g.armed = true
			if closed := g.sock.Control(g.arm); closed != nil {
				g.err = ErrClosed
			}
			return g.err != nil
		}
		n, err := unix.EpollWait(int(fd), g.ready[:], 0)
		if err != unix.EINTR {
			g.err = err
		}
		return n > 0 || g.err != nil
	}
	add := func(sock uintptr) {
		err = unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, int(sock), &unix.EpollEvent{Events: unix.EPOLLONESHOT})
	}
	if closed := sock.Control(add); closed != nil {
		err = ErrClosed
	}
	if err == nil {
		g.raw, err = g.file.SyscallConn()
	}
	if err != nil {
		g.close()
		return nil, os.NewSyscallError("epoll_ctl", err)
	}
	return g, nil
}

// wait returns when the socket is ready, or has been, or the gate has been closed.
func (g *gate) wait() error {
	g.armed, g.err = false, nil
	if err := g.raw.Read(g.look); err != nil {
		return ErrClosed
	}
	return g.err
}

func (g *gate) close() { _ = g.file.Close() }
