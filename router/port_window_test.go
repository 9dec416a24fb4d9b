package router_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
)

// kibi are the bytes of a message that counts 1 KiB.
var kibi = make([]byte, 1024-protocol.PostOverhead-3)

// posts counts the messages among frames.
func posts(frames []protocol.Frame) (n int) {
	for _, f := range frames {
		if f.Kind == protocol.KindPost {
			n++
		}
	}
	return n
}

// A far end that takes nothing is sent a window of messages; the rest waits here, to a limit, and goes out as it takes.
func TestPortWindow(t *testing.T) {
	s, out := alone(t)
	p := taken(t, s, 1)
	const window = protocol.PortWindow >> 10
	for range window - 1 + protocol.MaxPortBytes>>10 {
		post(t, p, kibi)
	}
	post(t, p, kibi)
	if n := posts(drain(t, out)); n != window {
		t.Errorf("%d messages are sent, not %d", n, window)
	}
	other, _ := router.NewMessageChannel()
	if err := p.Post(kibi, other); !errors.Is(err, protocol.ErrLimit) {
		t.Errorf("one message more: %v", err)
	}
	post(t, other, "still here")
	if err := s.give(protocol.AppendTaken(header(), 1, 3<<10)); err != nil {
		t.Fatal(err)
	}
	if n := posts(drain(t, out)); n != 3 {
		t.Errorf("%d messages follow when 3 are taken", n)
	}
	post(t, p, kibi)
	// The end follows the last of them.
	p.Close()
	for left := protocol.MaxPortBytes>>10 - 2; left > 0; left -= window {
		if err := s.give(protocol.AppendTaken(header(), 1, protocol.PortWindow)); err != nil {
			t.Fatal(err)
		}
		frames := drain(t, out)
		if left >= window {
			if n := posts(frames); n != window || len(frames) != window {
				t.Fatalf("%d messages and %d frames follow when a window is taken", n, len(frames))
			}
		} else if last := frames[len(frames)-1]; posts(frames) != left || last.Kind != protocol.KindClose {
			t.Errorf("in the end come %d messages, not %d, and %v", posts(frames), left, last.Kind)
		}
	}
}

// A message that is larger than the window goes alone.
func TestPortWindowLarge(t *testing.T) {
	s, out := alone(t)
	p := taken(t, s, 1)
	large := make([]byte, 3*protocol.PortWindow)
	post(t, p, large)
	post(t, p, "next")
	frames := drain(t, out)
	if posts(frames) != 1 {
		t.Fatalf("%d messages are sent", posts(frames))
	}
	if err := s.give(protocol.AppendTaken(header(), 1, uint32(protocol.PostCost(frames[0].Args.Size())))); err != nil {
		t.Fatal(err)
	}
	if n := posts(drain(t, out)); n != 1 {
		t.Errorf("%d messages follow", n)
	}
}

// A writer that waits for the other side has no more than a window ahead of it, over a session and without one, and loses nothing.
func TestPostContext(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	a, b := router.NewMessageChannel()
	c, d := router.NewMessageChannel()
	for name, ends := range map[string][2]*router.Port{"here": {c, d}, "there": {a, sentPort(t, near, far, b)}} {
		from, to := ends[0], ends[1]
		ctx, cancel := context.WithCancelCause(t.Context())
		sent := make(chan int, 1)
		go func() {
			n := 0
			for from.PostContext(ctx, append([]byte{byte(n)}, kibi...)) == nil {
				n++
			}
			sent <- n
		}()
		heard := make(chan byte)
		step := make(chan bool)
		router.OnMessage(to, func(_ context.Context, v []byte) {
			heard <- v[0]
			<-step
		})
		to.Start()
		for i := range 5000 {
			if got := wait(t, heard); got != byte(i) {
				t.Fatalf("%s: message %d has number %d", name, i, got)
			}
			step <- true
		}
		wait(t, heard)
		cancel(errOver)
		n := wait(t, sent)
		if ahead := n - 5001; ahead < 0 || ahead > 2*protocol.PortWindow>>10+1 {
			t.Errorf("%s: the writer is %d messages ahead", name, ahead)
		}
		if err := from.PostContext(ctx, 1); err != nil && !errors.Is(err, errOver) {
			t.Errorf("%s: %v", name, err)
		}
		close(step)
		go func() {
			for {
				select {
				case <-heard:
				case <-t.Context().Done():
					return
				}
			}
		}()
		to.Close()
		wait(t, from.Done())
		if err := from.PostContext(t.Context(), 1); !errors.Is(err, router.ErrPortClosed) {
			t.Errorf("%s: to a closed port: %v", name, err)
		}
	}
	if err := errors.Join(near.problem(), far.problem()); err != nil {
		t.Error(err)
	}
}

