package renderer_test

import (
	"context"
	"testing"

	"github.com/vmihailenco/msgpack/v5"

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

// A place is the number of a message. It tells that in its turn, while it is decoded: handlers that have begun run side by side.
type place int

var places = make(chan int, 1000)

// DecodeMsgpack reads the number.
func (p *place) DecodeMsgpack(d *msgpack.Decoder) error {
	n, err := d.DecodeInt()
	*p = place(n)
	places <- n
	return err
}

// TestOneTurn: what a page sends in one turn of the event loop, and in its last one, arrives whole and in order.
func TestOneTurn(t *testing.T) {
	inApp(t, site(nil), func(t *testing.T, a *app.App) {
		ipc.On(a.IPC(), "told", func(context.Context, place) {})
		ipc.Handle(a.IPC(), "asked", func(_ context.Context, n place) (int, error) { return int(n), nil })
		w := open(t, a, window.Options{Preload: `
const { contextBridge, ipcRenderer } = require('electron');
contextBridge.exposeInMainWorld('api', { tell: (n) => ipcRenderer.send('told', n), ask: (n) => ipcRenderer.invoke('asked', n) });`})
		expect := func(count int) {
			t.Helper()
			for want := range count {
				if got := receive(t, "message", places); got != want {
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
