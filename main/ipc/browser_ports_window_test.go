package ipc_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
)

// Who posts to a page by PostContext keeps its pace; what a page posts waits there until it is heard, and is bounded.
func TestBrowserPortWindow(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		came := make(chan *ipc.Port, 10)
		ipc.OnFunc(a.IPC(), "from page", func(_ any, p *ipc.Port) { came <- p })
		w := show(t, a, window.Options{Preload: portal})
		eval[any](t, w, pagePorts)

		t.Run("a busy page", func(t *testing.T) {
			const messages, size = 1000, 16 << 10
			ours, theirs := ipc.NewMessageChannel()
			send(t, w, "port", theirs)
			eval[any](t, w, `nextPort().then((p) => {
				window.port = p;
				p.onmessage = ({ data }) => { for (const end = performance.now() + 1; performance.now() < end;); p.postMessage(data[0] + 256 * data[1]); };
			})`)
			var sent, most atomic.Int64
			all := make(chan bool)
			ipc.OnMessage(ours, func(_ context.Context, n int64) {
				most.Store(max(most.Load(), sent.Load()-n))
				if n == messages-1 {
					close(all)
				}
			})
			ours.Start()
			for n := range messages {
				data := make([]byte, size)
				data[0], data[1] = byte(n), byte(n>>8)
				if err := ours.PostContext(patience(t), data); err != nil {
					t.Fatal(err)
				}
				sent.Add(1)
			}
			wait(t, all)
			if n := most.Load() * size; n > 6*protocol.PortWindow { // three or four are on their way there, in its event loop, and back
				t.Errorf("the page was %d KiB behind", n>>10)
			}
		})
		t.Run("a page that is not heard", func(t *testing.T) {
			eval[any](t, w, `{
				const { port1, port2 } = new MessageChannel(), c = new MessageChannel();
				window.port = port1;
				window.inner = c.port1;
				toMain('to main', port2);
				for (let i = 0; i < 64; i++) port1.postMessage(i === 40 ? new Uint8Array([i]) : new Uint8Array(1 << 20).fill(i), i === 40 ? [c.port2] : []);
				inner.postMessage('early');
				port1.postMessage(new Uint8Array([64]));
				port1.close();
				0
			}`)
			p := wait(t, came)
			numbers, inner := make(chan byte, 100), make(chan *ipc.Port, 1)
			ipc.OnMessageFunc(p, func(data []byte, ports ...*ipc.Port) {
				numbers <- data[0]
				if len(ports) > 0 {
					inner <- ports[0]
				}
			})
			closed := make(chan bool)
			p.OnClose(func() { close(closed) })
			p.Start()
			for want := range byte(65) {
				if got := wait(t, numbers); got != want {
					t.Fatalf("message %d has number %d", want, got)
				}
			}
			wait(t, closed)
			values, _ := heard(wait(t, inner))
			hears(t, values, "early")
		})
		t.Run("as much as may wait", func(t *testing.T) {
			const n = 1 + protocol.MaxQueuedBytes>>20 // one is on its way
			for _, beyond := range []int{0, 1} {
				eval[any](t, w, fmt.Sprintf(`{
					const { port1, port2 } = new MessageChannel(), cost = 1 << 20, head = %d + 5;
					window.port = port1;
					window.told = ending(port1);
					port1.start();
					toMain('to main', port2);
					for (let i = 1; i <= %d; i++) port1.postMessage(new Uint8Array(cost - head + (i === %[2]d ? %d : 0)).fill(i));
					0
				}`, protocol.PostOverhead, n, beyond))
				p := wait(t, came)
				if beyond > 0 {
					eval[any](t, w, "told")
				}
				numbers := make(chan byte, n)
				ipc.OnMessage(p, func(_ context.Context, data []byte) { numbers <- data[0] })
				p.Start()
				if beyond > 0 {
					wait(t, p.Done())
					if len(numbers) > 1 {
						t.Errorf("%d messages are heard of a port that was closed", len(numbers))
					}
					continue
				}
				for i := range byte(n) {
					if got := wait(t, numbers); got != i+1 {
						t.Fatalf("message %d has number %d", i+1, got)
					}
				}
				p.Close()
				eval[any](t, w, "told")
			}
		})
		t.Run("a page without end", func(t *testing.T) {
			told := make(chan string, 100)
			w.OnConsole(func(m window.ConsoleMessage) { told <- m.Text })
			eval[any](t, w, fmt.Sprintf(`{
				const { port1, port2 } = new MessageChannel();
				window.port = port1;
				window.told = ending(port1);
				port1.start();
				toMain('to main', port2);
				for (let i = 0; i < %d; i++) port1.postMessage(new Uint8Array(1 << 20));
				0
			}`, protocol.MaxQueuedBytes>>20+4))
			p := wait(t, came)
			eval[any](t, w, "told")
			if line := wait(t, told); !strings.HasPrefix(line, "A message port is closed: more than") {
				t.Errorf("the console says %q", line)
			}
			n := 0
			ipc.OnMessage(p, func(context.Context, []byte) { n++ })
			p.Start()
			wait(t, p.Done())
			if err := context.Cause(p.Context()); n == 0 || n > 2 || !errors.Is(err, ipc.ErrPortClosed) {
				t.Errorf("main has heard %d messages, and then %v", n, err)
			}
			if got := eval[string](t, w, "new Promise((done) => { const c = new MessageChannel(); c.port1.onmessage = () => done('lives'); c.port2.postMessage(1); })"); got != "lives" {
				t.Error(got)
			}
		})
	})
}
