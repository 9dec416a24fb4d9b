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

// When the time is up the caller hears so, once, whether the handler looks at its context or not.
func TestTimeout(t *testing.T) {
	before := runtime.NumGoroutine()
	s, out := alone(t)
	const soon = time.Millisecond
	gate, causes := make(chan struct{}), make(chan error, 1)
	router.Handle(s.router, "deaf", func(ctx context.Context, _ any) (int, error) {
		<-gate
		causes <- context.Cause(ctx)
		return 1, nil
	}, router.Timeout(soon))
	router.HandleFunc(s.router, "obeys", func(ctx context.Context) error {
		<-ctx.Done()
		causes <- context.Cause(ctx)
		return ctx.Err()
	}, router.Timeout(soon))
	router.HandleOnce(s.router, "exits", func(ctx context.Context, _ any) (any, error) {
		<-ctx.Done()
		causes <- context.Cause(ctx)
		runtime.Goexit()
		return nil, nil
	}, router.Timeout(soon))
	for id, channel := range []string{"deaf", "obeys", "exits"} {
		id := uint32(id + 1)
		if err := s.give(must(protocol.AppendInvoke(header(), id, channel))); err != nil {
			t.Fatal(err)
		}
		f := next(t, out)
		if f.Kind != protocol.KindError || f.ID != id || f.Code != "ERR_TIMEOUT" || f.Message != "The handler took longer than 1ms" {
			t.Errorf("%s: %+v", channel, f)
		}
		if channel == "deaf" {
			close(gate)
		}
		if err := wait(t, causes); err != router.ErrTimeout {
			t.Errorf("%s: the context ended with %v", channel, err)
		}
	}
	settled(t, before)
	if len(out) > 0 {
		t.Errorf("a late answer: %+v", next(t, out))
	}
	for channel, c := range s.router.Stats().Channels {
		if c.Errors["ERR_TIMEOUT"] != 1 || c.Canceled != 0 || len(c.Errors) != 1 {
			t.Errorf("%s is counted as %+v", channel, c)
		}
	}
	if !s.logged("handler took too long channel=deaf") || s.logged("handler failed") {
		t.Errorf("the log: %v", s.logs.All())
	}
	s.session.End(errOver)
}

// Who is in time notices nothing, and neither does who has no deadline or was not waited for.
func TestTimeoutInTime(t *testing.T) {
	before := runtime.NumGoroutine()
	s, out := alone(t)
	failed := errors.New("failed")
	for channel, d := range map[string]time.Duration{"hour": time.Hour, "none": 0, "negative": -1} {
		router.Handle(s.router, channel, func(ctx context.Context, fail bool) (bool, error) {
			if fail {
				return false, failed
			}
			return ctx.Err() == nil, nil
		}, router.Timeout(d))
		for id, fail := range []bool{false, true} {
			if err := s.give(must(protocol.AppendInvoke(header(), uint32(id+1), channel, fail))); err != nil {
				t.Fatal(err)
			}
			f := next(t, out)
			if fail {
				if f.Kind != protocol.KindError || f.Message != "failed" {
					t.Errorf("%s: %+v", channel, f)
				}
				continue
			}
			var lives bool
			if err := f.Value.Decode(&lives); err != nil || !lives {
				t.Errorf("%s: the context has ended: %v", channel, err)
			}
		}
	}
	began, ended := make(chan struct{}), make(chan error, 1)
	router.Handle(s.router, "wait", func(ctx context.Context, _ any) (any, error) {
		close(began)
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return nil, nil
	}, router.Timeout(time.Hour))
	if err := s.give(must(protocol.AppendInvoke(header(), 1, "wait"))); err != nil {
		t.Fatal(err)
	}
	wait(t, began)
	if err := s.give(protocol.AppendCancel(header(), 1)); err != nil {
		t.Fatal(err)
	}
	if err := wait(t, ended); err != router.ErrCanceled {
		t.Errorf("the context of a request that was given up ended with %v", err)
	}
	settled(t, before)
	s.session.End(errOver)
}

// A request that is given up when its time is up has one end, and is counted once.
func TestTimeoutGivenUp(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	begun := make(chan struct{}, 1)
	router.Handle(far.router, "ask", func(ctx context.Context, _ any) (any, error) {
		begun <- struct{}{}
		<-ctx.Done()
		return nil, nil
	}, router.Timeout(time.Millisecond))
	const n = 500
	for i := range n {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-begun
			time.AfterFunc(time.Millisecond-time.Duration(i%50)*time.Microsecond, cancel)
		}()
		if err := near.session.Invoke(ctx, "ask", nil); err == nil {
			t.Error("it was answered")
		}
		cancel()
	}
	ended := func() bool {
		c := far.router.Stats().Channels["ask"]
		return c.InFlight == 0 && c.Canceled+c.Errors["ERR_TIMEOUT"] == n && c.Latency.Count == n
	}
	for end := time.Now().Add(20 * time.Second); !ended(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d requests are counted as %+v", n, far.router.Stats().Channels["ask"])
		}
	}
	if err := errors.Join(near.problem(), far.problem()); err != nil {
		t.Error(err)
	}
}
