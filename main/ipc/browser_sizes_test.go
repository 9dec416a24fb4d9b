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
	"github.com/oriel-go/oriel/renderer/ring"
)

// sizing sends and hears bytes, and knows them by their length.
const sizing = `
const { contextBridge, ipcRenderer } = require('electron');
const make = (n) => { const b = new Uint8Array(n); for (let i = 0; i < n; i += 509) b[i] = i + n; if (n) b[n - 1] = n; return b; };
const right = (b) => { const n = b.length; for (let i = 0; i < n - 1; i += 509) if (b[i] !== (i + n & 255)) return false; return n === 0 || b[n - 1] === (n & 255); };
const fails = (f) => { try { f(); return ''; } catch (error) { return String(error); } };
let heard = [];
ipcRenderer.on('s', (event, b) => { heard.push(right(b) ? b.length : 'damaged, of ' + b.length); });
contextBridge.exposeInMainWorld('api', {
  invoke: (channel) => ipcRenderer.invoke(channel),
  send: (from, to) => fails(() => { for (let n = from; n <= to; n++) ipcRenderer.send('s', make(n)); }),
  heard: () => { const all = heard; heard = []; return all; },
});
contextBridge.exposeInMainWorld('direct', { send: ipcRenderer.sender('s', 1) });`

// known makes what sizing's make does.
func known(n int) []byte {
	b := make([]byte, n)
	for i := 0; i < n; i += 509 {
		b[i] = byte(i + n)
	}
	if n > 0 {
		b[n-1] = byte(n)
	}
	return b
}

// overhead is what the packet of a message with so many bytes takes besides them.
func overhead(t *testing.T, n int) int {
	t.Helper()
	p, err := protocol.AppendSend(protocol.AppendHeader(nil, 1), "s", make([]byte, n))
	if err != nil {
		t.Fatal(err)
	}
	return len(p) - n
}

// Packets of every length about every threshold of the ways that they travel are heard in both directions, in their order and whole: where they
// stop being joined, get a buffer of their own, are parted, fill the ring and go beyond it. The longest that may be is, and one byte more is an
// error where it is sent.
func TestBrowserSizes(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		heard := make(chan string, 1000)
		ipc.On(a.IPC(), "s", func(_ context.Context, b []byte) {
			if want := known(len(b)); string(b) != string(want) {
				heard <- fmt.Sprintf("damaged, of %d", len(b))
			} else {
				heard <- fmt.Sprint(len(b))
			}
		})
		ipc.Handle(a.IPC(), "ping", func(context.Context, any) (any, error) { return nil, nil })
		w := show(t, a, window.Options{Preload: sizing})
		for range 2 { // it has its ring when it has been answered
			eval[any](t, w, "api.invoke('ping')")
		}
		both := func(from, to int) {
			t.Helper()
			for _, script := range []string{fmt.Sprintf("api.send(%d, %d)", from, to), fmt.Sprintf(`(() => {
				for (let n = %d; n <= %d; n++) { const b = new Uint8Array(n); for (let i = 0; i < n; i += 509) b[i] = i + n; if (n) b[n - 1] = n; direct.send(b); }
				return '';
			})()`, from, to)} {
				if problem := eval[string](t, w, script); problem != "" {
					t.Fatalf("%s: %s", script, problem)
				}
				for n := from; n <= to; n++ {
					if got := wait(t, heard); got != fmt.Sprint(n) {
						t.Fatalf("main heard %s, want %d", got, n)
					}
				}
			}
			for n := from; n <= to; n++ {
				if err := w.Send("s", known(n)); err != nil {
					t.Fatal(err)
				}
			}
			eval[any](t, w, "api.invoke('ping')") // its answer comes behind them
			got := eval[[]any](t, w, "api.heard()")
			for i, n := 0, from; n <= to; i, n = i+1, n+1 {
				if i >= len(got) || got[i] != float64(n) {
					t.Fatalf("the page heard %v where %d was sent", got[min(i, len(got)-1):], n)
				}
			}
		}
		both(0, 40)
		for _, size := range []int{8 << 10, 16 << 10, 32 << 10, 64 << 10, 128 << 10, 192 << 10, ring.Size} {
			n := size - overhead(t, size)
			both(n-17, n+9)
		}
		for _, size := range []int{2 * ring.Size, 8 << 20} {
			n := size - overhead(t, size)
			both(n-1, n+1)
		}
		n := protocol.MaxPacket - overhead(t, 1<<20)
		both(n, n)
		if problem := eval[string](t, w, fmt.Sprintf("api.send(%d, %[1]d)", n+1)); !strings.Contains(problem, "64 MiB") && !strings.Contains(problem, fmt.Sprint(protocol.MaxPacket)) {
			t.Errorf("one byte more: %q", problem)
		}
		if problem := eval[string](t, w, fmt.Sprintf("(() => { try { direct.send(new Uint8Array(%d)); return ''; } catch (error) { return String(error); } })()", n+1)); problem == "" {
			t.Error("one byte more goes by a direct function")
		}
		if err := w.Send("s", known(n+1)); !errors.Is(err, protocol.ErrLimit) {
			t.Errorf("one byte more: %v", err)
		}
		both(7, 7)
	})
}
