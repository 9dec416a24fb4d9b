package router_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
)

// A fullLink takes nothing more once it is full.
type fullLink struct {
	full atomic.Bool
	sent atomic.Int64
}

func (l *fullLink) Send([]byte) error {
	if l.full.Load() {
		return fmt.Errorf("%w: full", protocol.ErrLimit)
	}
	l.sent.Add(1)
	return nil
}

func (l *fullLink) Close() {}

// relay joins a port that the far end of s has sent to the far end of another session.
func relay(t testing.TB, s *side, link router.Link) *router.Session {
	p := taken(t, s, 1)
	to := s.line.Begin(router.SessionOptions{Link: link, Document: 1})
	if err := to.Send("port", p); err != nil {
		t.Fatal(err)
	}
	return to
}

// Where the far end of a relay takes no more, the channel is closed at both ends rather than that a message is missing.
func TestPortRelayFull(t *testing.T) {
	s, out := alone(t)
	link := &fullLink{}
	relay(t, s, link)
	message := must(protocol.Writer{}.AppendPost(header(), 1, "x"))
	if err := s.give(message); err != nil || link.sent.Load() != 2 {
		t.Fatalf("%v; %d packets", err, link.sent.Load())
	}
	drain(t, out)
	link.full.Store(true)
	if err := s.give(message); err == nil {
		t.Error("a message is lost in silence")
	}
	if f := drain(t, out); len(f) != 1 || f[0].Kind != protocol.KindClose || f[0].ID != 1 {
		t.Errorf("the near end is told %v", f)
	}
	if !s.logged("message port closed") {
		t.Error("the log does not tell")
	}
	if err := s.give(message); err != nil {
		t.Errorf("a message that crosses the close: %v", err)
	}
}

// Posting, moving and ending at once: nothing hangs, nothing is left.
func TestPortStress(t *testing.T) {
	before := runtime.NumGoroutine()
	var ends []*side
	t.Run("rounds", func(t *testing.T) {
		for range 20 {
			one, two := pair(t, router.SessionOptions{})
			three, four := pair(t, router.SessionOptions{})
			ends = append(ends, one, two, three, four)
			for _, s := range []*side{two, four} {
				router.On(s.router, "port", func(_ context.Context, p *router.Port) {
					router.OnMessageFunc(p, func(v any, ports ...*router.Port) { _ = p.Post(v, ports...) })
					p.Start()
				})
			}
			var all sync.WaitGroup
			for i := range 8 {
				a, b := router.NewMessageChannel()
				_ = one.session.Send("port", a)
				_ = three.session.Send("port", b)
				c, d := router.NewMessageChannel()
				_ = []*side{one, three}[i%2].session.Send("port", d)
				router.OnMessageFunc(c, func(_ any, ports ...*router.Port) {
					for _, p := range ports {
						p.Close()
					}
				})
				c.Start()
				all.Go(func() {
					for n := range 50 {
						x, y := router.NewMessageChannel()
						_ = x.Post(n)
						_ = c.Post(n, x)
						y.Close()
					}
				})
				if i == 5 {
					all.Go(func() { two.session.End(errOver) })
				}
			}
			all.Wait()
			one.session.End(errOver)
			three.session.End(errOver)
		}
	})
	for _, s := range ends {
		if err := s.problem(); errors.Is(err, router.ErrUnexpected) {
			t.Errorf("a side has broken the protocol: %v", err)
		}
	}
	settled(t, before)
}

// BenchmarkPortRelay is what main does for a message of 1 KiB from one far end to another one, which takes it, besides the links.
func BenchmarkPortRelay(b *testing.B) {
	s, out := alone(b)
	go func() {
		for range out {
		}
	}()
	to := relay(b, s, &fullLink{})
	packet := must(protocol.Writer{}.AppendPost(header(), 1, make([]byte, 1024)))
	const cost, number, each = 1024 + 3 + protocol.PostOverhead, 2, protocol.PortWindow / 4 >> 10
	taken, err := protocol.Parse(protocol.AppendTaken(header(), number, cost*each))
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	b.SetBytes(1024)
	b.ReportAllocs()
	for b.Loop() {
		parsed, err := protocol.Parse(packet)
		if err == nil {
			err = s.session.Receive(nil, parsed.Frames, len(packet))
		}
		if n++; err == nil && n%each == 0 {
			err = to.Receive(nil, taken.Frames, 20)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPortRelays is the same by as many goroutines as there are processors, each with 50 channels between two far ends of its own: what
// they wait for each other.
func BenchmarkPortRelays(b *testing.B) {
	for _, size := range []int{16, 1024, 64 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.SetBytes(int64(size))
			b.RunParallel(func(pb *testing.PB) {
				s, out := alone(b)
				go func() {
					for range out {
					}
				}()
				var numbers []token
				for i := range 50 {
					numbers = append(numbers, token(2*i+1))
				}
				var ports []any
				came := make(chan []*router.Port, 1)
				router.OnFunc(s.router, "ports", func(ports ...*router.Port) { came <- ports })
				args := make([]any, len(numbers))
				for i, n := range numbers {
					args[i] = n
				}
				if err := s.give(must(withTokens().AppendSend(header(), "ports", args...))); err != nil {
					b.Error(err)
				}
				for _, p := range <-came {
					ports = append(ports, p)
				}
				to := s.line.Begin(router.SessionOptions{Link: &fullLink{}, Document: 1})
				if err := to.Send("ports", ports...); err != nil {
					b.Error(err)
				}
				data := make([]byte, size)
				var packets [][]byte
				for _, n := range numbers {
					packets = append(packets, must(protocol.Writer{}.AppendPost(header(), uint32(n), data)))
				}
				posted, _ := protocol.Parse(packets[0])
				cost := uint32(protocol.PostCost(posted.Frames[0].Args.Size()))
				each := int(protocol.PortWindow/4/cost) + 1
				for n := 0; pb.Next(); n++ {
					channel := n % len(packets)
					parsed, err := protocol.Parse(packets[channel])
					if err == nil {
						err = s.session.Receive(nil, parsed.Frames, len(packets[channel]))
					}
					if err == nil && n/len(packets)%each == each-1 {
						var taken protocol.Packet
						taken, err = protocol.Parse(protocol.AppendTaken(header(), uint32(2*channel+2), cost*uint32(each)))
						if err == nil {
							err = to.Receive(nil, taken.Frames, 20)
						}
					}
					if err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
