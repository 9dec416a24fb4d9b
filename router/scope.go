package router

import (
	"context"
	"sync"
	"time"
)

// A scope is the context of a request: it ends with its delivery's, or when the request does. Most handlers never look at theirs, so it becomes a
// real one, which its parent has to know, when somebody asks it for more than who sent the message.
type scope struct {
	d *delivery

	mu     sync.Mutex
	real   context.Context // nil until somebody looks
	cancel context.CancelCauseFunc
	over   bool
	cause  error
}

// look makes the context a real one.
func (s *scope) look() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.real == nil {
		s.real, s.cancel = context.WithCancelCause(s.d)
		if s.over {
			s.cancel(s.cause)
		}
	}
	return s.real
}

// end ends the context with the cause, nil for [context.Canceled]. Only the first call does anything.
func (s *scope) end(cause error) {
	s.mu.Lock()
	if s.over {
		s.mu.Unlock()
		return
	}
	s.over, s.cause = true, cause
	cancel := s.cancel
	s.mu.Unlock()
	if cancel != nil {
		cancel(cause)
	}
}

// why returns the cause of its end, or nil while it lives.
func (s *scope) why() error {
	s.mu.Lock()
	real, over, cause := s.real, s.over, s.cause
	s.mu.Unlock()
	switch {
	case real != nil:
		return context.Cause(real)
	case !over:
		return context.Cause(s.d)
	case cause == nil:
		return context.Canceled
	}
	return cause
}

func (s *scope) Deadline() (time.Time, bool) { return s.d.Deadline() }

func (s *scope) Done() <-chan struct{} { return s.look().Done() }

func (s *scope) Err() error {
	s.mu.Lock()
	real, over := s.real, s.over
	s.mu.Unlock()
	switch {
	case real != nil:
		return real.Err()
	case over:
		return context.Canceled
	}
	return s.d.Err()
}

func (s *scope) Value(key any) any {
	if _, ours := key.(deliveryKey); ours {
		return s.d
	}
	return s.look().Value(key)
}

func (s *scope) String() string { return "ipc.request" }
