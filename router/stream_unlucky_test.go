package router_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
)

// broken is an error that cannot tell what it is.
type broken struct{}

func (*broken) Error() string { panic("an error without a text") }

// brokenData has data that cannot be encoded.
type brokenData struct{}

func (brokenData) Error() string { return "broken data" }
func (brokenData) Data() any     { return brokenText{} }

// brokenText is a value that cannot encode or decode itself.
type brokenText struct{}

func (brokenText) MarshalText() ([]byte, error)  { panic("no text") }
func (*brokenText) UnmarshalText(p []byte) error { panic("no text") }

// exiting ends the goroutine, whatever it is asked for.
type exiting struct{}

func (exiting) Error() string                { runtime.Goexit(); return "" }
func (exiting) MarshalText() ([]byte, error) { runtime.Goexit(); return nil, nil }
func (exiting) Read([]byte) (int, error)     { runtime.Goexit(); return 0, nil }
func (exiting) Close() error                 { runtime.Goexit(); return nil }

// failingReader fails at once.
type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

// idle is a reader that has nothing, for ever.
type idle struct{ closed chan struct{} }

func (idle) Read([]byte) (int, error) { return 0, nil }

func (i idle) Close() error {
	close(i.closed)
	return nil
}

// impossible is a reader that says it has read so many bytes.
type impossible int

func (n impossible) Read([]byte) (int, error) { return int(n), io.EOF }

// A stream whose source fails in unusual ways ends with an error, as a handler's answer would, and the app lives.
func TestUnluckySources(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	before := runtime.NumGoroutine()
	failing := func(err error) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) { yield(0, err) }
	}
	sources := map[string]any{
		"an error that panics":             failing((*broken)(nil)),
		"an error whose data panic":        failing(brokenData{}),
		"a value that panics":              iter.Seq[any](func(yield func(any) bool) { yield(brokenText{}) }),
		"an end of the goroutine":          iter.Seq[int](func(func(int) bool) { runtime.Goexit() }),
		"an error that ends the goroutine": failing(exiting{}),
		"a value that ends the goroutine":  iter.Seq[any](func(yield func(any) bool) { yield(exiting{}) }),
		"a reader that ends the goroutine": struct{ io.Reader }{exiting{}},
		"a Close that ends the goroutine": struct {
			io.Reader
			io.Closer
		}{failingReader{errors.New("before it is closed")}, exiting{}},
		"a reader that panics":                io.MultiReader(nil, nil),
		"a reader that has less than nothing": impossible(-1),
		"a reader that has too much":          impossible(1 << 40),
		"a reader that has nothing":           idle{make(chan struct{})},
		"an iterator that goes on all the same": iter.Seq2[int, error](func(yield func(int, error) bool) {
			yield(0, errors.New("the first"))
			yield(1, nil)
		}),
	}
	router.Handle(far.router, "source", func(_ context.Context, name string) (any, error) { return sources[name], nil })
	for name := range sources {
		s, err := router.Invoke[protocol.Stream](patience(t), near.session, "source", name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		n := 0
		for ; err == nil; n++ {
			_, err = s.Next()
		}
		if e := new(protocol.ErrorValue); n > 1 || !errors.As(err, &e) || strings.Contains(e.Message, "no text") {
			t.Errorf("%s: after %d chunks %v", name, n-1, err)
		}
	}
	settled(t, before)
}

// A chunk that the app's own type cannot decode ends the channel, not the app.
func TestChunkThatPanics(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	router.Handle(far.router, "texts", func(_ context.Context, in <-chan *brokenText) (n int, _ error) {
		for range in {
			n++
		}
		return n, nil
	})
	texts := iter.Seq[string](func(yield func(string) bool) { _ = yield("a") && yield("b") })
	if n, err := router.Invoke[int](patience(t), near.session, "texts", texts); n != 0 || err != nil {
		t.Errorf("%d chunks, %v", n, err)
	}
	if !far.logged("panic=no text") {
		t.Error("the panic is not in the log")
	}
}

// Who receives from a channel that a page has left out does not wait for ever: it is closed.
func TestChannelsThatAreAbsent(t *testing.T) {
	type inner struct{ Rows <-chan int }
	type part struct {
		inner
		More [2]chan string
		Next *part
	}
	drained := func(p part) bool {
		for range p.Rows {
		}
		for _, c := range p.More {
			for range c {
			}
		}
		return true
	}
	near, far := pair(t, router.SessionOptions{})
	router.Handle(far.router, "Handle", func(_ context.Context, in <-chan int) (bool, error) {
		for range in {
		}
		return true, nil
	})
	router.HandleFunc(far.router, "HandleFunc", func(in part) bool { return drained(in) })
	router.HandleFunc(far.router, "pointers", func(in ...*part) (all bool) {
		for _, p := range in {
			all = drained(*p)
		}
		return all
	})
	for _, c := range []struct {
		channel string
		args    []any
	}{
		{"Handle", nil}, {"Handle", []any{nil}}, {"Handle", []any{protocol.Undefined{}}},
		{"HandleFunc", nil}, {"HandleFunc", []any{nil}}, {"HandleFunc", []any{map[string]any{}}}, {"HandleFunc", []any{map[string]any{"Rows": nil, "More": []any{nil}}}},
		{"pointers", []any{map[string]any{}, map[string]any{"More": []any{}}, map[string]any{"Rows": protocol.Undefined{}, "More": nil}}},
	} {
		if all, err := router.Invoke[bool](patience(t), near.session, c.channel, c.args...); !all || err != nil {
			t.Errorf("%s(%v): %v, %v", c.channel, c.args, all, err)
		}
	}
}

