package ipc_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/protocol"
)

// While a page is leaving, main says nothing new to it; what it says itself is heard and answered.
func TestLeave(t *testing.T) {
	r := newRig(t)
	replied := make(chan error, 1)
	ipc.On(r.app, "bye", func(ctx context.Context, _ any) { replied <- ipc.Reply(ctx, "x") })
	ipc.Handle(r.app, "ask", func(context.Context, any) (int, error) { return 7, nil })
	asked := make(chan error, 2)
	ask := func() { asked <- r.peer.Invoke(context.Background(), "x", nil) }
	go ask()
	d := r.open(1)
	question := d.heardQuestion("x")
	r.peer.Leave(ipc.ErrClosed)
	r.peer.Leave(errors.New("another cause"))
	for name, err := range map[string]error{"window": r.peer.Send("x"), "document": r.peer.Frame().Send("x"), "question": r.peer.Invoke(t.Context(), "x", nil)} {
		if !errors.Is(err, ipc.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	d.send("bye")
	if err := wait(t, replied); !errors.Is(err, ipc.ErrClosed) {
		t.Errorf("a reply: %v", err)
	}
	d.invoke(1, "ask")
	if got := result[int](d, 1); got != 7 {
		t.Errorf("the page's question is answered by %d", got)
	}
	d.must(must(protocol.AppendResult(d.header(), question, nil)))
	if err := wait(t, asked); err != nil {
		t.Errorf("what was asked before: %v", err)
	}
	d = r.open(2)
	if err := r.peer.Frame().Send("x"); !errors.Is(err, ipc.ErrClosed) {
		t.Errorf("the next document: %v", err)
	}
	r.peer.Close(ipc.ErrClosed)
	d.silent()
}

// Who waits for a page to ask hears when there will be none.
func TestInvokeWithoutDocument(t *testing.T) {
	for name, end := range map[string]func(p *ipc.Peer){
		"leave": func(p *ipc.Peer) { p.Leave(ipc.ErrClosed) },
		"close": func(p *ipc.Peer) { p.Close(ipc.ErrClosed) },
		"both":  func(p *ipc.Peer) { p.Leave(ipc.ErrClosed); p.Close(ipc.ErrClosed) },
	} {
		synctest.Test(t, func(t *testing.T) {
			r, asked := newRig(t), make(chan error, 1)
			go func() { asked <- r.peer.Invoke(context.Background(), "x", nil) }()
			synctest.Wait() // it waits
			end(r.peer)
			if err := wait(t, asked); !errors.Is(err, ipc.ErrClosed) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	r, over := newRig(t), errors.New("over")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(over)
	if err := r.peer.Invoke(ctx, "x", nil); !errors.Is(err, over) {
		t.Error(err)
	}
	if err := r.peer.Invoke(t.Context(), "oriel:x", nil); !errors.Is(err, protocol.ErrChannel) {
		t.Error(err)
	}
}
