package window_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"runtime"
	"slices"
	"testing"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
)

// p99 is how long 99 of 100 invokes of the window's page take at most, n in all, one after the other, in milliseconds. Every one must have
// its answer.
func p99(t *testing.T, w *window.Window, n int) float64 {
	t.Helper()
	return eval[float64](t, w, fmt.Sprintf(`(async () => {
		const times = [];
		for (let i = 0; i < %d; i++) {
			const begin = performance.now();
			if (await api.invoke('echo', i) !== i) throw new Error('another answer');
			times.push(performance.now() - begin);
		}
		return times.sort((a, b) => a - b)[times.length * 99 / 100 - 1];
	})()`, n))
}

// pour sends the packet again and again, some at once and then after a pause, until the result is called, which returns how often that was.
func (h *hostile) pour(p []byte, atOnce, pause int) (stop func() int) {
	h.t.Helper()
	h.run(fmt.Sprintf(`globalThis.count = 0;
		globalThis.drop = bytes('%s');
		globalThis.pour = () => { for (let i = 0; i < %d; i++, count++) native.send(drop.buffer, drop.length); if (count > 0) setTimeout(pour, %d); };
		pour()`, base64.StdEncoding.EncodeToString(p), atOnce, pause))
	return func() int {
		var n struct{ Result struct{ Value int } }
		command(h.t, h.w, "Runtime.evaluate", map[string]any{"expression": "-(count = -count)", "contextId": h.world}, &n)
		return n.Result.Value
	}
}

// checkEvents lets the page bring about more events than its listeners, which are stuck until then, can hear.
func checkEvents(t *testing.T, w *window.Window, stuck chan struct{}) {
	t.Helper()
	type kept struct{ lines, longest int }
	var k kept
	end := make(chan kept, 1)
	w.OnConsole(func(m window.ConsoleMessage) {
		<-stuck
		if m.Text == "end" {
			select {
			case end <- k:
			default:
			}
		}
		k.lines++
		k.longest = max(k.longest, len(m.Text))
	})
	if err := w.LoadURL(ctx(t), "/"); err != nil {
		t.Fatal(err)
	}
	eval[any](t, w, "for (let i = 0; i < 3000; i++) console.log('x'.repeat(100000)); 0")
	close(stuck)
	apptest.Until(t, "all that was kept is heard", func() bool {
		eval[any](t, w, "console.log('end'); 0")
		return len(end) > 0
	})
	if got := <-end; got.lines < 1000 || got.lines > 2000 || got.longest > 64<<10+3 {
		t.Errorf("kept: %+v", got)
	}
}

// count is how many packets pour has sent.
func (h *hostile) count() int {
	h.t.Helper()
	var count struct{ Result struct{ Value int } }
	command(h.t, h.w, "Runtime.evaluate", map[string]any{"expression": "count", "contextId": h.world}, &count)
	return count.Result.Value
}

// await waits until pour has sent that many packets.
func (h *hostile) await(n int) {
	h.t.Helper()
	apptest.Until(h.t, "many packets are sent", func() bool { return h.count() >= n })
}

// A window that floods main neither holds up another one, each of whose invokes is answered while the flood goes on, nor fills the memory. How
// long the other one waits is looked at by "make soak" only, where nothing else runs: less than five times as long as without the flood,
// for the best of three rounds of each.
func TestSoakFlood(t *testing.T) {
	o := site(nil)
	o.Log = zap.NewNop()
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		rounds, invokes := 1, 100
		if apptest.Soak(t) > 0 {
			rounds, invokes = 3, 1000
		}
		best := func(w *window.Window) float64 {
			var times []float64
			for range rounds {
				times = append(times, p99(t, w, invokes))
			}
			return slices.Min(times)
		}
		stuck := make(chan struct{})
		ipc.Handle(a.IPC(), "echo", func(_ context.Context, n int) (int, error) { return n, nil })
		ipc.On(a.IPC(), "tell", func(context.Context, ipc.Args) { <-stuck })
		other, w := open(t, a, window.Options{}), open(t, a, window.Options{})
		h := takeOver(t, w, 7)
		p99(t, other, invokes) // everything is warm
		quiet := best(other)
		for _, c := range []struct {
			name   string
			packet []byte
			atOnce int
			pause  int
			times  float64
		}{
			{"of a document that has gone", packet(protocol.AppendSend(protocol.AppendHeader(nil, 8), "tell")), 50, 0, 5},
			{"messages behind a listener that is stuck", packet(protocol.AppendSend(h.header(), "tell")), 50, 0, 5},
			{"more bytes than may wait", packet(protocol.AppendSend(h.header(), "tell", make([]byte, 8<<20))), 2, 100, 0},
		} {
			stop := h.pour(c.packet, c.atOnce, c.pause)
			if c.pause > 0 {
				h.await(50)
			}
			before := h.count()
			flooded := best(other)
			h.await(before + 1)
			n := stop()
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			t.Logf("%s: 99 of 100 in %.2f ms, without %.2f ms; %d packets, %d MiB in use", c.name, flooded, quiet, n, m.HeapAlloc>>20)
			if rounds > 1 && c.times > 0 && flooded > c.times*quiet {
				t.Errorf("%s: 99 of 100 invokes take %.2f ms, %.2f ms without the flood", c.name, flooded, quiet)
			}
			if n < 10 || m.HeapAlloc > 2*protocol.MaxQueuedBytes {
				t.Errorf("%s: %d packets were sent, %d MiB are in use", c.name, n, m.HeapAlloc>>20)
			}
		}
		checkEvents(t, w, stuck)
		p99(t, other, invokes)
	})
}
