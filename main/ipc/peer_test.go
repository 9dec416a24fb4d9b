package ipc_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/protocol"
)

// stamp notes when it is decoded: that happens in the order of arrival, just before the function it is for is called.
type stamp struct{}

var stamps struct {
	sync.Mutex
	seen []string
}

func (s *stamp) UnmarshalText(text []byte) error {
	stamps.Lock()
	defer stamps.Unlock()
	stamps.seen = append(stamps.seen, string(text))
	return nil
}

func TestOrder(t *testing.T) {
	r := newRig(t)
	stamps.seen = nil
	const n = 3000
	done := make(chan struct{}, n)
	ipc.Handle(r.app, "ask", func(context.Context, stamp) (any, error) { done <- struct{}{}; return nil, nil })
	ipc.On(r.app, "tell", func(context.Context, stamp) { done <- struct{}{} })
	d := r.open(1)
	var want []string
	for i := 0; i < n; {
		packet := d.header()
		for range 1 + i%7 { // several messages in one packet
			text := fmt.Sprint(i)
			if i%3 == 0 {
				packet, _ = protocol.AppendSend(packet, "tell", text)
			} else {
				packet, _ = protocol.AppendInvoke(packet, uint32(i+1), "ask", text)
			}
			if i++; i <= n {
				want = append(want, text)
			}
		}
		d.must(packet)
	}
	for range want {
		wait(t, done)
	}
	stamps.Lock()
	defer stamps.Unlock()
	if got := stamps.seen[:len(want)]; !slices.Equal(got, want) {
		t.Error("the messages were taken in another order than they came")
	}
}

// A handler begins when the listeners before it have returned, and may depend on what they did.
func TestListenerRegistersHandler(t *testing.T) {
	r := newRig(t)
	ipc.On(r.app, "login", func(ctx context.Context, name string) {
		ipc.Handle(ipc.FrameFrom(ctx).IPC(), "whoami", func(context.Context, any) (string, error) { return name, nil })
	})
	for i := range 100 {
		d := r.open(uint32(i + 1))
		packet, _ := protocol.AppendSend(d.header(), "login", "Ada")
		packet, _ = protocol.AppendInvoke(packet, 1, "whoami")
		d.must(packet)
		if got := result[string](d, 1); got != "Ada" {
			t.Fatal(got)
		}
	}
}

func TestHandlersRunConcurrently(t *testing.T) {
	r := newRig(t)
	both := make(chan int)
	ipc.Handle(r.app, "meet", func(_ context.Context, first bool) (int, error) {
		if first {
			both <- 1
			return 0, nil
		}
		return <-both, nil
	})
	d := r.open(1)
	d.invoke(1, "meet", true)
	d.invoke(2, "meet", false)
	if result[int](d, 2) != 1 {
		t.Error("the handlers did not meet")
	}
	d.answer(1)
}

// What a page says while it is being left is heard, before what the next one says.
func TestLastWords(t *testing.T) {
	r := newRig(t)
	var mu sync.Mutex
	var saved string
	gate := make(chan struct{})
	cause := make(chan error, 1)
	ipc.On(r.app, "block", func(context.Context, any) { <-gate })
	ipc.On(r.app, "save", func(ctx context.Context, text string) {
		mu.Lock()
		defer mu.Unlock()
		saved = text
		cause <- context.Cause(ctx)
	})
	ipc.Handle(r.app, "load", func(context.Context, any) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		return saved, nil
	})
	old := r.open(1)
	old.send("block")
	old.send("save", "draft")
	old.invoke(1, "load")
	d := r.open(2)
	d.invoke(1, "load")
	close(gate)
	if got := result[string](d, 1); got != "draft" {
		t.Errorf("the next document loads %q", got)
	}
	if got := wait(t, cause); got != ipc.ErrNavigated {
		t.Errorf("the listener's context ended with %v", got)
	}
	old.silent()
}

