package router_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
)

// A journal is what interceptors and handlers have done.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) take() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	lines := strings.Join(j.lines, " ")
	j.lines = nil
	return lines
}

type key string

// noting notes when it begins and ends, and marks the context.
func (j *journal) noting(t *testing.T, name string) func(router.Handler) router.Handler {
	return func(next router.Handler) router.Handler {
		j.add("made:%s", name)
		return func(ctx context.Context, c *router.Call) (any, error) {
			j.add("%s(", name)
			if c.Known == (c.Channel == "nobody") {
				t.Errorf("%s is known: %v", c.Channel, c.Known)
			}
			trail, _ := ctx.Value(key("trail")).(string)
			result, err := next(context.WithValue(ctx, key("trail"), trail+name), c)
			j.add(")%s", name)
			if s, ok := result.(string); ok {
				result = s + name
			}
			return result, err
		}
	}
}

func TestInterceptors(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	var j journal
	own := far.session.Router()
	own.Use(j.noting(t, "c"))
	far.router.Use(j.noting(t, "a"), j.noting(t, "b"))
	if got := j.take(); got != "made:c made:a made:b" {
		t.Errorf("interceptors are made once each: %s", got)
	}
	trail := func(ctx context.Context) string {
		if s, from := router.Current(ctx); s != far.session || from != t.Name() {
			t.Errorf("the sender is %v, %v", s, from)
		}
		return ctx.Value(key("trail")).(string)
	}
	router.Handle(far.router, "ask", func(ctx context.Context, in string) (string, error) {
		j.add("%s:%s", in, trail(ctx))
		return "got", nil
	})
	heard := make(chan struct{}, 2)
	for _, r := range []*router.Router{far.router, own} {
		router.On(r, "tell", func(ctx context.Context, in string) { j.add("%s:%s", in, trail(ctx)); heard <- struct{}{} })
	}
	for range 3 {
		if got, err := router.Invoke[string](patience(t), near.session, "ask", "in"); err != nil || got != "gotcba" {
			t.Errorf("%q, %v", got, err)
		}
		if got := j.take(); got != "a( b( c( in:abc )c )b )a" {
			t.Errorf("a request: %s", got)
		}
	}
	if err := near.session.Send("tell", "in"); err != nil {
		t.Fatal(err)
	}
	wait(t, heard)
	wait(t, heard)
	if err := near.session.Invoke(patience(t), "ask", nil, "after"); err != nil { // in turn after the message
		t.Fatal(err)
	}
	if got := j.take(); !strings.HasPrefix(got, "a( b( c( in:abc in:abc )c )b )a a(") {
		t.Errorf("a message: %s", got)
	}
	if near.session.Invoke(patience(t), "nobody", nil) == nil {
		t.Error("nobody answered")
	}
	if got := j.take(); got != "a( b( c( )c )b )a" {
		t.Errorf("a request that nobody handles: %s", got)
	}
}

// refusing lets only those calls through whose first argument is the password.
func refusing(next router.Handler) router.Handler {
	return func(ctx context.Context, c *router.Call) (any, error) {
		var password string
		if err := c.Args.Decode(0, &password); err != nil || password != "sesame" {
			return nil, &protocol.PublicError{ErrorValue: protocol.ErrorValue{Message: c.Channel + " is shut", Code: "E_SHUT"}}
		}
		return next(ctx, c)
	}
}

func TestInterceptorRefuses(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	far.router.Use(refusing)
	var j journal
	router.Handle(far.router, "ask", func(_ context.Context, in string) (string, error) { j.add("ask"); return in, nil })
	router.On(far.router, "tell", func(context.Context, string) { j.add("tell") })
	err := near.session.Invoke(patience(t), "ask", nil, "please")
	if e := new(protocol.ErrorValue); !errors.As(err, &e) || e.Code != "E_SHUT" || e.Message != "ask is shut" {
		t.Errorf("refused with %v", err)
	}
	if err := near.session.Send("tell", "please"); err != nil {
		t.Fatal(err)
	}
	if got, err := router.Invoke[string](patience(t), near.session, "ask", "sesame"); err != nil || got != "sesame" {
		t.Errorf("%q, %v", got, err)
	}
	if got := j.take(); got != "ask" {
		t.Errorf("called: %s", got)
	}
	if far.logged("handler failed") || far.logged("listener failed") || !far.logged("request refused") || !far.logged("message refused") {
		t.Error("the log does not tell refusals from failures")
	}
	s := far.router.Stats().Channels
	if s["ask"].Errors["E_SHUT"] != 1 || s["tell"].Errors["E_SHUT"] != 1 {
		t.Errorf("counted: %v, %v", s["ask"].Errors, s["tell"].Errors)
	}
}

// What a far end may not say, and what is Oriel's own, is nothing for an app's interceptors.
func TestInterceptorsDoNotSee(t *testing.T) {
	s := newSide(t, router.SessionOptions{Allowed: func(channel string) bool { return channel == "open" }})
	var j journal
	s.router.Use(j.noting(t, "x"))
	router.Handle(s.router, "open", func(context.Context, any) (any, error) { return nil, nil })
	packet := must(protocol.AppendInvoke(header(), 1, "shut"))
	packet = must(protocol.AppendSend(must(protocol.AppendSend(packet, "shut")), "oriel:x"))
	for id := range uint32(2) {
		if err := s.give(must(protocol.AppendInvoke(packet, id+2, "open"))); err != nil {
			t.Fatal(err)
		}
		wait(t, s.out)
		wait(t, s.out)
	}
	if got := j.take(); got != "made:x x( )x x( )x" {
		t.Errorf("seen: %s", got)
	}
}

