package ipc_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
)

// portal hands ports on to the page, as Electron's documentation shows it, and takes ports from there.
const portal = `
const { contextBridge, ipcRenderer } = require('electron');
ipcRenderer.on('port', (event, message) => { window.postMessage({ name: 'port', message }, '*', event.ports); });
ipcRenderer.on('drop', () => {});
ipcRenderer.on('here', (event, message) => {
  const [port] = event.ports;
  port.onmessage = ({ data, ports }) => port.postMessage({ echo: data, ports: ports.length });
});
const failure = (error) => [error.name, error.message].join(': ');
const tried = (call) => { try { call(); return 'no error'; } catch (error) { return failure(error); } };
addEventListener('message', (event) => {
  if (event.data === 'to main') ipcRenderer.postMessage('from page', { some: 'value' }, event.ports);
  if (event.data === 'as value') ipcRenderer.send('from page', { port: event.ports[0] });
  if (event.data === 'to nobody') ipcRenderer.postMessage('nobody', 1, event.ports);
});
contextBridge.exposeInMainWorld('api', {
  refusals() {
    const { port1, port2 } = new MessageChannel();
    const results = [
      tried(() => ipcRenderer.postMessage('nobody', () => {}, [port1])),
      tried(() => ipcRenderer.postMessage('nobody', 1, [port1, port1])),
      tried(() => ipcRenderer.postMessage('nobody', 1, [{}])),
      tried(() => ipcRenderer.postMessage('nobody', 1, [port1])),
      tried(() => ipcRenderer.postMessage('nobody', 1, [port1])),
      tried(() => ipcRenderer.postMessage('oriel:x', 1, [port2])),
    ];
    return results.join('\n');
  },
});
`

// pagePorts collects ports in the page.
const pagePorts = `
window.came = [];
window.waits = [];
addEventListener('message', ({ data, ports }) => {
  if (data.name !== 'port') return;
  if (waits.length > 0) waits.shift()(ports[0]);
  else came.push(ports[0]);
});
window.nextPort = () => new Promise((done) => { came.length > 0 ? done(came.shift()) : waits.push(done); });
window.gather = (port, n) => new Promise((done) => { const all = []; port.onmessage = ({ data }) => { all.push(data); if (all.length === n) done(all.join()); }; });
window.ending = (port) => new Promise((done) => { port.onclose = () => done('closed'); });
window.toMain = (what, port) => postMessage(what, '*', [port]);
0`

// heard is what comes to a port of main's, as text, and its end.
func heard(p *ipc.Port) (values chan string, closed chan struct{}) {
	values, closed = make(chan string, 1000), make(chan struct{})
	ipc.OnMessageFunc(p, func(v any, ports ...*ipc.Port) {
		values <- strings.TrimSuffix(fmt.Sprint(v, " ", len(ports)), " 0")
	})
	p.OnClose(func() { close(closed) })
	p.Start()
	return values, closed
}

func hears(t *testing.T, values <-chan string, want ...string) {
	t.Helper()
	for _, w := range want {
		if got := wait(t, values); got != w {
			t.Fatalf("main hears %q, not %q", got, w)
		}
	}
}

func send(t *testing.T, w *window.Window, channel string, ports ...*ipc.Port) {
	t.Helper()
	if err := w.PostMessage(channel, "message", ports...); err != nil {
		t.Fatal(err)
	}
}