func TestContexts(t *testing.T) {
	quit := errors.New("quit")
	for name, c := range map[string]struct {
		end  func(r *rig, d *doc, stop context.CancelCauseFunc)
		want error
	}{
		"cancel":   {func(_ *rig, d *doc, _ context.CancelCauseFunc) { d.cancel(1) }, ipc.ErrCanceled},
		"reload":   {func(r *rig, _ *doc, _ context.CancelCauseFunc) { r.open(2) }, ipc.ErrNavigated},
		"frame":    {func(r *rig, _ *doc, _ context.CancelCauseFunc) { r.peer.Gone("frame", ipc.ErrNavigated) }, ipc.ErrNavigated},
		"renderer": {func(r *rig, _ *doc, _ context.CancelCauseFunc) { r.peer.End(ipc.ErrRendererGone) }, ipc.ErrRendererGone},
		"window":   {func(r *rig, _ *doc, _ context.CancelCauseFunc) { r.peer.Close(ipc.ErrClosed) }, ipc.ErrClosed},
		"app":      {func(_ *rig, _ *doc, stop context.CancelCauseFunc) { stop(quit) }, quit},
	} {
		t.Run(name, func(t *testing.T) {
			before := runtime.NumGoroutine()
			ctx, stop := context.WithCancelCause(context.Background())
			r := newRigIn(t, ctx)
			began, ended := make(chan context.Context), make(chan error)
			ipc.Handle(r.app, "wait", func(ctx context.Context, _ any) (any, error) {
				began <- ctx
				<-ctx.Done()
				ended <- context.Cause(ctx)
				return nil, ctx.Err()
			})
			d := r.open(1)
			d.invoke(1, "wait")
			handlerCtx, frame := wait(t, began), r.peer.Frame()
			r.peer.Gone("another frame", ipc.ErrNavigated)
			if handlerCtx.Err() != nil {
				t.Fatal("the end of another frame ends the context")
			}
			c.end(r, d, stop)
			if got := wait(t, ended); got != c.want {
				t.Errorf("the context ended with %v, not %v", got, c.want)
			}
			if name == "app" { // the document is still there, and waits
				if f := d.answer(1); f.Kind != protocol.KindError {
					t.Errorf("got %v", f)
				}
			}
			settled(t, before)
			d.silent()
			if gone := frame.Context().Err() != nil; gone != (name != "cancel") {
				t.Errorf("the frame's context has ended: %v", gone)
			}
			if len(r.logs.FilterMessage("handler failed").All()) > 0 {
				t.Error("the end is logged as a failure")
			}
			stop(nil)
		})
	}
}

// A handler's context ends when it returns, so that nothing it began with it stays behind.
func TestContextEndsWithHandler(t *testing.T) {
	r := newRig(t)
	ctxs := make(chan context.Context, 1)
	ipc.Handle(r.app, "x", func(ctx context.Context, _ any) (any, error) { ctxs <- ctx; return nil, nil })
	d := r.open(1)
	d.invoke(1, "x")
	d.answer(1)
	<-wait(t, ctxs).Done()
}

