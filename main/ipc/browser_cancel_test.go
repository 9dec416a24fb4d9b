package ipc_test

import (
	"context"
	"testing"
	"time"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
)

// cancels is the documented way of letting a page give a call up, and what comes near it.
const cancels = `
const { contextBridge, ipcRenderer } = require('electron');
const tried = async (call) => { try { return 'result: ' + JSON.stringify(await call()); } catch (error) { return error.name + ': ' + error.message; } };
const fired = AbortSignal.abort(new RangeError('too late'));
const signal = new AbortController().signal;
class Options { signal = signal; }
contextBridge.exposeInMainWorld('api', {
  search(text) {
    const controller = new AbortController();
    return { result: ipcRenderer.invoke('wait', text, { signal: controller.signal }), cancel: () => controller.abort() };
  },
  fired: () => tried(() => ipcRenderer.invoke('count', { signal: fired })),
  unused: () => tried(() => ipcRenderer.invoke('count', 1, { signal })),
  nullProto: () => tried(() => ipcRenderer.invoke('count', 1, Object.assign(Object.create(null), { signal }))),
  notGiven: () => tried(() => ipcRenderer.invoke('count', 1, { signal: undefined })),
  neither: () => tried(() => ipcRenderer.invoke('count', { signal: undefined, traceparent: undefined })),
  data: () => tried(() => ipcRenderer.invoke('count', { signal: undefined, text: 1 })),
  first: () => tried(() => ipcRenderer.invoke('count', { signal }, 1)),
  bare: () => tried(() => ipcRenderer.invoke('count', signal)),
  more: () => tried(() => ipcRenderer.invoke('count', { signal, text: 1 })),
  instance: () => tried(() => ipcRenderer.invoke('count', new Options())),
  noSignal: () => tried(() => ipcRenderer.invoke('count', { signal: 'SIGHUP' })),
  slow: async () => { try { await ipcRenderer.invoke('slow'); } catch (error) { return error.message + ' (' + error.code + ')'; } },
  timeout: () => tried(() => ipcRenderer.invoke('wait', 1, { signal: AbortSignal.timeout(1) })),
});
`

func TestBrowserCancel(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		k := newWaiter(a)
		ipc.Handle(a.IPC(), "count", func(_ context.Context, args ipc.Args) (int, error) { return args.Len(), nil })
		gate := make(chan struct{})
		ipc.Handle(a.IPC(), "slow", func(context.Context, any) (any, error) { <-gate; return nil, nil }, ipc.Timeout(time.Millisecond))
		defer close(gate)
		w := show(t, a, window.Options{Preload: cancels})
		eval[any](t, w, "window.s = api.search('milk'); s.result.catch(() => 0); 0")
		wait(t, k.began)
		eval[any](t, w, "s.cancel()")
		if got := wait(t, k.cause); got != ipc.ErrCanceled {
			t.Errorf("the handler's context ended with %v", got)
		}
		if got := eval[string](t, w, "s.result.then(String, (error) => error.name)"); got != "AbortError" {
			t.Errorf("the page's promise: %s", got)
		}
		const uncloneable = "Error: An object could not be cloned."
		for name, want := range map[string]string{
			"fired": "RangeError: too late", "unused": "result: 1", "nullProto": "result: 1", "noSignal": "result: 1",
			"notGiven": "result: 1", "neither": "result: 0", "data": "result: 1",
			"first": uncloneable, "bare": uncloneable, "more": uncloneable, "instance": uncloneable,
			"timeout": "TimeoutError: signal timed out",
			"slow":    "Error invoking remote method 'slow': Error: The handler took longer than 1ms (ERR_TIMEOUT)",
		} {
			if got := eval[string](t, w, "api."+name+"()"); got != want {
				t.Errorf("%s: %s", name, got)
			}
		}
	})
}
