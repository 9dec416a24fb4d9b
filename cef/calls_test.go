//go:build cefdebug

package cef_test

import (
	"context"
	"errors"
	"testing"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
)

// busy makes calls of every kind, and leaves some of them open.
const busy = `
const { contextBridge, ipcRenderer } = require('oriel');
ipcRenderer.handle('ask', (event, n) => n + 1);
ipcRenderer.on('push', () => {});
const given = async () => {
  const c = new AbortController(), call = ipcRenderer.invoke('wait', 1, c.signal).catch(() => 1);
  c.abort();
  return call;
};
const failed = (channel) => ipcRenderer.invoke(channel, 1).catch(() => 1);
contextBridge.exposeInMainWorld('api', {
  work: async () => {
    const large = new Uint8Array(300000);
    for (let i = 0; i < 6; i++) {
      const answers = await Promise.all([ipcRenderer.invoke('echo', i), ipcRenderer.invoke('echo', { a: [i] }), ipcRenderer.invoke('echo', String(i)),
        ipcRenderer.invoke('echo', new Date()), ipcRenderer.invoke('echo', new Map([[1, i]])), failed('fail'), failed('nobody'), given()]);
      if (answers.some((v) => v === undefined)) throw new Error('no answer');
      ipcRenderer.send('tell', i);
    }
    if ((await ipcRenderer.invoke('echo', large)).length !== large.length) throw new Error('another answer');
    ipcRenderer.invoke('wait', 1).catch(() => {});
    return 50;
  },
});`

// heap is what the page's process holds after its garbage has been collected.
func heap(t *testing.T, w *window.Window) (bytes float64, documents int) {
	t.Helper()
	for range 3 {
		if err := w.DevToolsCommand(ctx(t), "HeapProfiler.collectGarbage", struct{}{}, nil); err != nil {
			t.Fatal(err)
		}
	}
	var usage struct{ UsedSize float64 }
	var counters struct{ Documents int }
	if err := errors.Join(w.DevToolsCommand(ctx(t), "Runtime.getHeapUsage", struct{}{}, &usage),
		w.DevToolsCommand(ctx(t), "Memory.getDOMCounters", struct{}{}, &counters)); err != nil {
		t.Fatal(err)
	}
	return usage.UsedSize, counters.Documents
}

// 10,000 calls and 200 reloads, with calls of every kind and some that nobody waits for any more, leave nothing behind: no goroutine,
// descriptor, region of shared memory or reference in the main process, no document or heap in the page's.
func TestCallsLeaveNothingBehind(t *testing.T) {
	apptest.InApp(t, site(nil), func(t *testing.T, a *app.App) {
		ipc.Handle(a.IPC(), "echo", func(_ context.Context, v any) (any, error) { return v, nil })
		ipc.Handle(a.IPC(), "wait", func(ctx context.Context, _ any) (any, error) { <-ctx.Done(); return nil, ctx.Err() })
		ipc.Handle(a.IPC(), "fail", func(context.Context, any) (any, error) { return nil, errors.New("no") })
		ipc.On(a.IPC(), "tell", func(context.Context, any) {})
		w, err := window.New(a, window.Options{Preload: busy, URL: "about:blank"})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.LoadURL(ctx(t), "/"); err != nil {
			t.Fatal(err)
		}
		loaded := make(chan struct{}, 1)
		w.OnLoaded(func(window.Loaded) { loaded <- struct{}{} })
		calls := 0
		life := func(reloads int) {
			t.Helper()
			for range reloads {
				var n, asked int
				if err := w.Eval(ctx(t), "api.work()", &n); err != nil {
					t.Fatal(err)
				}
				if err := w.Invoke(ctx(t), "ask", &asked, 1); err != nil || asked != 2 {
					t.Fatalf("the page answers %d, %v", asked, err)
				}
				if err := w.Send("push", make([]byte, 200<<10)); err != nil {
					t.Fatal(err)
				}
				calls += n + 1
				if err := w.Reload(false); err != nil {
					t.Fatal(err)
				}
				await(t, "the next document", loaded)
			}
		}
		life(20) // Chromium starts what it keeps
		var before, after census
		onUI(t, func() { before = count(t) })
		bytesBefore, documentsBefore := heap(t, w)
		calls = 0
		life(200)
		eventually(t, func() []string {
			onUI(t, func() { after = count(t) })
			return after.more(before)
		})
		bytesAfter, documentsAfter := heap(t, w)
		t.Logf("%d calls; before %v, after %v; the page's heap %.0f → %.0f bytes, documents %d → %d", calls, before, after, bytesBefore, bytesAfter,
			documentsBefore, documentsAfter)
		if calls < 10000 || bytesAfter > bytesBefore+300<<10 || documentsAfter > documentsBefore+1 {
			t.Errorf("%d calls: the page's heap %.0f → %.0f bytes, documents %d → %d", calls, bytesBefore, bytesAfter, documentsBefore, documentsAfter)
		}
		if n := cef.StaleCalls(); n != 0 {
			t.Errorf("%d calls came for handlers that were gone", n)
		}
	})
}
