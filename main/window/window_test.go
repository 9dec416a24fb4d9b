package window_test

import (
	"context"
	"errors"
	"testing"
	"testing/fstest"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/pages"
	"github.com/oriel-go/oriel/main/window"
)

func TestMain(m *testing.M) { apptest.Main(m) }

const page = `<!doctype html><title>A page</title><h1 id=h>Hi</h1><script src=page.js></script>`

const preload = `
const { contextBridge, ipcRenderer } = require('oriel');
contextBridge.exposeInMainWorld('api', {
  invoke: (channel, ...args) => ipcRenderer.invoke(channel, ...args),
  send: (channel, ...args) => ipcRenderer.send(channel, ...args),
  on: (channel, listener) => { ipcRenderer.on(channel, (event, ...args) => listener(...args)); },
});`

// site serves a page whose script notes what it finds when it runs.
func site(extra map[string]string) app.Options {
	files := fstest.MapFS{
		"index.html": {Data: []byte(page)},
		"page.js":    {Data: []byte(`window.early = typeof window.api;`)},
	}
	for name, text := range extra {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return app.Options{Pages: pages.FS(files)}
}

// open opens a window and waits for its page.
func open(t *testing.T, a *app.App, o window.Options) *window.Window {
	t.Helper()
	if o.Preload == "" {
		o.Preload = preload
	}
	return apptest.Open(t, a, o)
}

func ctx(t *testing.T) context.Context { return apptest.Context(t) }

func eval[T any](t *testing.T, w *window.Window, script string) T {
	t.Helper()
	return apptest.Eval[T](t, w, script)
}

// crash ends the page's process and waits until the window has noticed.
func crash(t *testing.T, w *window.Window) window.RendererGone {
	t.Helper()
	gone := make(chan window.RendererGone, 1)
	defer w.OnRendererGone(func(g window.RendererGone) { gone <- g })()
	if err := w.DevToolsCommand(ctx(t), "Page.crash", struct{}{}, nil); !errors.Is(err, ipc.ErrRendererGone) {
		t.Errorf("the command that ends the process: %v", err)
	}
	return <-gone
}

func TestThread(t *testing.T) {
	apptest.InApp(t, site(nil), func(t *testing.T, a *app.App) {
		ipc.Handle(a.IPC(), "double", func(_ context.Context, n int) (int, error) { return 2 * n, nil })
		heard := make(chan string, 1)
		ipc.On(a.IPC(), "tell", func(_ context.Context, s string) { heard <- s })
		w := open(t, a, window.Options{})
		if got := eval[string](t, w, "window.early"); got != "object" {
			t.Errorf("the page's first script sees window.api as %s", got)
		}
		if got := eval[int](t, w, "window.api.invoke('double', 21)"); got != 42 {
			t.Errorf("invoke gave %d", got)
		}
		eval[any](t, w, "window.api.send('tell', 'psst')")
		if got := <-heard; got != "psst" {
			t.Errorf("heard %q", got)
		}
		eval[any](t, w, "window.got = new Promise(done => window.api.on('push', done)); 0")
		if err := w.Send("push", map[string]any{"n": 7}); err != nil {
			t.Fatal(err)
		}
		if got := eval[int](t, w, "window.got.then(v => v.n)"); got != 7 {
			t.Errorf("push brought %d", got)
		}
	})
}
