package ipc_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
)

// foreign is a page of an origin that is not the app's.
func foreign(t *testing.T) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><title>Foreign</title><h1>Foreign</h1>")
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// waiter has a handler that waits for the end of its context and tells the cause.
type waiter struct {
	began chan struct{}
	cause chan error
}

func newWaiter(a *app.App) waiter {
	k := waiter{make(chan struct{}, 1), make(chan error, 1)}
	ipc.Handle(a.IPC(), "wait", func(ctx context.Context, _ any) (any, error) {
		k.began <- struct{}{}
		<-ctx.Done()
		k.cause <- context.Cause(ctx)
		return nil, ctx.Err()
	})
	ipc.Handle(a.IPC(), "echo", func(_ context.Context, n int) (int, error) { return n, nil })
	return k
}

func TestBrowserContexts(t *testing.T) {
	elsewhere := ""
	if apptest.Dir() != "" {
		elsewhere = foreign(t)
	}
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		k := newWaiter(a)
		w := show(t, a, window.Options{})
		for _, c := range []struct {
			name string
			end  func()
			want error
		}{
			{"reload", func() { reload(t, w) }, ipc.ErrNavigated},
			{"same origin", func() { load(t, w, "two.html") }, ipc.ErrNavigated},
			{"page's own", func() { eval[any](t, w, "location.href = 'index.html'; 0") }, ipc.ErrNavigated},
			{"another origin of the app", func() { load(t, w, a.SecureOrigin()+"/two.html") }, ipc.ErrNavigated},
			{"back", func() { load(t, w, "index.html") }, ipc.ErrNavigated},
			{"foreign", func() { load(t, w, elsewhere) }, ipc.ErrNavigated},
			{"crash", func() { killRenderers(t, w); load(t, w, "index.html") }, ipc.ErrRendererGone},
			{"DevTools", func() { devTools(t, w); reload(t, w) }, ipc.ErrNavigated},
			{"page's cancel", func() { eval[any](t, w, "api.abort()") }, ipc.ErrCanceled},
			{"close", w.Destroy, ipc.ErrClosed},
		} {
			eval[any](t, w, "window.aborted = api.invokeAborting('wait'); 0")
			wait(t, k.began)
			c.end()
			if got := wait(t, k.cause); got != c.want {
				t.Errorf("%s: the context ended with %v", c.name, got)
			}
			switch c.name {
			case "page's cancel":
				if f := eval[string](t, w, "aborted.then((f) => f.name)"); f != "AbortError" {
					t.Errorf("cancelled: %s", f)
				}
				fallthrough
			default: // bridge and IPC stand
				eval[any](t, w, "new Promise((done) => document.readyState === 'complete' ? done() : addEventListener('load', () => done()))")
				if got := eval[int](t, w, "api.invoke('echo', 7)"); got != 7 {
					t.Errorf("%s: afterwards an echo gives %d", c.name, got)
				}
			case "foreign":
				load(t, w, "index.html")
			case "close":
				wait(t, w.Closed())
			}
		}
	})
}

func TestBrowserQuit(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		k := newWaiter(a)
		w := show(t, a, window.Options{})
		eval[any](t, w, "api.invokeAborting('wait'); 0")
		wait(t, k.began)
		a.Quit()
		if got := wait(t, k.cause); got != ipc.ErrClosed {
			t.Errorf("the context ended with %v", got)
		}
		wait(t, w.Closed())
		if err := w.Send("x"); !errors.Is(err, ipc.ErrClosed) {
			t.Error("a window that is closed takes a message")
		}
	})
}

func reload(t *testing.T, w *window.Window) {
	t.Helper()
	loaded := make(chan struct{}, 1)
	defer w.OnLoaded(func(window.Loaded) { loaded <- struct{}{} })()
	if err := w.Reload(false); err != nil {
		t.Fatal(err)
	}
	wait(t, loaded)
}

