package utility

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/utility/internal/keeper"
)

const (
	killSignal = syscall.SIGKILL
	// lastWords is how long the end of a process waits for what it sent to be heard.
	lastWords = 5 * time.Second
)

// A Process is a utility process, from [Fork] to its end. Its methods may be called from any goroutine.
type Process struct {
	name   string
	o      Options
	begun  time.Time
	child  *keeper.Child
	port   *Port
	unbind func() bool
	late   *time.Timer
	out    [2]*output // standard output and error
	up     sync.Once
	ready  chan struct{} // closed when the port is up
	done   chan struct{} // closed when the process has ended
	ended  Exit

	reported atomic.Bool // the process has said why it ends
	telling  sync.Mutex  // held while functions hear of a failure

	mu      sync.Mutex
	asked   bool
	failure error
	spawned []func()
	exited  []func(Exit)
	errors  []func(error)
}

// Name returns the name given to [Fork].
func (p *Process) Name() string { return p.name }

// ServiceName returns Options.ServiceName or its default.
func (p *Process) ServiceName() string { return p.o.ServiceName }

// Port returns the app's end of the port. Nothing is delivered there before its Start.
func (p *Process) Port() *Port { return p.port }

// Post sends a message to the process; see Port.Post.
func (p *Process) Post(args ...any) error { return p.port.Post(args...) }

// PID returns the process's id, and 0 when it has ended.
func (p *Process) PID() int {
	if isClosed(p.done) {
		return 0
	}
	return p.child.PID
}

// Ready waits until the process's port is up. It fails if the process ends before.
func (p *Process) Ready(ctx context.Context) error {
	select {
	case <-p.ready:
		return nil
	case <-p.done:
		if isClosed(p.ready) {
			return nil
		}
		return fmt.Errorf("utility: %v", p.ended)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Done is closed when the process has ended and everything it sent has been handed to its listeners' line.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits for the process's end.
func (p *Process) Wait() Exit {
	<-p.done
	return p.ended
}

// Kill asks the process to end, and makes it end if it has not done so within Options.KillAfter; its own children end with it. Kill does
// not wait.
func (p *Process) Kill() {
	p.mu.Lock()
	first := !p.asked
	p.asked = true
	p.mu.Unlock()
	if !first {
		return
	}
	p.child.Signal(syscall.SIGTERM)
	force := time.AfterFunc(p.o.KillAfter, func() { p.child.Signal(killSignal) })
	go func() {
		<-p.child.Done()
		force.Stop()
	}()
}

// neverUp kills a process that has not opened its port.
func (p *Process) neverUp() {
	if !isClosed(p.ready) {
		p.fail(p.neverUpError(), true)
	}
}

func (p *Process) hello() {
	p.up.Do(func() {
		p.late.Stop()
		p.mu.Lock()
		close(p.ready)
		fs := p.spawned
		p.spawned = nil
		p.mu.Unlock()
		if len(fs) > 0 {
			go p.each(len(fs), func(i int) { fs[i]() })
		}
	})
}

// OnSpawn adds a function that runs when the port is up, or at once if it is.
func (p *Process) OnSpawn(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if isClosed(p.ready) {
		go p.each(1, func(int) { f() })
		return
	}
	p.spawned = append(p.spawned, f)
}

// OnExit adds a function that runs when the process has ended, or at once if it has.
func (p *Process) OnExit(f func(Exit)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if isClosed(p.done) {
		go p.each(1, func(int) { f(p.ended) })
		return
	}
	p.exited = append(p.exited, f)
}

// OnError adds a function that hears why the process's function has failed, before its exit, or at once if it has. Of what the process says of that,
// only the first is heard; why it is killed may follow.
func (p *Process) OnError(f func(error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.failure; err != nil {
		go p.each(1, func(int) { f(err) })
		return
	}
	p.errors = append(p.errors, f)
}

// fail keeps why the process fails, and kills it if that is to be. It tells those who want to hear it before the exit, which waits for them, though
// not for ever.
func (p *Process) fail(err error, kill bool) {
	p.mu.Lock()
	if p.failure == nil {
		p.failure = err
	}
	fs := p.errors
	p.mu.Unlock()
	first := p.telling.TryLock() // else another failure is being told
	if kill {
		p.child.Signal(killSignal)
	}
	if !first {
		p.telling.Lock()
	}
	defer p.telling.Unlock()
	if len(fs) == 0 {
		return
	}
	told := make(chan struct{})
	go func() {
		defer close(told)
		p.each(len(fs), func(i int) { fs[i](err) })
	}()
	select {
	case <-told:
	case <-time.After(lastWords):
	}
}

// each calls functions of the app, one after the other. Each has a goroutine of its own, which it may end.
func (p *Process) each(n int, call func(i int)) {
	for i := range n {
		returned := make(chan struct{})
		go func() {
			defer close(returned)
			defer func() {
				if v := recover(); v != nil {
					p.o.Log.Error("panic in a function of a utility process", zap.String("service", p.o.ServiceName), zap.Any("panic", v), zap.Stack("stack"))
				}
			}()
			call(i)
		}()
		<-returned
	}
}

// watch waits for the process's end and tells of it.
func (p *Process) watch() {
	select {
	case <-p.child.Done():
	case <-p.port.Drained():
		p.late.Stop()
		p.outlived()
	}
	p.unbind()
	p.late.Stop()
	p.port.Start() // what it said is heard, if anybody listens
	last := time.NewTimer(lastWords)
	select {
	case <-p.port.Drained():
	case <-last.C: // something holds the port that will not die, or a listener does not return
	}
	last.Stop()
	p.port.Close()
	for _, o := range p.out {
		if o != nil {
			o.finish()
		}
	}
	p.telling.Lock() // whoever is being told of a failure hears of that first
	e := p.exit(p.child.State())
	p.telling.Unlock()
	fs := living.remove(p, e)
	p.each(len(fs), func(i int) { fs[i](e) })
}

// outlived waits for a process that has closed its port, which mostly means that it is ending; it gets no longer than one that was asked to.
// One that has broken the port's rules gets no time at all.
func (p *Process) outlived() {
	switch cause := context.Cause(p.port.Context()); {
	case errors.Is(cause, ErrGone) || errors.Is(cause, ErrClosed):
	case errors.Is(cause, unix.EMFILE):
		p.fail(fmt.Errorf("killed, because the app could not take what it sent: %w", cause), true)
	default:
		p.fail(fmt.Errorf("killed, because it broke the port's rules: %w", cause), true)
	}
	force := time.AfterFunc(p.o.KillAfter, func() {
		p.mu.Lock()
		asked := p.asked
		p.mu.Unlock()
		if asked {
			p.child.Signal(killSignal)
		} else {
			p.fail(errOutlived, true)
		}
	})
	<-p.child.Done()
	force.Stop()
}

// Stdout returns the process's output if Options.Stdio makes that a pipe, else nil. A process that writes more than a pipe holds waits for
// a reader.
func (p *Process) Stdout() io.ReadCloser { return p.out[0].reader() }

// Stderr is Stdout for the standard error.
func (p *Process) Stderr() io.ReadCloser { return p.out[1].reader() }
