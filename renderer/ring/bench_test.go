package ring

import (
	"fmt"
	"testing"
)

// A packet through the memory and out of it again, on one thread: what copying and bookkeeping take.
func BenchmarkRead(b *testing.B) {
	for _, n := range []int{64, 1 << 10, 16 << 10, 256 << 10} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r, p := pair()
			packet := pattern(n, 1)
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				p.send(packet)
				if _, err := r.next(maxPacket); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The same the other way, but for the page's copying: it takes the bytes for read.
func BenchmarkWrite(b *testing.B) {
	for _, n := range []int{64, 1 << 10, 16 << 10, 256 << 10} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r, p := pair()
			packet := pattern(n, 1)
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				if r.Write(packet, nil, 0) != n {
					b.Fatal("no room")
				}
				r.Ring()
				p.shared.toPage.head.Store(p.shared.toPage.tail.Load())
			}
		})
	}
}

// A packet there and one back, between two threads that sleep meanwhile.
func BenchmarkRoundTrip(b *testing.B) {
	r, p := pair()
	packet := pattern(100, 1)
	go func() {
		for {
			got, err := p.next()
			if got == nil || err != nil || !p.send(got) {
				return
			}
		}
	}()
	b.ReportAllocs()
	for b.Loop() {
		r.Write(packet, nil, 0)
		r.Ring()
		if _, err := r.listen(maxPacket); err != nil {
			b.Fatal(err)
		}
	}
	r.Close()
}
