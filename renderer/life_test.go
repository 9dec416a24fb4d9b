package renderer_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
)

// lifePreload is preload with listeners, so that each document leaves something to forget.
const lifePreload = preload + `
contextBridge.exposeInMainWorld('push', { on: (f) => { ipcRenderer.on('push', (event, value) => f(value)); } });`

// first is a page whose first script notes what it sees.
const first = `<!doctype html><title>A page</title><script>window.early = typeof window.api;</script>`

func double(_ context.Context, n int) (int, error) { return 2 * n, nil }

// stands checks that preload, bridge and IPC work in the document that is there.
func stands(t *testing.T, w *window.Window) {
	t.Helper()
	if got := eval[string](t, w, "window.early"); got != "object" {
		t.Errorf("the page's first script saw window.api as %s", got)
	}
	if got := eval[int](t, w, "api.echo({ list: [1, 2] }).list[1]"); got != 2 {
		t.Errorf("the bridge carried %d", got)
	}
	if got := eval[int](t, w, "api.invoke('double', 21)"); got != 42 {
		t.Errorf("invoke gave %d", got)
	}
	eval[any](t, w, "window.pushed = new Promise((done) => push.on(done)); 0")
	if err := w.Send("push", 7); err != nil {
		t.Fatal(err)
	}
	if got := eval[int](t, w, "window.pushed"); got != 7 {
		t.Errorf("main pushed 7, the page got %d", got)
	}
}

// reloaded does what loads the page anew and waits for it.
func reloaded(t *testing.T, w *window.Window, do func() error) {
	t.Helper()
	loaded := make(chan window.Loaded, 10)
	defer w.OnLoaded(func(l window.Loaded) { loaded <- l })()
	if err := do(); err != nil {
		t.Fatal(err)
	}
	receive(t, "loaded page", loaded)
}

// TestPreloadComesBack leads one window through everything that ends a document.
func TestPreloadComesBack(t *testing.T) {
	inApp(t, site(nil), func(t *testing.T, a *app.App) {
		elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, first)
		}))
		defer elsewhere.Close()
		ipc.Handle(a.IPC(), "double", double)
		w := open(t, a, window.Options{Preload: lifePreload, Allow: []protocol.Rule{{Channels: []string{"*"}, Origins: []string{"app://test", elsewhere.URL}}}})
		gone := make(chan window.RendererGone, 10)
		w.OnRendererGone(func(g window.RendererGone) { gone <- g })
		for _, step := range []struct {
			name string
			do   func(t *testing.T)
		}{
			{"first load", func(*testing.T) {}},
			{"reload", func(t *testing.T) { reloaded(t, w, func() error { return w.Reload(false) }) }},
			{"reload without cache", func(t *testing.T) { reloaded(t, w, func() error { return w.Reload(true) }) }},
			{"navigation to another origin", func(t *testing.T) {
				if err := w.LoadURL(ctx(t), elsewhere.URL); err != nil {
					t.Fatal(err)
				}
			}},
			{"reload there", func(t *testing.T) { reloaded(t, w, func() error { return w.Reload(false) }) }},
			{"back", func(t *testing.T) { reloaded(t, w, w.GoBack) }},
			{"forward", func(t *testing.T) { reloaded(t, w, w.GoForward) }},
			{"home again", func(t *testing.T) {
				if err := w.LoadURL(ctx(t), "/"); err != nil {
					t.Fatal(err)
				}
			}},
			{"killed renderer", func(t *testing.T) {
				killRenderers(t)
				if g := receive(t, "news of the renderer's end", gone); g.Reason != "killed" {
					t.Errorf("the renderer is gone by %q", g.Reason)
				}
				reloaded(t, w, func() error { return w.Reload(false) })
			}},
			{"DevTools opened", func(t *testing.T) {
				if err := w.OpenDevTools(); err != nil {
					t.Fatal(err)
				}
			}},
			{"reload with DevTools open", func(t *testing.T) { reloaded(t, w, func() error { return w.Reload(false) }) }},
			{"DevTools closed", func(t *testing.T) {
				if err := w.CloseDevTools(); err != nil {
					t.Fatal(err)
				}
			}},
			{"reload after DevTools", func(t *testing.T) { reloaded(t, w, func() error { return w.Reload(false) }) }},
		} {
			t.Run(step.name, func(t *testing.T) {
				step.do(t)
				stands(t, w)
			})
		}
	})
}