// A closed stream gives nothing more, not even the rest of a chunk.
func TestReadAfterClose(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	router.Handle(far.router, "noise", func(context.Context, any) (io.Reader, error) { return newNoise(1<<20, io.EOF), nil })
	r, err := router.Invoke[io.ReadCloser](patience(t), near.session, "noise")
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 10)
	if _, err := r.Read(b); err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	if n, err := r.Read(b); n != 0 || err != router.ErrStreamClosed {
		t.Errorf("after Close: %d bytes, %v", n, err)
	}
}

// Several goroutines that read one stream share its bytes.
func TestReadTogether(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	const size = 8 << 20
	router.Handle(far.router, "noise", func(context.Context, any) (io.Reader, error) { return newNoise(size, io.EOF), nil })
	r, err := router.Invoke[io.Reader](patience(t), near.session, "noise")
	if err != nil {
		t.Fatal(err)
	}
	var total atomic.Int64
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			b := make([]byte, 1000+i)
			for {
				n, err := r.Read(b)
				if total.Add(int64(n)); err != nil {
					return
				}
			}
		})
	}
	if all.Wait(); total.Load() != size {
		t.Errorf("%d bytes of %d", total.Load(), size)
	}
}

// afterwards is a Lender that does something when its request has been sent.
type afterwards struct{ do func() }

func (a afterwards) Lend() ([]any, func()) { return nil, a.do }

// An answer that comes while its request is given up is not wanted, and neither are the streams in it: their writer is told.
func TestAnswerWhileGivenUp(t *testing.T) {
	s, out := alone(t)
	for id := range uint32(50) {
		ctx, cancel := context.WithCancel(t.Context())
		err := s.session.Invoke(ctx, "x", nil, afterwards{func() {
			asked := next(t, out)
			if err := s.give(sendFrame([]byte{0x93, byte(protocol.KindResult), byte(asked.ID)}, []uint32{id + 1})); err != nil {
				t.Error(err)
			}
			cancel()
		}})
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if f := next(t, out); f.Kind != protocol.KindStop || f.ID != id+1 {
			t.Fatalf("%v of %d for the stream of answer %d", f.Kind, f.ID, id+1)
		}
	}
}

// What cannot be encoded to its end takes its streams and ports along no more than other values that cannot be: of what has ended the goroutine or
// panicked nothing is left open, and the other listeners hear the message.
func TestUnluckyValues(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	closed := make(chan struct{}, 10)
	source := func() io.Reader {
		return struct {
			io.Reader
			io.Closer
		}{newNoise(1<<30, io.EOF), telling(closed)}
	}
	router.Handle(far.router, "x", func(context.Context, any) (any, error) { return []any{source(), exiting{}}, nil })
	_, err := router.Invoke[any](patience(t), near.session, "x")
	if e := new(protocol.ErrorValue); !errors.As(err, &e) || e.Code != "ERR_NO_REPLY" {
		t.Errorf("a result that ends the goroutine: %v", err)
	}
	wait(t, closed)
	port, other := router.NewMessageChannel()
	between, _ := router.NewMessageChannel()
	for name, call := range map[string]func() error{
		"Send":       func() error { return near.session.Send("x", source(), port, brokenText{}) },
		"Invoke":     func() error { return near.session.Invoke(t.Context(), "x", nil, source(), port, brokenText{}) },
		"NewMessage": func() error { closed <- struct{}{}; _, err := router.NewMessage("x", port, brokenText{}); return err },
		"Post":       func() error { closed <- struct{}{}; return between.Post(brokenText{}, port) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			t.Log(call())
		}()
		wait(t, closed)
		if err := port.Post(name); err != nil {
			t.Fatalf("the port after %s: %v", name, err)
		}
	}
	values, _ := inbox(other)
	for range 4 {
		wait(t, values)
	}
}

// A listener that ends its goroutine takes no message from others.
func TestListenersThatEnd(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	heard := make(chan string, 10)
	for range 3 {
		router.On(far.router, "x", func(context.Context, string) { runtime.Goexit() })
		router.On(far.router, "x", func(_ context.Context, s string) { heard <- s })
	}
	for range 2 {
		if err := near.session.Send("x", "message"); err != nil {
			t.Fatal(err)
		}
	}
	for range 6 {
		wait(t, heard)
	}
	if n := far.router.Stats().Channels["x"].Errors["ERR_NO_REPLY"]; n != 6 {
		t.Errorf("%d failures were counted", n)
	}
	a, b := router.NewMessageChannel()
	router.OnMessage(b, func(context.Context, any) { runtime.Goexit() })
	b.OnClose(runtime.Goexit)
	values, closed := inbox(b)
	post(t, a, 1)
	post(t, a, 2)
	expect(t, values, int64(1), int64(2))
	a.Close()
	wait(t, closed)
}

// telling tells of its Close.
type telling chan struct{}

func (c telling) Close() error { c <- struct{}{}; return nil }
