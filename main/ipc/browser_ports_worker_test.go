package ipc_test

import (
	"context"
	"encoding/binary"
	"testing"
	"testing/fstest"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/pages"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/utility"
)

// far is what a worker or a frame does with the port that it is given: it answers each message with the same, and tells the page of the end.
const far = `
const tell = globalThis.document ? (what) => parent.postMessage({ name: 'far', what }, '*') : (what) => postMessage({ name: 'far', what });
onmessage = ({ ports: [port] }) => {
  port.onclose = () => tell('closed');
  port.onmessage = ({ data }) => {
    if (data === 'close') port.close();
    else if (data === 'spin') for (tell('spins');;);
    else if (data === 'end') close();
    else port.postMessage(data);
  };
  tell('has it');
};`

// places are where a page sends ports on to. Each is made anew for each port.
const places = `
window.places = {
  worker() { const worker = new Worker('far.js'); return { from: worker, give: (port) => worker.postMessage(0, [port]), end: () => worker.terminate() }; },
  async frame() {
    const frame = document.createElement('iframe');
    frame.src = 'far.html';
    await new Promise((done) => { frame.onload = done; document.body.append(frame); });
    return { from: window, give: (port) => frame.contentWindow.postMessage(0, '*', [port]), end: () => frame.remove() };
  },
};
window.giveTo = async (name, port) => {
  window.place = await places[name]();
  window.told = [];
  place.from.addEventListener('message', ({ data }) => { if (data.name === 'far') told.push(data.what); if (told.length === 1) window.has(); });
  const given = new Promise((done) => { window.has = done; });
  place.give(port);
  await given;
};
window.hearsOf = (what) => new Promise((done) => { const look = () => told.includes(what) ? done() : setTimeout(look, 5); look(); });
0`

func farSite() app.Options {
	return app.Options{Secure: true, Pages: pages.FS(fstest.MapFS{
		"index.html": {Data: []byte(`<!doctype html><title>One</title>`)},
		"far.html":   {Data: []byte(`<!doctype html><script src=far.js></script>`)},
		"far.js":     {Data: []byte(far)},
	})}
}

func init() {
	utility.Register("tells of ends", func(ctx context.Context, p *utility.Port) error {
		utility.OnMessage(p, func(_ context.Context, port *ipc.Port) {
			port.OnClose(func() { _ = p.Post("ended") })
			echoes(port)
		})
		return p.Serve(ctx)
	})
}

// exchange posts numbered messages, small ones and some of a mebibyte, while their echoes come back.
func exchange(t *testing.T, p *ipc.Port) {
	t.Helper()
	const n = 1000
	size := func(i uint32) int {
		if i%250 == 100 {
			return 1 << 20
		}
		return 4 + int(i)
	}
	wrong, all := make(chan uint32, n), make(chan bool)
	next := uint32(0)
	ipc.OnMessage(p, func(_ context.Context, data []byte) {
		if len(data) != size(next) || binary.LittleEndian.Uint32(data) != next {
			wrong <- next
		}
		if next++; next == n {
			close(all)
		}
	})
	p.Start()
	for i := range uint32(n) {
		data := make([]byte, size(i))
		binary.LittleEndian.PutUint32(data, i)
		if err := p.PostContext(patience(t), data); err != nil {
			t.Fatal(err)
		}
	}
	wait(t, all)
	if len(wrong) > 0 {
		t.Fatalf("%d messages come back wrong, the first is %d", len(wrong), <-wrong)
	}
}

// A page's port works in a worker and in a frame as it does in the page, up to its end, whoever brings that about.
func TestBrowserPortsSentOn(t *testing.T) {
	apptest.InApp(t, farSite(), func(t *testing.T, a *app.App) {
		came := make(chan *ipc.Port, 10)
		ipc.OnFunc(a.IPC(), "from page", func(_ any, p *ipc.Port) { came <- p })
		w := show(t, a, window.Options{Preload: portal})
		process, err := utility.Fork(t.Context(), "tells of ends", utility.Options{})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan string, 10)
		utility.OnMessage(process.Port(), func(_ context.Context, what string) { ended <- what })
		process.Port().Start()
		fresh := func() { eval[any](t, w, pagePorts); eval[any](t, w, places) }
		fresh()
		// given returns main's end of a channel whose other end is in a worker or frame.
		given := func(place string, fromPage bool) *ipc.Port {
			if fromPage {
				eval[any](t, w, "{ const c = new MessageChannel(); toMain('to main', c.port2); giveTo(ARG, c.port1); }", place)
				return wait(t, came)
			}
			ours, theirs := ipc.NewMessageChannel()
			send(t, w, "port", theirs)
			eval[any](t, w, "nextPort().then((p) => giveTo(ARG, p))", place)
			return ours
		}
		for _, place := range []string{"worker", "frame"} {
			for _, fromPage := range []bool{false, true} {
				p := given(place, fromPage)
				exchange(t, p)
				p.Close()
				eval[any](t, w, "hearsOf('closed')")
				for _, end := range []struct {
					how  string
					only string // the place that can do that
					do   func(p *ipc.Port)
				}{
					{"closed there", "", func(p *ipc.Port) { posts(t, p, "close") }},
					{"ended", "", func(*ipc.Port) { eval[any](t, w, "place.end()") }},
					{"ended at work", "worker", func(p *ipc.Port) { posts(t, p, "spin"); eval[any](t, w, "hearsOf('spins').then(() => place.end())") }},
					{"ends itself", "worker", func(p *ipc.Port) { posts(t, p, "end") }},
					{"page reloaded", "", func(*ipc.Port) { reload(t, w); fresh() }},
				} {
					if end.only != "" && end.only != place {
						continue
					}
					p := given(place, fromPage)
					values, closed := heard(p)
					posts(t, p, "there")
					hears(t, values, "there")
					end.do(p)
					wait(t, closed)
				}
				for _, end := range []func(){func() { eval[any](t, w, "place.end()") }, func() { reload(t, w); fresh() }} {
					if err := process.Post(given(place, fromPage)); err != nil {
						t.Fatal(err)
					}
					end()
					if got := wait(t, ended); got != "ended" {
						t.Errorf("the utility process says %q", got)
					}
				}
			}
		}
	})
}
