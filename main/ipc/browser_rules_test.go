package ipc_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
)

// listening is a preload that listens in every way there is, and tells what each listener heard.
const listening = `
const heard = [];
const note = (name) => (event, value) => { heard.push(name + ' ' + value); };
const gone = note('gone'), twice = note('twice'), throws = () => { throw new Error('on purpose'); };
ipcRenderer.on('push', note('on')).addListener('push', note('addListener')).once('push', note('once'));
ipcRenderer.on('push', throws);
ipcRenderer.on('push', gone).off('push', gone);
ipcRenderer.on('push', gone).removeListener('push', gone);
ipcRenderer.once('push', gone).removeListener('push', gone);
ipcRenderer.on('push', twice).on('push', twice).off('push', twice);
ipcRenderer.on('push', function late() { ipcRenderer.off('push', late); note('late')(null, 'once'); });
ipcRenderer.on('silenced', gone).on('silenced', gone).removeAllListeners('silenced');
ipcRenderer.on('ordered', note('second')).prependListener('ordered', note('first')).prependOnceListener('ordered', note('once'));
ipcRenderer.on('end', (event, done) => { contextEnded(heard); });
let contextEnded;
contextBridge.exposeInMainWorld('heard', () => new Promise((done) => { contextEnded = done; }));
contextBridge.exposeInMainWorld('missing', [() => ipcRenderer.send(), () => ipcRenderer.send(''), () => ipcRenderer.send(1), () => ipcRenderer.on('x'),
	() => ipcRenderer.send('oriel:x')].map((f) => { try { f(); return 'nothing'; } catch (error) { return String(error); } }));
`

// TestBrowserListeners has ipcRenderer's ways to listen, and main's.
func TestBrowserListeners(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		w := show(t, a, window.Options{Preload: preload + listening})
		t.Run("page", func(t *testing.T) {
			eval[any](t, w, "window.all = heard(); 0")
			for _, send := range []struct {
				channel string
				value   int
			}{{"push", 1}, {"silenced", 1}, {"push", 2}, {"nobody", 1}, {"ordered", 3}, {"ordered", 4}, {"end", 0}} {
				if err := w.Send(send.channel, send.value); err != nil {
					t.Fatal(err)
				}
			}
			want := "on 1,addListener 1,once 1,twice 1,late once,on 2,addListener 2,twice 2,once 3,first 3,second 3,first 4,second 4"
			if got := eval[string](t, w, "all.then(String)"); got != want {
				t.Errorf("heard was %s, not %s", got, want)
			}
			want = "TypeError: Missing required channel argument;TypeError: Missing required channel argument;TypeError: The channel must be a string, not number;" +
				`TypeError: The "listener" argument must be of type function. Received undefined;Error: Channel names that start with 'oriel:' are reserved`
			if got := eval[string](t, w, "missing.join(';')"); got != want {
				t.Errorf("refused was %s", got)
			}
		})
		t.Run("main", func(t *testing.T) {
			var heard []string // written by listeners, which one after the other
			note := func(name string) func(context.Context, int) {
				return func(_ context.Context, n int) { heard = append(heard, fmt.Sprint(name, n)) }
			}
			ipc.On(a.IPC(), "tell", note("on"))
			ipc.Once(a.IPC(), "tell", note("once"))
			ipc.On(w.IPC(), "tell", note("window"))
			ipc.On(w.MainFrame().IPC(), "tell", note("frame"))
			ipc.On(a.IPC(), "tell", note("gone"))()
			ipc.On(a.IPC(), "quiet", note("gone"))
			a.IPC().RemoveAllListeners("quiet")
			ipc.Handle(a.IPC(), "sync", func(context.Context, any) (string, error) { return strings.Join(heard, " "), nil })
			eval[any](t, w, "api.send('tell', 1); api.send('quiet', 1); api.send('tell', 2); 0")
			if got, want := eval[string](t, w, "api.invoke('sync')"), "frame1 window1 on1 once1 frame2 window2 on2"; got != want {
				t.Errorf("heard was %s, not %s", got, want)
			}
		})
		t.Run("handlers", func(t *testing.T) {
			handle := func(n int) func(context.Context, any) (int, error) {
				return func(context.Context, any) (int, error) { return n, nil }
			}
			ipc.HandleOnce(a.IPC(), "h", handle(1))
			ask := func() string { return eval[string](t, w, "api.invoke('h').then(String, String)") }
			if got := ask(); got != "1" {
				t.Errorf("the handler for one request gave %s", got)
			}
			none := "Error: Error invoking remote method 'h': Error: No handler registered for 'h'"
			if got := ask(); got != none {
				t.Errorf("the second request gave %s", got)
			}
			ipc.Handle(a.IPC(), "h", handle(2))
			func() {
				defer func() {
					if text := fmt.Sprint(recover()); !strings.Contains(text, "Attempted to register a second handler for 'h'") {
						t.Errorf("a second handler: %s", text)
					}
				}()
				ipc.Handle(a.IPC(), "h", handle(3))
			}()
			if got := ask(); got != "2" {
				t.Errorf("the first handler gave %s", got)
			}
			a.IPC().RemoveHandler("h")
			if got := ask(); got != none {
				t.Errorf("the removed handler gave %s", got)
			}
		})
	})
}

// A tagged argument has its names from all three places.
type tagged struct {
	First  string `msgpack:"one" json:"wrong"`
	Second int    `json:"two"`
	Third  bool
}

// TestBrowserTypes: what a page sends becomes what the handler's function takes, or the handler is not called.
func TestBrowserTypes(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		var calls atomic.Int32
		ipc.Handle(a.IPC(), "tagged", func(_ context.Context, v tagged) (tagged, error) { calls.Add(1); return v, nil })
		ipc.HandleFunc(a.IPC(), "several", func(_ context.Context, a string, b []int, c *tagged) (string, error) {
			calls.Add(1)
			return fmt.Sprint(a, b, c != nil), nil
		})
		ipc.HandleFunc(a.IPC(), "one", func(string) { calls.Add(1) })
		ipc.Handle(a.IPC(), "any", func(_ context.Context, v any) (string, error) { calls.Add(1); return fmt.Sprintf("%T", v), nil })
		w := show(t, a, window.Options{})
		for _, c := range []struct {
			call, want string
			calls      int32
		}{
			{"'tagged', { one: 'a', two: 2, Third: true, rest: 1 }", `{"one":"a","two":2,"Third":true}`, 1},
			{"'several', 'x', [1, 2], { one: 'y' }", `"x[1 2] true"`, 1},
			{"'several', 'x'", `"x[] false"`, 1},
			{"'any', [1]", `"[]interface {}"`, 1},
			{"'any'", `"<nil>"`, 1},
			{"'tagged', { two: 'b' }", `TypeError: argument 1: field "two": expected number, got string`, 0},
			{"'tagged', 5", `TypeError: argument 1: expected object, got number`, 0},
			{"'several', 'x', [1, 'b']", `TypeError: argument 2: element [1]: expected number, got string`, 0},
			{"'several', 1", `TypeError: argument 1: expected string, got number`, 0},
			{"'several', 'x', [], {}, 4", "TypeError: expected 3 arguments, got 4", 0},
			{"'one', 'x', 2", "TypeError: expected 1 argument, got 2", 0},
		} {
			calls.Store(0)
			got := eval[string](t, w, "api.invoke("+c.call+").then(JSON.stringify, (error) => String(error).replace(/^.*?': /, ''))")
			if got != c.want || calls.Load() != c.calls {
				t.Errorf("%s: %s, %d calls", c.call, got, calls.Load())
			}
		}
	})
}