func TestInterceptorsThatFail(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	router.Handle(far.router, "ask", func(_ context.Context, in string) (string, error) {
		if in == "handler" {
			panic("of the handler")
		}
		return in, nil
	})
	heard := make(chan string, 1)
	router.On(far.router, "tell", func(_ context.Context, in string) { heard <- in })
	far.router.Use(func(next router.Handler) router.Handler {
		return func(ctx context.Context, c *router.Call) (any, error) {
			var in string
			_ = c.Args.Decode(0, &in)
			switch in {
			case "panic":
				panic("of the interceptor")
			case "exit":
				runtime.Goexit()
			case "twice":
				_, _ = next(ctx, c)
			case "late":
				ctx, cancel := context.WithTimeout(ctx, time.Hour)
				defer cancel()
				if _, err := next(ctx, c); err != nil {
					return nil, err
				}
				return nil, errors.New("after it")
			}
			return next(ctx, c)
		}
	})
	for in, want := range map[string]string{"panic": "ERR_PANIC", "exit": "ERR_NO_REPLY", "handler": "ERR_PANIC", "twice": "", "late": ""} {
		err := near.session.Invoke(patience(t), "ask", nil, in)
		if e := new(protocol.ErrorValue); !errors.As(err, &e) || e.Code != want || strings.Contains(e.Message, "of the") {
			t.Errorf("%s: %v", in, err)
		}
		if err := near.session.Send("tell", in); err != nil {
			t.Fatal(err)
		}
		if in != "panic" && in != "exit" {
			wait(t, heard)
		}
	}
	if !far.logged("of the interceptor") || !far.logged("of the handler") || !far.logged("called next twice") {
		t.Error("the log lacks something")
	}
	if !far.logged("handler failed channel=ask error=after it") {
		t.Error("an error after the handler is not logged, because the interceptor's own context has ended")
	}
	if got, err := router.Invoke[string](patience(t), near.session, "ask", "well"); err != nil || got != "well" {
		t.Errorf("afterwards: %q, %v", got, err)
	}
}

// An interceptor that waits holds up neither other requests nor messages, and order stays where it was promised.
func TestInterceptorsOrder(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	var j journal
	begun, release := make(chan struct{}), make(chan struct{})
	far.router.Use(func(next router.Handler) router.Handler {
		return func(ctx context.Context, c *router.Call) (any, error) {
			j.add("%s(", c.Channel)
			if c.Channel == "slow" {
				close(begun)
				<-release
			}
			return next(ctx, c)
		}
	})
	for _, channel := range []string{"slow", "fast"} {
		router.Handle(far.router, channel, func(context.Context, any) (any, error) { return nil, nil })
	}
	router.On(far.router, "tell", func(context.Context, any) { runtime.Gosched(); j.add("told") })
	var both sync.WaitGroup
	both.Go(func() {
		if err := near.session.Invoke(patience(t), "slow", nil); err != nil {
			t.Error(err)
		}
	})
	wait(t, begun)
	for range 100 {
		if err := near.session.Send("tell"); err != nil {
			t.Fatal(err)
		}
		if err := near.session.Invoke(patience(t), "fast", nil); err != nil {
			t.Fatal(err)
		}
	}
	close(release)
	both.Wait()
	if got, want := j.take(), "slow("+strings.Repeat(" tell( told fast(", 100); got != want {
		t.Errorf("the order was %s", got)
	}
}

// HandleOnce answers one of those that come at once, also where interceptors let them come at once.
func TestInterceptorsAndOnce(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	const n = 8
	var arrived sync.WaitGroup
	arrived.Add(n)
	far.router.Use(func(next router.Handler) router.Handler {
		return func(ctx context.Context, c *router.Call) (any, error) {
			arrived.Done()
			arrived.Wait()
			return next(ctx, c)
		}
	})
	router.HandleOnce(far.router, "once", func(context.Context, any) (any, error) { return nil, nil })
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = near.session.Invoke(patience(t), "once", nil) })
	}
	all.Wait()
	answered := slices.DeleteFunc(errs, func(err error) bool { return err != nil })
	if len(answered) != 1 {
		t.Errorf("%d were answered", len(answered))
	}
}

// Interceptors may come while calls are on their way; from then on they see every one.
func TestUseWhileRunning(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	router.Handle(far.router, "ask", func(context.Context, any) (string, error) { return "", nil })
	var j journal
	for i := range 26 {
		var calls sync.WaitGroup
		for range 20 {
			calls.Go(func() {
				if _, err := router.Invoke[string](patience(t), near.session, "ask"); err != nil {
					t.Error(err)
				}
			})
		}
		name := string(rune('a' + i))
		far.router.Use(j.noting(t, name))
		if got, err := router.Invoke[string](patience(t), near.session, "ask"); err != nil || len(got) != i+1 || !strings.HasPrefix(got, name) {
			t.Errorf("%q, %v", got, err)
		}
		calls.Wait()
	}
}
