package router_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
)

func TestStats(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	child := router.NewRouter(far.router)
	router.Handle(far.router, "echo", func(_ context.Context, in []byte) ([]byte, error) { return in, nil })
	router.Handle(child, "below", func(context.Context, any) (any, error) { return nil, nil })
	router.Handle(far.router, "fails", func(_ context.Context, code string) (any, error) {
		return nil, &protocol.PublicError{ErrorValue: protocol.ErrorValue{Message: "no", Code: code}}
	})
	heard := make(chan struct{}, 1)
	router.On(far.router, "tell", func(_ context.Context, _ string) { heard <- struct{}{} })
	ask := func(channel string, args ...any) error {
		return near.session.Invoke(patience(t), channel, nil, args...)
	}
	for range 3 {
		if err := ask("echo", make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
	}
	if ask("echo", 7) == nil || ask("fails", "E_DISK") == nil || ask("fails", "E_DISK") == nil || ask("fails", "") == nil {
		t.Fatal("what fails did not")
	}
	for range 2 {
		if err := near.session.Send("tell", "x"); err != nil {
			t.Fatal(err)
		}
		wait(t, heard)
	}
	for i := range 2000 { // a page names what it likes
		if ask("unknown"+strconv.Itoa(i)) == nil {
			t.Fatal("nobody answered")
		}
	}
	if err := ask("echo", []byte{}); err != nil { // in turn after the listener has returned
		t.Fatal(err)
	}
	s := child.Stats() // one count for all routers of an app
	for channel, want := range map[string]router.ChannelStats{
		"echo":  {Calls: 5, Errors: map[string]uint64{"ERR_INVALID_ARG": 1}},
		"fails": {Calls: 3, Errors: map[string]uint64{"E_DISK": 2, "": 1}},
		"tell":  {Messages: 2},
		"below": {},
	} {
		got, known := s.Channels[channel]
		if !known || got.Calls != want.Calls || got.Messages != want.Messages || !maps.Equal(got.Errors, want.Errors) || got.InFlight != 0 ||
			got.Latency.Count != want.Calls+want.Messages {
			t.Errorf("%s: %+v", channel, got)
		}
	}
	if len(s.Channels) != 4 || s.Other.Calls != 2000 || s.Other.Errors["ERR_NO_HANDLER"] != 2000 {
		t.Errorf("%d channels, %d calls on others, %v", len(s.Channels), s.Other.Calls, s.Other.Errors)
	}
	if echo := s.Channels["echo"]; echo.BytesIn < 3000 || echo.BytesIn > 3100 || echo.BytesOut < 3000 || echo.BytesOut > 3300 {
		t.Errorf("%d bytes in, %d out", echo.BytesIn, echo.BytesOut)
	}
	if out := near.router.Stats().Channels; out["echo"].Asked != 5 || out["tell"].Sent != 2 || out["echo"].BytesOut < 3000 {
		t.Errorf("the caller's: %+v, %+v", out["echo"], out["tell"])
	}
}

func TestStatsInFlight(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	begun := make(chan struct{})
	router.Handle(far.router, "slow", func(ctx context.Context, _ any) (any, error) {
		begun <- struct{}{}
		<-ctx.Done()
		return nil, context.Cause(ctx)
	})
	ctx, cancel := context.WithCancel(t.Context())
	var calls sync.WaitGroup
	for range 3 {
		calls.Go(func() {
			if err := near.session.Invoke(ctx, "slow", nil); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
	for range 3 {
		wait(t, begun)
	}
	if s := far.router.Stats().Channels["slow"]; s.InFlight != 3 || s.Calls != 3 || s.Latency.Count != 0 {
		t.Errorf("three at work: %+v", s)
	}
	cancel()
	calls.Wait()
	if err := near.session.Send("slow"); err != nil { // the far end takes it after the cancels
		t.Fatal(err)
	}
	settled := func() bool {
		s := far.router.Stats().Channels["slow"]
		return s.InFlight == 0 && s.Canceled == 3 && len(s.Errors) == 0
	}
	for end := time.Now().Add(20 * time.Second); !settled(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("given up: %+v", far.router.Stats().Channels["slow"])
		}
	}
}

// What an app names without end is bounded too.
func TestStatsAreBounded(t *testing.T) {
	s, _ := alone(t)
	for i := range router.MaxStatsChannels + 10 {
		router.On(s.router, fmt.Sprint("reply", i), func(context.Context, any) {})()
	}
	if n := len(s.router.Stats().Channels); n != router.MaxStatsChannels {
		t.Errorf("%d channels", n)
	}
	near, far := pair(t, router.SessionOptions{})
	router.Handle(far.router, "x", func(_ context.Context, code string) (any, error) {
		return nil, &protocol.PublicError{ErrorValue: protocol.ErrorValue{Message: "no", Code: code}}
	})
	for i := range 100 {
		_ = near.session.Invoke(patience(t), "x", nil, fmt.Sprint("code", i))
	}
	if e := far.router.Stats().Channels["x"].Errors; len(e) != 33 || e["…"] != 68 {
		t.Errorf("%d codes, %d others", len(e), e["…"])
	}
	router.Handle(far.router, "y", func(context.Context, any) (any, error) {
		return nil, &protocol.PublicError{ErrorValue: protocol.ErrorValue{Code: "E" + strings.Repeat("é", 40)}}
	})
	_ = near.session.Invoke(patience(t), "y", nil)
	for code := range far.router.Stats().Channels["y"].Errors {
		if code != "E"+strings.Repeat("é", 31) {
			t.Errorf("a long code is counted as %q", code)
		}
	}
}

// A request and a message that wait behind a slow listener have the time of their waiting in their latency.
func TestStatsLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := router.NewRouter(nil)
		session := router.NewLine(router.LineOptions{Router: s}).Begin(router.SessionOptions{Link: discard{}, Document: 1})
		router.On(s, "hold", func(context.Context, time.Time) { <-time.After(40 * time.Millisecond) })
		router.Handle(s, "ask", func(context.Context, any) (any, error) { <-time.After(4 * time.Millisecond); return nil, nil })
		packet := must(protocol.AppendInvoke(must(protocol.AppendSend(header(), "hold", nil)), 1, "ask"))
		parsed, err := protocol.Parse(packet)
		if err != nil {
			t.Fatal(err)
		}
		if err := session.Receive(nil, parsed.Frames, len(packet)); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Second)
		synctest.Wait()
		if hold, ask := s.Stats().Channels["hold"].Latency, s.Stats().Channels["ask"].Latency; hold.Max != 40*time.Millisecond || ask.Max != 44*time.Millisecond {
			t.Errorf("the message took %v, the request %v", hold.Max, ask.Max)
		}
	})
}

