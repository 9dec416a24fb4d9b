package router_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
)

// inbox hears the values that come to a port, and its end.
func inbox(p *router.Port) (values chan any, closed chan struct{}) {
	values, closed = make(chan any, 1000), make(chan struct{})
	router.OnMessage(p, func(_ context.Context, v any) { values <- v })
	p.OnClose(func() { close(closed) })
	p.Start()
	return values, closed
}

func post(t testing.TB, p *router.Port, value any, ports ...*router.Port) {
	t.Helper()
	if err := p.Post(value, ports...); err != nil {
		t.Fatal(err)
	}
}

func expect(t testing.TB, values <-chan any, want ...any) {
	t.Helper()
	for _, w := range want {
		if got := wait(t, values); got != w {
			t.Fatalf("heard %v, not %v", got, w)
		}
	}
}

// sentPort sends a port from one side to the other and returns what it is there.
func sentPort(t testing.TB, from, to *side, p *router.Port) *router.Port {
	t.Helper()
	came := make(chan *router.Port, 1)
	defer router.On(to.router, "port", func(_ context.Context, p *router.Port) { came <- p })()
	if err := from.session.Send("port", p); err != nil {
		t.Fatal(err)
	}
	return wait(t, came)
}

func TestPortQueuesUntilStart(t *testing.T) {
	a, b := router.NewMessageChannel()
	for i := range 3 {
		post(t, a, i)
	}
	a.Close()
	values, closed := inbox(b)
	wait(t, closed)
	expect(t, values, int64(0), int64(1), int64(2))
	wait(t, b.Done())
	if err := context.Cause(b.Context()); err != router.ErrPortClosed {
		t.Errorf("the port has ended with %v", err)
	}
	if err := b.Post(1); !errors.Is(err, router.ErrPortClosed) {
		t.Errorf("posting to a closed port: %v", err)
	}
}

func TestPortRefusals(t *testing.T) {
	a, b := router.NewMessageChannel()
	c, d := router.NewMessageChannel()
	for name, err := range map[string]error{
		"itself": a.Post(1, a), "its other end": a.Post(1, b), "twice": a.Post(1, c, c), "nil": a.Post(1, nil), "a function": a.Post(func() {}, c),
		"a stream": a.Post(make(chan int), c),
	} {
		if !errors.Is(err, protocol.ErrUncloneable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	values, _ := inbox(c)
	post(t, d, "still here")
	expect(t, values, "still here")
	post(t, a, nil, c)
	if err := a.Post(1, c); !errors.Is(err, router.ErrPortMoved) {
		t.Errorf("a neutered port: %v", err)
	}
	if err := c.Post(1); !errors.Is(err, router.ErrPortMoved) {
		t.Errorf("posting to a neutered port: %v", err)
	}
	<-c.Done()
}

// What was posted before a port moves follows it, in order, over any number of sides.
func TestPortMoves(t *testing.T) {
	left, middle := pair(t, router.SessionOptions{})
	right, end := pair(t, router.SessionOptions{})
	a, b := router.NewMessageChannel()
	post(t, a, 1)
	there := sentPort(t, left, middle, b)
	post(t, a, 2)
	there = sentPort(t, right, end, there)
	post(t, a, 3)
	values, closed := inbox(there)
	expect(t, values, int64(1), int64(2), int64(3))
	back, backClosed := inbox(a)
	post(t, there, "back")
	expect(t, back, "back")
	// Ports go through ports, and live on when those are closed.
	c, d := router.NewMessageChannel()
	nested := make(chan *router.Port, 1)
	router.OnMessageFunc(there, func(_ string, p ...*router.Port) {
		if len(p) > 0 {
			nested <- p[0]
		}
	})
	post(t, c, "early")
	post(t, a, "with", d)
	far := wait(t, nested)
	a.Close()
	wait(t, closed)
	deep, deepClosed := inbox(far)
	expect(t, deep, "early")
	select {
	case <-backClosed:
		t.Error("who closes a port is told of it")
	default:
	}
	_, ended := inbox(c)
	end.session.End(errOver)
	wait(t, deepClosed)
	right.session.End(errOver)
	wait(t, ended)
	for _, s := range []*side{left, middle, right} {
		if err := s.problem(); err != nil {
			t.Errorf("a side has broken the protocol: %v", err)
		}
	}
}

// A port that nobody takes is closed.
func TestPortForNobody(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	router.On(far.router, "deaf", func(context.Context, router.Args) {})
	router.Handle(far.router, "deaf", func(context.Context, router.Args) (any, error) { return nil, nil })
	for _, send := range []func(p *router.Port) error{
		func(p *router.Port) error { return near.session.Send("nobody", p) },
		func(p *router.Port) error { return near.session.Send("deaf", 1, p) },
		func(p *router.Port) error { return near.session.Invoke(t.Context(), "deaf", nil, p) },
	} {
		a, b := router.NewMessageChannel()
		_, closed := inbox(a)
		if err := send(b); err != nil {
			t.Fatal(err)
		}
		wait(t, closed)
	}
	if err := near.session.Invoke(patience(t), "nobody", nil); err == nil {
		t.Error("nobody answers")
	}
	if err := errors.Join(near.problem(), far.problem()); err != nil {
		t.Error(err)
	}
}

// A port in an answer that nobody gets is closed, as a stream there is.
func TestPortInLostAnswer(t *testing.T) {
	for name, extra := range map[string]any{"canceled": nil, "uncloneable": func() {}} {
		s, _ := alone(t)
		begun, goOn := make(chan bool), make(chan bool)
		ours, theirs := router.NewMessageChannel()
		router.Handle(s.router, "port", func(context.Context, router.Args) ([]any, error) {
			begun <- true
			<-goOn
			return []any{theirs, extra}, nil
		})
		if err := s.give(must(protocol.AppendInvoke(header(), 1, "port"))); err != nil {
			t.Fatal(err)
		}
		wait(t, begun)
		if name == "canceled" {
			if err := s.give(protocol.AppendCancel(header(), 1)); err != nil {
				t.Fatal(err)
			}
		}
		goOn <- true
		wait(t, ours.Done())
		runtime.KeepAlive(theirs)
	}
}