func TestRefusedPackets(t *testing.T) {
	r := newRig(t)
	ipc.Handle(r.app, "x", func(context.Context, any) (any, error) { t.Error("x was called"); return nil, nil })
	d := r.doc(1, "frame", home)
	packet := func(number uint32) []byte {
		b, _ := protocol.AppendInvoke(protocol.AppendHeader(nil, number), 1, "x")
		return b
	}
	if err := d.give(packet(1)); !errors.Is(err, ipc.ErrStale) {
		t.Errorf("a packet before hello: %v", err)
	}
	d = r.open(1)
	if err := d.give(d.hello()); err == nil || errors.Is(err, ipc.ErrStale) {
		t.Errorf("a second hello: %v", err)
	}
	if err := r.doc(9, "frame", home).give(protocol.AppendHello(protocol.AppendHeader(nil, 9))); err == nil {
		t.Error("a hello without an address is taken")
	}
	if err := d.give(packet(2)); !errors.Is(err, ipc.ErrStale) {
		t.Errorf("a packet of another document: %v", err)
	}
	for _, other := range []*doc{r.doc(1, "another", home), r.doc(1, "frame", "https://evil.example")} {
		if err := other.give(packet(1)); !errors.Is(err, ipc.ErrStale) {
			t.Errorf("a packet from frame %s at %s: %v", other.frame, other.origin, err)
		}
	}
	if err := d.give([]byte{1, 2, 3}); !errors.Is(err, protocol.ErrPacket) {
		t.Errorf("rubbish: %v", err)
	}
	if err := d.give(protocol.AppendHello(protocol.AppendCancel(d.header(), 5))); !errors.Is(err, ipc.ErrUnexpected) {
		t.Errorf("hello within a packet: %v", err)
	}
	old := d
	d = r.open(2)
	if err := old.give(packet(1)); !errors.Is(err, ipc.ErrStale) {
		t.Errorf("a packet of the document before: %v", err)
	}
	r.peer.Close(ipc.ErrClosed)
	if err := d.give(packet(2)); !errors.Is(err, ipc.ErrStale) {
		t.Errorf("a packet after the end: %v", err)
	}
	if err := r.doc(3, "frame", home).give(r.doc(3, "frame", home).hello()); err != ipc.ErrClosed {
		t.Errorf("hello after the end: %v", err)
	}
	d.silent()
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// A request whose number is taken is dropped: an answer would be taken for that of the first.
func TestDuplicateID(t *testing.T) {
	r := newRig(t)
	gate := make(chan string)
	ipc.Handle(r.app, "x", func(context.Context, any) (string, error) { return <-gate, nil })
	d := r.open(1)
	d.invoke(1, "x")
	if err := d.give(must(protocol.AppendInvoke(d.header(), 1, "x"))); err == nil {
		t.Error("the second request was taken")
	}
	gate <- "first"
	if got := result[string](d, 1); got != "first" {
		t.Errorf("got %q", got)
	}
	d.invoke(1, "x") // free again
	gate <- "second"
	if got := result[string](d, 1); got != "second" {
		t.Errorf("got %q", got)
	}
	d.silent()
}

// Hand-made packets: the renderer's own check is not in the way.
func TestAllowLists(t *testing.T) {
	r := newRig(t)
	r.rules = append(r.rules, protocol.Rule{Channels: []string{"open:*"}, Origins: []string{"https://guest.example"}})
	calls := make(chan string, 10)
	for _, channel := range []string{"open:x", "shut"} {
		ipc.Handle(r.app, channel, func(ctx context.Context, _ any) (any, error) {
			calls <- ipc.SenderFrom(ctx).Origin + " asks " + channel
			return nil, nil
		})
		ipc.On(r.app, channel, func(ctx context.Context, _ any) { calls <- ipc.SenderFrom(ctx).Origin + " tells " + channel })
	}
	for i, c := range []struct{ origin, calls string }{
		{home, home + " tells open:x," + home + " asks open:x," + home + " tells shut," + home + " asks shut"},
		{"https://guest.example", "https://guest.example tells open:x,https://guest.example asks open:x"},
		{"https://guest.example.evil", ""},
		{"http://guest.example", ""},
		{"app://tester", ""},
		{"null", ""},
		{"", ""},
	} {
		d := r.doc(uint32(i+1), "frame", c.origin)
		d.must(d.hello())
		var got []string
		for id, channel := range []string{"open:x", "shut"} {
			d.send(channel)
			d.invoke(uint32(id+1), channel)
			f := d.answer(uint32(id + 1))
			var heard []string
			for len(calls) > 0 {
				heard = append(heard, <-calls)
			}
			got = append(got, heard...)
			want := fmt.Sprintf("Channel '%s' is not allowed for origin '%s'", channel, c.origin)
			if len(heard) == 0 && (f.Kind != protocol.KindError || f.Message != want || f.Code != "ERR_NOT_ALLOWED") {
				t.Errorf("%s on %s: %v %q (%s)", c.origin, channel, f.Kind, f.Message, f.Code)
			}
			if err := r.peer.Send(channel); errors.Is(err, ipc.ErrNotAllowed) != (len(heard) == 0) {
				t.Errorf("main sends on %s to %s: %v", channel, c.origin, err)
			} else if err == nil {
				d.heard(channel)
			}
		}
		if strings.Join(got, ",") != c.calls {
			t.Errorf("%s: %v", c.origin, got)
		}
		d.silent()
	}
	d := r.open(99)
	d.must(must(protocol.AppendSend(d.header(), "oriel:preload-error", "x")))
	d.invoke(1, "nobody")
	d.answer(1)
	if r.mu.Lock(); !slices.Equal(r.reserved, []string{"oriel:preload-error"}) {
		t.Errorf("reserved: %v", r.reserved)
	}
	r.mu.Unlock()
}

// A document may speak before Chromium tells of it. Until then it is not taken for the one before it, and afterwards nothing is lost.
func TestEarlyDocument(t *testing.T) {
	r := newRig(t)
	r.rules[0].Origins = []string{home, "https://guest.example"}
	ipc.Handle(r.app, "who", func(ctx context.Context, _ any) (string, error) { return ipc.SenderFrom(ctx).Origin, nil })
	at := func(d *doc, origin string) ipc.Conn {
		return ipc.Conn{Sender: ipc.Sender{FrameID: "frame", URL: origin + "/", Origin: origin}, Connect: func(uint32) ipc.Link { return d }}
	}
	old := r.open(1)
	for number, c := range map[uint32]struct {
		committed string
		begins    bool
	}{2: {"https://guest.example", true}, 3: {"https://other.example", false}} {
		d := r.doc(number, "frame", "https://guest.example")
		ask := must(protocol.AppendInvoke(d.header(), 1, "who"))
		for _, packet := range [][]byte{d.hello(), ask} { // Chromium still shows the old document
			if err := r.peer.Receive(at(d, home), packet); err != nil {
				t.Fatal(err)
			}
		}
		if number == 2 {
			old.invoke(1, "who") // which still speaks for itself
			if got := result[string](old, 1); got != home {
				t.Error(got)
			}
		}
		if err := r.peer.Receive(at(d, home), d.hello()); err == nil {
			t.Error("two hellos are taken")
		}
		err := r.peer.Committed(at(d, c.committed).Sender)
		if c.begins != (err == nil) || !c.begins && !errors.Is(err, ipc.ErrStale) {
			t.Errorf("committed %s: %v", c.committed, err)
		}
		if c.begins {
			if got := result[string](d, 1); got != "https://guest.example" {
				t.Errorf("the early document passes for %s", got)
			}
		}
		d.silent()
	}
	d := r.doc(4, "frame", "https://guest.example")
	if err := r.peer.Receive(at(d, home), d.hello()); err != nil {
		t.Fatal(err)
	}
	r.peer.Close(ipc.ErrClosed)
	if !d.closed {
		t.Error("an early document's link stays open")
	}
}
