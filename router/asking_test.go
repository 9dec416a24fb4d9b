package router_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
)

// asking notes when a request begins and ends.
func (j *journal) asking(name string) func(router.Asker) router.Asker {
	return func(next router.Asker) router.Asker {
		return func(ctx context.Context, a *router.Ask, result any) error {
			j.add("%s:%s(", name, a.Channel)
			defer j.add(")%s", name)
			return next(ctx, a, result)
		}
	}
}

// What this side asks goes through the interceptors of its routers, the app's first, whatever the far end makes of it.
func TestUseInvoke(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	var j journal
	near.session.Router().UseInvoke(j.asking("c"))
	near.router.UseInvoke(j.asking("a"), j.asking("b"))
	router.Handle(far.router, "ask", func(_ context.Context, in string) (string, error) { return "got " + in, nil })
	if got, err := router.Invoke[string](patience(t), near.session, "ask", "in"); err != nil || got != "got in" {
		t.Errorf("%q, %v", got, err)
	}
	if near.session.Invoke(patience(t), "nobody", nil) == nil {
		t.Error("nobody has answered")
	}
	if got := j.take(); got != "a:ask( b:ask( c:ask( )c )b )a a:nobody( b:nobody( c:nobody( )c )b )a" {
		t.Error(got)
	}
}

func TestUseInvokeChanges(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	seen := make(chan *router.Call, 10)
	far.router.Use(func(next router.Handler) router.Handler {
		return func(ctx context.Context, c *router.Call) (any, error) { seen <- c; return next(ctx, c) }
	})
	tries := 0
	router.Handle(far.router, "shaky", func(_ context.Context, in string) (string, error) {
		if tries++; tries < 3 {
			return "", errors.New("not yet")
		}
		return in, nil
	})
	shut := errors.New("shut")
	near.router.UseInvoke(func(next router.Asker) router.Asker {
		return func(ctx context.Context, a *router.Ask, result any) error {
			if a.Channel == "shut" {
				return shut
			}
			a.Channel, a.Args, a.Meta = "shaky", []any{"another"}, map[string]string{"traceparent": "00"}
			err := next(ctx, a, result)
			for range 2 {
				if err != nil {
					err = next(ctx, a, result)
				}
			}
			return err
		}
	})
	if err := near.session.Invoke(patience(t), "shut", nil); !errors.Is(err, shut) || err.Error() != `ipc: invoke "shut": shut` {
		t.Error("refused here:", err)
	}
	if got, err := router.Invoke[string](patience(t), near.session, "ask", "in"); err != nil || got != "another" {
		t.Errorf("asked three times: %q, %v", got, err)
	}
	if c := wait(t, seen); c.Channel != "shaky" || c.Meta["traceparent"] != "00" {
		t.Errorf("the far end saw %+v", c)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errOver)
	if err := near.session.Invoke(ctx, "ask", nil); !errors.Is(err, errOver) {
		t.Error("with a context that has ended:", err)
	}
}

// What goes out is counted as what comes in is: how long it takes, how it ends, and what waits.
func TestStatsOfAsking(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	begun := make(chan struct{})
	router.Handle(far.router, "ask", func(ctx context.Context, in string) (string, error) {
		switch in {
		case "fail":
			return "", errors.New("no")
		case "wait":
			begun <- struct{}{}
			<-ctx.Done()
		}
		return in, nil
	})
	of := func() router.ChannelStats { return near.router.Stats().Channels["ask"] }
	for _, in := range []string{"x", "y", "fail"} {
		_ = near.session.Invoke(patience(t), "ask", nil, in)
	}
	if s := of(); s.Asked != 3 || s.AskErrors != 1 || s.Waiting != 0 || s.AskLatency.Count != 3 || s.AskLatency.Max <= 0 || s.Latency.Count != 0 {
		t.Errorf("three answers: %+v", s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- near.session.Invoke(ctx, "ask", nil, "wait") }()
	wait(t, begun)
	if s := of(); s.Asked != 4 || s.Waiting != 1 {
		t.Errorf("one that waits: %+v", s)
	}
	cancel()
	if err := wait(t, done); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if s := of(); s.Waiting != 0 || s.AskErrors != 2 {
		t.Errorf("given up: %+v", s)
	}
	if err := near.session.Invoke(t.Context(), "ask", nil, func() {}); !errors.Is(err, protocol.ErrUncloneable) {
		t.Error(err)
	}
	if s := of(); s.Asked != 4 || s.AskLatency.Count != 4 {
		t.Errorf("what was not sent is counted: %+v", s)
	}
}

// What is in streams is counted with the channel of the message that they came with, at both ends and both ways.
func TestStatsOfStreams(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	router.Handle(far.router, "turn", func(_ context.Context, in io.Reader) (io.Reader, error) {
		all, err := io.ReadAll(in)
		return strings.NewReader(string(all)[:len(all)/2]), err
	})
	heard := make(chan int, 1)
	router.On(far.router, "tell", func(_ context.Context, in io.Reader) { n, _ := io.Copy(io.Discard, in); heard <- int(n) })
	const size = 600_000
	out, err := router.Invoke[io.Reader](patience(t), near.session, "turn", strings.NewReader(strings.Repeat("x", size)))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, out); n != size/2 || err != nil {
		t.Fatal(n, err)
	}
	if err := near.session.Send("tell", strings.NewReader("four")); err != nil {
		t.Fatal(err)
	}
	if n := wait(t, heard); n != 4 {
		t.Errorf("%d bytes are heard", n)
	}
	about := func(got uint64, want int) bool { return int(got) >= want && int(got) < want+100 }
	for what, s := range map[string]router.StreamStats{
		"asker":    near.router.Stats().Channels["turn"].Streamed,
		"answerer": flipped(far.router.Stats().Channels["turn"].Streamed),
	} {
		if !about(s.BytesOut, size) || !about(s.BytesIn, size/2) || s.ChunksOut < 3 || s.ChunksIn < 2 || s.ChunksOut > 10 {
			t.Errorf("%s: %+v", what, s)
		}
	}
	if s := far.router.Stats().Channels["tell"].Streamed; !about(s.BytesIn, 4) || s.ChunksIn != 1 || s.ChunksOut != 0 {
		t.Errorf("a message: %+v", s)
	}
}

func flipped(s router.StreamStats) router.StreamStats {
	return router.StreamStats{ChunksIn: s.ChunksOut, BytesIn: s.BytesOut, ChunksOut: s.ChunksIn, BytesOut: s.BytesIn}
}
