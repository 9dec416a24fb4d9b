package router_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
)

// ways are what a handler may do with its context; each returns a channel that tells, when the context has ended, what it knows of it.
var ways = map[string]func(ctx context.Context) <-chan error{
	"looks later": func(ctx context.Context) <-chan error {
		return after(ctx, func() {})
	},
	"waits for Done": func(ctx context.Context) <-chan error {
		done := ctx.Done()
		return after(ctx, func() { <-done })
	},
	"derives": func(ctx context.Context) <-chan error {
		child, cancel := context.WithTimeout(ctx, time.Hour)
		return after(child, func() { <-child.Done(); cancel() })
	},
	"AfterFunc": func(ctx context.Context) <-chan error {
		ended := make(chan struct{})
		context.AfterFunc(ctx, func() { close(ended) })
		return after(ctx, func() { <-ended })
	},
}

// after tells the cause of the context's end when wait has returned, and complains if the context does not say the same by all its methods.
func after(ctx context.Context, wait func()) <-chan error {
	told := make(chan error, 1)
	go func() {
		wait()
		for ctx.Err() == nil {
			runtime.Gosched()
		}
		select {
		case <-ctx.Done():
			told <- context.Cause(ctx)
		default:
			told <- errors.New("Err is not nil, and Done is open")
		}
	}()
	return told
}

// A handler's context is what any context is, whether it is looked at before its end or after it, and whatever ends it.
func TestContextOfRequest(t *testing.T) {
	type key struct{}
	for way, watch := range ways {
		ends := map[string]struct {
			end   func(s *side) error
			cause error
		}{
			"return":  {func(*side) error { return nil }, context.Canceled},
			"cancel":  {func(s *side) error { return s.give(protocol.AppendCancel(header(), 1)) }, router.ErrCanceled},
			"session": {func(s *side) error { s.session.End(errOver); return nil }, errOver},
		}
		for name, end := range ends {
			t.Run(way+", "+name, func(t *testing.T) {
				before := runtime.NumGoroutine()
				s, _ := alone(t)
				line := router.NewLine(router.LineOptions{Context: context.WithValue(t.Context(), key{}, "v"), Router: s.router})
				s.session = line.Begin(router.SessionOptions{Link: s, Document: 1})
				told, gate := make(chan (<-chan error), 1), make(chan struct{})
				router.Handle(s.router, "x", func(ctx context.Context, _ any) (any, error) {
					if session, _ := router.Current(ctx); session != s.session || ctx.Err() != nil {
						t.Errorf("the context is of %v, with the error %v", session, ctx.Err())
					}
					told <- watch(ctx)
					<-gate
					if ctx.Value(key{}) != "v" {
						t.Error("the context has nothing of its parent")
					}
					return nil, nil
				})
				if err := s.give(must(protocol.AppendInvoke(header(), 1, "x"))); err != nil {
					t.Fatal(err)
				}
				causes := wait(t, told)
				if err := end.end(s); err != nil {
					t.Fatal(err)
				}
				if name == "return" {
					close(gate)
				}
				if cause := wait(t, causes); cause != end.cause {
					t.Errorf("it ended with %v", cause)
				}
				if name != "return" {
					close(gate)
				}
				settled(t, before)
			})
		}
	}
}
