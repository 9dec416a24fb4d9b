package ipc_test

import (
	"context"
	"io"
	"math/rand/v2"
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

// cancelStreams gives the page's signals to calls whose answers are streams, and counts who listens to one of the preload's own.
const cancelStreams = preload + `
contextBridge.exposeInMainWorld('endless', ipcRenderer.invoker('endless', 0));
const { signal } = new AbortController();
let listeners = 0;
for (const [name, n] of [['addEventListener', 1], ['removeEventListener', -1]]) signal[name] = (...args) => { listeners += n; AbortSignal.prototype[name].apply(signal, args); };
contextBridge.exposeInMainWorld('listened', async () => {
  const few = await ipcRenderer.invoke('few', { signal }), canceled = await ipcRenderer.invoke('endless', { signal });
  const before = listeners;
  for await (const piece of few);
  await canceled.cancel();
  return before + ' ' + listeners;
});
`

// A signal of a call goes on to the streams of its answer, as the one of a fetch does to the body.
func TestBrowserCancelStreams(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		closed, causes := make(chan error, 1), make(chan error, 1)
		ipc.Handle(a.IPC(), "endless", func(ctx context.Context, _ any) (io.Reader, error) {
			context.AfterFunc(ctx, func() { causes <- context.Cause(ctx) })
			return closer{rand.NewChaCha8([32]byte{}), closed}, nil
		})
		ipc.Handle(a.IPC(), "few", func(context.Context, any) (io.Reader, error) { return random(100), nil })
		w := show(t, a, window.Options{Preload: cancelStreams})
		eval[any](t, w, pageStreams+"; window.reasons = { RangeError: new RangeError('enough'), undefined: undefined, null: null }; 0")
		for _, call := range []string{"endless({ signal })", "api.invoke('endless', { signal })"} {
			for reason, want := range map[string]string{"RangeError": "RangeError: enough", "undefined": "AbortError: signal is aborted without reason", "null": "null"} {
				for _, how := range []string{"collect(stream)", "stream.getReader().read().then(() => 'read')"} {
					if got := eval[string](t, w, `(async () => {
						const controller = new AbortController(), { signal } = controller;
						const stream = await `+call+`;
						setTimeout(() => controller.abort(reasons[ARG]), 20);
						return `+how+`.then(String, String);
					})()`, reason); got != want && got != "read" {
						t.Errorf("%s, aborted by %s: %s", call, reason, got)
					}
					wait(t, closed)
					if err := wait(t, causes); err != ipc.ErrCanceled {
						t.Errorf("the handler's context ended with %v", err)
					}
				}
			}
		}
		for script, want := range map[string]string{
			// It has come whole, and has not been read.
			"(async () => { const c = new AbortController(), s = await api.invoke('few', { signal: c.signal }); await api.invoke('few'); c.abort(); return collect(s).then(String, String); })()": "AbortError: signal is aborted without reason",
			"(async () => { const c = new AbortController(), s = await api.invoke('few', { signal: c.signal }), n = await digest(s); c.abort(); return String(n.length); })()":                    "64",
			"listened()": "2 0",
		} {
			if got := eval[string](t, w, script); got != want {
				t.Errorf("%s: %s", script, got)
			}
		}
		wait(t, closed)
	})
}
