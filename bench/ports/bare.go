package main

import (
	"errors"
	"net"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// bare is the reference: a socket pair to another process, and nothing else.
type bare struct {
	c       net.Conn
	command *exec.Cmd
}

func newBare() (*bare, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "theirs")
	defer ours.Close()
	defer theirs.Close()
	b := &bare{command: exec.Command("/proc/self/exe", "bare")}
	b.command.ExtraFiles = []*os.File{theirs}
	c, err := net.FileConn(ours)
	if err != nil {
		return nil, err
	}
	b.c = c
	return b, b.command.Start()
}

func (b *bare) close() { _ = errors.Join(b.c.Close(), b.command.Wait()) }

// bareEcho answers each datagram with one of the same size; those of one byte are only counted, up to one of two.
func bareEcho() {
	c, err := net.FileConn(os.NewFile(3, "theirs"))
	if err != nil {
		os.Exit(1)
	}
	data := make([]byte, 64)
	for {
		n, err := c.Read(data)
		if err != nil || n == 0 {
			return
		}
		if n > 1 {
			if _, err := c.Write(data[:n]); err != nil {
				return
			}
		}
	}
}

func (b *bare) pingPong(n int) {
	data := make([]byte, 16)
	for range n {
		_, _ = b.c.Write(data)
		_, _ = b.c.Read(data)
	}
}

func (b *bare) push(n int) {
	data := make([]byte, 2)
	for range n {
		_, _ = b.c.Write(data[:1])
	}
	_, _ = b.c.Write(data)
	_, _ = b.c.Read(data)
}
