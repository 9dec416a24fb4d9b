package router_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
)

// Whatever a handler does, those of the messages behind it begin.
func TestTurnGoesOn(t *testing.T) {
	const count = 2000
	before := runtime.NumGoroutine()
	s, out := alone(t)
	var begun atomic.Int32
	all := make(chan struct{})
	router.Handle(s.router, "x", func(_ context.Context, n int) (int, error) {
		if begun.Add(1) == count {
			close(all)
		}
		switch {
		case n%10 == 7: // waits for those that come after it
			<-all
		case n%10 == 4:
			runtime.Goexit()
		case n%10 == 2:
			panic("x")
		case n%10 == 1:
			runtime.Gosched()
		}
		return n, nil
	})
	packet := header()
	for n := range count {
		packet = must(protocol.AppendInvoke(packet, uint32(n+1), "x", n))
		if n%100 == 99 {
			if err := s.give(packet); err != nil {
				t.Fatal(err)
			}
			packet = header()
		}
	}
	for range count {
		f := next(t, out)
		n := int(f.ID) - 1
		if failed := n%10 == 4 || n%10 == 2; failed != (f.Kind == protocol.KindError) {
			t.Fatalf("request %d is answered by %+v", n, f)
		}
	}
	settled(t, before)
	s.session.End(errOver)
}
