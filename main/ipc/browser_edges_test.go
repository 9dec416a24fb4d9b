package ipc_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
)

// edges lets a page try what is at a limit and beyond it, by an ordinary and by a direct function.
const edges = `
const { contextBridge, ipcRenderer } = require('electron');
const tried = async (f) => { try { return await f(); } catch (error) { return String(error); } };
const heard = [];
contextBridge.exposeInMainWorld('api', {
  list: (n) => tried(() => ipcRenderer.invoke('length', new Array(n).fill(1))),
  deep: (n) => tried(() => { let v = 1; for (let i = 0; i < n; i++) v = [v]; return ipcRenderer.invoke('any', v); }),
  args: (n) => tried(() => ipcRenderer.invoke('any', ...new Array(n).fill(1))),
  channel: (n) => tried(() => ipcRenderer.invoke('c'.repeat(n), 1)),
  take: (n) => tried(() => ipcRenderer.invoke('take', Array.from({ length: n }, () => new ReadableStream()))),
  give: (n) => tried(async () => { globalThis.given = (await ipcRenderer.invoke('give', n)); return given.length; }),
  drop: () => { for (const s of given) s.cancel(); },
  on: (channel) => { ipcRenderer.on(channel, (event, v) => { heard.push(typeof v === 'number' ? v : v.length); }); },
  heard: () => new Promise((done) => setTimeout(() => done(heard.splice(0)))),
});
ipcRenderer.handle('arrived', () => true);
contextBridge.exposeInMainWorld('direct', { length: ipcRenderer.invoker('length', 1), any: ipcRenderer.invoker('any') });`

// What a limit allows is carried from a page to main and back, and one more is an error for who has asked.
func TestBrowserEdges(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		r := a.IPC()
		ipc.Handle(r, "length", func(_ context.Context, list []any) (int, error) { return len(list), nil })
		ipc.Handle(r, "any", func(_ context.Context, args ipc.Args) (int, error) { return args.Len(), nil })
		ipc.Handle(r, strings.Repeat("c", protocol.MaxChannel), func(context.Context, int) (string, error) { return "heard", nil })
		kept := make(chan []io.ReadCloser, 10)
		ipc.Handle(r, "take", func(ctx context.Context, all []io.ReadCloser) (int, error) { kept <- all; <-ctx.Done(); return 0, nil })
		blocked, _ := io.Pipe()
		ipc.Handle(r, "give", func(_ context.Context, n int) (list []io.Reader, err error) {
			for range n {
				list = append(list, io.MultiReader(blocked))
			}
			return list, nil
		})
		w := show(t, a, window.Options{Preload: edges})
		const inline = "(async () => { try { return await direct.%s; } catch (error) { return String(error); } })()"
		for _, c := range []struct {
			name, at, past string
			want           any
		}{
			{"depth", fmt.Sprintf("api.deep(%d)", protocol.MaxDepth), fmt.Sprintf("api.deep(%d)", protocol.MaxDepth+1), 1.0},
			{"arguments", fmt.Sprintf("api.args(%d)", protocol.MaxArgs), fmt.Sprintf("api.args(%d)", protocol.MaxArgs+1), float64(protocol.MaxArgs)},
			{"direct arguments", fmt.Sprintf(inline, fmt.Sprintf("any(...new Array(%d).fill(1))", protocol.MaxArgs)),
				fmt.Sprintf(inline, fmt.Sprintf("any(...new Array(%d).fill(1))", protocol.MaxArgs+1)), float64(protocol.MaxArgs)},
			{"channel", fmt.Sprintf("api.channel(%d)", protocol.MaxChannel), fmt.Sprintf("api.channel(%d)", protocol.MaxChannel+1), "heard"},
		} {
			if got := eval[any](t, w, c.at); got != c.want {
				t.Errorf("%s: at the limit: %v", c.name, got)
			}
			if got, failed := eval[any](t, w, c.past).(string); !failed || !strings.Contains(got, "Error") {
				t.Errorf("%s: one past the limit: %v", c.name, got)
			}
		}
		for name, script := range map[string]string{"elements": "api.list(%d)", "direct elements": fmt.Sprintf(inline, "length(new Array(%d).fill(1))")} {
			const most = protocol.MaxElements - 8 // the list itself, and what a frame may have besides
			if got := eval[any](t, w, fmt.Sprintf(script, most)); got != float64(most) {
				t.Errorf("%s: at the limit: %.200v", name, got)
			}
			if got, failed := eval[any](t, w, fmt.Sprintf(script, most+1)).(string); !failed {
				t.Errorf("%s: one past the limit: %.200v", name, got)
			}
		}
		if got := eval[any](t, w, fmt.Sprintf("api.take(%d)", protocol.MaxStreams+1)); got != fmt.Sprintf("Error: More than %d streams are open.", protocol.MaxStreams) {
			t.Errorf("the page gives one stream too many: %v", got)
		}
		eval[any](t, w, fmt.Sprintf("api.take(%d); 0", protocol.MaxStreams))
		if got := eval[any](t, w, "api.take(1)"); got != fmt.Sprintf("Error: More than %d streams are open.", protocol.MaxStreams) {
			t.Errorf("the page gives one stream more: %v", got)
		}
		if all := wait(t, kept); len(all) != protocol.MaxStreams {
			t.Errorf("main has %d streams", len(all))
		}
		if got := eval[any](t, w, fmt.Sprintf("api.give(%d)", protocol.MaxStreams)); got != float64(protocol.MaxStreams) {
			t.Errorf("main gives %v streams", got)
		}
		if got, failed := eval[any](t, w, "api.give(1)").(string); !failed || !strings.Contains(got, "streams") {
			t.Errorf("main gives one stream more: %v", got)
		}
		eval[any](t, w, "api.drop()")
	})
}

// What waits in a page for a first listener does so up to the limits, to the message and to the byte.
func TestBrowserUnheardEdge(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		w := show(t, a, window.Options{Preload: edges})
		check := func(name string, want ...int) {
			t.Helper()
			ask(t, w, "arrived", true)
			got := eval[[]int](t, w, fmt.Sprintf("(api.on('%s'), api.heard())", name))
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: %d are heard, %.40v, not %d, %.40v", name, len(got), fmt.Sprint(got), len(want), fmt.Sprint(want))
			}
		}
		const messages, bytes, cost = 256, 32 << 20, 64
		var numbers []int
		for i := range messages + 1 {
			numbers = append(numbers, i)
			if err := w.Send("more", i); err != nil {
				t.Fatal(err)
			}
			if i == messages {
				break
			}
			if err := w.Send("all", i); err != nil {
				t.Fatal(err)
			}
		}
		check("all", numbers[:messages]...)
		check("more", numbers[1:]...)
		// Four messages that take all the room, each alone in its packet.
		n := bytes/4 - cost
		n -= len(must(protocol.AppendSend(protocol.AppendHeader(nil, 1), "room", make([]byte, n)))) - n
		for _, c := range []struct {
			name string
			last int
			want []int
		}{{"room", n, []int{n, n, n, n}}, {"rooo", n + 1, []int{n, n, n + 1}}} {
			for i := range 4 {
				size := n
				if i == 3 {
					size = c.last
				}
				if err := w.Send(c.name, make([]byte, size)); err != nil {
					t.Fatal(err)
				}
			}
			check(c.name, c.want...)
		}
	})
}
