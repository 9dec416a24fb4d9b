package ipc_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/pages"
	"github.com/oriel-go/oriel/main/window"
)

func TestMain(m *testing.M) { apptest.Main(m) }

// preload lets the page use ipcRenderer, and tells what an error of it is in the preload's own world.
const preload = `
const { contextBridge, ipcRenderer } = require('electron');
const failure = (error) => ({ text: String(error), name: error.name, code: error.code, data: error.data });
const tried = async (call) => { try { return { result: await call() }; } catch (error) { return failure(error); } };
const awkward = {
  function: () => () => {}, symbol: () => Symbol('s'), 'DOM node': () => document.documentElement || document, promise: () => Promise.resolve(),
  WeakMap: () => new WeakMap(), 'deep function': () => ({ a: [new Map([[1, () => {}]])] }),
};
let controller;
contextBridge.exposeInMainWorld('api', {
  invoke: (channel, ...args) => ipcRenderer.invoke(channel, ...args),
  send: (channel, ...args) => ipcRenderer.send(channel, ...args),
  on: (channel, listener) => { ipcRenderer.on(channel, (event, ...args) => listener(...args)); },
  tryInvoke: (channel, ...args) => tried(() => ipcRenderer.invoke(channel, ...args)),
  trySend: (channel, ...args) => tried(() => ipcRenderer.send(channel, ...args)),
  awkward: Object.keys(awkward),
  invokeAwkward: (name) => tried(() => ipcRenderer.invoke('any', 1, awkward[name]())),
  sendAwkward: (name) => tried(() => ipcRenderer.send('any', 1, awkward[name]())),
  invokeAborting: (...args) => { controller = new AbortController(); return tried(() => ipcRenderer.invoke(...args, { signal: controller.signal })); },
  abort: () => controller.abort(),
});
`

func site() app.Options {
	return app.Options{Secure: true, Pages: pages.FS(fstest.MapFS{
		"index.html": {Data: []byte(`<!doctype html><title>One</title><h1>One</h1>`)},
		"two.html":   {Data: []byte(`<!doctype html><title>Two</title><h1>Two</h1>`)},
	})}
}

// show opens a window and waits for its page.
func show(t *testing.T, a *app.App, o window.Options) *window.Window {
	t.Helper()
	if o.Preload == "" {
		o.Preload = preload
	}
	url := o.URL
	o.URL = "about:blank"
	w, err := window.New(a, o)
	if err != nil {
		t.Fatal(err)
	}
	load(t, w, url)
	return w
}

func load(t *testing.T, w *window.Window, url string) {
	t.Helper()
	if err := w.LoadURL(patience(t), url); err != nil {
		t.Fatal(err)
	}
}

// patience bounds a step that could wait for ever.
func patience(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

// eval runs a script in the page and returns what it evaluates to. ARG in the script stands for arg.
func eval[T any](t *testing.T, w *window.Window, script string, arg ...any) (v T) {
	t.Helper()
	for _, a := range arg {
		b, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		script = strings.ReplaceAll(script, "ARG", string(b))
	}
	if err := w.Eval(patience(t), script, &v); err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return v
}

// A failure is an error as the preload saw it.
type failure struct {
	Text, Name, Code string
	Data             any
	Result           any
}

func TestBrowserErrors(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		ipc.Handle(a.IPC(), "fail", func(context.Context, any) (any, error) {
			return nil, fmt.Errorf("save: %w", codedError{map[string]any{"free": 3}})
		})
		ipc.Handle(a.IPC(), "panic", func(context.Context, any) (any, error) { panic("secret") })
		ipc.Handle(a.IPC(), "save", func(context.Context, note) (string, error) { return "saved", nil })
		w := show(t, a, window.Options{Preload: preload + `
			const load = async () => { await ipcRenderer.invoke('fail'); }, start = async () => { await load(); };
			contextBridge.exposeInMainWorld('stack', () => start().catch((error) => error.stack));`})
		stack := eval[string](t, w, "stack()")
		if !strings.HasPrefix(stack, "Error: Error invoking remote method 'fail'") || !strings.Contains(stack, "at async load") || !strings.Contains(stack, "at async start") {
			t.Errorf("the stack does not tell who asked: %s", stack)
		}
		for _, c := range []struct{ call, text, code string }{
			{"'fail'", "Error: Error invoking remote method 'fail': Error: save: disk full", "ENOSPC"},
			{"'panic'", "Error: Error invoking remote method 'panic': Error: The handler failed: internal error", "ERR_PANIC"},
			{"'nobody'", "Error: Error invoking remote method 'nobody': Error: No handler registered for 'nobody'", "ERR_NO_HANDLER"},
			{"'save', { title: 7 }", `Error: Error invoking remote method 'save': TypeError: argument 1: field "title": expected string, got number`, "ERR_INVALID_ARG"},
			{"'save', {}, 2", "Error: Error invoking remote method 'save': TypeError: expected 1 argument, got 2", "ERR_INVALID_ARG"},
			{"'save', { title: 'a' }", "", ""},
		} {
			f := eval[failure](t, w, "api.tryInvoke("+c.call+")")
			if f.Text != c.text || f.Code != c.code || (c.text == "") != (f.Result == "saved") {
				t.Errorf("%s: %+v", c.call, f)
			}
			if data, _ := f.Data.(map[string]any); c.code == "ENOSPC" && data["free"] != 3.0 {
				t.Errorf("data: %v", f.Data)
			}
			if c.text == "" {
				continue
			}
			inPage := eval[string](t, w, "api.invoke("+c.call+").then(String, String)")
			if inPage != c.text {
				t.Errorf("the page sees %q", inPage)
			}
		}
	})
}

