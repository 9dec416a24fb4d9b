package ipc_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/utility"
)

func init() {
	utility.Register("waystation", func(ctx context.Context, p *utility.Port) error {
		var kept []*ipc.Port
		ipc.Handle(p.IPC(), "pass", func(_ context.Context, x *ipc.Port) (*ipc.Port, error) { return x, nil })
		ipc.HandleFunc(p.IPC(), "keep", func(_ context.Context, x *ipc.Port) error { kept = append(kept, x); return nil })
		return p.Serve(ctx)
	})
}

// A port of one page's goes by way of a utility process to another page, while it is posted to. Wherever it is when that place ends, the first
// page hears of it, and what had come was in order.
func TestBrowserPortsAcross(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		came := make(chan *ipc.Port, 1)
		ipc.OnFunc(a.IPC(), "from page", func(_ any, p *ipc.Port) { came <- p })
		w := show(t, a, window.Options{Preload: portal})
		eval[any](t, w, pagePorts)
		way, err := utility.Fork(t.Context(), "waystation", utility.Options{})
		if err != nil {
			t.Fatal(err)
		}
		begin := func() *ipc.Port {
			eval[any](t, w, `{ const c = new MessageChannel(); window.kept = c.port1; window.told = ending(kept); kept.start(); toMain('to main', c.port2);
				let n = 0; const turns = new MessageChannel(); // a timer would slow down behind another window
				turns.port1.onmessage = () => { kept.postMessage(n); if (++n < 2000) turns.port2.postMessage(0); }; turns.port2.postMessage(0); 0 }`)
			return wait(t, came)
		}
		for name, end := range map[string]func(other *window.Window){
			"navigation": func(other *window.Window) { load(t, other, "two.html") },
			"window":     func(other *window.Window) { other.Destroy() },
			"crash": func(other *window.Window) {
				if err := other.DevToolsCommand(patience(t), "Page.crash", struct{}{}, nil); !errors.Is(err, ipc.ErrRendererGone) {
					t.Error(err)
				}
			},
		} {
			var back *ipc.Port
			if err := way.Port().Invoke(patience(t), "pass", &back, begin()); err != nil {
				t.Fatal(err)
			}
			other := show(t, a, window.Options{Preload: portal})
			eval[any](t, other, pagePorts)
			send(t, other, "port", back)
			got := eval[string](t, other, "nextPort().then((p) => { window.port = p; return gather(p, 2000); })")
			for i, n := range strings.Split(got, ",") {
				if n != strconv.Itoa(i) {
					t.Fatalf("%s: message %d is %s", name, i, n)
				}
			}
			end(other)
			if got := eval[string](t, w, "told"); got != "closed" {
				t.Errorf("%s: %s", name, got)
			}
		}
		if err := way.Port().Invoke(patience(t), "keep", nil, begin()); err != nil {
			t.Fatal(err)
		}
		_ = unix.Kill(way.PID(), unix.SIGKILL)
		eval[any](t, w, "told")
	})
}
