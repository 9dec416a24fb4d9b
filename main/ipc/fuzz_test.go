package ipc_test

import (
	"context"
	"runtime"
	"testing"

	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/protocol"
)

// FuzzPeer gives a peer packets of several documents, frames and origins, and Chromium's news of them, in any order: each link that is opened
// is closed once, the app is never told another sender than Chromium named, and nothing is left in the end.
func FuzzPeer(f *testing.F) {
	f.Add([]byte{0, 1, 0, 1, 2, 1, 0, 1, 3, 1, 0, 4})
	f.Add([]byte{0, 1, 2, 3, 0, 1, 1, 1, 2, 2, 2, 1, 0, 0, 0, 5, 0, 0, 1, 6, 1, 7})
	f.Add([]byte{0, 9, 0, 17, 0, 25, 1, 9, 2, 9, 8, 9, 0x93, 2, 0xa1, 'x', 0x90, 7, 1, 0, 1})
	f.Fuzz(func(t *testing.T, input []byte) {
		before := runtime.NumGoroutine()
		r := newRig(t)
		check := func(ctx context.Context) {
			if s := ipc.SenderFrom(ctx); s.Origin+"/" != s.URL {
				t.Errorf("the sender is %+v", s)
			}
		}
		ipc.Handle(r.app, "x", func(ctx context.Context, v any) (any, error) { check(ctx); return v, nil })
		ipc.Handle(r.app, "wait", func(ctx context.Context, _ any) (any, error) { check(ctx); <-ctx.Done(); return nil, ctx.Err() })
		ipc.On(r.app, "x", func(ctx context.Context, _ ipc.Args) { check(ctx) })
		var links []*doc
		next := func() (b byte) {
			if len(input) > 0 {
				b, input = input[0], input[1:]
			}
			return b
		}
		for len(input) > 0 {
			what, who := next(), next()
			d := r.doc(uint32(who%8)+1, []string{"frame", "other"}[who>>3&1], []string{home, "https://evil.example"}[who>>4&1])
			give := func(packet []byte, err error) {
				if err != nil {
					t.Fatal(err)
				}
				conn := ipc.Conn{Sender: d.sender(), Connect: func(uint32) ipc.Link { links = append(links, d); return d }}
				_ = r.peer.Receive(conn, packet)
			}
			switch what % 10 {
			case 0:
				give(d.hello(), nil)
			case 1: // of an address that Chromium does not show yet
				give(protocol.AppendSend(protocol.AppendHello(d.header()), "oriel:document", home+"/elsewhere"))
			case 2:
				give(protocol.AppendInvoke(d.header(), uint32(next()), "x", who))
			case 3:
				give(protocol.AppendInvoke(d.header(), uint32(next()), "wait"))
			case 4:
				_ = r.peer.Committed(d.sender())
			case 5:
				r.peer.Gone(d.frame, ipc.ErrNavigated)
			case 6:
				r.peer.End(ipc.ErrRendererGone)
			case 7:
				_ = r.peer.Send("x", who)
			case 8:
				n := min(int(next()), len(input))
				give(append(d.header(), input[:n]...), nil)
				input = input[n:]
			case 9:
				give(protocol.AppendSend(protocol.AppendHello(d.header()), "x"))
			}
		}
		r.peer.Close(ipc.ErrClosed)
		settled(t, before)
		for _, d := range links {
			if !d.closed { // doc itself complains about being closed twice
				t.Errorf("the link of document %d stays open", d.number)
			}
		}
	})
}
