package router_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
)

// tick is a link that only tells that something was sent.
type tick chan struct{}

func (t tick) Send([]byte) error { t <- struct{}{}; return nil }
func (t tick) Close()            {}

// growing gives a session, whose router has as many handlers and listeners as channels, a packet for one after the other.
func growing(b *testing.B, frame func(i int) []byte) {
	for _, n := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := router.NewRouter(nil)
			link := make(tick, 1)
			for i := range n {
				channel := fmt.Sprint("channel", i)
				router.Handle(r, channel, func(_ context.Context, in int) (int, error) { return in, nil })
				router.On(r, channel, func(context.Context, int) { link <- struct{}{} })
			}
			s := router.NewLine(router.LineOptions{Router: r}).Begin(router.SessionOptions{Link: link, Document: 1})
			packets := make([][]byte, min(n, 1000))
			for i := range packets {
				packets[i] = frame(i * n / len(packets))
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				p, err := protocol.Parse(packets[i%len(packets)])
				if err == nil {
					err = s.Receive(nil, p.Frames, 64)
				}
				if err != nil {
					b.Fatal(err)
				}
				<-link
			}
		})
	}
}

// BenchmarkHandlers is one request at a time, BenchmarkListeners one message at a time, each on the next of so many channels.
func BenchmarkHandlers(b *testing.B) {
	growing(b, func(i int) []byte { return must(protocol.AppendInvoke(header(), 1, fmt.Sprint("channel", i), 7)) })
}

func BenchmarkListeners(b *testing.B) {
	growing(b, func(i int) []byte { return must(protocol.AppendSend(header(), fmt.Sprint("channel", i), 7)) })
}
