package host

import (
	"runtime"
	"testing"
	"time"

	"go.uber.org/zap"
)

// What a page brings about waits within a bound; what the app asks for is always taken.
func TestOffer(t *testing.T) {
	q := Queue{Log: zap.NewNop()}
	var e Event[int]
	heard, gate, done := 0, make(chan struct{}), make(chan struct{})
	e.On(func(int) { heard++ })
	begun := make(chan struct{})
	q.Add(func() { close(begun); <-gate })
	<-begun // and waits no more
	for i := range MaxOffered {
		if !e.Offer(&q, i) {
			t.Fatalf("offer %d is not taken", i)
		}
	}
	if e.Offer(&q, 0) {
		t.Error("one more is taken")
	}
	e.Emit(&q, 0)
	q.Add(func() { close(done) })
	close(gate)
	<-done
	if heard != MaxOffered+1 {
		t.Errorf("%d were heard", heard)
	}
	if !e.Offer(&q, 0) {
		t.Error("there is room, and it is not taken")
	}
}

// What panics or ends its goroutine is over, and the next one has its turn.
func TestUnluckyFunctions(t *testing.T) {
	q := Queue{Log: zap.NewNop()}
	done := make(chan struct{})
	q.Add(func() { panic("unlucky") })
	q.Add(runtime.Goexit)
	q.Add(runtime.Goexit)
	q.Add(func() { close(done) })
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("what came after them was not called")
	}
}
