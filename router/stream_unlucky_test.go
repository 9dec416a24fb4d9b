package router_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"runtime"
	"strings"
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

// idle is a reader that has nothing, for ever.
type idle struct{ closed chan struct{} }

func (idle) Read([]byte) (int, error) { return 0, nil }

func (i idle) Close() error {
	close(i.closed)
	return nil
}

// A stream whose source fails in unusual ways ends with an error, as a handler's answer would, and the app lives.
func TestUnluckySources(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	before := runtime.NumGoroutine()
	failing := func(err error) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) { yield(0, err) }
	}
	sources := map[string]any{
		"an error that panics":      failing((*broken)(nil)),
		"an error whose data panic": failing(brokenData{}),
		"a value that panics":       iter.Seq[any](func(yield func(any) bool) { yield(brokenText{}) }),
		"an end of the goroutine":   iter.Seq[int](func(func(int) bool) { runtime.Goexit() }),
		"a reader that panics":      io.MultiReader(nil, nil),
		"a reader that has nothing": idle{make(chan struct{})},
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
