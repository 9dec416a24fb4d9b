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
	"github.com/oriel-go/oriel/protocol"
)

// answers is a preload that can be asked.
const answers = `
const { contextBridge, ipcRenderer } = require('electron');
ipcRenderer.handle('add', (event, a, b) => a + b);
ipcRenderer.handle('later', async (event, text) => { await new Promise((done) => setTimeout(done, 1)); return { text, at: new Date(0) }; });
ipcRenderer.handle('event', (event) => [event.sender === ipcRenderer, event.ports.length, event.signal instanceof AbortSignal]);
ipcRenderer.handle('throws', (event, how) => {
  switch (how) {
    case 'error': throw Object.assign(new RangeError('too far'), { code: 'E_FAR', data: { by: 3 } });
    case 'text': throw 'plain';
    case 'null': throw null;
    case 'awkward data': throw Object.assign(new Error('kept'), { data: () => {} });
    case 'hostile': throw { get name() { throw 1; }, get message() { throw 2; }, get code() { throw 3; }, get data() { throw 4; }, toString() { throw 5; } };
    case 'uncloneable': return () => {};
  }
});
ipcRenderer.handleOnce('once', () => 'first');
ipcRenderer.handle('gone', () => 0);
ipcRenderer.removeHandler('gone');
ipcRenderer.removeHandler('never there');
ipcRenderer.handle('echo', (event, value) => value);
ipcRenderer.handle('hang', (event) => new Promise((done) => {
  ipcRenderer.send('hangs');
  event.signal.addEventListener('abort', () => { ipcRenderer.send('aborted', event.signal.reason.name); done(1); });
}));
ipcRenderer.handle('back', async (event, n) => 1 + await ipcRenderer.invoke('double', n));
const tried = (call) => { try { call(); return ''; } catch (error) { return String(error); } };
contextBridge.exposeInMainWorld('api', {
  refused: [tried(() => ipcRenderer.handle('add', () => 0)), tried(() => ipcRenderer.handleOnce('add', () => 0)), tried(() => ipcRenderer.handle('x', 1)), tried(() => ipcRenderer.handle('', () => 0))],
  handle: (channel, handler) => ipcRenderer.handle(channel, (event, ...args) => handler(...args)),
});
`

func TestBrowserInvoke(t *testing.T) {
	elsewhere := ""
	if apptest.Dir() != "" {
		elsewhere = foreign(t)
	}
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		ipc.Handle(a.IPC(), "double", func(_ context.Context, n int) (int, error) { return 2 * n, nil })
		w := show(t, a, window.Options{Preload: answers})
		ask(t, w, "add", 5, 2, 3)
		ask(t, w, "add", "ab", "a", "b")
		ask(t, w, "later", "map[at:1970-01-01 00:00:00 +0000 UTC text:x]", "x")
		ask(t, w, "event", "[true 0 true]")
		ask(t, w, "once", "first")
		ask(t, w, "back", 15, 7)
		askErrors(t, w)
		if got := eval[string](t, w, "api.refused.join('|')"); got != "Error: Attempted to register a second handler for 'add'|"+
			"Error: Attempted to register a second handler for 'add'|TypeError: Expected handler to be a function, but found type 'number'|"+
			"TypeError: Missing required channel argument" {
			t.Errorf("what handle refuses: %s", got)
		}
		eval[any](t, w, "api.handle('page', (a, b) => ({ sum: a + b, title: document.title })); 0")
		if got, err := ipc.Invoke[struct {
			Sum   int    `json:"sum"`
			Title string `json:"title"`
		}](patience(t), w.MainFrame(), "page", 1, 2); err != nil || got.Sum != 3 || got.Title != "One" {
			t.Errorf("the page's own handler: %+v, %v", got, err)
		}
		big := strings.Repeat("x", 1<<20)
		ask(t, w, "echo", big, big)
		askEnds(t, a, w, elsewhere)
	})
}

