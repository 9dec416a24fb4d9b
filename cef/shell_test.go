package cef_test

import (
	"encoding/json"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/pages"
)

// patience bounds every wait of these tests; nothing takes nearly as long.
const patience = 30 * time.Second

// site is an app with one page, and files in addition to it, that says little.
func site(extra map[string]string) app.Options {
	files := fstest.MapFS{"index.html": {Data: []byte("<!doctype html><title>A page</title>")}}
	for name, text := range extra {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return app.Options{Pages: pages.FS(files), Log: zap.NewNop()}
}

// await waits for c, which stands for what is named.
func await(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		t.Fatalf("still waiting for %s after %v", what, patience)
	}
}

// onUI runs f on the UI thread and waits for it. f must not call t.Fatal.
func onUI(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	cef.PostTask(cef.ThreadIDUI, &cef.Task{Execute: func() {
		defer close(done)
		f()
	}})
	await(t, "the UI thread", done)
}

// eventually looks again and again until wrong returns nothing, and fails with what it said last.
func eventually(t *testing.T, wrong func() []string) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		faults := wrong()
		if len(faults) == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			for _, f := range faults {
				t.Error(f)
			}
			return
		}
	}
}

// A shell is a bare window with one browser in it, made with nothing but this package.
type shell struct {
	browser *cef.Browser
	win     *cef.Window
	opened  chan struct{} // the browser is there
	closed  chan struct{} // the browser is gone
	gone    chan struct{} // the window is gone
}

// newShell prepares a shell for the browser that client will serve.
func newShell(client *cef.Client) *shell {
	s := &shell{opened: make(chan struct{}), closed: make(chan struct{}), gone: make(chan struct{})}
	if client.LifeSpanHandler == nil {
		client.LifeSpanHandler = &cef.LifeSpanHandler{}
	}
	client.LifeSpanHandler.OnAfterCreated = func(b *cef.Browser) {
		s.browser = b.Retain()
		close(s.opened)
	}
	client.LifeSpanHandler.OnBeforeClose = func(*cef.Browser) {
		s.browser.Release()
		close(s.closed)
	}
	return s
}

// openShell opens a shell on url, with client and delegate as they are but for what the shell must know.
func openShell(t *testing.T, url string, client *cef.Client, delegate *cef.BrowserViewDelegate) *shell {
	t.Helper()
	s := newShell(client)
	delegate.GetBrowserRuntimeStyle = func() cef.RuntimeStyle { return cef.RuntimeStyleAlloy }
	onUI(t, func() { s.show(cef.BrowserViewCreate(client, url, &cef.BrowserSettings{}, nil, nil, delegate)) })
	await(t, "the browser", s.opened)
	return s
}

// show puts view into a window, and releases it when that is gone. UI thread. What the delegate does not answer has CEF's default.
func (s *shell) show(view *cef.BrowserView) {
	window := cef.WindowCreateTopLevel(&cef.WindowDelegate{
		GetWindowRuntimeStyle: func() cef.RuntimeStyle { return cef.RuntimeStyleAlloy },
		OnWindowCreated: func(w *cef.Window) {
			s.win = w.Retain()
			w.AddChildView(&view.View)
			w.Show()
		},
		OnWindowDestroyed: func(*cef.Window) {
			s.win.Release()
			view.Release()
			close(s.gone)
		},
	})
	window.Release()
}

// close closes the shell and waits for its end.
func (s *shell) close(t *testing.T) {
	t.Helper()
	onUI(t, s.win.Close)
	await(t, "the window's end", s.gone)
	await(t, "the browser's end", s.closed)
}

// run runs a script in the shell's page as if the user had clicked; nobody hears its result.
func (s *shell) run(t *testing.T, script string) {
	t.Helper()
	message, err := json.Marshal(map[string]any{"id": 1, "method": "Runtime.evaluate", "params": map[string]any{"expression": script, "userGesture": true}})
	if err != nil {
		t.Fatal(err)
	}
	onUI(t, func() {
		host := s.browser.GetHost()
		defer host.Release()
		if !host.SendDevToolsMessage(message) {
			t.Errorf("the browser did not take the script %s", script)
		}
	})
}
