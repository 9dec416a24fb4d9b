package ipc_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
)

// keeping holds on to ports in the preload, and hands them on in ways that fail.
const keeping = `
let kept;
ipcRenderer.on('keep', (event) => { kept = event.ports[0]; });
ipcRenderer.on('refused', (event) => {
  try { window.postMessage(() => {}, '*', event.ports); } catch {}
  window.postMessage('elsewhere', 'https://elsewhere.example', []);
  kept = event.ports[0];
});
contextBridge.exposeInMainWorld('keeper', {
  hear(n) {
    return new Promise((done) => {
      let next = 0;
      kept.onmessage = ({ data }) => { if (data[0] !== (next++ & 255)) done(-next); if (next === n) done(next); };
    });
  },
});
`

// inOrder counts what a port of the page hears, until n.
const inOrder = `
window.inOrder = (port, n, next = 0) => new Promise((done) => {
  port.onmessage = ({ data }) => { if (data[0] !== (next++ & 255)) done(-next); if (next === n) done(next); };
});
window.others = [];
addEventListener('message', ({ data }) => { if (data.name !== 'port') others.push(data); });
0`

// fill posts numbered messages of 16 KiB to a port until it takes no more, and returns how many those are.
func fill(t *testing.T, p *ipc.Port) (n int) {
	t.Helper()
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		err := p.PostContext(ctx, numbered(n))
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
		if n++; n*len(numbered(n)) > 16*protocol.PortWindow {
			t.Fatalf("%d messages are taken", n)
		}
	}
}

func numbered(n int) []byte {
	data := make([]byte, 16<<10)
	data[0] = byte(n)
	return data
}

// A port of a page's that nobody has started stops who posts to it, and what waits there is heard in order when it is started, wherever it
// has been sent meanwhile.
func TestBrowserPortNotStarted(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		w := show(t, a, window.Options{Preload: portal + keeping})
		eval[any](t, w, pagePorts)
		eval[any](t, w, inOrder)
		for name, c := range map[string]struct{ channel, begin string }{
			"in the page":                   {"port", "inOrder(waiting, ARG)"},
			"in the preload":                {"keep", "keeper.hear(ARG)"},
			"a message was refused":         {"refused", "keeper.hear(ARG)"},
			"sent on within the page":       {"port", "{ const { port1, port2 } = new MessageChannel(); window.told = new Promise((done) => { port2.onmessage = ({ ports }) => done(inOrder(ports[0], ARG)); }); port1.postMessage(0, [waiting]); told }"},
			"sent to its window":            {"port", "{ window.told = nextPort().then((p) => inOrder(p, ARG)); postMessage({ name: 'port' }, '*', [waiting]); told }"},
			"partly heard, sent to a frame": {"port", "{ const frame = document.body.appendChild(document.createElement('iframe')); window.told = new Promise((done) => { frame.contentWindow.onmessage = ({ ports }) => done(inOrder(ports[0], ARG, 20)); let heard = 0; waiting.onmessage = () => { if (++heard === 20) frame.contentWindow.postMessage(0, '*', [waiting]); }; }); told }"},
			"sent to a frame":               {"port", "{ const frame = document.body.appendChild(document.createElement('iframe')); window.told = new Promise((done) => { frame.contentWindow.onmessage = ({ ports }) => done(inOrder(ports[0], ARG)); }); frame.contentWindow.postMessage(0, '*', [waiting]); told }"},
		} {
			notStarted(t, w, name, c.channel, c.begin)
		}
		if got := eval[[]any](t, w, "others"); len(got) > 0 {
			t.Errorf("the page hears messages that are not for it: %v", got)
		}
		// A page that writes itself anew loses all listeners of its window.
		eval[any](t, w, "document.open(); document.write('<title>New'); document.close(); 0")
		eval[any](t, w, pagePorts)
		eval[any](t, w, inOrder)
		notStarted(t, w, "in a page that is written anew", "port", "inOrder(waiting, ARG)")
	})
}

// notStarted fills a port that the page gets by a channel, and has what waits there heard.
func notStarted(t *testing.T, w *window.Window, name, channel, begin string) {
	t.Helper()
	const windows = 2 * protocol.PortWindow / (16 << 10) // one there, one here
	ours, theirs := ipc.NewMessageChannel()
	send(t, w, channel, theirs)
	if channel == "port" {
		eval[any](t, w, "nextPort().then((p) => { window.waiting = p; })")
	}
	n := fill(t, ours)
	if n > windows+2 {
		t.Errorf("%s: %d messages are taken by a port that is not started, not %d", name, n, windows)
	}
	const more = 1000
	posted := make(chan error, 1)
	go func() {
		var err error
		for i := n; i < n+more && err == nil; i++ {
			err = ours.PostContext(t.Context(), numbered(i))
		}
		posted <- err
	}()
	if got := eval[int](t, w, begin, n+more); got != n+more {
		t.Errorf("%s: message %d has another number", name, -got)
	}
	if err := wait(t, posted); err != nil {
		t.Error(name, err)
	}
}
