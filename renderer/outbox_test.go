package renderer_test

import (
	"context"
	"testing"

	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
)

// TestOutbox has the rules of what goes when and with what.
func TestOutbox(t *testing.T) {
	inApp(t, site(nil), func(t *testing.T, a *app.App) {
		results := reports(a)
		script := text(t, "runtime/outbox.js") + text(t, "runtime/testdata/outbox_test.js") +
			"testOutbox().then((results) => require('electron').ipcRenderer.send('report', results));"
		open(t, a, window.Options{Preload: script})
		judge(t, receive(t, "report", results))
	})
}

// TestOneTurn: what a page sends in one turn of the event loop, and in its last one, arrives whole and in order.
func TestOneTurn(t *testing.T) {
	inApp(t, site(nil), func(t *testing.T, a *app.App) {
		heard := make(chan int, 1000)
		ipc.On(a.IPC(), "told", func(_ context.Context, n int) { heard <- n })
		ipc.Handle(a.IPC(), "asked", func(_ context.Context, n int) (int, error) { heard <- n; return n, nil })
		w := open(t, a, window.Options{Preload: `
const { contextBridge, ipcRenderer } = require('electron');
contextBridge.exposeInMainWorld('api', { tell: (n) => ipcRenderer.send('told', n), ask: (n) => ipcRenderer.invoke('asked', n) });`})
		expect := func(count int) {
			t.Helper()
			for want := range count {
				if got := receive(t, "message", heard); got != want {
					t.Fatalf("message %d came as %d", want, got)
				}
			}
		}
		sum := eval[int](t, w, `(async () => {
			const asked = [];
			for (let i = 0; i < 900; i++) i % 3 ? api.tell(i) : asked.push(api.ask(i));
			return (await Promise.all(asked)).length; })()`)
		if sum != 300 {
			t.Errorf("%d of 300 calls were answered", sum)
		}
		expect(900)
		reloaded(t, w, func() error {
			eval[any](t, w, `
			for (const name of ['pagehide', 'unload'])
				addEventListener(name, () => { const first = name === 'unload' ? 100 : 0; for (let i = 0; i < 100; i++) api.tell(first + i); }); 0`)
			return w.Reload(false)
		})
		expect(200)
	})
}
