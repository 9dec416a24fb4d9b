package ipc_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
)

// spoilt is what Go can send and no page can have.
var spoilt = protocol.RegExp{Source: "("}

const spoiltText = "SyntaxError: Invalid regular expression: /(/: Unterminated group"

// A value that there cannot be in a page is the failure of whoever waits for it. What comes in the same packet arrives.
func TestBrowserSpoiled(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		ipc.Handle(a.IPC(), "echo", func(_ context.Context, v any) (any, error) { return v, nil })
		ipc.Handle(a.IPC(), "spoilt", func(context.Context, any) (any, error) { return []any{1, spoilt, "rest"}, nil })
		ipc.Handle(a.IPC(), "long", func(_ context.Context, length uint32) ([]any, error) {
			return slices.Collect(func(yield func(any) bool) {
				for range 300 {
					yield(protocol.SparseArray{Length: length})
				}
			}), nil
		})
		stopped := make(chan string, 1)
		ipc.Handle(a.IPC(), "stream", func(context.Context, any) (iter.Seq[any], error) {
			return func(yield func(any) bool) {
				for yield(1) && yield(spoilt) {
				}
				stopped <- "stopped"
			}, nil
		})
		w := show(t, a, window.Options{Preload: `
			const { contextBridge, ipcRenderer } = require('electron');
			const text = (promise) => promise.then(String, String);
			const together = (spoilt, echo) => Promise.all([spoilt('x'), echo('fine'), spoilt('x'), echo('good')].map(text));
			const heard = [];
			ipcRenderer.on('tell', (event, value) => { heard.push(String(value)); });
			ipcRenderer.on('port', (event) => { event.ports[0].onmessage = (e) => { heard.push('port ' + e.data); }; });
			ipcRenderer.handle('ask', (event, value) => String(value));
			const lie = (length, ...list) => new Proxy(list, { get: (target, key) => (key === 'length' ? length : target[key]) });
			const invoker = (channel) => (value) => ipcRenderer.invoke(channel, value);
			contextBridge.exposeInMainWorld('api', {
				together: () => together(invoker('spoilt'), invoker('echo')),
				spoilt: ipcRenderer.invoker('spoilt'), echo: ipcRenderer.invoker('echo'),
				stream: async () => { const got = []; try { for await (const v of await ipcRenderer.invoke('stream')) got.push(v); } catch (error) { got.push(String(error)); } return got; },
				heard: () => heard,
				lies: () => Promise.all([0.5, 1.5, -1, '2', NaN, 2 ** 40, null, {}].map((n) => text(ipcRenderer.invoke('echo', lie(n, 1, 2))))),
				long: async (length) => (await ipcRenderer.invoke('long', length)).every((a) => a.length === length),
			});
		`})
		failed := "Error: Error invoking remote method 'spoilt': " + spoiltText
		for _, call := range []string{"api.together()", "Promise.all([api.spoilt('x'), api.echo('fine'), api.spoilt('x'), api.echo('good')].map((p) => p.then(String, String)))"} {
			if got := eval[[4]string](t, w, call); got != [4]string{failed, "fine", failed, "good"} {
				t.Errorf("%s: %q", call, got)
			}
		}
		if got := eval[[]any](t, w, "api.stream()"); len(got) == 0 || got[len(got)-1] != spoiltText {
			t.Error(got)
		}
		if got := wait(t, stopped); got != "stopped" {
			t.Error(got)
		}
		here, there := ipc.NewMessageChannel()
		for _, err := range []error{w.Send("tell", spoilt), w.PostMessage("port", nil, there), here.Post(spoilt), w.Send("tell", "fine")} {
			if err != nil {
				t.Error(err)
			}
		}
		wait(t, here.Done()) // it is closed, and said so
		var remote *ipc.RemoteError
		if _, err := ipc.Invoke[string](patience(t), w, "ask", spoilt); !errors.As(err, &remote) || remote.Name != "SyntaxError" {
			t.Error(err)
		}
		if got, err := ipc.Invoke[string](patience(t), w, "ask", "fine"); got != "fine" || err != nil {
			t.Error(got, err)
		}
		if got := eval[[]string](t, w, "api.heard()"); len(got) != 1 || got[0] != "fine" {
			t.Error(got)
		}
		for _, got := range eval[[]string](t, w, "api.lies()") {
			if got != "Error: An object could not be cloned." {
				t.Error(got)
			}
		}
		for _, length := range []uint32{1 << 25, 1<<32 - 1} { // with room for their elements, the first would take 38 GiB
			if !eval[bool](t, w, "api.long(ARG)", length) {
				t.Errorf("arrays of %d are others", length)
			}
		}
		// On the bridge what is missing would be there.
		holes := `(async () => (await api.echo([Object.assign([1], { length: ARG })]))[0].length)().catch(String)`
		if got := eval[any](t, w, holes, 1000); got != 1000.0 {
			t.Error(got)
		}
		for _, length := range []int{4<<20 + 2, 1<<32 - 1} {
			if got := eval[any](t, w, holes, length); got != "Error: An object could not be cloned." {
				t.Error(length, got)
			}
		}
	})
}
