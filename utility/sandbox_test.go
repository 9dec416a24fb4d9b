package utility_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/router"
	"github.com/oriel-go/oriel/utility"
)

// attempts are what a process may try, each with one word more.
var attempts = map[string]func(word string) error{
	"read":  func(path string) error { _, err := os.ReadFile(path); return err },
	"list":  func(path string) error { _, err := os.ReadDir(path); return err },
	"write": func(path string) error { return os.WriteFile(path, []byte("mine"), 0o600) },
	"append": func(path string) error {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		f.Close()
		return err
	},
	"truncate": func(path string) error { return os.Truncate(path, 0) },
	"cut": func(path string) error {
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_TRUNC, 0)
		_ = unix.Close(fd)
		return err
	},
	"mkdir":   func(path string) error { return os.Mkdir(path, 0o700) },
	"remove":  os.Remove,
	"rename":  func(path string) error { return os.Rename(path, path+".moved") },
	"link":    func(path string) error { return os.Link(path, path+".link") },
	"symlink": func(path string) error { return os.Symlink("/", path) },
	"fifo":    func(path string) error { return unix.Mkfifo(path, 0o600) },
	"chmod":   func(path string) error { return os.Chmod(path, 0o666) },
	"fchmod": func(path string) error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		return f.Chmod(0o666)
	},
	"times":      func(path string) error { return os.Chtimes(path, time.Unix(1, 0), time.Unix(1, 0)) },
	"xattr":      func(path string) error { return unix.Setxattr(path, "user.oriel", []byte("x"), 0) },
	"tcp":        func(address string) error { return dial("tcp", address) },
	"udp":        func(address string) error { return dial("udp", address) },
	"unix":       func(address string) error { return dial("unix", address) },
	"listen":     func(address string) error { l, err := net.Listen("tcp", address); return errors.Join(err, closing(l)) },
	"raw":        func(string) error { return opens(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP) },
	"packet":     func(string) error { return opens(unix.AF_PACKET, unix.SOCK_RAW, 0) },
	"vsock":      func(string) error { return opens(unix.AF_VSOCK, unix.SOCK_STREAM, 0) },
	"netlink":    func(string) error { return opens(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_KOBJECT_UEVENT) },
	"other half": func(string) error { return called(unix.SYS_SOCKET, 1<<32|unix.AF_INET, unix.SOCK_STREAM, 0) },
	"pair":       func(string) error { _, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0); return err },
	"datagrams":  func(path string) error { return sendsTo(unix.SOCK_DGRAM, path) },
	"raw-pair":   func(path string) error { return sendsTo(unix.SOCK_RAW, path) },
	"run":        func(path string) error { return exec.Command(path).Run() },
	"kill":       func(string) error { return unix.Kill(unix.Getppid(), 0) },
	"pidfd":      func(string) error { _, err := unix.PidfdOpen(unix.Getppid(), 0); return err },
	"ptrace":     func(string) error { return unix.PtraceAttach(unix.Getppid()) },
	"limit":      func(string) error { return unix.Prlimit(unix.Getppid(), unix.RLIMIT_CORE, &unix.Rlimit{}, nil) },
	"nice":       func(string) error { return unix.Setpriority(unix.PRIO_PROCESS, unix.Getppid(), 19) },
	"unshare":    func(string) error { return unix.Unshare(unix.CLONE_NEWUSER) },
	"namespace":  func(string) error { return called(unix.SYS_CLONE, unix.CLONE_NEWUSER|uintptr(unix.SIGCHLD), 0, 0) },
	"clone3":     func(string) error { return called(unix.SYS_CLONE3, 0, 0, 0) },
	"ring":       func(string) error { return called(unix.SYS_IO_URING_SETUP, 0, 0, 0) },
	"bpf":        func(string) error { return called(unix.SYS_BPF, 0, 0, 0) },
	"memory":     func(string) error { return called(unix.SYS_SHMGET, 0, 4096, 0o1600) },
	"terminal":   func(string) error { return called(unix.SYS_IOCTL, 2, 1<<32|unix.TIOCSTI, 0) },
	"call": func(numbers string) error {
		var n [4]uintptr
		for i, word := range strings.Fields(numbers) {
			v, _ := strconv.Atoi(word)
			n[i] = uintptr(v)
		}
		return called(n[0], n[1], n[2], n[3])
	},
	"environ": func(string) error { _, err := os.ReadFile("/proc/" + utility.Args()[0] + "/environ"); return err },
	"privileges": func(string) error {
		if n, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); n != 1 {
			return errors.Join(err, errors.New("the process may gain privileges"))
		}
		return nil
	},
}