func devTools(t *testing.T, w *window.Window) {
	t.Helper()
	for _, step := range []func() error{w.OpenDevTools, w.CloseDevTools} {
		open := !w.DevToolsOpened()
		if err := step(); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(20 * time.Second); w.DevToolsOpened() != open && time.Now().Before(deadline); {
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// killRenderers kills the app's renderers and waits until the window has noticed.
func killRenderers(t *testing.T, w *window.Window) {
	t.Helper()
	gone := make(chan window.RendererGone, 1)
	defer w.OnRendererGone(func(g window.RendererGone) { gone <- g })()
	for _, pid := range apptest.Renderers(t) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	if g := wait(t, gone); g.Reason != "killed" {
		t.Errorf("the renderer is gone: %+v", g)
	}
}

// claims says where it believes to be before anything else happens in its document.
const claims = `
const { contextBridge, ipcRenderer } = require('oriel');
const first = ipcRenderer.invoke('claim', location.origin, location.href).then(String, String);
contextBridge.exposeInMainWorld('api', { first: () => first });`

// The sender that a handler sees is the one that spoke, from the first message of a document on.
func TestBrowserOrigins(t *testing.T) {
	elsewhere, neighbour := "", "" // two origins of one site, which Chromium may keep in one process and frame
	if apptest.Dir() != "" {
		elsewhere, neighbour = foreign(t), foreign(t)
	}
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		ipc.HandleFunc(a.IPC(), "claim", func(ctx context.Context, origin, url string) string {
			s := ipc.SenderFrom(ctx)
			if s.Origin != origin || s.URL != url || !s.MainFrame || s.FrameID == "" {
				return fmt.Sprintf("%s at %s passes for %+v", origin, url, s)
			}
			return "right"
		})
		all := []protocol.Rule{{Channels: []string{"*"}, Origins: []string{a.Origin(), a.SecureOrigin(), elsewhere, neighbour}}}
		w := show(t, a, window.Options{Preload: claims, Allow: all})
		for i := range 20 {
			load(t, w, []string{a.SecureOrigin() + "/", elsewhere, neighbour, a.Origin() + "/two.html", a.Origin() + "/"}[i%5])
			if got := eval[string](t, w, "api.first()"); got != "right" {
				t.Errorf("%d: %s", i, got)
			}
		}
	})
}

// By default the app's own origins may call and be told, others neither; channels are allowed by pattern.
func TestBrowserAllowLists(t *testing.T) {
	elsewhere := ""
	if apptest.Dir() != "" {
		elsewhere = foreign(t)
	}
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		ipc.Handle(a.IPC(), "open:x", func(context.Context, any) (string, error) { return "ok", nil })
		ipc.Handle(a.IPC(), "shut", func(context.Context, any) (string, error) { return "ok", nil })
		refused := func(channel, origin string) string {
			return "Channel '" + channel + "' is not allowed for origin '" + origin + "'"
		}
		for _, c := range []struct {
			allow []protocol.Rule
			url   string
			want  map[string]bool
		}{
			{nil, "/", map[string]bool{"open:x": true, "shut": true}},
			{nil, a.SecureOrigin() + "/", map[string]bool{"open:x": true, "shut": true}},
			{nil, elsewhere, map[string]bool{"open:x": false, "shut": false}},
			{[]protocol.Rule{{Channels: []string{"open:*"}, Origins: []string{elsewhere}}}, elsewhere, map[string]bool{"open:x": true, "shut": false}},
			{[]protocol.Rule{}, "/", map[string]bool{"open:x": false}},
		} {
			w := show(t, a, window.Options{Allow: c.allow, URL: c.url})
			origin := eval[string](t, w, "location.origin")
			for channel, ok := range c.want {
				f, s := eval[failure](t, w, "api.tryInvoke(ARG)", channel), eval[failure](t, w, "api.trySend(ARG)", channel)
				want := "Error: Error invoking remote method '" + channel + "': Error: " + refused(channel, origin)
				if ok && f.Result != "ok" || !ok && (f.Text != want || f.Code != "ERR_NOT_ALLOWED") {
					t.Errorf("%s invokes %s: %+v", origin, channel, f)
				}
				if ok != (s.Text == "") || !ok && s.Text != "Error: "+refused(channel, origin) {
					t.Errorf("%s sends on %s: %+v", origin, channel, s)
				}
				if err := w.Send(channel); ok != (err == nil) {
					t.Errorf("main sends on %s to %s: %v", channel, origin, err)
				}
			}
			w.Destroy()
			wait(t, w.Closed())
		}
	})
}