// killRenderers kills the renderers of this process that have these words in their command lines.
func killRenderers(t *testing.T, words ...string) {
	t.Helper()
	killed := 0
	for _, pid := range apptest.Renderers(t, words...) {
		if syscall.Kill(pid, syscall.SIGKILL) == nil {
			killed++
		}
	}
	if killed == 0 {
		t.Fatal("no renderer was found to kill")
	}
}

// TestFirstDocument opens many windows at once: in none may the page be faster than its preload.
func TestFirstDocument(t *testing.T) {
	const windows = 30
	saw := make(chan string, windows)
	o := site(map[string]string{"first.js": `fetch('/saw?' + typeof window.api)`})
	files := o.Pages
	o.Pages = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/saw" {
			saw <- r.URL.RawQuery
			return
		}
		files.ServeHTTP(w, r)
	})
	inApp(t, o, func(t *testing.T, a *app.App) {
		for range windows {
			if _, err := window.New(a, window.Options{Preload: preload, Width: 100, Height: 100}); err != nil {
				t.Fatal(err)
			}
		}
		for i := range windows {
			t.Run(fmt.Sprintf("window %d", i+1), func(t *testing.T) {
				if got := receive(t, "word of a window's first script", saw); got != "object" {
					t.Errorf("the first script saw window.api as %s", got)
				}
			})
		}
	})
}

// TestPopups: what window.open leads to has its preload before its first script too.
func TestPopups(t *testing.T) {
	const popups = 10
	saw := make(chan string, popups)
	o := site(map[string]string{"popup.html": `<!doctype html><script src=popup.js></script>`, "popup.js": `fetch('/saw?' + typeof window.api + (opener ? ' opener' : ''))`})
	files := o.Pages
	o.Pages = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/saw" {
			saw <- r.URL.RawQuery
			return
		}
		files.ServeHTTP(w, r)
	})
	inApp(t, o, func(t *testing.T, a *app.App) {
		w := open(t, a, window.Options{WindowOpen: func(context.Context, string) *window.Options { return &window.Options{Preload: preload} }})
		eval[any](t, w, fmt.Sprintf("for (let i = 0; i < %d; i++) window.open('popup.html'); 0", popups))
		for range popups {
			if got := receive(t, "word of a popup's first script", saw); got != "object" {
				t.Errorf("the first script saw %s", got)
			}
		}
	})
}

