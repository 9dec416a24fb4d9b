//go:build cefdebug

package cef_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/utility"
)

// echoing answers what comes through ports, and ends them as it is told, by the message that brings the port.
const echoing = `
const { ipcRenderer } = require('oriel');
const kept = new Set();
ipcRenderer.on('port', (event, how) => {
  const [port] = event.ports;
  if (how === 'drop') return;
  kept.add(port);
  port.onclose = () => kept.delete(port);
  port.onmessage = ({ data, ports }) => {
    if (how !== 'speak') port.postMessage(data, ports);
    if (how !== 'keep') port.close(), kept.delete(port);
  };
  if (how === 'speak') port.postMessage('hello');
});
`

func init() {
	utility.Register("echoing", func(ctx context.Context, p *utility.Port) error {
		utility.OnMessage(p, func(_ context.Context, in struct {
			How  string
			Port *ipc.Port
		}) {
			if in.How == "drop" {
				go runtime.GC()
				return
			}
			port := in.Port
			ipc.OnMessageFunc(port, func(v any, ports ...*ipc.Port) {
				_ = port.Post(v, ports...)
				if in.How == "close" {
					port.Close()
				}
			})
			port.Start()
		})
		return p.Serve(ctx)
	})
}

// A harbour has everything that ports go to.
type harbour struct {
	t          *testing.T
	a          *app.App
	one, other *window.Window
	process    *utility.Process
	channels   int
}

func (h *harbour) toPage(w *window.Window) func(how string, p *ipc.Port) error {
	return func(how string, p *ipc.Port) error { return w.PostMessage("port", how, p) }
}

func (h *harbour) toProcess(how string, p *ipc.Port) error {
	return h.process.Post(map[string]any{"How": how, "Port": p})
}

// open sends n ports there, and returns the ends that have stayed. Each has been heard, or has heard, unless it is dropped there.
func (h *harbour) open(n int, how string, send func(string, *ipc.Port) error) (ends []*ipc.Port) {
	h.t.Helper()
	heard := make(chan struct{}, n)
	for range n {
		here, there := ipc.NewMessageChannel()
		_, extra := ipc.NewMessageChannel()
		ipc.OnMessageFunc(here, func(_ any, ports ...*ipc.Port) { heard <- struct{}{} })
		here.Start()
		if err := errors.Join(here.Post(make([]byte, 2000), extra), send(how, there)); err != nil {
			h.t.Fatal(err)
		}
		ends = append(ends, here)
	}
	if how != "drop" {
		for range n {
			await(h.t, "an echo: "+how, heard)
		}
	}
	h.channels += n
	return ends
}

func (h *harbour) ended(what string, ends []*ipc.Port) {
	h.t.Helper()
	for _, p := range ends {
		await(h.t, "the end of a port: "+what, p.Done())
	}
}

// relay joins both places by n channels; the first speaks and closes them.
func (h *harbour) relay(n int, from, to func(string, *ipc.Port) error, how string) {
	h.t.Helper()
	for range n {
		a, b := ipc.NewMessageChannel()
		if err := errors.Join(to("close", b), from(how, a)); err != nil {
			h.t.Fatal(err)
		}
	}
	h.channels += n
}

// still waits until no port is open any more.
func (h *harbour) still(what string) {
	h.t.Helper()
	eventually(h.t, func() []string {
		runtime.GC()
		here, there := h.a.IPC().Stats().Ports, h.process.Port().IPC().Stats().Ports
		if here.Open == 0 && there.Open == 0 {
			return nil
		}
		return []string{fmt.Sprintf("%s: %d ports of windows and %d of the process are open", what, here.Open, there.Open)}
	})
}

func (h *harbour) load(w *window.Window) {
	h.t.Helper()
	if err := w.LoadURL(ctx(h.t), "/"); err != nil {
		h.t.Fatal(err)
	}
}

func (h *harbour) fork() {
	h.t.Helper()
	p, err := utility.Fork(context.Background(), "echoing", utility.Options{})
	if err != nil {
		h.t.Fatal(err)
	}
	p.Port().Start()
	h.process = p
}

