package router_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
)

// A side is one end of a conversation: a router, a line and a session with the other end, by packets over a channel.
type side struct {
	t       testing.TB
	router  *router.Router
	line    *router.Line
	session *router.Session
	logs    *observer.ObservedLogs

	mu       sync.Mutex
	out      chan []byte // nil when the link is closed
	problems []error     // what Receive said
}

var errLinkClosed = errors.New("the link is closed")

// Send puts a copy of the packet on its way.
func (s *side) Send(packet []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out == nil {
		return errLinkClosed
	}
	s.out <- slices.Clone(packet)
	return nil
}

func (s *side) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.out)
	s.out = nil
}

// receive takes what the other side sends until that closes its link.
func (s *side) receive(in <-chan []byte) {
	for packet := range in {
		parsed, err := protocol.Parse(packet)
		if err == nil {
			err = s.session.Receive(s.t.Name(), parsed.Frames, len(packet))
		}
		s.mu.Lock()
		s.problems = append(s.problems, err)
		s.mu.Unlock()
	}
}

func (s *side) problem() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.problems...)
}

// newSide returns one end, whose other end is not known.
func newSide(t testing.TB, o router.SessionOptions) *side {
	core, logs := observer.New(zap.WarnLevel)
	s := &side{t: t, router: router.NewRouter(nil), logs: logs, out: make(chan []byte, 1<<17)}
	s.line = router.NewLine(router.LineOptions{Router: s.router, Log: zap.New(core)})
	o.Link, o.Document = s, 1
	s.session = s.line.Begin(o)
	return s
}

// pair returns two ends that hear each other; near may be restricted.
func pair(t testing.TB, o router.SessionOptions) (near, far *side) {
	t.Helper()
	near, far = newSide(t, o), newSide(t, router.SessionOptions{Child: true})
	var both sync.WaitGroup
	toFar, toNear := near.out, far.out
	both.Go(func() { far.receive(toFar) })
	both.Go(func() { near.receive(toNear) })
	t.Cleanup(func() {
		near.session.End(errOver)
		far.session.End(errOver)
		both.Wait()
	})
	return near, far
}

var errOver = errors.New("the test is over")

// alone returns an end whose other end is the test: what is sent comes out of the channel.
func alone(t testing.TB) (*side, chan []byte) {
	s := newSide(t, router.SessionOptions{})
	return s, s.out
}

// give hands frames over as if they came from the far end.
func (s *side) give(packet []byte) error {
	s.t.Helper()
	parsed, err := protocol.Parse(packet)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.session.Receive(nil, parsed.Frames, len(packet))
}

func header() []byte { return protocol.AppendHeader(nil, 1) }

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// logged reports whether a line of the log, at warn or above, has the text.
func (s *side) logged(text string) bool {
	return slices.ContainsFunc(s.logs.All(), func(e observer.LoggedEntry) bool {
		line := e.Message
		for _, f := range e.Context {
			line += " " + f.Key + "=" + f.String
		}
		return strings.Contains(line, text)
	})
}

func patience(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// wait returns v when it comes.
func wait[T any](t testing.TB, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came")
	}
	return v
}

// settled waits until there are no more goroutines than n.
func settled(t testing.TB, n int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); runtime.NumGoroutine() > n; {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d expected\n%s", runtime.NumGoroutine(), n, stacks[:runtime.Stack(stacks, true)])
		}
		time.Sleep(time.Millisecond)
	}
}
