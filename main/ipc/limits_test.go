package ipc_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/protocol"
)

// The quota belongs to the window: a document that says hello again and again gets no new one.
func TestTooManyMessages(t *testing.T) {
	r := newRig(t)
	before := runtime.NumGoroutine()
	gate, entered := make(chan struct{}), make(chan struct{})
	ipc.On(r.app, "block", func(context.Context, any) { close(entered); <-gate })
	const room = protocol.MaxInFlight - 1
	all, heard := make(chan struct{}), 0
	ipc.On(r.app, "x", func(context.Context, any) {
		if heard++; heard == room {
			close(all)
		}
	})
	ipc.Handle(r.app, "x", func(context.Context, any) (any, error) { return nil, nil })
	d := r.open(1)
	d.send("block")
	wait(t, entered)
	for sent := 0; sent < room; {
		packet := d.header()
		for range min(room-sent, 1000) {
			packet, _ = protocol.AppendSend(packet, "x")
			sent++
		}
		d.must(packet)
		d = r.open(d.number + 1)
	}
	packet := must(protocol.AppendSend(d.header(), "x"))
	packet = must(protocol.AppendInvoke(packet, 1, "x"))
	packet = must(protocol.AppendInvoke(packet, 2, "x"))
	if err := d.give(packet); !errors.Is(err, protocol.ErrLimit) {
		t.Errorf("one more: %v", err)
	}
	const want = "More than 65536 messages wait, behind a listener on 'block'"
	for id := range uint32(2) {
		if f := d.answer(id + 1); f.Kind != protocol.KindError || f.Message != want {
			t.Errorf("got %v %q", f.Kind, f.Message)
		}
	}
	close(gate)
	wait(t, all)
	settled(t, before)
	d.invoke(3, "x") // there is room again
	d.answer(3)
	d.silent()
}

func TestTooManyBytes(t *testing.T) {
	r := newRig(t)
	gate, kept := make(chan struct{}), make(chan struct{}, 9)
	ipc.Handle(r.app, "keep", func(_ context.Context, args ipc.Args) (int, error) {
		kept <- struct{}{}
		<-gate
		return args.Len(), nil
	})
	d := r.open(1)
	body := make([]byte, 50<<20)
	d.invoke(1, "keep", body)
	wait(t, kept)
	d = r.open(2) // what a document leaves behind counts
	packet := must(protocol.AppendInvoke(d.header(), 2, "keep", body))
	d.must(must(protocol.AppendSend(packet, "nobody"))) // one packet counts once
	if err := d.give(must(protocol.AppendInvoke(d.header(), 3, "keep", body))); !errors.Is(err, protocol.ErrLimit) {
		t.Errorf("150 MiB: %v", err)
	}
	if f := d.answer(3); f.Kind != protocol.KindError || f.Message != "More than 134217728 bytes wait" {
		t.Errorf("got %v %q", f.Kind, f.Message)
	}
	d.invoke(4, "keep")
	close(gate)
	for _, id := range []uint32{2, 4} {
		d.answer(id)
	}
	d.invoke(5, "keep", body)
	d.answer(5)
	d.silent()
}

// What waits for a page is bounded, small messages included.
func TestTooMuchWaits(t *testing.T) {
	r := newRig(t)
	body := make([]byte, 32<<20)
	var err error
	n := 0
	for ; err == nil && n < 10; n++ {
		err = r.peer.Send("x", body)
	}
	if n != 4 || !errors.Is(err, protocol.ErrLimit) {
		t.Errorf("the %dth message: %v", n, err)
	}
	d := r.open(1)
	for range n - 1 {
		d.heard("x")
	}
	d.silent()
}