// closings ends n channels in each of the ways that leave everybody alive.
func (h *harbour) closings(n int) {
	page, other := h.toPage(h.one), h.toPage(h.other)
	for name, to := range map[string]func(string, *ipc.Port) error{"page": page, "process": h.toProcess} {
		h.ended(name+" closes", h.open(n, "close", to))
		for _, p := range h.open(n, "keep", to) {
			p.Close()
		}
		h.still(name + ", main closes")
		dropped := h.open(n, "drop", to)
		if name == "page" {
			if err := h.one.DevToolsCommand(ctx(h.t), "HeapProfiler.collectGarbage", struct{}{}, nil); err != nil {
				h.t.Fatal(err)
			}
		}
		h.ended(name+" drops", dropped)
		for range n { // main drops
			_, there := ipc.NewMessageChannel()
			if err := to("keep", there); err != nil {
				h.t.Fatal(err)
			}
		}
		h.still(name + ", main drops")
	}
	h.relay(n, page, other, "speak")
	h.relay(n, page, h.toProcess, "speak")
	h.still("between them")
}

// deaths ends n channels by the end of a document, a process and a renderer.
func (h *harbour) deaths(n int) {
	page, other := h.toPage(h.one), h.toPage(h.other)
	left := h.open(n, "keep", page)
	h.relay(n, other, page, "keep")
	h.load(h.one)
	h.ended("navigation", left)
	left = h.open(n, "keep", h.toProcess)
	h.relay(n, page, h.toProcess, "keep")
	h.process.Kill()
	h.process.Wait()
	h.ended("the process's end", left)
	h.still("the process's end")
	h.fork()
	left = h.open(n, "keep", page)
	h.relay(n, page, h.toProcess, "keep")
	for _, pid := range apptest.Renderers(h.t) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	h.ended("the renderer's end", left)
	h.still("the renderer's end")
	h.load(h.one)
	h.load(h.other)
}

// page looks at a page's heap while hundreds of channels are opened and closed there.
func (h *harbour) page(n int) {
	h.t.Helper()
	h.closings(n)
	before, documentsBefore := heap(h.t, h.one)
	h.closings(n)
	h.closings(n)
	after, documents := heap(h.t, h.one)
	h.t.Logf("the page's heap %.0f → %.0f bytes, documents %d → %d", before, after, documentsBefore, documents)
	if after > before+float64(n)*600 || documents > documentsBefore { // ten channels for each of n; an entry that is left takes some 200 bytes
		h.t.Errorf("the page's heap %.0f → %.0f bytes, documents %d → %d", before, after, documentsBefore, documents)
	}
}

// Channels to pages, between them and to processes, ended in every way there is, leave nothing behind: no port, goroutine, descriptor or
// reference in main, no heap or document in the page. make soak makes them as long as it is told.
func TestSoakPorts(t *testing.T) {
	apptest.InApp(t, site(nil), func(t *testing.T, a *app.App) {
		soak := apptest.Soak(t)
		h := &harbour{t: t, a: a}
		for _, w := range []**window.Window{&h.one, &h.other} {
			var err error
			if *w, err = window.New(a, window.Options{Preload: echoing, URL: "about:blank"}); err != nil {
				t.Fatal(err)
			}
			h.load(*w)
		}
		h.fork()
		for range 2 { // Chromium starts what it keeps
			h.closings(20)
			h.deaths(20)
		}
		for _, w := range []*window.Window{h.one, h.other} {
			h.ended("a window that is up", h.open(1, "close", h.toPage(w)))
		}
		h.still("before")
		var before, after census
		onUI(t, func() { before = count(t) })
		before["file descriptors"] += 15 // of one renderer more, as processes have a slack of one
		h.channels = 0
		begun := time.Now()
		for n := 0; n < 1 || time.Since(begun) < soak; n++ {
			h.page(100)
			h.deaths(30)
		}
		eventually(t, func() []string {
			runtime.GC()
			onUI(t, func() { after = count(t) })
			return after.more(before)
		})
		t.Logf("%d channels; before %v, after %v", h.channels, before, after)
		if n := cef.StaleCalls(); n != 0 {
			t.Errorf("%d calls came for handlers that were gone", n)
		}
		h.process.Kill()
		h.process.Wait()
	})
}
