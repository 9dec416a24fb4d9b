package ipc_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
)

// A page may have as many ports as there may be, and not one more, whoever sends it; when one is closed there is room again.
func TestBrowserPortsLimit(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		came := make(chan *ipc.Port, protocol.MaxPorts+1)
		ipc.OnFunc(a.IPC(), "from page", func(_ any, p *ipc.Port) { came <- p })
		w := show(t, a, window.Options{Preload: `
			const { contextBridge, ipcRenderer } = require('electron');
			const kept = [];
			contextBridge.exposeInMainWorld('api', {
				send() {
					const { port1, port2 } = new MessageChannel();
					port1.onmessage = ({ data }) => port1.postMessage(data);
					try { ipcRenderer.postMessage('from page', 0, [port2]); } catch (error) { port2.close(); return error.message; }
					kept.push(port1);
					return '';
				},
				close() { kept.shift().close(); },
			});`})
		if got := eval[string](t, w, fmt.Sprintf("{ let error = ''; for (let i = 0; i < %d && error === ''; i++) error = api.send(); error; }", protocol.MaxPorts)); got != "" {
			t.Fatalf("within the limit: %s", got)
		}
		var all []*ipc.Port
		for range protocol.MaxPorts {
			all = append(all, wait(t, came))
		}
		if got := eval[string](t, w, "api.send()"); got != "More than 1024 message ports are open." {
			t.Errorf("one more from the page: %q", got)
		}
		here, there := ipc.NewMessageChannel()
		if err := w.PostMessage("port", nil, there); !errors.Is(err, protocol.ErrLimit) {
			t.Errorf("one more from main: %v", err)
		}
		posts(t, here, "is still here")
		last := all[len(all)-1]
		values, _ := heard(last)
		posts(t, last, "alive")
		hears(t, values, "alive")
		_, closed := heard(all[0])
		eval[any](t, w, "api.close(); 0")
		wait(t, closed)
		// The page has room again when it has main's answer to the close.
		eval[any](t, w, "new Promise((done) => { const again = () => { if (api.send() === '') done(0); else setTimeout(again, 1); }; again(); })")
		again := wait(t, came)
		values, _ = heard(again)
		posts(t, again, "too")
		hears(t, values, "too")
		if s := a.IPC().Stats().Ports; s.Open > protocol.MaxPorts {
			t.Errorf("%+v", s)
		}
	})
}