// ask expects an answer, as fmt prints it.
func ask(t *testing.T, to ipc.Invoker, channel string, want any, args ...any) {
	t.Helper()
	if got, err := ipc.Invoke[any](patience(t), to, channel, args...); err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: %.100v, %v", channel, got, err)
	}
}

func askErrors(t *testing.T, w *window.Window) {
	t.Helper()
	for _, c := range []struct{ channel, how, name, message, code, data string }{
		{"throws", "error", "RangeError", "too far", "E_FAR", "map[by:3]"},
		{"throws", "text", "Error", "plain", "", "<nil>"},
		{"throws", "null", "Error", "null", "", "<nil>"},
		{"throws", "awkward data", "Error", "kept", "", "<nil>"},
		{"throws", "hostile", "Error", "", "", "<nil>"},
		{"throws", "uncloneable", "Error", "An object could not be cloned.", "", "<nil>"},
		{"once", "", "Error", "No handler registered for 'once'", "ERR_NO_HANDLER", "<nil>"},
		{"gone", "", "Error", "No handler registered for 'gone'", "ERR_NO_HANDLER", "<nil>"},
		{"nobody", "", "Error", "No handler registered for 'nobody'", "ERR_NO_HANDLER", "<nil>"},
	} {
		err := w.Invoke(patience(t), c.channel, nil, c.how)
		var e *ipc.RemoteError
		if !errors.As(err, &e) || e.Name != c.name || e.Message != c.message || c.code != "" && e.Code != c.code || fmt.Sprint(e.Data) != c.data {
			t.Errorf("%s %s: %v, %+v", c.channel, c.how, err, e)
		}
	}
	if n, err := ipc.Invoke[int](patience(t), w, "echo", "text"); !errors.Is(err, protocol.ErrType) || n != 0 {
		t.Errorf("text for a number: %d, %v", n, err)
	}
}

// askEnds shows that each call ends, and why.
func askEnds(t *testing.T, a *app.App, w *window.Window, elsewhere string) {
	t.Helper()
	hangs, aborted := make(chan struct{}, 1), make(chan string, 1)
	ipc.On(a.IPC(), "hangs", func(context.Context, any) { hangs <- struct{}{} })
	ipc.On(a.IPC(), "aborted", func(_ context.Context, name string) { aborted <- name })
	hang := func(ctx context.Context) <-chan error {
		ended := make(chan error, 1)
		go func() { ended <- w.Invoke(ctx, "hang", nil) }()
		wait(t, hangs)
		return ended
	}
	reason := errors.New("changed my mind")
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := hang(ctx)
	cancel(reason)
	if err := wait(t, ended); !errors.Is(err, reason) {
		t.Errorf("a call that was given up: %v", err)
	}
	if got := wait(t, aborted); got != "AbortError" {
		t.Errorf("the page's handler sees %q", got)
	}
	for _, c := range []struct {
		name string
		end  func()
		want error
	}{
		{"reload", func() { reload(t, w) }, ipc.ErrNavigated},
		{"crash", func() { killRenderers(t, w); load(t, w, "index.html") }, ipc.ErrRendererGone},
		{"foreign", func() { load(t, w, elsewhere) }, ipc.ErrNavigated},
		{"close", func() { load(t, w, "index.html"); ended = hang(t.Context()); w.Destroy() }, ipc.ErrClosed},
	} {
		if c.name != "close" {
			ended = hang(t.Context())
		}
		c.end()
		if err := wait(t, ended); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.name == "foreign" {
			if err := w.Invoke(patience(t), "add", nil); !errors.Is(err, ipc.ErrNotAllowed) {
				t.Errorf("a page that may not be asked: %v", err)
			}
		}
	}
	wait(t, w.Closed())
	if err := w.Invoke(patience(t), "add", nil); !errors.Is(err, ipc.ErrClosed) {
		t.Errorf("a window that is closed: %v", err)
	}
}

// A window that has no page yet is asked when it has one.
func TestBrowserInvokeEarly(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		w, err := window.New(a, window.Options{Preload: answers})
		if err != nil {
			t.Fatal(err)
		}
		ask(t, w, "add", 3, 1, 2)
	})
}