type discard struct{}

func (discard) Send([]byte) error { return nil }
func (discard) Close()            {}

func TestHistogram(t *testing.T) {
	bounds := router.HistogramBounds()
	if bounds[0] != time.Microsecond || bounds[1] != 1500*time.Nanosecond || bounds[len(bounds)-1] != 100*time.Second {
		t.Errorf("from %v, %v to %v", bounds[0], bounds[1], bounds[len(bounds)-1])
	}
	var h router.Histogram
	if h.Quantile(0.5) != 0 || h.Mean() != 0 {
		t.Error("an empty one has a percentile")
	}
	last := len(h.Counts) - 1
	h.Counts[6], h.Counts[12], h.Counts[last] = 90, 9, 1 // to 10 µs, to 100 µs, above
	h.Count, h.Sum, h.Max = 100, 10*time.Second, 300*time.Second
	for q, want := range map[float64][2]time.Duration{
		0: {7000, 7000}, 0.45: {8 * time.Microsecond, 9 * time.Microsecond}, 0.9: {10 * time.Microsecond, 10 * time.Microsecond},
		0.95: {70 * time.Microsecond, 100 * time.Microsecond}, 0.999: {100 * time.Second, 300 * time.Second}, 1: {300 * time.Second, 300 * time.Second},
	} {
		if got := h.Quantile(q); got < want[0] || got > want[1] {
			t.Errorf("quantile %v is %v", q, got)
		}
	}
	if h.Mean() != 100*time.Millisecond {
		t.Errorf("the mean is %v", h.Mean())
	}
}

// What goes through ports is counted where they lead out of the process, twice if it only passes through.
func TestPortStats(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	a, b := router.NewMessageChannel()
	there := sentPort(t, near, far, b)
	values, closed := inbox(a)
	post(t, there, "x")
	post(t, there, "longer")
	expect(t, values, "x", "longer")
	post(t, a, 1)
	back, _ := inbox(there)
	expect(t, back, int64(1))
	if s := near.router.Stats().Ports; s != (router.PortStats{Open: 1, In: 2, BytesIn: 2 + 7, Out: 1, BytesOut: 1}) {
		t.Errorf("%+v", s)
	}
	if s := far.router.Stats().Ports; s.In != 1 || s.Out != 2 {
		t.Errorf("at the far end: %+v", s)
	}
	there.Close()
	wait(t, closed)
	for deadline := time.Now().Add(20 * time.Second); far.router.Stats().Ports.Open+near.router.Stats().Ports.Open != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still open: %+v, %+v", near.router.Stats().Ports, far.router.Stats().Ports)
		}
	}
	s, _ := alone(t)
	p := taken(t, s, 1)
	if err := s.give(protocol.AppendTaken(header(), 1, 1)); err == nil {
		t.Error("more is taken than was posted")
	}
	wait(t, p.Done())
	if s := s.router.Stats().Ports; s.Failed != 1 {
		t.Errorf("%+v", s)
	}
	s.session.End(errOver)
	if s := s.router.Stats().Ports; s.Open != 0 {
		t.Errorf("after the end: %+v", s)
	}
}
