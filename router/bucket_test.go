package router

import (
	"testing"
	"time"

	"github.com/oriel-go/oriel/protocol"
)

// Every bound belongs to its own bucket and one more nanosecond to the next.
func TestBuckets(t *testing.T) {
	for i, bound := range histogramBounds {
		if got := bucketOf(bound); got != i {
			t.Errorf("%v is in bucket %d, not %d", bound, got, i)
		}
		if got := bucketOf(bound + 1); got != i+1 {
			t.Errorf("%v is in bucket %d, not %d", bound+1, got, i+1)
		}
	}
	if bucketOf(-1) != 0 || bucketOf(0) != 0 || bucketOf(1<<62) != len(histogramBounds) {
		t.Error("the ends are wrong")
	}
}

// BenchmarkCount is all the counting for one request.
func BenchmarkCount(b *testing.B) {
	r := NewRouter(nil)
	r.stats.named("notes:save")
	m := protocol.Frame{Kind: protocol.KindInvoke, Channel: "notes:save"}
	out := &buffer{packet: make([]byte, 100)}
	b.ReportAllocs()
	for b.Loop() {
		at := now()
		c := r.stats.find(m.Channel)
		c.came(&m)
		c.left(at - 300*time.Microsecond)
		c.went(out)
	}
}