// A writer that waits is told when the port ends or moves.
func TestPostContextEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(a, b *router.Port)
		want error
	}{
		"closed here":  {func(a, _ *router.Port) { a.Close() }, router.ErrPortClosed},
		"closed there": {func(_, b *router.Port) { b.Close() }, router.ErrPortClosed},
		"moved": {func(a, _ *router.Port) {
			x, _ := router.NewMessageChannel()
			_ = x.Post(1, a)
		}, router.ErrPortMoved},
	} {
		a, b := router.NewMessageChannel()
		post(t, a, make([]byte, protocol.PortWindow))
		failed := make(chan error, 1)
		go func() { failed <- a.PostContext(t.Context(), 1) }()
		select {
		case err := <-failed:
			t.Fatalf("%s: the writer does not wait: %v", name, err)
		case <-time.After(10 * time.Millisecond):
		}
		c.end(a, b)
		if err := wait(t, failed); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		runtime.KeepAlive(b)
	}
}

// What a far end posts to another one waits here when that takes no more, and its own window stays shut meanwhile.
func TestPortRelayWindow(t *testing.T) {
	s, out := alone(t)
	to, toOut := alone(t)
	if err := to.session.Send("port", taken(t, s, 1)); err != nil {
		t.Fatal(err)
	}
	number := drain(t, toOut)[0].Ports[0]
	frame := must(protocol.Writer{}.AppendPost(header(), 1, kibi))
	const window = protocol.PortWindow >> 10
	for range window {
		if err := s.give(append([]byte(nil), frame...)); err != nil {
			t.Fatal(err)
		}
	}
	if n := posts(drain(t, toOut)); n != window {
		t.Fatalf("%d messages are passed on", n)
	}
	if f := drain(t, out); len(f) != 4 || f[0].Kind != protocol.KindTaken || f[0].Credit != protocol.PortWindow/4 {
		t.Fatalf("passing on says %v", f)
	}
	for range window {
		if err := s.give(append([]byte(nil), frame...)); err != nil {
			t.Fatal(err)
		}
	}
	if f := append(drain(t, out), drain(t, toOut)...); len(f) != 0 {
		t.Errorf("with nothing taken, %d frames are sent", len(f))
	}
	if err := to.give(protocol.AppendTaken(header(), number, protocol.PortWindow/4)); err != nil {
		t.Fatal(err)
	}
	if f := drain(t, out); len(f) != 1 || f[0].Kind != protocol.KindTaken || posts(drain(t, toOut)) != window/4 {
		t.Errorf("a quarter is taken, and the other side told %v", f)
	}
	// The end comes behind what waits.
	if err := s.give(protocol.AppendClose(header(), 1)); err != nil {
		t.Fatal(err)
	}
	if err := to.give(protocol.AppendTaken(header(), number, protocol.PortWindow)); err != nil {
		t.Fatal(err)
	}
	if f := drain(t, toOut); posts(f) != 3*window/4 || f[len(f)-1].Kind != protocol.KindClose {
		t.Errorf("in the end come %d messages and %v", posts(f), f[len(f)-1].Kind)
	}
}

// A port in a message that waits is there when that comes, and what was posted to it behind it.
func TestPortInWaitingMessage(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	a, b := router.NewMessageChannel()
	there := sentPort(t, near, far, b)
	post(t, a, make([]byte, protocol.PortWindow))
	x, y := router.NewMessageChannel()
	post(t, x, "before")
	post(t, a, nil, y)
	post(t, x, "after")
	came := make(chan *router.Port, 1)
	router.OnMessageFunc(there, func(_ any, ports ...*router.Port) {
		if len(ports) > 0 {
			came <- ports[0]
		}
	})
	there.Start()
	values, _ := inbox(wait(t, came))
	expect(t, values, "before", "after")
	// One that nobody will hear is closed.
	v, w := router.NewMessageChannel()
	_, closed := inbox(v)
	_, p := router.NewMessageChannel()
	q := sentPort(t, near, far, p)
	post(t, q, "to a dropped port")
	first, second := router.NewMessageChannel()
	last := sentPort(t, near, far, second)
	post(t, first, make([]byte, protocol.PortWindow))
	post(t, first, nil, w)
	last.Close()
	wait(t, closed)
}