func posts(t *testing.T, p *ipc.Port, values ...any) {
	t.Helper()
	for _, v := range values {
		if err := p.Post(v); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBrowserPorts(t *testing.T) {
	o := site()
	o.ChromiumSwitches = []string{"js-flags=--expose-gc"}
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		came := make(chan *ipc.Port, 10)
		ipc.On(a.IPC(), "from page", func(_ context.Context, args ipc.Args) {
			var in struct {
				Port *ipc.Port `json:"port"`
			}
			err := args.Decode(0, &in)
			if in.Port == nil {
				err = errors.Join(err, args.Decode(1, &in.Port))
			}
			if err != nil {
				t.Error(err)
			}
			came <- in.Port
		})
		w := show(t, a, window.Options{Preload: portal})
		eval[any](t, w, pagePorts)

		t.Run("main to page", func(t *testing.T) {
			ours, theirs := ipc.NewMessageChannel()
			posts(t, ours, 1, "two")
			send(t, w, "port", theirs)
			if err := theirs.Post(1); !errors.Is(err, ipc.ErrPortMoved) {
				t.Errorf("a neutered port: %v", err)
			}
			posts(t, ours, 3)
			if got := eval[string](t, w, "nextPort().then((p) => { window.port = p; return gather(p, 3); })"); got != "1,two,3" {
				t.Errorf("the page hears %s", got)
			}
			values, closed := heard(ours)
			eval[any](t, w, "port.postMessage('a'); port.postMessage(new Map([[1, 2n]])); port.close(); 0")
			hears(t, values, "a", "&{[{1 2}]}")
			wait(t, closed)
		})
		t.Run("preload", func(t *testing.T) {
			ours, theirs := ipc.NewMessageChannel()
			values, _ := heard(ours)
			send(t, w, "here", theirs)
			posts(t, ours, "x")
			hears(t, values, "map[echo:x ports:0]")
		})
		t.Run("page to main", func(t *testing.T) {
			for _, how := range []string{"to main", "as value"} {
				eval[any](t, w, "{ const { port1, port2 } = new MessageChannel(); window.port = port1; port1.postMessage('early'); toMain(ARG, port2); 0 }", how)
				p := wait(t, came)
				values, _ := heard(p)
				hears(t, values, "early")
				eval[any](t, w, "port.postMessage('late'); 0")
				hears(t, values, "late")
				eval[any](t, w, "window.told = Promise.all([gather(port, 2), ending(port)]); 0")
				posts(t, p, 1, 2)
				p.Close()
				if s := eval[string](t, w, "told.then(String)"); s != "1,2,closed" {
					t.Errorf("%s: the page hears %s", how, s)
				}
			}
			eval[any](t, w, "{ const { port1, port2 } = new MessageChannel(); window.told = ending(port1); port1.start(); toMain('to nobody', port2); 0 }")
			eval[any](t, w, "told")
		})
		t.Run("refusals", func(t *testing.T) {
			want := "Error: An object could not be cloned.\n" +
				"DataCloneError: Port at index 1 is a duplicate of an earlier port.\n" +
				"TypeError: Invalid value for transfer\n" +
				"no error\n" +
				"DataCloneError: Port at index 0 is already neutered.\n" +
				"Error: Channel names that start with 'oriel:' are reserved"
			if got := eval[string](t, w, "api.refusals()"); got != want {
				t.Errorf("refusals: %s", got)
			}
		})
		t.Run("ports through ports", func(t *testing.T) {
			ours, theirs := ipc.NewMessageChannel()
			send(t, w, "port", theirs)
			inner, far := ipc.NewMessageChannel()
			posts(t, inner, "first")
			if err := ours.Post("with", far); err != nil {
				t.Fatal(err)
			}
			if got := eval[string](t, w, `nextPort().then((p) => new Promise((done) => {
				window.port = p;
				p.onmessage = ({ data, ports }) => { window.inner = ports[0]; gather(inner, 1).then((all) => done(data + all)); };
			}))`); got != "withfirst" {
				t.Errorf("the page hears %s", got)
			}
			nested := make(chan *ipc.Port, 1)
			ipc.OnMessageFunc(ours, func(v any, p *ipc.Port) { nested <- p })
			ours.Start()
			eval[any](t, w, "{ const c = new MessageChannel(); window.kept = c.port1; port.postMessage('x', [c.port2]); kept.postMessage('deep'); 0 }")
			values, _ := heard(wait(t, nested))
			hears(t, values, "deep")
		})
		t.Run("collected", func(t *testing.T) {
			eval[any](t, w, "window.collecting = setInterval(gc, 20); 0")
			for _, how := range []string{"drop", "port"} {
				ours, theirs := ipc.NewMessageChannel()
				_, closed := heard(ours)
				send(t, w, how, theirs)
				if how == "port" {
					eval[any](t, w, "nextPort().then(() => 0)")
				}
				wait(t, closed)
			}
			eval[any](t, w, "toMain('to main', new MessageChannel().port2); 0")
			_, closed := heard(wait(t, came))
			wait(t, closed)
			eval[any](t, w, "clearInterval(collecting); 0")
		})
		t.Run("window to window", func(t *testing.T) {
			other := show(t, a, window.Options{Preload: portal})
			eval[any](t, other, pagePorts)
			one, two := ipc.NewMessageChannel()
			send(t, w, "port", one)
			send(t, other, "port", two)
			eval[any](t, w, "nextPort().then((p) => { window.port = p; p.postMessage({ n: 1n }); const c = new MessageChannel(); window.kept = c.port1; p.postMessage('port', [c.port2]); kept.postMessage('through'); })")
			if got := eval[string](t, other, `nextPort().then((p) => new Promise((done) => {
				let first;
				window.port = p;
				p.onmessage = ({ data, ports }) => {
					if (ports.length === 0) first = data.n;
					else gather(ports[0], 1).then((all) => done(typeof first + all));
				};
			}))`); got != "bigintthrough" {
				t.Errorf("the other window hears %s", got)
			}
			eval[any](t, other, "window.told = ending(port); 0")
			load(t, w, "two.html")
			eval[any](t, other, "told")
		})
	})
}
