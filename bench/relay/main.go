// Command relay measures a message of 1 KiB from a page to a utility process and back, through a port that main carries, beside what that is
// made of: an invoke of 1 KiB from the page to main, and a message of 1 KiB from main to the utility process and back, in the same run. Its
// argument is a folder for the app's data. It prints one line of JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/utility"
)

const preload = `
const { contextBridge, ipcRenderer } = require('oriel');
contextBridge.exposeInMainWorld('bench', { echo: (bytes) => ipcRenderer.invoke('echo', bytes) });
ipcRenderer.on('port', (event) => { window.postMessage('port', '*', event.ports); });
`

const page = `<!doctype html><title>relay</title><script>
const bytes = new Uint8Array(1024);
let port;
let answered;
addEventListener('message', ({ ports }) => {
  port = ports[0];
  port.onmessage = () => answered();
});
const batch = async (n, once) => {
  const start = performance.now();
  for (let i = 0; i < n; i++) await once();
  return (performance.now() - start) * 1000 / n;
};
window.invokes = (n) => batch(n, () => bench.echo(bytes));
window.posts = (n) => batch(n, () => new Promise((done) => { answered = done; port.postMessage(bytes); }));
</script>`

func init() {
	utility.Register("relay", func(ctx context.Context, p *utility.Port) error {
		utility.OnMessage(p, func(_ context.Context, data []byte) { _ = p.Post(data) })
		ipc.On(p.IPC(), "port", func(_ context.Context, port *ipc.Port) {
			ipc.OnMessage(port, func(_ context.Context, data []byte) { _ = port.Post(data) })
			port.Start()
		})
		return p.Serve(ctx)
	})
}

func main() {
	utility.Main()
	a := app.New(app.Options{Name: "relay", DataDir: os.Args[1], Pages: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(page))
	})})
	ipc.Handle(a.IPC(), "echo", func(_ context.Context, in []byte) ([]byte, error) { return in, nil })
	a.OnReady(func(ctx context.Context) error {
		defer a.Quit()
		return measure(ctx, a)
	})
	if err := a.Run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "relay:", err)
		os.Exit(1)
	}
}

// figure is as in bench/ports.
type figure struct {
	Name, Unit      string
	Rate            bool
	Value, Baseline []float64
}

const (
	rounds = 7
	batch  = 1000
)

func measure(ctx context.Context, a *app.App) error {
	w, err := window.New(a, window.Options{URL: "about:blank", Preload: preload})
	if err != nil {
		return err
	}
	if err := w.LoadURL(ctx, a.Origin()+"/"); err != nil {
		return err
	}
	p, err := utility.Fork(ctx, "relay", utility.Options{})
	if err != nil {
		return err
	}
	there, here := ipc.NewMessageChannel()
	if err := p.Port().Send("port", there); err != nil {
		return err
	}
	if err := w.PostMessage("port", nil, here); err != nil {
		return err
	}
	answers := make(chan struct{}, 1)
	utility.OnMessage(p.Port(), func(context.Context, []byte) { answers <- struct{}{} })
	p.Port().Start()
	f := figure{Name: "port-page-utility-1KiB", Unit: "µs"}
	for i := range rounds + 1 {
		var invoke, post float64
		if err := w.Eval(ctx, fmt.Sprintf("invokes(%d)", batch), &invoke); err != nil {
			return err
		}
		begun := time.Now()
		for range batch {
			if err := p.Post(make([]byte, 1024)); err != nil {
				return err
			}
			<-answers
		}
		direct := time.Since(begun).Seconds() * 1e6 / batch
		if err := w.Eval(ctx, fmt.Sprintf("posts(%d)", batch), &post); err != nil {
			return err
		}
		if i > 0 { // the first is to warm up
			f.Value, f.Baseline = append(f.Value, post), append(f.Baseline, invoke+direct)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(f)
}