func TestBrowserUncloneable(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		heard := make(chan string, 100)
		ipc.On(a.IPC(), "any", func(_ context.Context, args ipc.Args) { heard <- "send" })
		ipc.Handle(a.IPC(), "any", func(_ context.Context, args ipc.Args) (any, error) { heard <- "invoke"; return nil, nil })
		ipc.On(a.IPC(), "end", func(context.Context, any) { heard <- "end" })
		w := show(t, a, window.Options{})
		names := eval[[]string](t, w, "api.awkward")
		if len(names) < 5 {
			t.Fatalf("values: %v", names)
		}
		for _, name := range names {
			for _, how := range []string{"invokeAwkward", "sendAwkward"} {
				f := eval[failure](t, w, "api."+how+"(ARG)", name)
				if f.Text != "Error: An object could not be cloned." {
					t.Errorf("%s %s: %+v", how, name, f)
				}
			}
		}
		eval[any](t, w, "api.send('end')")
		if got := wait(t, heard); got != "end" {
			t.Errorf("main heard %s", got)
		}
	})
}

// Values of every kind go to main and come back as they were. The table is that of the wire's golden values.
func TestBrowserValues(t *testing.T) {
	var golden struct{ Values []struct{ Name, JS string } }
	if apptest.Dir() != "" { // the test's process runs in a folder of its own
		if err := json.Unmarshal([]byte(os.Getenv("GOLDEN")), &golden); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile("../../protocol/testdata/golden.json")
	if err != nil && apptest.Dir() == "" {
		t.Fatal(err)
	}
	var list strings.Builder
	for _, g := range golden.Values {
		if g.Name == "surrogate key" {
			continue // a Go string cannot hold it
		}
		body := g.JS
		if !strings.HasPrefix(body, "{ const") {
			body = "(" + body + ")"
		}
		fmt.Fprintf(&list, "[%q, () => %s],\n", g.Name, body)
	}
	apptest.InAppWith(t, apptest.Process{Env: []string{"GOLDEN=" + string(b)}}, site(), func(t *testing.T, a *app.App) {
		ipc.Handle(a.IPC(), "echo", func(_ context.Context, args ipc.Args) ([]any, error) {
			var v, w any
			if err := args.Decode(0, &v); err != nil {
				return nil, err
			}
			return []any{v, w}, args.Decode(1, &w)
		})
		w := show(t, a, window.Options{Preload: preload + describe + "const values = [" + list.String() + `];
			let now; contextBridge.exposeInMainWorld('valueNow', () => now);
			contextBridge.exposeInMainWorld('values', async () => {
				const bad = [];
				for (const [name, make] of values) {
					now = name; const value = make(), answer = await ipcRenderer.invoke('echo', value, 1);
					if (describe(answer[0]) !== describe(value)) bad.push(name + ': ' + describe(value) + ' became ' + describe(answer[0]));
				}
				return [values.length, bad];
			});`})
		t.Cleanup(func() {
			if t.Failed() {
				ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
				defer cancel()
				var now string
				err := w.Eval(ctx, "valueNow()", &now)
				t.Logf("the last value tried was %q (%v)", now, err)
			}
		})
		got := eval[[]any](t, w, "values()")
		if n := got[0].(float64); n < 60 {
			t.Errorf("only %v values were tried", n)
		}
		for _, bad := range got[1].([]any) {
			t.Error(bad)
		}
	})
}

// describe writes a value with its types, its keys sorted as Go does, and what is the same object twice: as far as Go's any can tell, where
// dates, buffers and the like are values and empty slices are all alike.
const describe = `
const withoutStack = (e) => Object.defineProperty(e, 'stack', { value: undefined });
function describe(value) {
  const seen = new Map();
  const kind = (v) => Object.prototype.toString.call(v).slice(8, -1);
  const text = (v) => {
    if (Object.is(v, -0)) return '-0';
    if (typeof v !== 'object' || v === null) return typeof v + ' ' + (typeof v === 'string' ? JSON.stringify(v) : String(v));
    if (seen.has(v)) return '#' + seen.get(v);
    if (/^(Object|Map|Set|Error)$/.test(kind(v)) || v.length > 0 && Array.isArray(v)) seen.set(v, seen.size);
    const own = () => '{' + Reflect.ownKeys(v).sort().map((k) => String(k) + ': ' + text(v[k])).join(', ') + '}';
    const k = kind(v);
    if (k === 'Date') return 'Date ' + v.getTime();
    if (k === 'RegExp') return 'RegExp ' + v;
    if (k === 'Map') return 'Map ' + [...v].map(([a, b]) => text(a) + ' => ' + text(b)).join(', ');
    if (k === 'Set') return 'Set ' + [...v].map(text).join(', ');
    if (k === 'Error') return 'Error ' + v.name + ' ' + v.message + ' ' + ('cause' in v ? text(v.cause) : '');
    if (k === 'ArrayBuffer') return k + ' ' + new Uint8Array(v);
    if (ArrayBuffer.isView(v)) return k + ' ' + new Uint8Array(v.buffer, v.byteOffset, v.byteLength);
    if (v instanceof Boolean || v instanceof Number || v instanceof String || v instanceof BigInt) return 'boxed ' + text(v.valueOf());
    return k + ' ' + own();
  };
  return text(value);
}
`

func TestBrowserOrder(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		const n = 3000
		stamps.seen = nil
		done := make(chan struct{}, n)
		ipc.Handle(a.IPC(), "ask", func(context.Context, stamp) (any, error) { done <- struct{}{}; return nil, nil })
		ipc.On(a.IPC(), "tell", func(context.Context, stamp) { done <- struct{}{} })
		w := show(t, a, window.Options{})
		eval[any](t, w, `(async () => {
			for (let i = 0; i < ARG; i++) {
				const big = i % 97 === 0 ? '0'.repeat(300000) : ''; // travels in shared memory
				i % 3 ? api.send('tell', big + i) : api.invoke('ask', big + i);
				if (i % 10 === 0) await 0;
			}
		})()`, n)
		for range n {
			wait(t, done)
		}
		for i, s := range stamps.seen {
			if strings.TrimLeft(s, "0") != strings.TrimLeft(fmt.Sprint(i), "0") {
				t.Fatalf("message %d is %q", i, s[max(0, len(s)-9):])
			}
		}
		// And the other way.
		eval[any](t, w, "window.got = []; api.on('push', (v) => got.push(v.length || v)); 0")
		for i := range 1000 {
			var v any = i + 1
			if i%97 == 0 {
				v = make([]byte, 300000+i+1)
			}
			if err := w.Send("push", v); err != nil {
				t.Fatal(err)
			}
		}
		eval[any](t, w, "new Promise((done) => { const look = () => got.length < 1000 ? setTimeout(look, 5) : done(); look(); })")
		if bad := eval[int](t, w, "got.findIndex((v, i) => v % 300000 !== i + 1)"); bad >= 0 {
			t.Errorf("the page heard message %d in another order", bad)
		}
	})
}

