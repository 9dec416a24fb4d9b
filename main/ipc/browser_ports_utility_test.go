package ipc_test

import (
	"context"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/utility"
)

// echoes answers each message through a port with the same, and its ports.
func echoes(p *ipc.Port) {
	ipc.OnMessageFunc(p, func(v any, ports ...*ipc.Port) { _ = p.Post(v, ports...) })
	p.Start()
}

func init() {
	utility.Register("ports", func(ctx context.Context, p *utility.Port) error {
		utility.OnMessage(p, func(_ context.Context, p *ipc.Port) { echoes(p) })
		ipc.Handle(p.IPC(), "make", func(context.Context, any) (*ipc.Port, error) {
			ours, theirs := ipc.NewMessageChannel()
			echoes(ours)
			return theirs, ours.Post("made here")
		})
		return p.Serve(ctx)
	})
}

// A page and a utility process talk through a port; no code of main's is in between.
func TestBrowserPortsOfUtilityProcesses(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		w := show(t, a, window.Options{Preload: portal})
		eval[any](t, w, pagePorts)
		p, err := utility.Fork(t.Context(), "ports", utility.Options{})
		if err != nil {
			t.Fatal(err)
		}
		one, two := ipc.NewMessageChannel()
		if err := p.Post(one); err != nil {
			t.Fatal(err)
		}
		send(t, w, "port", two)
		if got := eval[string](t, w, `nextPort().then((p) => new Promise((done) => {
			window.port = p;
			const all = [];
			p.onmessage = ({ data }) => {
				all.push(data instanceof Map ? data.get(1n) : data.length);
				if (all.length === 4) done(all.join());
			};
			p.postMessage(new Map([[1n, 'typed']]));
			for (const size of [1, 1024, 5 << 20]) p.postMessage(new Uint8Array(size));
		}))`); got != "typed,1,1024,5242880" {
			t.Errorf("the utility process answers %s", got)
		}
		// A port of the page's goes there and comes back as another one, to the same end.
		if got := eval[string](t, w, `new Promise((done) => {
			const c = new MessageChannel();
			window.kept = c.port1;
			port.onmessage = ({ ports: [back] }) => { gather(back, 2).then(done); };
			kept.postMessage('before');
			port.postMessage('take it', [c.port2]);
			kept.postMessage('after');
		})`); got != "before,after" {
			t.Errorf("through the port that came back: %s", got)
		}
		made, err := ipc.Invoke[*ipc.Port](patience(t), p.Port(), "make")
		if err != nil {
			t.Fatal(err)
		}
		send(t, w, "port", made)
		if got := eval[string](t, w, "nextPort().then((p) => { window.made = p; p.postMessage('echo'); return gather(p, 2); })"); got != "made here,echo" {
			t.Errorf("a port that was made there: %s", got)
		}
		eval[any](t, w, "window.told = Promise.all([ending(port), ending(made)]); 0")
		p.Kill()
		eval[any](t, w, "told")
	})
}
