package keeper

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/vmihailenco/msgpack/v5"
	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/utility/internal/socket"
)

// A Child is a process that the keeper has started.
type Child struct {
	PID  int
	id   int
	c    *client
	done chan struct{}
	end  State
}

// Done is closed when the process has ended and been waited for.
func (c *Child) Done() <-chan struct{} { return c.done }

// State tells how the process has ended, once Done is closed.
func (c *Child) State() State { return c.end }

// Signal sends the process a signal, if it still runs. It does not wait.
func (c *Child) Signal(s syscall.Signal) { _ = c.c.ask(request{ID: c.id, Signal: s}, nil) }

// Shared tells why processes that are to be apart are not. Of those that one keeper has started, only the first tells.
func (c *Child) Shared() error {
	if c.c.shared == nil || c.c.told.Swap(true) {
		return nil
	}
	return c.c.shared
}

// A client is the app's side of one keeper.
type client struct {
	link    *net.UnixConn
	process *os.Process
	folder  os.FileInfo // where the app was when it started the keeper, which stays there
	apart   bool        // its processes have a PID namespace
	shared  error       // why they have none, if they should
	told    atomic.Bool

	writing sync.Mutex
	mu      sync.Mutex
	last    int
	open    map[int]*start
	gone    bool
	silence silence
}

// A start is a process from the request to start it until its end.
type start struct {
	child  *Child
	answer chan error // one, when it has started or has failed to
}

var (
	current   [2]*client // of processes that are not apart, and of those that are
	currentMu sync.Mutex
)

// Spawn starts a process, unless ctx has ended already. Its files may be closed afterwards.
func Spawn(ctx context.Context, s Spec) (*Child, error) {
	if ended := context.Cause(ctx); ended != nil {
		return nil, ended
	}
	c, err := running(s.Apart)
	if err != nil {
		return nil, fmt.Errorf("the keeper of utility processes: %w", err)
	}
	if s.Dir == "" {
		s.Dir = c.moved()
	}
	body, err := spill(s)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	files, there := []*os.File{body}, make([]bool, len(s.Files))
	for i, f := range s.Files {
		if there[i] = f != nil; there[i] {
			files = append(files, f)
		}
	}
	st := c.begin()
	if err := c.ask(request{ID: st.child.id, Spawn: true, Files: there}, files); err != nil {
		c.forget(st.child.id)
		return nil, fmt.Errorf("the keeper of utility processes: %w", err)
	}
	select {
	case err := <-st.answer:
		if err != nil {
			return nil, err
		}
		return st.child, nil
	case <-ctx.Done():
		go func() { // it may start yet
			if <-st.answer == nil {
				st.child.Signal(unix.SIGKILL)
			}
		}()
		return nil, context.Cause(ctx)
	}
}

// moved returns the app's folder if that is no more the keeper's, else "": what is inherited needs no path, and no right to follow it.
func (c *client) moved() string {
	now, err := os.Stat(".")
	if err != nil || c.folder == nil || os.SameFile(now, c.folder) {
		return ""
	}
	dir, _ := os.Getwd()
	return dir
}

