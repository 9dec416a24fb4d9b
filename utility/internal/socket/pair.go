// Package socket carries packets of package protocol between two processes over a pair of sockets: datagrams that keep their bounds and
// their order, with descriptors beside them where needed. There is no name to it, in a file system or elsewhere, so nobody else can join.
package socket

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Pair makes two sockets that are connected to each other; neither is inherited by a child unless it is told to be.
func Pair() (ours, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("a pair of sockets: %w", err)
	}
	for _, fd := range fds {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, room) // or as much as the system allows
	}
	return os.NewFile(uintptr(fds[0]), "port"), os.NewFile(uintptr(fds[1]), "port"), nil
}

// room is how much may be on its way between the two: with too little, both sides wait for each other in the middle of a large packet.
const room = 2 << 20

// ErrNoSocket is the kind of the error for a descriptor that is no socket of the right type.
var ErrNoSocket = errors.New("not a sequential packet socket")

// open takes f over. The socket it returns blocks, for at most [lull] when it is read: what must not wait says so, call by call.
func open(f *os.File) (*os.File, error) {
	defer f.Close()
	old := int(f.Fd())
	kind, err := unix.GetsockoptInt(old, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil || kind != unix.SOCK_SEQPACKET {
		return nil, fmt.Errorf("%s: %w", f.Name(), ErrNoSocket)
	}
	fd, err := unix.FcntlInt(uintptr(old), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	timeout := unix.NsecToTimeval(lull.Nanoseconds())
	if err = unix.SetNonblock(fd, false); err == nil {
		err = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout)
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("setsockopt", err)
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}