// TestPreloadErrors: a preload that fails is reported, and neither the page nor what the preload did before suffers.
func TestPreloadErrors(t *testing.T) {
	inApp(t, site(nil), func(t *testing.T, a *app.App) {
		for _, c := range []struct{ name, preload, message, stack, early string }{
			{"throws", preload + "\nthrow new TypeError('on purpose');", "on purpose", "own.js:4", "object"},
			{"throws a text", "throw 'just text'", "just text", "", "undefined"},
			{"throws null", "throw null", "null", "", "undefined"},
			{"throws an object that throws", "throw { get message() { throw 1; }, get stack() { throw 2; } }", "[object Object]", "", "undefined"},
			{"syntax error", "const = 1;", "Unexpected token '='", "", "undefined"},
			{"unbalanced brace", "} window.escaped = 1; {", "Unexpected identifier", "", "undefined"},
			{"module that is not there", "require('fs')", "module not found: fs", "own.js:1", "undefined"},
			{"Buffer of Node", "Buffer.from('x')", "Buffer is not defined: a preload has Uint8Array", "own.js:1", "undefined"},
			{"exposes twice", preload + "\ncontextBridge.exposeInMainWorld('api', 1);", "Cannot bind an API on top of an existing property on the window object", "own.js:4", "object"},
			{"exposes over a property", preload + "\ncontextBridge.exposeInMainWorld('document', 1);", "Cannot bind an API on top of an existing property on the window object", "own.js:4", "object"},
		} {
			t.Run(c.name, func(t *testing.T) {
				failed := make(chan window.PreloadError, 10)
				w, err := window.New(a, window.Options{URL: "about:blank", Preload: c.preload, PreloadName: "own.js", Hidden: true})
				if err != nil {
					t.Fatal(err)
				}
				w.OnPreloadError(func(e window.PreloadError) { failed <- e })
				if err := w.LoadURL(ctx(t), "/"); err != nil {
					t.Fatal(err)
				}
				e := receive(t, "report", failed)
				if e.Name != "own.js" || !strings.Contains(e.Message, c.message) || !strings.Contains(e.Stack, c.stack) {
					t.Errorf("reported was %+v", e)
				}
				if got := eval[string](t, w, "window.early"); got != c.early {
					t.Errorf("the page saw window.api as %s", got)
				}
				w.Destroy()
			})
		}
	})
}

// TestReloads: what a document had ends with it.
func TestReloads(t *testing.T) {
	inApp(t, site(nil), func(t *testing.T, a *app.App) {
		ipc.Handle(a.IPC(), "double", double)
		ipc.Handle(a.IPC(), "never", func(ctx context.Context, _ int) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		})
		w := open(t, a, window.Options{Preload: lifePreload})
		if err := w.DevToolsCommand(ctx(t), "Performance.enable", struct{}{}, nil); err != nil {
			t.Fatal(err)
		}
		reload := func(n int) {
			for range n {
				reloaded(t, w, func() error { return w.Reload(false) })
				eval[any](t, w, `push.on(() => document.title); api.invoke('never', 1).catch(() => 0);
					window.kept = [api.echo(() => window.kept), api.echo({ big: new Array(1000).fill(0) })]; 0`)
			}
		}
		reload(50)
		heap50, contexts50 := measure(t, w)
		reload(150)
		heap200, contexts200 := measure(t, w)
		t.Run("heap", func(t *testing.T) {
			if heap200 > heap50+200<<10 {
				t.Errorf("the heap has %.0f bytes after 50 reloads and %.0f after 200", heap50, heap200)
			}
		})
		t.Run("contexts", func(t *testing.T) {
			if contexts50 < 2 || contexts200 > contexts50 {
				t.Errorf("there are %d contexts after 50 reloads and %d after 200", contexts50, contexts200)
			}
		})
		t.Run("use", func(t *testing.T) {
			reloaded(t, w, func() error { return w.Reload(false) })
			stands(t, w)
		})
		t.Logf("heap %.0f → %.0f bytes, contexts %d → %d", heap50, heap200, contexts50, contexts200)
	})
}

// measure returns the bytes in use and the number of contexts in the page's process. Performance.enable comes first.
func measure(t *testing.T, w *window.Window) (heap float64, contexts int) {
	t.Helper()
	for range 3 {
		if err := w.DevToolsCommand(ctx(t), "HeapProfiler.collectGarbage", struct{}{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	var usage struct{ UsedSize float64 }
	if err := w.DevToolsCommand(ctx(t), "Runtime.getHeapUsage", struct{}{}, &usage); err != nil {
		t.Fatal(err)
	}
	var metrics struct {
		Metrics []struct {
			Name  string
			Value float64
		}
	}
	if err := w.DevToolsCommand(ctx(t), "Performance.getMetrics", struct{}{}, &metrics); err != nil {
		t.Fatal(err)
	}
	contexts = -1
	for _, m := range metrics.Metrics {
		if m.Name == "V8PerContextDatas" {
			contexts = int(m.Value)
		}
	}
	return usage.UsedSize, contexts
}
