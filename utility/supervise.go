package utility

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"
)

// Restart says how [Supervise] starts a process anew. The zero value is fit for most.
type Restart struct {
	// Limit is how many times within Within a process may fail and be started again; the default is 5. Then it is given up.
	Limit int
	// Within is the time over which failures are counted, waits before restarts not included; the default is a minute.
	Within time.Duration
	// Delay is how long to wait before the second restart in a row, and doubled for each one after it; the first is at once. The default is
	// 100 ms, the most is ten seconds.
	Delay time.Duration
	// Always starts the process again also when its function has returned nil.
	Always bool
}

// setupAfter is how long a setup is waited for whose process has ended.
const setupAfter = time.Second

// maxDelay bounds the wait before a restart.
const maxDelay = 10 * time.Second

// Why there is no process any more that a [Supervisor] keeps.
var (
	// ErrGivenUp says that it has failed too often.
	ErrGivenUp = errors.New("the process has failed too often and is given up")
	// ErrFinished says that its function has returned nil, and Restart.Always is not set.
	ErrFinished = errors.New("the process has done its work and is not started again")
)

// errGoexit says that a setup has not returned.
var errGoexit = errors.New("its setup has ended its goroutine (runtime.Goexit)")

// A Supervisor keeps a process running. Its methods may be called from any goroutine.
type Supervisor struct {
	mu      sync.Mutex
	current *Process
	changed chan struct{} // closed when current changes or the end has come
	done    chan struct{}
	err     error
}

// Supervise runs a process like [Fork], and another one whenever that fails, until ctx ends or it has failed too often. Each one's port is
// given to setup before anything is delivered on it; Supervise starts the ports. An error of setup ends that process and counts as a failure, and
// so does a setup that has not returned when its process has ended.
func Supervise(ctx context.Context, name string, o Options, r Restart, setup func(p *Process) error) *Supervisor {
	_ = inApp() // Fork says it too
	if r.Limit <= 0 {
		r.Limit = 5
	}
	if r.Within <= 0 {
		r.Within = time.Minute
	}
	if r.Delay <= 0 {
		r.Delay = 100 * time.Millisecond
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	s := &Supervisor{changed: make(chan struct{}), done: make(chan struct{})}
	go s.run(ctx, name, o, r, setup)
	return s
}

// Current waits for a process that runs. When there will be none any more it fails with what [Supervisor.Err] tells, or with [ErrFinished] where that
// is nil.
func (s *Supervisor) Current(ctx context.Context) (*Process, error) {
	for {
		s.mu.Lock()
		p, changed := s.current, s.changed
		s.mu.Unlock()
		if p != nil && p.Port().Context().Err() == nil { // one whose port has ended is ending
			return p, nil
		}
		select {
		case <-changed:
		case <-s.done:
			return nil, cmp.Or(s.Err(), ErrFinished)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// Done is closed when the last process has ended and there will be no other.
func (s *Supervisor) Done() <-chan struct{} { return s.done }

// Err tells why there will be no other process: the kind [ErrGivenUp] with the last failure, [ErrNotRegistered], [ErrSandbox] or [ErrInUtility],
// which no restart can mend, the cause of the context's end, or nil after a regular end. While one runs it is nil.
func (s *Supervisor) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *Supervisor) set(p *Process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = p
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Supervisor) run(ctx context.Context, name string, o Options, r Restart, setup func(*Process) error) {
	err := s.keep(ctx, name, o, r, setup)
	if err != nil && ctx.Err() == nil {
		o.Log.Error("utility process given up", zap.String("name", name), zap.Error(err))
	}
	s.mu.Lock()
	s.err = err
	s.mu.Unlock()
	close(s.done)
}

// keep runs one process after the other.
func (s *Supervisor) keep(ctx context.Context, name string, o Options, r Restart, setup func(*Process) error) error {
	var failures []time.Time
	for {
		clean, err := s.once(ctx, name, o, setup)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if clean && !r.Always {
			return nil
		}
		if impossible(err) {
			return err
		}
		now := time.Now()
		failures = append(failures, now)
		for now.Sub(failures[0]) > r.Within {
			failures = failures[1:]
		}
		if len(failures) > r.Limit {
			return fmt.Errorf("%w: %d times within %v, at last %w", ErrGivenUp, len(failures), r.Within, err)
		}
		delay := time.Duration(0)
		if n := len(failures); n > 1 {
			delay = min(min(r.Delay, maxDelay)<<min(n-2, 10), maxDelay)
		}
		o.Log.Warn("utility process starts again", zap.String("name", name), zap.Duration("in", delay), zap.Error(err))
		select {
		case <-time.After(delay):
			for i := range failures {
				failures[i] = failures[i].Add(delay) // the wait does not count, or long ones would let it go on for ever
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// impossible says that no restart can mend a failure.
func impossible(err error) bool {
	return errors.Is(err, ErrNotRegistered) || errors.Is(err, ErrSandbox) || errors.Is(err, ErrInUtility)
}

// once runs one process to its end.
func (s *Supervisor) once(ctx context.Context, name string, o Options, setup func(*Process) error) (clean bool, err error) {
	p, err := Fork(ctx, name, o)
	if err != nil {
		return false, err
	}
	if setup != nil {
		if err := prepare(p, setup); err != nil {
			p.Kill()
			p.Wait()
			return false, err
		}
	}
	s.set(p)
	p.Port().Start()
	e := p.Wait()
	s.set(nil)
	return e.Reason == CleanExit && !e.Asked, errors.New(e.String())
}

// prepare calls code of the app. If that does not return, it is waited for as long as the process lives, and a moment more.
func prepare(p *Process, setup func(*Process) error) error {
	prepared := make(chan error, 1)
	go func() {
		err := errGoexit
		defer func() {
			if v := recover(); v != nil {
				p.o.Log.Error("panic in a function of a utility process", zap.String("service", p.o.ServiceName), zap.Any("panic", v), zap.Stack("stack"))
				err = fmt.Errorf("panic: %v", v)
			}
			prepared <- err
		}()
		err = setup(p)
	}()
	select {
	case err := <-prepared:
		return err
	case <-p.Done():
	}
	select {
	case err := <-prepared:
		return err
	case <-time.After(setupAfter):
		return fmt.Errorf("its setup has not returned: %v", p.Wait())
	}
}