func TestBrowserManyAtOnce(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		ipc.Handle(a.IPC(), "echo", func(_ context.Context, n int) (int, error) { return n, nil })
		w := show(t, a, window.Options{})
		if got := eval[int](t, w, `Promise.all(Array.from({ length: 10000 }, (_, i) => api.invoke('echo', i)))
			.then((all) => all.filter((v, i) => v === i).length)`); got != 10000 {
			t.Errorf("%d right answers", got)
		}
	})
}

func TestBrowserFrames(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		replied := make(chan error, 2)
		ipc.On(a.IPC(), "hi", func(ctx context.Context, name string) {
			replied <- ipc.Reply(ctx, "hi", name+" of window "+fmt.Sprint(ipc.SenderFrom(ctx).WindowID))
		})
		one, two := show(t, a, window.Options{}), show(t, a, window.Options{URL: "two.html"})
		for _, w := range []*window.Window{one, two} {
			eval[any](t, w, "window.heard = []; for (const c of ['hi', 'all']) api.on(c, (v) => heard.push(v)); 0")
		}
		eval[any](t, two, "api.send('hi', 'Ada')")
		if err := wait(t, replied); err != nil {
			t.Error(err)
		}
		if err := a.Send("all", "all"); err != nil {
			t.Error(err)
		}
		if err := one.MainFrame().Send("all", "one"); err != nil {
			t.Error(err)
		}
		for w, want := range map[*window.Window]string{one: "all,one", two: fmt.Sprintf("Ada of window %d,all", two.ID())} {
			eval[any](t, w, "new Promise((done) => { const look = () => heard.length < 2 ? setTimeout(look, 5) : done(); look(); })")
			if got := eval[string](t, w, "heard.join()"); got != want {
				t.Errorf("window %d heard %q", w.ID(), got)
			}
		}
		for name, r := range map[string]*ipc.Router{"app": a.IPC(), "window": one.IPC(), "frame": one.MainFrame().IPC()} {
			ipc.Handle(r, "where", func(context.Context, any) (string, error) { return name, nil })
		}
		where := func(w *window.Window) string { return eval[string](t, w, "api.invoke('where')") }
		if got := where(one) + " " + where(two); got != "frame app" {
			t.Errorf("handlers found: %s", got)
		}
		old := one.MainFrame()
		load(t, one, "two.html")
		if got := where(one); got != "window" {
			t.Errorf("the frame's handler is found after a navigation: %s", got)
		}
		if err := old.Send("all"); err == nil || one.MainFrame() == old {
			t.Error("a frame outlives its document")
		}
	})
}
