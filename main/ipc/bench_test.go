package ipc_test

import (
	"context"
	"slices"
	"testing"

	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/protocol"
)

// signal is a link that only tells that something was sent.
type signal chan struct{}

func (s signal) Send([]byte) error { s <- struct{}{}; return nil }
func (s signal) Close()            {}

// SendTail is what the link of a window does: the bytes are not put together first.
func (s signal) SendTail(_, _ []byte) error { s <- struct{}{}; return nil }

// BenchmarkInvoke is one request at a time: from the callback that brings the packet to the link that takes the answer.
func BenchmarkInvoke(b *testing.B) {
	for _, size := range []int{16, 1 << 10, 64 << 10, 1 << 20} {
		b.Run(name(size), func(b *testing.B) {
			r := newRig(b)
			ipc.Handle(r.app, "echo", func(_ context.Context, in []byte) ([]byte, error) { return in, nil })
			bench(b, r, must(protocol.AppendInvoke(protocol.AppendHeader(nil, 1), 1, "echo", make([]byte, size))), 1)
		})
	}
	b.Run("struct", func(b *testing.B) {
		r := newRig(b)
		ipc.Handle(r.app, "echo", func(_ context.Context, in note) (note, error) { return in, nil })
		bench(b, r, must(protocol.AppendInvoke(protocol.AppendHeader(nil, 1), 1, "echo", note{"title", []string{"a", "b"}})), 1)
	})
	b.Run("interceptor", func(b *testing.B) {
		r := newRig(b)
		r.app.Use(func(next ipc.Handler) ipc.Handler {
			return func(ctx context.Context, c *ipc.Call) (any, error) { return next(ctx, c) }
		})
		ipc.Handle(r.app, "echo", func(_ context.Context, in []byte) ([]byte, error) { return in, nil })
		bench(b, r, must(protocol.AppendInvoke(protocol.AppendHeader(nil, 1), 1, "echo", make([]byte, 16))), 1)
	})
	b.Run("packet of 100", func(b *testing.B) {
		r := newRig(b)
		ipc.Handle(r.app, "echo", func(_ context.Context, in []byte) ([]byte, error) { return in, nil })
		packet := protocol.AppendHeader(nil, 1)
		for id := range uint32(100) {
			packet = must(protocol.AppendInvoke(packet, id+1, "echo", make([]byte, 16)))
		}
		bench(b, r, packet, 100)
	})
}

// BenchmarkSend is one message at a time.
func BenchmarkSend(b *testing.B) {
	r := newRig(b)
	link := make(signal, 1)
	ipc.On(r.app, "tell", func(context.Context, []byte) { link <- struct{}{} })
	connect(b, r, link)
	packet := must(protocol.AppendSend(protocol.AppendHeader(nil, 1), "tell", make([]byte, 16)))
	receive(b, r, packet, link, 1)
}

// BenchmarkPush is one message to the page at a time.
func BenchmarkPush(b *testing.B) {
	r := newRig(b)
	link := make(signal, 1)
	connect(b, r, link)
	b.ReportAllocs()
	for b.Loop() {
		if err := r.peer.Send("push", 7); err != nil {
			b.Fatal(err)
		}
		<-link
	}
}

func name(size int) string {
	return map[int]string{16: "16B", 1 << 10: "1KiB", 64 << 10: "64KiB", 1 << 20: "1MiB"}[size]
}

func bench(b *testing.B, r *rig, packet []byte, answers int) {
	link := make(signal, answers)
	connect(b, r, link)
	receive(b, r, packet, link, answers)
}

func connect(b *testing.B, r *rig, link ipc.Link) {
	conn := ipc.Conn{Sender: sender, Connect: func(uint32) ipc.Link { return link }}
	if err := r.peer.Receive(conn, must(protocol.AppendSend(protocol.AppendHello(protocol.AppendHeader(nil, 1)), "oriel:document", home+"/"))); err != nil {
		b.Fatal(err)
	}
}

var sender = ipc.Sender{WindowID: 1, FrameID: "frame", MainFrame: true, URL: home + "/", Origin: home}

// receive hands the packet over; its copy is counted, as it is the one that the window makes of Chromium's.
func receive(b *testing.B, r *rig, packet []byte, link signal, answers int) {
	conn := ipc.Conn{Sender: sender}
	b.SetBytes(int64(len(packet)))
	b.ReportAllocs()
	for b.Loop() {
		if err := r.peer.Receive(conn, slices.Clone(packet)); err != nil {
			b.Fatal(err)
		}
		for range answers {
			<-link
		}
	}
}
