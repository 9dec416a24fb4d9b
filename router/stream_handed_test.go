package router_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
)

// A handed is a reader that was handed over and counts how often it is closed.
type handed struct {
	io.Reader
	closed atomic.Int32
	news   chan struct{}
}

func (h *handed) Close() error {
	h.closed.Add(1)
	h.news <- struct{}{}
	return nil
}

// handedIn returns n readers, and values that hold them in all ways there are, with bad behind the first and nothing that can be sent behind that.
func handedIn(n int, bad any) ([]*handed, []any) {
	type fields struct {
		A  io.Reader
		B  *handed
		On map[string]any
	}
	news := make(chan struct{}, 2*n)
	all := make([]*handed, n)
	for i := range all {
		all[i] = &handed{Reader: newNoise(1<<30, io.EOF), news: news}
	}
	cycle := map[string]any{"f": &fields{all[3], all[4], map[string]any{"x": []io.Reader{all[5], nil}}}}
	cycle["self"] = cycle
	rest := []any{all[1], [1]*handed{all[2]}, cycle, protocol.Map{Entries: []protocol.MapEntry{{Key: 1, Value: all[6]}}}, all[1]}
	for _, h := range all[7:] {
		rest = append(rest, h)
	}
	return all, []any{all[0], bad, rest}
}

func closedOnce(t *testing.T, name string, all []*handed) {
	t.Helper()
	for range all {
		wait(t, all[0].news)
	}
	for i, h := range all {
		if n := h.closed.Load(); n != 1 {
			t.Errorf("%s: reader %d was closed %d times", name, i, n)
		}
	}
}

// Who hands a reader over for being sent need not think of it again: it is closed, once, also where nothing can be sent.
func TestHandedReaders(t *testing.T) {
	near, far := pair(t, router.SessionOptions{Allowed: func(channel string) bool { return channel != "secret" }})
	ended := newSide(t, router.SessionOptions{})
	ended.session.End(errOver)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	between, _ := router.NewMessageChannel()
	refused := newSide(t, router.SessionOptions{})
	refused.router.UseInvoke(func(next router.Asker) router.Asker {
		return func(context.Context, *router.Ask, any) error { return errOver }
	})
	to := func(s *side) func(ctx context.Context, channel string, values []any) error {
		return func(ctx context.Context, channel string, values []any) error {
			return errors.Join(s.session.Invoke(ctx, channel, nil, values...), nil)
		}
	}
	for name, try := range map[string]func(values []any) error{
		"Send":                       func(v []any) error { return near.session.Send("x", v...) },
		"Send on no channel":         func(v []any) error { return near.session.Send("", v...) },
		"Send where it may not":      func(v []any) error { return near.session.Send("secret", v...) },
		"Send to nobody":             func(v []any) error { return ended.session.Send("x", v...) },
		"Invoke":                     func(v []any) error { return to(near)(t.Context(), "x", v) },
		"Invoke on no channel":       func(v []any) error { return to(near)(t.Context(), "", v) },
		"Invoke where it may not":    func(v []any) error { return to(near)(t.Context(), "secret", v) },
		"Invoke of nobody":           func(v []any) error { return to(ended)(t.Context(), "x", v) },
		"Invoke without time":        func(v []any) error { return to(near)(gone, "x", v) },
		"Invoke that is intercepted": func(v []any) error { return to(refused)(t.Context(), "x", v) },
		"Post":                       func(v []any) error { return between.Post(v) },
	} {
		for _, bad := range []any{func() {}, 1} {
			all, values := handedIn(protocol.MaxStreams+2, bad)
			if err := try(values); err == nil {
				t.Errorf("%s: no error", name)
			}
			closedOnce(t, name, all)
		}
	}
	all, values := handedIn(protocol.MaxStreams+2, 1)
	router.Handle(far.router, "x", func(context.Context, any) ([]any, error) { return values, nil })
	var e *protocol.ErrorValue
	if _, err := router.Invoke[any](patience(t), near.session, "x"); !errors.As(err, &e) || e.Code != "ERR_LIMIT" {
		t.Errorf("a result with too many streams: %v", err)
	}
	closedOnce(t, "a result", all)
	_, few := handedIn(20, 1)
	if err := near.session.Send("nobody", few...); err != nil {
		t.Error(err)
	}
	closedOnce(t, "a message that is sent", slices.Collect(handedOf(few)))
}

// handedOf finds the readers again.
func handedOf(values []any) iter.Seq[*handed] {
	return func(yield func(*handed) bool) {
		protocol.Readers(func(r io.Reader) { yield(r.(*handed)) }, values...)
	}
}

// What a handler returns when its caller has gone is closed, as it is where the caller is there.
func TestResultsForNobody(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	h := &handed{Reader: newNoise(1<<30, io.EOF), news: make(chan struct{}, 1)}
	began := make(chan struct{})
	router.Handle(far.router, "late", func(ctx context.Context, _ any) (io.Reader, error) {
		close(began)
		<-ctx.Done()
		return h, nil
	})
	go func() { _ = near.session.Invoke(patience(t), "late", nil) }()
	wait(t, began)
	far.session.End(errOver)
	closedOnce(t, "a late result", []*handed{h})
}

// An iterator that leaves a goroutine behind which goes on yielding does not keep it for ever.
func TestYieldAfterTheEnd(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	left := make(chan int, 1)
	yields := make(chan func(string) bool, 1)
	router.Handle(far.router, "x", func(context.Context, any) (iter.Seq[string], error) {
		return func(yield func(string) bool) { yields <- yield }, nil
	})
	s, err := router.Invoke[protocol.Stream](patience(t), near.session, "x")
	if err == nil {
		_, err = s.Next()
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	go func() {
		yield, n := wait(t, yields), 0
		for text := fmt.Sprintf("%100000d", 0); yield(text); n++ {
		}
		left <- n
	}()
	if n := wait(t, left); n > 20 {
		t.Errorf("%d values more were taken", n)
	}
	if err := errors.Join(near.problem(), far.problem()); err != nil {
		t.Error(err)
	}
}