func TestOnce(t *testing.T) {
	r := newRig(t)
	var calls atomic.Int32
	ipc.HandleOnce(r.app, "x", func(_ context.Context, n int) (int, error) { calls.Add(1); return n, nil })
	ipc.Handle(r.app, "later", func(context.Context, int) (int, error) {
		ipc.HandleOnce(r.app, "x", func(context.Context, int) (int, error) { return -1, nil }) // free while the first runs
		return 0, nil
	})
	d := r.open(1)
	d.invoke(1, "x", "not a number") // does not use it up
	d.invoke(2, "x", 5)
	d.invoke(3, "x", 6)
	if f := d.answer(1); f.Name != "TypeError" {
		t.Errorf("a wrong argument: %v %s", f.Kind, f.Name)
	}
	if got := result[int](d, 2); got != 5 {
		t.Errorf("got %d", got)
	}
	if f := d.answer(3); f.Message != "No handler registered for 'x'" {
		t.Errorf("the second time: %q", f.Message)
	}
	d.invoke(4, "later")
	d.answer(4)
	d.invoke(5, "x")
	if got := result[int](d, 5); got != -1 {
		t.Errorf("got %d", got)
	}

	var heard []int
	done := make(chan []int)
	ipc.Once(r.app, "y", func(_ context.Context, n int) { heard = append(heard, n) })
	remove := ipc.Once(r.app, "y", func(context.Context, int) { t.Error("a removed listener hears") })
	remove()
	remove()
	ipc.On(r.app, "end", func(context.Context, any) { done <- heard })
	d.send("y", "not a number")
	d.send("y", 1)
	d.send("y", 2)
	d.send("end")
	if got := wait(t, done); len(got) != 1 || got[0] != 1 {
		t.Errorf("heard %v", got)
	}
	r.app.RemoveAllListeners("y", "end")
	ipc.On(r.app, "end", func(context.Context, any) { done <- nil })
	r.app.RemoveAllListeners()
	d.send("end")
	d.invoke(6, "z")
	d.answer(6)
	d.silent()
}

// Several windows ask at once for what is there once, again and again.
func TestOnceAmongWindows(t *testing.T) {
	app := newRig(t).app
	const windows, rounds = 4, 200
	var calls, wins atomic.Int32
	var all sync.WaitGroup
	for w := range windows {
		r := newRig(t)
		r.peer = ipc.NewPeer(ipc.PeerOptions{Router: ipc.NewRouter(app), Allowed: func(string, string) bool { return true }})
		d := r.open(uint32(w + 1))
		all.Go(func() {
			for id := range uint32(rounds) {
				if w == 0 {
					ipc.HandleOnce(app, fmt.Sprint(id), func(context.Context, any) (any, error) { calls.Add(1); return nil, nil })
				}
				d.invoke(id+1, fmt.Sprint(id))
				if d.answer(id+1).Kind == protocol.KindResult {
					wins.Add(1)
				}
			}
		})
	}
	all.Wait()
	if calls.Load() != wins.Load() || calls.Load() > rounds || calls.Load() == 0 {
		t.Errorf("%d calls, %d answers", calls.Load(), wins.Load())
	}
}

func TestRouters(t *testing.T) {
	r := newRig(t)
	d := r.open(1)
	frame := r.peer.Frame().IPC()
	if frame != r.peer.Frame().IPC() {
		t.Error("a frame has two routers")
	}
	named := func(s string) func(context.Context, any) (string, error) {
		return func(context.Context, any) (string, error) { return s, nil }
	}
	var heard []string
	for name, router := range map[string]*ipc.Router{"app": r.app, "window": r.window, "frame": frame} {
		ipc.Handle(router, "x", named(name))
	}
	for _, l := range []struct {
		router *ipc.Router
		name   string
	}{{r.app, "app"}, {r.window, "window"}, {frame, "frame"}, {r.app, "app 2"}, {frame, "frame 2"}} {
		ipc.On(l.router, "x", func(context.Context, any) { heard = append(heard, l.name) })
	}
	ask := func(d *doc, id uint32) string { d.invoke(id, "x"); return result[string](d, id) }
	if got := ask(d, 1); got != "frame" {
		t.Errorf("the %s's handler answers", got)
	}
	d.send("x")
	ask(d, 2)
	if got := fmt.Sprint(heard); got != "[frame frame 2 window app app 2]" {
		t.Errorf("listeners are called in the order %v", got)
	}
	frame.RemoveHandler("x")
	if got := ask(d, 3); got != "window" {
		t.Errorf("the %s's handler answers", got)
	}
	ipc.Handle(frame, "x", named("frame"))
	d = r.open(2) // the frame's go with its document
	if got := ask(d, 1); got != "window" {
		t.Errorf("the %s's handler answers the next document", got)
	}
	r.window.RemoveHandler("x")
	if got := ask(d, 2); got != "app" {
		t.Errorf("the %s's handler answers", got)
	}
}

