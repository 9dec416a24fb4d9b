package ipc_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
)

// listens is a preload whose listeners are added when the page says so. 'arrived' is answered when all that was sent before has come.
const listens = `
const { contextBridge, ipcRenderer } = require('electron');
const heard = [];
const note = async (event, value) => {
  heard.push(typeof value === 'number' ? value : value instanceof ReadableStream ? await new Response(value).text() : value.length);
  if (value instanceof ReadableStream) ipcRenderer.send('read');
};
ipcRenderer.handle('arrived', () => true);
ipcRenderer.on('first', () => ipcRenderer.on('second', note));
contextBridge.exposeInMainWorld('api', {
  on: (channel) => { ipcRenderer.on(channel, note); },
  once: (channel) => { ipcRenderer.once(channel, note); },
  prependOnce: (channel) => { ipcRenderer.prependOnceListener(channel, note); },
  off: (channel) => { ipcRenderer.removeAllListeners(channel); },
  heard: () => new Promise((done) => setTimeout(() => done(heard.splice(0).join()))),
  bye: () => addEventListener('pagehide', () => ipcRenderer.send('bye', 'closing')),
});
`

// What main sends before the page's listener exists waits for it, in order and within bounds.
func TestBrowserUnheard(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		w := show(t, a, window.Options{Preload: listens})
		warnings := make(chan string, 10)
		defer w.OnConsole(func(m window.ConsoleMessage) {
			if strings.Contains(m.Text, "are lost") {
				warnings <- m.Text
			}
		})()
		send := func(channel string, values ...any) {
			t.Helper()
			for _, v := range values {
				if err := w.Send(channel, v); err != nil {
					t.Fatal(err)
				}
			}
			ask(t, w, "arrived", true)
		}
		heard := func(step, want string) {
			t.Helper()
			if got := eval[string](t, w, "("+step+", api.heard())"); got != want {
				t.Errorf("%s: heard %.100s, not %.100s", step, got, want)
			}
		}
		send("a", 1, 2, 3)
		heard("api.on('a')", "1,2,3")
		send("a", 4)
		heard("0", "4")
		send("b", 1, 2)
		heard("api.once('b')", "1")
		send("b", 3)
		heard("api.prependOnce('b')", "2")
		heard("api.on('b')", "3")
		send("b", 4)
		heard("api.off('b')", "4")
		send("b", 5)
		heard("api.on('b')", "") // it had a listener once: as in Electron from then on
		send("second", 1)
		if err := errors.Join(w.Send("first"), w.Send("second", 2)); err != nil {
			t.Fatal(err)
		}
		send("second", 3)
		heard("0", "1,2,3")

		read, closed := make(chan struct{}, 1), make(chan struct{})
		ipc.On(a.IPC(), "read", func(context.Context, any) { read <- struct{}{} })
		if err := w.MainFrame().Send("kept", strings.NewReader("a stream")); err != nil {
			t.Fatal(err)
		}
		ask(t, w, "arrived", true)
		eval[any](t, w, "api.on('kept')")
		wait(t, read)
		heard("0", "a stream")
		if err := w.Send("kept", strings.NewReader("one of the window's")); err != nil {
			t.Fatal(err)
		}
		wait(t, read)
		heard("0", "one of the window's")
		if err := a.Send("kept", strings.NewReader("for all")); !errors.Is(err, protocol.ErrUncloneable) || !strings.Contains(err.Error(), "not to several") {
			t.Error("a stream for all windows:", err)
		}
		if err := w.MainFrame().Send("many", endless{closed}); err != nil {
			t.Fatal(err)
		}

		var want []string
		for i := range 300 {
			if i >= 300-256 {
				want = append(want, fmt.Sprint(i))
			}
			if err := w.Send("many", i); err != nil {
				t.Fatal(err)
			}
		}
		wait(t, closed) // its message gave way
		send("big", make([]byte, 8<<20), make([]byte, 8<<20+1), make([]byte, 8<<20+2), make([]byte, 8<<20+3))
		send("huge", make([]byte, 33<<20), 1)
		heard("api.on('many')", strings.Join(want, ","))
		heard("api.on('big')", "8388609,8388610,8388611")
		heard("api.on('huge')", "1")
		send("again", make([]byte, 10<<20), make([]byte, 10<<20), make([]byte, 10<<20))
		heard("api.on('again')", "10485760,10485760,10485760") // there is room again
		for _, channel := range []string{"many", "big", "huge"} {
			if got := wait(t, warnings); got != "Messages on '"+channel+"' are lost: too many wait for a first listener" {
				t.Errorf("the console says %q", got)
			}
		}
		if len(warnings) > 0 {
			t.Errorf("the console says more: %q", <-warnings)
		}
	})
}

// endless is a reader that goes on until it is closed.
type endless struct{ closed chan struct{} }

func (endless) Read(b []byte) (int, error) { return len(b), nil }

func (e endless) Close() error {
	close(e.closed)
	return nil
}

// A window that closes takes nothing more, and says so; what its page says last is heard.
func TestBrowserClosing(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		heard := make(chan string, 1)
		ipc.On(a.IPC(), "bye", func(_ context.Context, text string) { heard <- text })
		w := show(t, a, window.Options{Preload: listens})
		eval[any](t, w, "api.bye()")
		frame := w.MainFrame()
		w.Destroy()
		for name, err := range map[string]error{
			"window": w.Send("x"), "document": frame.Send("x"), "question": w.Invoke(patience(t), "arrived", nil), "document's": frame.Invoke(patience(t), "arrived", nil),
		} {
			if !errors.Is(err, ipc.ErrClosed) {
				t.Errorf("%s: %v", name, err)
			}
		}
		wait(t, w.Closed())
		select {
		case got := <-heard:
			if got != "closing" {
				t.Errorf("heard %q", got)
			}
		case <-time.After(limit):
			t.Error("the page's last words are lost")
		}
	})
}
