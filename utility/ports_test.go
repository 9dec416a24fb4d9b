package utility_test

import (
	"context"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/router"
	"github.com/oriel-go/oriel/utility"
)

func init() {
	utility.Register("waystation", func(ctx context.Context, p *utility.Port) error {
		var kept []*router.Port
		router.Handle(p.IPC(), "pass", func(_ context.Context, x *router.Port) (*router.Port, error) { return x, nil })
		router.Handle(p.IPC(), "through", func(_ context.Context, x *router.Port) (*router.Port, error) {
			a, b := router.NewMessageChannel() // inside of a message that nobody has heard yet
			return b, a.Post("inside", x)
		})
		router.HandleFunc(p.IPC(), "keep", func(_ context.Context, xs ...*router.Port) error { kept = append(kept, xs...); return nil })
		router.HandleFunc(p.IPC(), "join", func(_ context.Context, a, b *router.Port) error {
			router.OnMessage(a, func(_ context.Context, n int) { _ = b.PostContext(ctx, n+1) })
			a.Start()
			kept = append(kept, a, b)
			return nil
		})
		return p.Serve(ctx)
	})
}

// hears collects the numbers that come through a port, and its end.
func hears(p *router.Port) (numbers <-chan int, closed <-chan bool) {
	n, c := make(chan int, 1<<16), make(chan bool, 1)
	router.OnMessage(p, func(_ context.Context, v int) { n <- v })
	p.OnClose(func() { close(c) })
	p.Start()
	return n, c
}

// call has a process do something with ports, and gives back the one that comes.
func call(t *testing.T, p *utility.Process, what string, ports ...*router.Port) *router.Port {
	t.Helper()
	args := make([]any, len(ports))
	for i, x := range ports {
		args[i] = x
	}
	var back *router.Port
	if err := p.Port().Invoke(t.Context(), what, &back, args...); err != nil {
		t.Fatal(err)
	}
	return back
}

// A port that goes from process to process, also within messages through other ports, while its other end is posted to brings everything in order.
func TestPortTravels(t *testing.T) {
	const hops, n = 10, 5000
	ways := []*utility.Process{fork(t, "waystation", utility.Options{}), fork(t, "waystation", utility.Options{})}
	here, there := router.NewMessageChannel()
	done := make(chan error, 1)
	go func() {
		for i := range n {
			if err := here.PostContext(t.Context(), i); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for i := range hops {
		if i%3 == 2 {
			outer := call(t, ways[i%2], "through", there)
			came := make(chan *router.Port, 1)
			router.OnMessageFunc(outer, func(_ string, x *router.Port) { came <- x })
			outer.Start()
			there = next(t, came)
			outer.Close()
		} else {
			there = call(t, ways[i%2], "pass", there)
		}
	}
	numbers, closed := hears(there)
	for i := range n {
		if got := next(t, numbers); got != i {
			t.Fatalf("message %d is %d", i, got)
		}
	}
	if err := next(t, done); err != nil {
		t.Fatal(err)
	}
	here.Close()
	next(t, closed)
}

// Whichever process on a port's way is killed, in the middle of messages, both ends that are left hear of the end of theirs, after what had come, and nothing stays.
func TestPortsOfKilled(t *testing.T) {
	round := func() {
		a, b := fork(t, "waystation", utility.Options{}), fork(t, "waystation", utility.Options{})
		// a has the middle of here … a … b, b the middle of b … there: ours ↔ (a joins) ↔ (b joins) ↔ ours.
		one, oneA := router.NewMessageChannel()
		aOut, bIn := router.NewMessageChannel()
		bOut, last := router.NewMessageChannel()
		call(t, a, "join", oneA, aOut)
		call(t, b, "join", bIn, bOut)
		x, y := router.NewMessageChannel() // both in one process
		v, w := router.NewMessageChannel() // in a message that waits at a port there
		carrier, far := router.NewMessageChannel()
		call(t, b, "keep", x, y)
		call(t, b, "keep", far)
		if err := carrier.Post(1, w); err != nil {
			t.Fatal(err)
		}
		_, vClosed := hears(v)
		_, carrierClosed := hears(carrier)
		numbers, lastClosed := hears(last)
		_, oneClosed := hears(one)
		stop := make(chan bool)
		go func() {
			defer close(stop)
			for i := 0; one.PostContext(t.Context(), i) == nil; i++ {
			}
		}()
		for i := range 100 {
			if got := next(t, numbers); got != i+2 {
				t.Fatalf("message %d is %d", i, got)
			}
		}
		_ = unix.Kill(b.PID(), unix.SIGKILL)
		next(t, lastClosed)
		next(t, vClosed)
		next(t, carrierClosed)
		for i := 100; len(numbers) > 0; i++ {
			if got := <-numbers; got != i+2 {
				t.Fatalf("message %d is %d", i, got)
			}
		}
		_ = unix.Kill(a.PID(), unix.SIGKILL)
		next(t, oneClosed)
		next(t, stop)
		wait(t, a)
		wait(t, b)
	}
	round()
	fds, goroutines, _ := held(t)
	for range 5 {
		round()
	}
	eventually(t, "as much is held as before", func() bool {
		f, g, _ := held(t)
		return f <= fds && g <= goroutines
	})
}
