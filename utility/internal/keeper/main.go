package keeper

import (
	"errors"
	"net"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"github.com/vmihailenco/msgpack/v5"
	"golang.org/x/sys/unix"
)

const (
	// argument and variable tell a process that it is the keeper.
	argument = "--utility-keeper"
	variable = "ORIEL_KEEPER"
	// linkFD is the keeper's end of the socket to the app.
	linkFD = 3
	// lastLimit is how long the keeper stays for processes that even SIGKILL does not end, such as those that hang in the kernel.
	lastLimit = 5 * time.Second
)

// Main does not return if this process is the keeper. It is to be called before main, while the main goroutine has the main thread: a
// child asks to be killed when the thread that made it ends, and that thread ends last.
func Main() {
	if len(os.Args) != 2 || os.Args[1] != argument || os.Getenv(variable) == "" {
		return
	}
	runtime.LockOSThread()
	closeForeign()
	// Heard, not ignored: what is ignored would be so in the children too. A terminal or a session that ends the app ends this through it.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	if err := keep(); err != nil {
		_, _ = os.Stderr.WriteString("keeper of utility processes: " + err.Error() + "\n")
		os.Exit(1)
	}
	os.Exit(0)
}

// closeForeign closes what has come from the app besides the link. Go's own descriptors are closed by the system when a program is executed,
// but those that libraries in C or the app's parent have opened need not be; the processes started here would have them too.
func closeForeign() {
	open, _ := os.ReadDir("/proc/self/fd")
	for _, e := range open {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= linkFD {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			_ = unix.Close(fd)
		}
	}
}

// A keeper knows the processes that it has started; all else below it are their descendants.
type keeper struct {
	link  *net.UnixConn
	first bool
	live  map[int]kept // by process id, which is also the id of its session and group
	shown map[int]bool // the same by their numbers in /proc
}

// A kept process has a number of the app's and one in /proc.
type kept struct{ id, shown int }

func keep() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return err
	}
	f := os.NewFile(linkFD, "link")
	c, err := net.FileConn(f)
	if err != nil {
		return err
	}
	_ = f.Close()
	k := &keeper{link: c.(*net.UnixConn), first: first(), live: map[int]kept{}, shown: map[int]bool{}}
	children := make(chan os.Signal, 1)
	signal.Notify(children, syscall.SIGCHLD)
	requests := make(chan job)
	go k.read(requests)
	for {
		select {
		case j, open := <-requests:
			if !open {
				return k.end(children)
			}
			k.do(j)
		case <-children:
			k.reap()
			k.sweep()
		}
	}
}

// A job is a request with its files.
type job struct {
	request
	files []*os.File
}

// read hands on what the app wants, until the app is gone.
func (k *keeper) read(out chan<- job) {
	defer close(out)
	for {
		var j job
		var err error
		if j.files, err = receive(k.link, &j.request); err != nil {
			return
		}
		out <- j
	}
}

func (k *keeper) do(j job) {
	defer closeAll(j.files)
	if j.Spawn {
		r := report{ID: j.ID}
		pid, shown, err := k.spawn(j)
		if err != nil {
			r.Error = err.Error()
			if errno := syscall.Errno(0); errors.As(err, &errno) {
				r.Errno = int(errno)
			}
		} else {
			r.PID = shown
			k.live[pid], k.shown[shown] = kept{j.ID, shown}, true
		}
		_ = send(k.link, r, nil)
		return
	}
	for pid, p := range k.live {
		if p.id == j.ID {
			_ = unix.Kill(pid, j.Signal)
		}
	}
	_ = send(k.link, report{ID: j.ID, Heard: true}, nil)
}

// spawn starts a process in a session of its own, which is killed when this thread ends, and returns its number here and in /proc.
func (k *keeper) spawn(j job) (pid, number int, err error) {
	var s Spec
	if len(j.files) == 0 {
		return 0, 0, errors.New("a request without its files")
	}
	if err := msgpack.NewDecoder(j.files[0]).Decode(&s); err != nil {
		return 0, 0, err
	}
	given := j.files[1:]
	var fds []uintptr
	for _, there := range j.Files {
		fd := ^uintptr(0)
		if there && len(given) > 0 {
			fd, given = given[0].Fd(), given[1:]
		}
		fds = append(fds, fd)
	}
	pidfd := -1
	pid, err = syscall.ForkExec(s.Path, s.Argv, &syscall.ProcAttr{Dir: s.Dir, Env: s.Env, Files: fds,
		Sys: &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL, PidFD: &pidfd}})
	if err != nil {
		return 0, 0, err
	}
	defer unix.Close(pidfd)
	if !k.first {
		return pid, pid, nil
	}
	if number, err = shown(pidfd); err != nil {
		_ = unix.Kill(pid, unix.SIGKILL)
	}
	return pid, number, err
}

// reap takes note of all that have ended, and ends what they leave behind.
func (k *keeper) reap() (left bool) {
	for {
		var status unix.WaitStatus
		var usage unix.Rusage
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG, &usage)
		if err == unix.EINTR {
			continue
		}
		if pid <= 0 {
			return err == nil
		}
		p, known := k.live[pid]
		if !known {
			continue
		}
		delete(k.live, pid)
		delete(k.shown, p.shown)
		_ = unix.Kill(-pid, unix.SIGKILL)
		_ = send(k.link, report{ID: p.id, Ended: stateOf(status, &usage)}, nil)
	}
}

func stateOf(status unix.WaitStatus, usage *unix.Rusage) *State {
	s := &State{Code: status.ExitStatus(), MaxRSS: usage.Maxrss << 10,
		CPU: time.Duration(usage.Utime.Nano() + usage.Stime.Nano())}
	if status.Signaled() {
		s.Code, s.Signal = -1, status.Signal()
	}
	return s
}

// sweep kills the descendants that processes have left behind: those that have fallen to the keeper and are in the session of none that
// lives. Each that dies may have children, which then fall to the keeper too, and wake it.
func (k *keeper) sweep() {
	for _, pid := range children() {
		if k.shown[pid] {
			continue
		}
		if k.first {
			pid = inner(pid) // its parent is this process, so the number stays its own until reap
		}
		if pid == 0 {
			continue
		}
		if session, err := unix.Getsid(pid); err == nil {
			if _, lives := k.live[session]; lives {
				continue
			}
		}
		_ = unix.Kill(pid, unix.SIGKILL)
	}
}

// end kills everything, since the app is gone.
func (k *keeper) end(wake <-chan os.Signal) error {
	for pid := range k.live {
		_ = unix.Kill(-pid, unix.SIGKILL)
	}
	clear(k.live)
	clear(k.shown)
	limit := time.After(lastLimit)
	for k.sweep(); k.reap(); k.sweep() {
		select {
		case <-wake:
		case <-limit:
			return errors.New("some processes cannot be killed")
		}
	}
	return nil
}