// A port that the app has let go of is closed, unless it hears or is waited for.
func TestPortDropped(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	ended := func() (p *router.Port, done <-chan struct{}) {
		a, b := router.NewMessageChannel()
		_, closed := inbox(sentPort(t, near, far, b))
		return a, closed
	}
	collected := func(done <-chan struct{}) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; runtime.GC() {
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
			}
			if time.Now().After(deadline) {
				t.Fatal("the other side is not told")
			}
		}
	}
	p, done := ended()
	post(t, p, 1)
	p.Start()
	collected(done)
	heard := make(chan any, 1)
	c, d := router.NewMessageChannel()
	there := sentPort(t, near, far, d)
	router.OnMessage(c, func(_ context.Context, v any) { heard <- v })
	c.Start()
	for range 5 {
		runtime.GC()
	}
	post(t, there, "x")
	if v := wait(t, heard); v != "x" {
		t.Errorf("a port with a listener hears %v", v)
	}
	e, f := router.NewMessageChannel()
	there = sentPort(t, near, far, f)
	ends := e.Done()
	for range 5 {
		runtime.GC()
	}
	post(t, there, "x")
	there.Close()
	select {
	case <-ends:
		t.Error("a port that is waited for ends")
	default:
	}
}

// A port that is closed already is so where it is sent.
func TestPortClosedBeforeSent(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	for name, end := range map[string]func(here, there *router.Port){
		"here": func(_, there *router.Port) { there.Close() },
		"by the other side": func(here, there *router.Port) {
			here.Close()
			wait(t, there.Done())
		},
	} {
		here, there := router.NewMessageChannel()
		end(here, there)
		_, closed := inbox(sentPort(t, near, far, there))
		wait(t, closed)
		here, there = router.NewMessageChannel()
		end(here, there)
		a, b := router.NewMessageChannel()
		came := make(chan *router.Port, 1)
		router.OnMessageFunc(b, func(_ any, p *router.Port) { came <- p })
		b.Start()
		post(t, a, nil, there)
		p := wait(t, came)
		_, closed = inbox(p)
		wait(t, closed)
		wait(t, p.Done())
		for deadline := time.Now().Add(20 * time.Second); near.router.Stats().Ports.Open+far.router.Stats().Ports.Open != 0; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("closed %s: %+v, %+v", name, near.router.Stats().Ports, far.router.Stats().Ports)
			}
		}
	}
	if err := errors.Join(near.problem(), far.problem()); err != nil {
		t.Error(err)
	}
}

// Ports that come back from where they were sent, and whose ends are dropped in any order, leave nothing open.
func TestPortsThereAndBack(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	router.On(far.router, "port", func(_ context.Context, p *router.Port) {
		router.OnMessageFunc(p, func(v any, ports ...*router.Port) { _ = p.Post(v, ports...) })
		p.Start()
	})
	for range 5 {
		heard := make(chan bool, 100)
		var ends []*router.Port
		for range cap(heard) {
			here, there := router.NewMessageChannel()
			_, extra := router.NewMessageChannel()
			router.OnMessageFunc(here, func(_ any, ports ...*router.Port) { heard <- true })
			here.Start()
			post(t, here, 1, extra)
			if err := near.session.Send("port", there); err != nil {
				t.Fatal(err)
			}
			ends = append(ends, here)
		}
		for range ends {
			wait(t, heard)
		}
		for _, p := range ends {
			p.Close()
		}
		for deadline := time.Now().Add(20 * time.Second); ; runtime.GC() {
			one, two := near.router.Stats().Ports, far.router.Stats().Ports
			if one.Open == 0 && two.Open == 0 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%+v, %+v", one, two)
			}
		}
	}
	if err := errors.Join(near.problem(), far.problem()); err != nil {
		t.Error(err)
	}
}
