package ipc_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/utility"
)

func init() {
	// It takes ports in and never looks at them.
	utility.Register("hears no ports", func(ctx context.Context, p *utility.Port) error { <-ctx.Done(); return nil })
}

// portsSettle waits until so many ports are open.
func portsSettle(t *testing.T, a *app.App, want int) {
	t.Helper()
	for end := time.Now().Add(limit); a.IPC().Stats().Ports.Open != want; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d ports are open, not %d", a.IPC().Stats().Ports.Open, want)
		}
	}
}

// dropping is what a page does with a port that it lets go of. None leaves a reference to it.
var dropping = map[string]string{
	"never touched":         `nextPort().then(() => 0)`,
	"with messages waiting": `nextPort().then((p) => { p.addEventListener('message', () => 0); })`,
	"posted to":             `nextPort().then((p) => { p.postMessage('last'); })`,
}

// A page's port lives as long as somebody may hear something at it, wherever its other end is; one that nobody can is closed there.
func TestBrowserPortsCollected(t *testing.T) {
	o := farSite()
	o.ChromiumSwitches = []string{"js-flags=--expose-gc"}
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		came := make(chan *ipc.Port, 10)
		ipc.OnFunc(a.IPC(), "from page", func(_ any, p *ipc.Port) { came <- p })
		w := show(t, a, window.Options{Preload: portal})
		eval[any](t, w, pagePorts)
		eval[any](t, w, "window.collecting = setInterval(gc, 20); window.heard = ''; 0")
		process, err := utility.Fork(t.Context(), "tells of ends", utility.Options{Router: a.IPC()})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan string, 10)
		utility.OnMessage(process.Port(), func(_ context.Context, what string) { ended <- what })
		process.Port().Start()

		for name, drop := range dropping {
			t.Run(name, func(t *testing.T) {
				ours, theirs := ipc.NewMessageChannel()
				posts(t, ours, "waits")
				values, closed := heard(ours)
				send(t, w, "port", theirs)
				eval[any](t, w, drop)
				if name == "posted to" {
					hears(t, values, "last")
				}
				wait(t, closed)
				one, two := ipc.NewMessageChannel()
				if err := process.Post(one); err != nil {
					t.Fatal(err)
				}
				send(t, w, "port", two)
				eval[any](t, w, drop)
				if got := wait(t, ended); got != "ended" {
					t.Error(got)
				}
				portsSettle(t, a, 0)
			})
		}
		t.Run("only onmessage", func(t *testing.T) {
			for _, own := range []bool{false, true} {
				var ours *ipc.Port
				if own {
					eval[any](t, w, `{ const c = new MessageChannel(); c.port1.onmessage = ({ data }) => { window.heard += data; window.done?.(); }; toMain('to main', c.port2); 0 }`)
					ours = wait(t, came)
				} else {
					var theirs *ipc.Port
					ours, theirs = ipc.NewMessageChannel()
					send(t, w, "port", theirs)
					eval[any](t, w, `nextPort().then((p) => { p.onmessage = ({ data }) => { window.heard += data; window.done?.(); }; })`)
				}
				eval[any](t, w, `new Promise((done) => setTimeout(done, 200))`)
				posts(t, ours, "x")
				eval[any](t, w, `new Promise((done) => { window.done = done; if (heard) done(); })`)
				eval[any](t, w, `window.heard = ''; 0`)
				ours.Close()
			}
		})
		t.Run("the page goes", func(t *testing.T) {
			other := show(t, a, window.Options{Preload: portal})
			for _, end := range []func(w *window.Window){
				func(w *window.Window) { load(t, w, "far.html") },
				func(w *window.Window) {
					if err := w.DevToolsCommand(patience(t), "Page.crash", struct{}{}, nil); !errors.Is(err, ipc.ErrRendererGone) {
						t.Error(err)
					}
				},
			} {
				deaf, err := utility.Fork(t.Context(), "hears no ports", utility.Options{Router: a.IPC()})
				if err != nil {
					t.Fatal(err)
				}
				w := show(t, a, window.Options{Preload: portal})
				eval[any](t, w, pagePorts)
				pair := `{ const c = new MessageChannel(); toMain('to main', c.port1); toMain('to main', c.port2); 0 }`
				eval[any](t, w, pair)
				one, two := wait(t, came), wait(t, came)
				_, closed := heard(one)
				if err := process.Post(two); err != nil {
					t.Fatal(err)
				}
				eval[any](t, w, pair)
				three, four := wait(t, came), wait(t, came)
				_, closedToo := heard(three)
				if err := deaf.Post(four); err != nil {
					t.Fatal(err)
				}
				eval[any](t, w, pair)
				five, six := wait(t, came), wait(t, came)
				_, closedThree := heard(five)
				send(t, other, "unheard", six)
				end(w)
				wait(t, closed)
				wait(t, closedToo)
				wait(t, closedThree)
				wait(t, ended)
				deaf.Kill() // it does not even hear that the port is closed
				portsSettle(t, a, 0)
			}
		})
	})
}