// spill writes the spec into memory that can be handed over: arguments and environment may be larger than a message. Their bytes need not
// be UTF-8, which JSON would have them be.
func spill(s Spec) (*os.File, error) {
	fd, err := unix.MemfdCreate("oriel-spawn", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "spec")
	if err = msgpack.NewEncoder(f).Encode(s); err == nil {
		_, err = f.Seek(0, 0)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// running returns the keeper, which it starts where there is none, or none any more.
func running(apart bool) (*client, error) {
	currentMu.Lock()
	defer currentMu.Unlock()
	slot := &current[0]
	if apart {
		slot = &current[1]
	}
	if *slot != nil && !(*slot).lost() {
		return *slot, nil
	}
	ours, theirs, err := socket.Pair()
	if err != nil {
		return nil, err
	}
	defer ours.Close()
	defer theirs.Close()
	c := &client{apart: apart, open: map[int]*start{}}
	c.folder, _ = os.Stat(".")
	if c.process, err = launch(apart, theirs); err != nil && apart {
		c.apart, c.shared = false, fmt.Errorf("a PID namespace: %w", err)
		c.process, err = launch(false, theirs)
	}
	if err != nil {
		return nil, err
	}
	conn, err := net.FileConn(ours)
	if err != nil {
		_ = c.process.Kill()
		return nil, err
	}
	c.link = conn.(*net.UnixConn)
	*slot = c
	go c.read()
	return c, nil
}

// launch starts a keeper, as the first process of a PID namespace if it is to be apart. Whoever may not make one may do so in a user
// namespace of their own, in which they are who they are outside.
func launch(apart bool, link *os.File) (*os.Process, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	// It must see the app's end even if somebody has stopped it.
	sys := &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGCONT}
	if apart {
		user, group := os.Geteuid(), os.Getegid()
		sys.Cloneflags = unix.CLONE_NEWUSER | unix.CLONE_NEWPID
		sys.UidMappings = []syscall.SysProcIDMap{{ContainerID: user, HostID: user, Size: 1}}
		sys.GidMappings = []syscall.SysProcIDMap{{ContainerID: group, HostID: group, Size: 1}}
	}
	return os.StartProcess("/proc/self/exe", []string{os.Args[0], argument}, &os.ProcAttr{
		Env: append(os.Environ(), variable+"=1"), Files: []*os.File{null, null, os.Stderr, link}, Sys: sys,
	})
}

func (c *client) lost() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gone
}

func (c *client) begin() *start {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	st := &start{child: &Child{id: c.last, c: c, done: make(chan struct{})}, answer: make(chan error, 1)}
	if c.gone {
		st.answer <- errLost
	} else {
		c.open[c.last] = st
	}
	return st
}

func (c *client) forget(id int) *start {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := c.open[id]
	delete(c.open, id)
	return st
}

func (c *client) ask(r request, files []*os.File) error {
	c.expect()
	c.writing.Lock()
	defer c.writing.Unlock()
	err := send(c.link, r, files)
	if err != nil {
		c.answered()
	}
	return err
}

// errLost is about a keeper that somebody has killed.
var errLost = errors.New("the process that keeps utility processes was killed")

// read takes the keeper's reports until it ends, and then all its children for lost.
func (c *client) read() {
	for {
		var r report
		if _, err := receive(c.link, &r); err != nil {
			break
		}
		c.take(&r)
	}
	_ = c.link.Close()
	_ = c.process.Kill()
	_, _ = c.process.Wait()
	c.mu.Lock()
	c.gone = true
	why := errLost
	if c.silence.over {
		why = errSilent
	}
	open := c.open
	c.open = map[int]*start{}
	c.mu.Unlock()
	if !c.apart { // else they have ended with it
		sessions := map[int]bool{}
		for _, st := range open {
			sessions[st.child.PID] = true
		}
		delete(sessions, 0) // of those that have not started
		killSessions(sessions)
	}
	for _, st := range open {
		st.finish(State{Code: -1, Signal: unix.SIGKILL, Lost: why})
	}
}

func (c *client) take(r *report) {
	if r.Ended == nil {
		c.answered()
	}
	switch {
	case r.Heard:
	case r.Ended != nil:
		if st := c.forget(r.ID); st != nil {
			st.finish(*r.Ended)
		}
	case r.Error != "":
		if st := c.forget(r.ID); st != nil {
			st.answer <- failure(r)
		}
	default:
		c.mu.Lock()
		st := c.open[r.ID]
		c.mu.Unlock()
		if st != nil {
			st.child.PID = r.PID
			st.answer <- nil
		}
	}
}

func failure(r *report) error {
	if r.Errno != 0 {
		return syscall.Errno(r.Errno)
	}
	return errors.New(r.Error)
}

// finish tells of the end, also those who still wait for the beginning.
func (st *start) finish(s State) {
	st.child.end = s
	if st.child.PID == 0 {
		why := s.Lost
		if why == nil {
			why = errLost
		}
		st.answer <- why
	}
	close(st.child.done)
}