func TestReply(t *testing.T) {
	r := newRig(t)
	gate, errs := make(chan struct{}), make(chan error, 1)
	ipc.On(r.app, "now", func(ctx context.Context, n int) { errs <- ipc.Reply(ctx, "answer", n+1) })
	ipc.On(r.app, "late", func(ctx context.Context, _ any) { <-gate; errs <- ipc.Reply(ctx, "answer") })
	old := r.open(1)
	old.send("now", 1)
	var n int
	if f := old.heard("answer"); f.Args.Decode(0, &n) != nil || n != 2 || wait(t, errs) != nil {
		t.Errorf("replied %d", n)
	}
	old.send("late")
	d := r.open(2)
	close(gate)
	if err := wait(t, errs); !errors.Is(err, ipc.ErrNavigated) {
		t.Errorf("a reply to a document that has gone: %v", err)
	}
	old.silent()
	d.silent()
	if ipc.Reply(t.Context(), "x") == nil || ipc.FrameFrom(t.Context()) != nil || ipc.SenderFrom(t.Context()) != (ipc.Sender{}) {
		t.Error("a context from elsewhere has a sender")
	}
}

// Messages from before the page's hello come first, in their order; what a stranger may not hear waits for somebody else.
func TestSendWaits(t *testing.T) {
	r := newRig(t)
	for i := range 100 {
		if err := r.peer.Send("x", i); err != nil {
			t.Fatal(err)
		}
	}
	stranger := r.doc(1, "frame", "https://stranger.example")
	stranger.must(stranger.hello())
	d := r.open(2)
	if err := r.peer.Send("x", 100); err != nil {
		t.Fatal(err)
	}
	for i := range 101 {
		var n int
		if f := d.heard("x"); f.Args.Decode(0, &n) != nil || n != i {
			t.Fatalf("message %d is %d", i, n)
		}
	}
	stranger.silent()
	d.silent()
	for _, channel := range []string{"", "oriel:x"} {
		if err := r.peer.Send(channel); !errors.Is(err, protocol.ErrChannel) {
			t.Errorf("send on %q: %v", channel, err)
		}
	}
	if err := r.peer.Send("x", 1, func() {}); !errors.Is(err, protocol.ErrUncloneable) {
		t.Errorf("send of a function: %v", err)
	}
	r.peer.Close(ipc.ErrClosed)
	if err := r.peer.Send("x"); !errors.Is(err, ipc.ErrClosed) {
		t.Errorf("send after the end: %v", err)
	}
}

// A listener that ends its goroutine does not end the line.
func TestListenerGoexit(t *testing.T) {
	r := newRig(t)
	ipc.On(r.app, "exit", func(context.Context, any) { runtime.Goexit() })
	ipc.On(r.app, "panic", func(context.Context, any) { panic("ouch") })
	ipc.Handle(r.app, "x", func(context.Context, any) (any, error) { return nil, nil })
	d := r.open(1)
	for id := range uint32(10) {
		d.send("exit")
		d.send("panic")
		d.invoke(id+1, "x")
		d.answer(id + 1)
	}
	if !r.logged("listener failed", "panic") || !r.logged("panic in a handler", "ouch") {
		t.Error("the log lacks the panic")
	}
}

// Everything at once, for the race detector: each request is answered once, or its document has gone, and nothing stays behind.
func TestStress(t *testing.T) {
	before := runtime.NumGoroutine()
	r := newRig(t)
	ipc.Handle(r.app, "quick", func(_ context.Context, n int) (int, error) { return n, nil })
	ipc.Handle(r.app, "wait", func(ctx context.Context, _ int) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
	ipc.On(r.app, "tell", func(ctx context.Context, n int) { _ = ipc.Reply(ctx, "told", n) })
	stop := make(chan struct{})
	var others sync.WaitGroup
	for range 2 {
		others.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				_ = r.peer.Send("push", 1)
				if f := r.peer.Frame(); f != nil {
					ipc.On(f.IPC(), "tell", func(context.Context, int) {})()
				}
				r.peer.Gone("frame", ipc.ErrNavigated)
				runtime.Gosched()
			}
		})
	}
	for number := uint32(1); number <= 300; number++ {
		d := r.open(number)
		for id := range uint32(20) {
			channel := []string{"quick", "wait", "tell"}[rand.IntN(3)]
			var packet []byte
			if channel == "tell" {
				packet = must(protocol.AppendSend(d.header(), channel, 1))
			} else {
				packet = must(protocol.AppendInvoke(d.header(), id+1, channel, 1))
			}
			if rand.IntN(4) == 0 {
				packet = protocol.AppendCancel(packet, id+1)
			}
			_ = d.give(packet) // the document may have gone
		}
	}
	close(stop)
	others.Wait()
	r.peer.Close(ipc.ErrClosed)
	settled(t, before)
}
