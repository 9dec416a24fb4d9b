package router_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
)

// Both ends ask each other, with one and the same code, numbers of requests that coincide included.
func TestInvoke(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	for name, s := range map[string]*side{"near": near, "far": far} {
		router.HandleFunc(s.router, "greet", func(ctx context.Context, who string, times int) string {
			if session, from := router.Current(ctx); session != s.session || from != t.Name() {
				t.Errorf("the handler's session is %p, from %v", session, from)
			}
			return name + strings.Repeat(" "+who, times)
		})
	}
	for range 100 {
		var both sync.WaitGroup
		for s, want := range map[*side]string{near: "far Ada Ada", far: "near Ada Ada"} {
			both.Go(func() {
				if got, err := router.Invoke[string](patience(t), s.session, "greet", "Ada", 2); err != nil || got != want {
					t.Errorf("got %q, %v", got, err)
				}
			})
		}
		both.Wait()
	}
	if err := near.session.Invoke(patience(t), "greet", nil, "Ada", 0); err != nil {
		t.Errorf("the result is not wanted: %v", err)
	}
}

type remote struct{ text string }

func (e remote) Error() string { return e.text }
func (remote) Code() string    { return "E_CODE" }
func (remote) Data() any       { return map[string]any{"free": 3} }

func TestInvokeErrors(t *testing.T) {
	near, far := pair(t, router.SessionOptions{Origin: "app://x", Allowed: func(channel string) bool { return channel != "shut" }})
	router.Handle(far.router, "fails", func(context.Context, any) (any, error) { return nil, remote{"disk full"} })
	router.Handle(far.router, "text", func(context.Context, any) (any, error) { return map[string]any{"a": []any{1, "x"}}, nil })
	router.Handle(far.router, "shut", func(context.Context, any) (any, error) { t.Error("shut was called"); return nil, nil })
	gone := errors.New("no time")
	over, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	for _, c := range []struct {
		channel string
		args    []any
		ctx     context.Context
		kind    error
		text    string
	}{
		{"fails", nil, nil, nil, `ipc: invoke "fails": Error: disk full`},
		{"nobody", nil, nil, nil, `ipc: invoke "nobody": Error: No handler registered for 'nobody'`},
		{"text", nil, nil, protocol.ErrType, `ipc: invoke "text": the result does not fit: field "a[1]": expected number, got string`},
		{"text", []any{1, 2}, nil, nil, `ipc: invoke "text": TypeError: expected 1 argument, got 2`},
		{"shut", nil, nil, router.ErrNotAllowed, `ipc: invoke "shut": ipc: the channel is not allowed for this origin: app://x`},
		{"", nil, nil, protocol.ErrChannel, ""},
		{"oriel:x", nil, nil, protocol.ErrChannel, ""},
		{"text", []any{func() {}}, nil, protocol.ErrUncloneable, ""},
		{"text", nil, over, gone, `ipc: invoke "text": no time`},
	} {
		if c.ctx == nil {
			c.ctx = patience(t)
		}
		_, err := router.Invoke[struct {
			A []int `json:"a"`
		}](c.ctx, near.session, c.channel, c.args...)
		if err == nil || c.kind != nil && !errors.Is(err, c.kind) || c.text != "" && err.Error() != c.text {
			t.Errorf("%s: %v", c.channel, err)
		}
		var e *protocol.ErrorValue
		if c.channel == "fails" && (!errors.As(err, &e) || e.Name != "Error" || e.Code != "E_CODE" || fmt.Sprint(e.Data) != "map[free:3]") {
			t.Errorf("the far end's error: %+v", e)
		}
		if c.channel == "nobody" && (!errors.As(err, &e) || e.Code != "ERR_NO_HANDLER") {
			t.Errorf("no handler: %+v", e)
		}
	}
	if err := far.problem(); err != nil {
		t.Error(err)
	}
}

// Whoever asks may give up: the handler's context ends, and the late answer is dropped without a complaint.
func TestInvokeCanceled(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	before := runtime.NumGoroutine()
	began, cause := make(chan struct{}), make(chan error, 1)
	router.Handle(far.router, "wait", func(ctx context.Context, _ any) (any, error) {
		began <- struct{}{}
		<-ctx.Done()
		cause <- context.Cause(ctx)
		return nil, nil
	})
	reason := errors.New("changed my mind")
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error)
	go func() { ended <- near.session.Invoke(ctx, "wait", nil) }()
	wait(t, began)
	cancel(reason)
	if err := wait(t, ended); !errors.Is(err, reason) {
		t.Errorf("the call failed with %v", err)
	}
	if err := wait(t, cause); err != router.ErrCanceled {
		t.Errorf("the handler's context ended with %v", err)
	}
	silent, _ := alone(t)
	go func() { ended <- silent.session.Invoke(context.Background(), "nobody answers", nil) }()
	for len(silent.out) == 0 {
		runtime.Gosched()
	}
	silent.session.End(reason)
	if err := wait(t, ended); !errors.Is(err, reason) {
		t.Errorf("a call failed with %v when the session ended", err)
	}
	settled(t, before)
}

