package socket

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// A gate is where a goroutine waits at the runtime's poller until a socket is ready. As long as it is there, each datagram may wake a thread of
// the poller's.
type gate struct {
	file *os.File
	raw  syscall.RawConn
}

// newGate makes a gate of a socket.
func newGate(sock syscall.RawConn) (*gate, error) {
	g := &gate{}
	var err error
	add := func(sock uintptr) {
		fd, problem := unix.FcntlInt(sock, unix.F_DUPFD_CLOEXEC, 0)
		if problem != nil {
			err = os.NewSyscallError("fcntl", problem)
			return
		}
		_ = unix.SetNonblock(fd, true) // tells os that the runtime may poll it
		g.file = os.NewFile(uintptr(fd), "port")
		_ = unix.SetNonblock(fd, false)
		g.raw, err = g.file.SyscallConn()
	}
	if closed := sock.Control(add); closed != nil {
		return nil, ErrClosed
	}
	if err != nil {
		g.close()
		return nil, err
	}
	return g, nil
}

// starved says that there is no gate because this process, or the system, has no descriptor left. Then the socket is looked at again and again.
func starved(err error) bool { return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) }

// close ends whoever waits. g may be nil.
func (g *gate) close() {
	if g != nil && g.file != nil {
		_ = g.file.Close()
	}
}