func dial(network, address string) error {
	c, err := net.Dial(network, address)
	if err == nil {
		_, err = c.Write([]byte("x"))
		_ = c.Close()
	}
	return err
}

// sendsTo sends a datagram to an address, from one of a pair of sockets that need none.
func sendsTo(kind int, address string) error {
	pair, err := unix.Socketpair(unix.AF_UNIX, kind, 0)
	if err != nil {
		return err
	}
	defer func() { _, _ = unix.Close(pair[0]), unix.Close(pair[1]) }()
	return unix.Sendto(pair[0], []byte("x"), 0, &unix.SockaddrUnix{Name: address})
}

func closing(l net.Listener) error {
	if l == nil {
		return nil
	}
	return l.Close()
}

func opens(family, kind, protocol int) error {
	fd, err := unix.Socket(family, kind, protocol)
	_ = unix.Close(fd)
	return err
}

// called makes a call of the kernel by its number. One that must not be made would leave something behind, and the test then fails.
func called(number, a, b, c uintptr) error {
	if _, _, errno := syscall.RawSyscall6(number, a, b, c, 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

func init() {
	utility.Register("burglar", func(ctx context.Context, p *utility.Port) error {
		router.On(p.IPC(), "try", func(_ context.Context, words []string) {
			said := "done"
			if err := attempts[words[0]](words[1]); errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EXDEV) {
				said = "refused"
			} else if err != nil {
				said = err.Error()
			}
			_ = p.Post(said)
		})
		return p.Serve(ctx)
	})
}

// house is what a burglar finds.
type house struct{ open, shut, inside, outside, fresh, tcp, udp, unix, log string }

func build(t *testing.T) house {
	t.Helper()
	root := t.TempDir()
	h := house{open: filepath.Join(root, "open"), shut: filepath.Join(root, "shut"), unix: filepath.Join(root, "socket"), log: filepath.Join(root, "log")}
	for _, dir := range []string{h.open, h.shut} {
		if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, "file"), []byte("text"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	h.inside, h.outside, h.fresh = filepath.Join(h.open, "file"), filepath.Join(h.shut, "file"), filepath.Join(h.shut, "fresh")
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	local, err := net.Listen("unix", h.unix)
	if err != nil {
		t.Fatal(err)
	}
	log, err := net.ListenPacket("unixgram", h.log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _, _, _ = tcp.Close(), udp.Close(), local.Close(), log.Close() })
	h.tcp, h.udp = tcp.Addr().String(), udp.LocalAddr().String()
	return h
}

func TestSandbox(t *testing.T) {
	h := build(t)
	always := []string{"chmod " + h.inside, "fchmod " + h.inside, "times " + h.inside, "xattr " + h.inside, "unix " + h.unix, "raw", "packet", "vsock",
		"datagrams " + h.log, "raw-pair " + h.log, "netlink", "other half", "ptrace", "limit", "nice", "unshare", "namespace", "clone3", "ring", "bpf", "memory", "terminal", "environ", "kill"}
	// Calls with arguments that the kernel would refuse for another reason, if it looked at them: a filter is first.
	for _, number := range []int{unix.SYS_CHMOD, unix.SYS_CHOWN, unix.SYS_LCHOWN, unix.SYS_FCHMODAT2, unix.SYS_FCHOWNAT, unix.SYS_UTIME, unix.SYS_UTIMES,
		unix.SYS_SETXATTR, unix.SYS_REMOVEXATTR, unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_SETNS, unix.SYS_KEYCTL,
		unix.SYS_ADD_KEY, unix.SYS_PROCESS_VM_READV, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD, unix.SYS_INIT_MODULE, unix.SYS_MQ_OPEN, unix.SYS_OPENAT2} {
		always = append(always, fmt.Sprintf("call %d", number))
	}
	always = append(always, fmt.Sprintf("call %d 0 0 %d", unix.SYS_OPENAT, unix.O_TRUNC), fmt.Sprintf("call %d 0 %d", unix.SYS_OPEN, unix.O_TRUNC))
	writes := func(path string) []string {
		var list []string
		for _, how := range []string{"write ", "append ", "truncate ", "cut ", "remove ", "rename ", "link "} {
			list = append(list, how+path)
		}
		for _, how := range []string{"write ", "mkdir ", "symlink ", "fifo "} {
			list = append(list, how+path+".new")
		}
		return list
	}
	for _, c := range []struct {
		name          string
		sandbox       utility.Sandbox
		refused, done []string
	}{
		{"by default", utility.Sandbox{}, append(append(writes(h.inside), always...), "tcp "+h.tcp, "udp "+h.udp, "listen 127.0.0.1:0", "run /bin/true", "pidfd",
			fmt.Sprintf("call %d %d", unix.SYS_KILL, 1<<30), fmt.Sprintf("call %d", unix.SYS_EXECVE), fmt.Sprintf("call %d -1", unix.SYS_EXECVEAT)),
			[]string{"read " + h.inside, "list " + h.shut, "write /dev/null", "pair", "privileges"}},
		{"some files", utility.Sandbox{Read: []string{h.open}, Write: []string{filepath.Dir(h.fresh)}}, append(append(writes(h.inside), always...), "read /etc/passwd", "list /"),
			[]string{"read " + h.inside, "list " + h.open, "read " + h.outside, "write " + h.fresh, "append " + h.fresh, "truncate " + h.fresh,
				"mkdir " + h.fresh + ".dir", "remove " + h.fresh, "remove " + h.fresh + ".dir"}},
		{"no files", utility.Sandbox{Read: []string{}}, append(writes(h.inside), "read "+h.inside, "list "+h.open, "read /etc/passwd", "environ"), []string{"pair"}},
		{"network", utility.Sandbox{Network: true}, append(writes(h.inside), append(always, "run /bin/true")...),
			[]string{"tcp " + h.tcp, "udp " + h.udp, "listen 127.0.0.1:0"}},
		{"programs", utility.Sandbox{Exec: true}, append(writes(h.inside), append(always, "tcp "+h.tcp)...), []string{"run /bin/true"}},
		{"off", utility.Sandbox{Off: true}, nil, []string{"read " + h.inside, "chmod " + h.inside, "times " + h.inside, "unix " + h.unix, "datagrams " + h.log, "raw-pair " + h.log, "tcp " + h.tcp,
			"udp " + h.udp, "listen 127.0.0.1:0", "run /bin/true", "kill", "pidfd", "environ", "limit", "nice", "write " + h.inside, "append " + h.inside,
			"cut " + h.inside, "truncate " + h.inside, "mkdir " + h.inside + ".new", "link " + h.inside, "symlink " + h.inside + ".2", "fifo " + h.inside + ".3",
			"rename " + h.inside}},
	} {
		t.Run(c.name, func(t *testing.T) {
			self, _, _ := strings.Cut(filepath.Base(mustReadlink(t, "/proc/self")), " ")
			p := fork(t, "burglar", utility.Options{Sandbox: c.sandbox, Args: []string{self}})
			said := messages(p)
			try := func(list []string, want string) {
				for _, attempt := range list {
					how, word, _ := strings.Cut(attempt, " ")
					if attempts[how] == nil {
						how, word = attempt, ""
					}
					if err := p.Port().Send("try", []string{how, word}); err != nil {
						t.Fatal(err)
					}
					if got := next(t, said); got != want {
						t.Errorf("%s: %v, want %s", attempt, got, want)
					}
				}
			}
			try(c.done, "done")
			try(c.refused, "refused")
		})
	}
}

func mustReadlink(t *testing.T, path string) string {
	t.Helper()
	s, err := os.Readlink(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