// What the far end answers without having been asked is dropped, and is an error; so is a second answer.
func TestUnexpectedAnswers(t *testing.T) {
	s, out := alone(t)
	ended := make(chan error, 1)
	ask := func(ctx context.Context) protocol.Frame {
		t.Helper()
		go func() {
			n, err := router.Invoke[int](ctx, s.session, "x")
			if err == nil && n != 7 {
				err = fmt.Errorf("got %d", n)
			}
			ended <- err
		}()
		return next(t, out)
	}
	result := func(id uint32, v any) []byte { return must(protocol.AppendResult(header(), id, v)) }
	f := ask(patience(t))
	for _, packet := range [][]byte{result(f.ID+1, 7), result(1<<32-1, 7), must(protocol.AppendError(header(), f.ID+1, protocol.ErrorValue{Message: "x"}))} {
		if err := s.give(packet); !errors.Is(err, router.ErrUnexpected) {
			t.Errorf("an answer to nobody: %v", err)
		}
	}
	if err := s.give(must(protocol.AppendResult(result(f.ID, 7), f.ID, 8))); !errors.Is(err, router.ErrUnexpected) {
		t.Errorf("two answers at once: %v", err)
	}
	if err := wait(t, ended); err != nil {
		t.Error(err)
	}
	if err := s.give(result(f.ID, 8)); !errors.Is(err, router.ErrUnexpected) {
		t.Errorf("another answer: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	f = ask(ctx)
	cancel()
	if err := wait(t, ended); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if c := next(t, out); c.Kind != protocol.KindCancel || c.ID != f.ID {
		t.Errorf("the far end was told %+v", c)
	}
	for i, unexpected := range []bool{false, true} {
		if err := s.give(result(f.ID, 8)); errors.Is(err, router.ErrUnexpected) != unexpected {
			t.Errorf("answer %d to a call that was given up: %v", i+1, err)
		}
	}
	s.session.End(errOver)
	if err := s.session.Invoke(patience(t), "x", nil); !errors.Is(err, errOver) {
		t.Errorf("a call after the end: %v", err)
	}
}

// next is the only frame of the next packet.
func next(t testing.TB, out <-chan []byte) protocol.Frame {
	t.Helper()
	parsed, err := protocol.Parse(wait(t, out))
	if err != nil || len(parsed.Frames) != 1 {
		t.Fatalf("%d frames, %v", len(parsed.Frames), err)
	}
	return parsed.Frames[0]
}

// What crosses the end of a session is nobody's fault.
func TestAnswersThatCrossTheEnd(t *testing.T) {
	s, out := alone(t)
	ended := make(chan error, 1)
	go func() { ended <- s.session.Invoke(patience(t), "x", nil) }()
	f := next(t, out)
	s.session.End(errOver)
	if err := wait(t, ended); !errors.Is(err, errOver) {
		t.Error(err)
	}
	chunk, err := protocol.Writer{}.AppendChunk(header(), 5, "x")
	for _, packet := range [][]byte{must(protocol.AppendResult(header(), f.ID, 7)), must(chunk, err), must(protocol.Writer{}.AppendPost(header(), 2, "x"))} {
		if err := s.give(packet); errors.Is(err, router.ErrUnexpected) {
			t.Error(err)
		}
	}
}

// As many calls as are allowed may be open; one more is refused, and there is room again when one ends.
func TestTooManyCalls(t *testing.T) {
	s, out := alone(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, protocol.MaxInFlight)
	for range protocol.MaxInFlight {
		go func() { ended <- s.session.Invoke(ctx, "x", nil) }()
	}
	var last uint32
	for range protocol.MaxInFlight {
		last = next(t, out).ID
	}
	if err := s.session.Invoke(ctx, "x", nil); !errors.Is(err, protocol.ErrLimit) {
		t.Errorf("one more: %v", err)
	}
	if err := s.give(must(protocol.AppendResult(header(), last, nil))); err != nil {
		t.Error(err)
	}
	if err := wait(t, ended); err != nil {
		t.Error(err)
	}
	go func() { ended <- s.session.Invoke(ctx, "y", nil) }()
	if f := next(t, out); f.Channel != "y" {
		t.Errorf("got %+v", f)
	}
	cancel()
	for range protocol.MaxInFlight {
		wait(t, ended)
	}
	s.session.End(errOver)
}

// Everything at once, for the race detector: each call ends, and nothing stays behind.
func TestCallsStress(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("", func(t *testing.T) {
		near, far := pair(t, router.SessionOptions{})
		for _, s := range []*side{near, far} {
			router.Handle(s.router, "quick", func(_ context.Context, n int) (int, error) { return n, nil })
			router.Handle(s.router, "wait", func(ctx context.Context, _ int) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
			router.Handle(s.router, "back", func(ctx context.Context, n int) (int, error) {
				session, _ := router.Current(ctx)
				return router.Invoke[int](ctx, session, "quick", n)
			})
		}
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for i := range 200 {
					ctx, cancel := context.WithCancel(t.Context())
					channel := []string{"quick", "wait", "back"}[rand.IntN(3)]
					if channel == "wait" || rand.IntN(4) == 0 {
						all.Go(func() { runtime.Gosched(); cancel() })
					}
					n, err := router.Invoke[int](ctx, []*side{near, far}[rand.IntN(2)].session, channel, i)
					if err == nil && n != i || err != nil && ctx.Err() == nil {
						t.Errorf("%s %d: got %d, %v", channel, i, n, err)
					}
					cancel()
				}
			})
		}
		all.Wait()
		if err := errors.Join(near.problem(), far.problem()); err != nil {
			t.Error(err)
		}
	})
	settled(t, before)
}
