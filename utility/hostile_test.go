package utility_test

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/utility"
)

// honest is a packet of 100 bytes with which nothing is wrong.
var honest = func() []byte {
	p, _ := protocol.AppendSend(protocol.AppendHeader(nil, 1), "message", make([]byte, 79))
	return p
}()

// memory makes a memfd of that many bytes with those seals; it begins with an honest packet.
func memory(size int64, seals int) int {
	fd, _ := unix.MemfdCreate("hostile", unix.MFD_ALLOW_SEALING)
	_, _ = unix.Write(fd, honest)
	_ = unix.Ftruncate(fd, size)
	_, _ = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals)
	return fd
}

func sized(first byte, size int, rest ...byte) []byte {
	return append(binary.LittleEndian.AppendUint32([]byte{first, 0, 0, 0}, uint32(size)), rest...)
}

const sealed = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE

// crimes are what a process may do to its port; each sends datagrams, some with descriptors.
var crimes = map[string]func(send func(data []byte, fds ...int)){
	"no packet":        func(send func([]byte, ...int)) { send([]byte("GET / HTTP/1.1")) },
	"no header":        func(send func([]byte, ...int)) { send([]byte{1}) },
	"another document": func(send func([]byte, ...int)) { send(protocol.AppendHello(protocol.AppendHeader(nil, 2))) },
	"huge array": func(send func([]byte, ...int)) {
		send(append(protocol.AppendHeader(nil, 1), 0xdd, 0xff, 0xff, 0xff, 0xff))
	},
	"unasked answer": func(send func([]byte, ...int)) {
		p, _ := protocol.AppendResult(protocol.AppendHeader(nil, 1), 7, "x")
		send(p)
	},
	"memory not sealed": func(send func([]byte, ...int)) { send(sized(0, 100), memory(100, unix.F_SEAL_SHRINK)) },
	"memory of less":    func(send func([]byte, ...int)) { send(sized(0, 1<<20), memory(100, sealed)) },
	"memory of more":    func(send func([]byte, ...int)) { send(sized(0, 99), memory(100, sealed)) },
	"memory of none":    func(send func([]byte, ...int)) { send(sized(0, 0), memory(0, sealed)) },
	"memory of too much": func(send func([]byte, ...int)) {
		send(sized(0, protocol.MaxPacket+1), memory(protocol.MaxPacket+1, sealed))
	},
	"memory with rubbish": func(send func([]byte, ...int)) { send(sized(0, 101), memory(101, sealed)) },
	"a file for memory": func(send func([]byte, ...int)) {
		fd, _ := unix.Open("/proc/self/exe", unix.O_RDONLY, 0)
		send(sized(0, 100), fd)
	},
	"many descriptors": func(send func([]byte, ...int)) { send(sized(0, 100), 0, 1, 2, 0, 1, 2, 0, 1, 2) },
	"a descriptor with a packet": func(send func([]byte, ...int)) {
		send(protocol.AppendHello(protocol.AppendHeader(nil, 1)), 0)
	},
	"parts of too much":   func(send func([]byte, ...int)) { send(sized(2, protocol.MaxPacket, 1)) },
	"more than the whole": func(send func([]byte, ...int)) { send(sized(2, 9, make([]byte, 10)...)) },
	"another whole":       func(send func([]byte, ...int)) { send(sized(2, 100, 1)); send(sized(2, 101, 1)) },
	"a packet between parts": func(send func([]byte, ...int)) {
		send(sized(2, 100, 1))
		send(protocol.AppendHello(protocol.AppendHeader(nil, 1)))
	},
	"memory between parts": func(send func([]byte, ...int)) { send(sized(2, 100, 1)); send(sized(0, 100), memory(100, sealed)) },
	"more than the rest": func(send func([]byte, ...int)) {
		send(sized(2, 100, honest[:50]...))
		send(sized(2, 100, append(honest[50:100:100], 0)...))
	},
	"two regions": func(send func([]byte, ...int)) {
		for range 2 {
			send(sized(3, 4096), memory(4096, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW))
		}
	},
	"a region not sealed": func(send func([]byte, ...int)) { send(sized(3, 4096), memory(4096, unix.F_SEAL_GROW)) },
	"a region of too much": func(send func([]byte, ...int)) {
		send(sized(3, protocol.MaxPacket), memory(protocol.MaxPacket, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW))
	},
	"a region with rubbish": func(send func([]byte, ...int)) {
		send(sized(3, 4096), memory(4096, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW))
		send(sized(4, 101, 0, 0, 0, 0, 101, 0, 0, 0))
	},
	"beyond a region": func(send func([]byte, ...int)) {
		send(sized(3, 4096), memory(4096, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW))
		send(sized(4, 100, 0, 16, 0, 0, 100, 0, 0, 0))
	},
	"memory between": func(send func([]byte, ...int)) {
		send(sized(3, 4096), memory(4096, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW))
		send(sized(4, 100, 0, 0, 0, 0, 50, 0, 0, 0))
		send(sized(0, 100), memory(100, sealed))
	},
	"taken from no region": func(send func([]byte, ...int)) { send(sized(6, 1)) },
	"a part of nothing":    func(send func([]byte, ...int)) { send(sized(2, 100)) },
	"a long datagram":      func(send func([]byte, ...int)) { send(append(protocol.AppendHeader(nil, 1), make([]byte, 100<<10)...)) },
}

