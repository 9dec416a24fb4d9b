package ipc_test

import (
	"context"
	"errors"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
)

// sized is a packet of exactly that many bytes, made by make from an argument.
func sized(t *testing.T, size int, make func(body []byte) []byte) []byte {
	t.Helper()
	full := make(bytesOf(size))
	packet := make(bytesOf(size - (len(full) - size)))
	if len(packet) != size {
		t.Fatalf("the packet has %d bytes, not %d", len(packet), size)
	}
	return packet
}

func bytesOf(n int) []byte { return make([]byte, n) }

// As many bytes as may wait for main are taken, and not one more.
func TestBytesInLineEdge(t *testing.T) {
	r := newRig(t)
	gate := make(chan struct{})
	ipc.Handle(r.app, "keep", func(_ context.Context, args ipc.Args) (int, error) { <-gate; return args.Len(), nil })
	d := r.open(1)
	const n = 4
	for id := range uint32(n) {
		d.must(sized(t, protocol.MaxQueuedBytes/n, func(body []byte) []byte {
			return must(protocol.AppendInvoke(d.header(), id+1, "keep", body))
		}))
	}
	if err := d.give(protocol.AppendCancel(must(protocol.AppendSend(d.header(), "keep")), 99)); !errors.Is(err, protocol.ErrLimit) {
		t.Errorf("one packet more: %v", err)
	}
	close(gate)
	for id := range uint32(n) {
		d.answer(id + 1)
	}
}

// As many bytes as may wait for a page are kept, and not one more.
func TestBytesForPageEdge(t *testing.T) {
	r := newRig(t)
	const n, cost = 4, 64 // what a message takes besides its packet
	size := func(body []byte) int {
		return len(must(protocol.AppendSend(protocol.AppendHeader(nil, 1), "x", body))) + cost
	}
	body := bytesOf(protocol.MaxQueuedBytes/n - (size(bytesOf(1<<20)) - 1<<20))
	if size(body) != protocol.MaxQueuedBytes/n {
		t.Fatalf("a message costs %d", size(body))
	}
	for range n {
		if err := r.peer.Send("x", body); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.peer.Send("x"); !errors.Is(err, protocol.ErrLimit) {
		t.Errorf("one message more: %v", err)
	}
	here, there := ipc.NewMessageChannel()
	if err := r.peer.Send("x", there); !errors.Is(err, protocol.ErrLimit) {
		t.Errorf("one with a port: %v", err)
	}
	values, _ := heard(here)
	if err := there.Post("still here"); err != nil {
		t.Fatal(err)
	}
	hears(t, values, "still here")
	d := r.open(1)
	for range n {
		d.heard("x")
	}
	d.silent()
}

// A document that Chromium does not know yet may say as much as may wait, and not one word more.
func TestEarlyEdge(t *testing.T) {
	for _, c := range []struct {
		name   string
		packet func(d *doc) []byte
		n      int
	}{
		{"packets", func(d *doc) []byte { return protocol.AppendCancel(d.header(), 1) }, protocol.MaxInFlight},
		{"bytes", func(d *doc) []byte {
			return sized(t, protocol.MaxQueuedBytes/4, func(body []byte) []byte { return must(protocol.AppendSend(d.header(), "x", body)) })
		}, 4},
	} {
		r := newRig(t)
		d := r.doc(1, "frame", home)
		elsewhere := d.sender()
		elsewhere.URL = home + "/before"
		give := func(packet []byte) error {
			return r.peer.Receive(ipc.Conn{Sender: elsewhere, Connect: func(uint32) ipc.Link { return d }}, packet)
		}
		if err := give(d.hello()); err != nil {
			t.Fatal(err)
		}
		packet := c.packet(d)
		for i := range c.n {
			if err := give(packet); err != nil {
				t.Fatalf("%s: %d: %v", c.name, i, err)
			}
		}
		if err := give(protocol.AppendCancel(d.header(), 1)); !errors.Is(err, protocol.ErrLimit) {
			t.Errorf("%s: one more: %v", c.name, err)
		}
	}
}

// So many documents may begin between two of which Chromium tells.
func TestHellosEdge(t *testing.T) {
	r := newRig(t)
	number := uint32(0)
	for range 2 {
		if err := r.peer.Committed(r.doc(1, "frame", home).sender()); err != nil {
			t.Fatal(err)
		}
		for range protocol.MaxHellos {
			number++
			d := r.doc(number, "frame", home)
			d.must(d.hello())
		}
		d := r.doc(number+1, "frame", home)
		if err := d.give(d.hello()); !errors.Is(err, ipc.ErrUnexpected) {
			t.Errorf("one more: %v", err)
		}
	}
}

// A document may have so many requests open, and one more fails in the page. All of them get their answers.
func TestBrowserInFlightEdge(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		gate := make(chan struct{})
		ipc.Handle(a.IPC(), "wait", func(ctx context.Context, n int) (int, error) { <-gate; return n, nil })
		w := show(t, a, window.Options{Preload: preload + `
			contextBridge.exposeInMainWorld('edge', async (n) => {
				globalThis.all = Array.from({ length: n }, (_, i) => ipcRenderer.invoke('wait', i));
				return tried(() => ipcRenderer.invoke('wait', 0));
			});
			contextBridge.exposeInMainWorld('right', async () => (await Promise.all(all)).filter((v, i) => v === i).length);`})
		if f := eval[failure](t, w, "edge(ARG)", protocol.MaxInFlight); f.Code != "ERR_LIMIT" {
			t.Errorf("one more: %+v", f)
		}
		close(gate)
		if n := eval[int](t, w, "right()"); n != protocol.MaxInFlight {
			t.Errorf("%d right answers", n)
		}
	})
}