func init() {
	utility.Register("criminal", func(ctx context.Context, _ *utility.Port) error {
		link := -1
		for fd := 3; fd < 64 && link < 0; fd++ {
			if kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE); err == nil && kind == unix.SOCK_SEQPACKET {
				link = fd
			}
		}
		crimes[utility.Args()[0]](func(data []byte, fds ...int) {
			var rights []byte
			if len(fds) > 0 {
				rights = unix.UnixRights(fds...)
			}
			_ = unix.Sendmsg(link, data, rights, nil, 0)
		})
		select {} // it stays, whatever the app thinks of it
	})
	utility.Register("sleeper", func(context.Context, *utility.Port) error { select {} })
}

func TestHostileProcess(t *testing.T) {
	if len(honest) != 100 || protocol.Check(honest) != nil {
		t.Fatalf("%d bytes, %v", len(honest), protocol.Check(honest))
	}
	var before int
	for pass := range 2 {
		for crime := range crimes {
			p := fork(t, "criminal", utility.Options{Args: []string{crime}})
			p.Port().Start()
			e := wait(t, p)
			if e.Err == nil || !strings.Contains(e.Err.Error(), "broke the port's rules") || e.Signal != unix.SIGKILL || e.Asked {
				t.Errorf("%s: %+v", crime, e)
			}
		}
		if fds, _, _ := held(t); pass == 0 {
			before = fds
		} else if fds > before {
			t.Errorf("%d descriptors are open, %d before", fds, before)
		}
	}
}

// A process that never reads costs the app no more than the limit, and nobody waits.
func TestProcessThatDoesNotRead(t *testing.T) {
	p := fork(t, "sleeper", utility.Options{KillAfter: time.Millisecond})
	piece, sent := make([]byte, 5<<20), 0
	var err error
	for ; err == nil && sent < 100; sent++ {
		err = p.Post(piece)
	}
	if !errors.Is(err, protocol.ErrLimit) || sent*len(piece) < protocol.MaxQueuedBytes/2 {
		t.Errorf("after %d pieces: %v", sent, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := p.Port().Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error("flush:", err)
	}
	p.Kill()
	wait(t, p)
	if err := p.Post("x"); !errors.Is(err, utility.ErrGone) && !errors.Is(err, utility.ErrClosed) {
		t.Error("to a process that has ended:", err)
	}
}

// A process that asks for more than it may have ends there.
func init() {
	utility.Register("glutton", func(context.Context, *utility.Port) error {
		type link struct {
			before *link
			piece  []byte
		}
		var all *link
		for what := utility.Args()[0]; ; {
			switch what {
			case "memory":
				all = &link{all, make([]byte, 8<<20)}
				for i := 0; i < len(all.piece); i += 4096 {
					all.piece[i] = 1
				}
			case "files":
				if _, err := os.Open("/dev/null"); err != nil {
					return err
				}
			case "raise":
				return unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 1000, Max: 1000})
			}
		}
	})
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		what   string
		limits utility.Limits
		reason utility.Reason
		err    string
	}{
		{"memory", utility.Limits{Memory: 256 << 20}, utility.OutOfMemory, ""},
		{"time", utility.Limits{CPU: time.Second}, utility.Killed, "Limits.CPU is 1s"},
		{"files", utility.Limits{Files: 64}, utility.AbnormalExit, "too many open files"},
		{"raise", utility.Limits{Files: 64}, utility.AbnormalExit, "operation not permitted"},
	} {
		e := wait(t, fork(t, "glutton", utility.Options{
			Args: []string{c.what}, Limits: c.limits, Stdio: utility.Stdio{Stderr: utility.Ignore},
			Env: append(os.Environ(), "GORACE=exitcode=2"), // the race detector meets the limit first, and is to end as Go does
		}))
		if e.Reason != c.reason || c.err != "" && (e.Err == nil || !strings.Contains(e.Err.Error(), c.err)) {
			t.Errorf("%s: %v", c.what, e)
		}
	}
}
