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
});
contextBridge.exposeInMainWorld('direct', {
  echo: ipcRenderer.invoker('echo', 1), wait: ipcRenderer.invoker('wait', 1), fail: ipcRenderer.invoker('fail', 1), nobody: ipcRenderer.invoker('nobody', 1),
  tell: ipcRenderer.sender('tell', 1), onPush: ipcRenderer.subscriber('push'), onAlone: ipcRenderer.subscriber('alone'),
  handleAsk: (handler) => { ipcRenderer.handle('askPage', (event, n) => handler(n, { signal: event.signal })); },
});`

// busyPage does the same by direct functions, and answers with the number of calls of both.
const busyPage = `(async () => {
  const calls = await api.work();
  const large = new Uint8Array(300000), failed = (call) => call.catch(() => 1);
  const stop = direct.onPush(() => { throw new Error('heard after the end'); });
  direct.onPush(() => {}); // ends with the document
  direct.handleAsk((n, { signal }) => new Promise((done) => { signal.addEventListener('abort', done); if (n) done(n + 1); }));
  const given = () => { const c = new AbortController(), call = failed(direct.wait(1, { signal: c.signal })); c.abort(); return call; };
  for (let i = 0; i < 6; i++) {
    const answers = await Promise.all([direct.echo(i), direct.echo({ a: [i] }), direct.echo(String(i)), direct.echo(new Date()),
      direct.echo(new Map([[1, i]])), failed(direct.fail(1)), failed(direct.nobody(1)), given()]);
    if (answers.some((v) => v === undefined)) throw new Error('no answer');
    direct.tell(i);
  }
  if ((await direct.echo(large)).length !== 300000) throw new Error('another answer');
  failed(direct.wait(1));
  stop();
  return calls + 50;
})()`

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

// 10,000 calls and 200 reloads, and as many calls by direct functions, of every kind and some that nobody waits for any more, leave nothing
// behind: no goroutine, descriptor, region of shared memory or reference in the main process, no document or heap in the page's.
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
				if err := w.Eval(ctx(t), busyPage, &n); err != nil {
					t.Fatal(err)
				}
				if err := w.Invoke(ctx(t), "ask", &asked, 1); err != nil || asked != 2 {
					t.Fatalf("the page answers %d, %v", asked, err)
				}
				if err := w.Invoke(ctx(t), "askPage", &asked, 1); err != nil || asked != 2 {
					t.Fatalf("the page itself answers %d, %v", asked, err)
				}
				given, cancel := context.WithCancel(ctx(t))
				go func() { _ = w.Invoke(given, "askPage", nil, 0) }() // nobody answers
				if err := w.Send("push", make([]byte, 200<<10)); err != nil {
					t.Fatal(err)
				}
				cancel()
				calls += n + 3
				if err := w.Reload(false); err != nil {
					t.Fatal(err)
				}
				await(t, "the next document", loaded)
			}
		}
		life(20) // Chromium starts what it keeps
		// By messages, and by the document's ring: it has that in either census.
		if err := w.Eval(ctx(t), "(async () => { await direct.echo(1); await direct.echo(2); })()", nil); err != nil {
			t.Fatal(err)
		}
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
		if calls < 20000 || bytesAfter > bytesBefore+300<<10 || documentsAfter > documentsBefore+1 {
			t.Errorf("%d calls: the page's heap %.0f → %.0f bytes, documents %d → %d", calls, bytesBefore, bytesAfter, documentsBefore, documentsAfter)
		}
		if n := cef.StaleCalls(); n != 0 {
			t.Errorf("%d calls came for handlers that were gone", n)
		}
	})
}

// Direct functions leave nothing in a document that goes on: what has been called, and what listened and does not any more. Who listens stays.
func TestDirectFunctionsLeaveNothingBehind(t *testing.T) {
	apptest.InApp(t, site(nil), func(t *testing.T, a *app.App) {
		ipc.Handle(a.IPC(), "echo", func(_ context.Context, v any) (any, error) { return v, nil })
		ipc.On(a.IPC(), "tell", func(context.Context, any) {})
		w := apptest.Open(t, a, window.Options{Preload: busy, URL: "/"})
		eval := func(script string) (v float64) {
			t.Helper()
			if err := w.Eval(ctx(t), script, &v); err != nil {
				t.Fatal(err)
			}
			return v
		}
		// The one listener of a channel, whose messages are its page's own affair, is forgotten with its end.
		eval(`{ const listener = (n) => { window.heard = n; }; window.heard = 0; window.gone = new WeakRef(listener); window.stop = direct.onAlone(listener); } 0`)
		if err := w.Send("alone", 3); err != nil {
			t.Fatal(err)
		}
		if n := eval("direct.echo(0).then(() => heard)"); n != 3 {
			t.Errorf("the one listener has heard %v", n)
		}
		eval("stop(); delete window.stop; 0")
		if heap(t, w); eval("gone.deref() ? 1 : 0") != 0 {
			t.Error("the one listener, which has ended, is left")
		}
		eval(`{
			window.heard = 0;
			direct.onPush((n) => { heard += n; });
			window.left = [];
			window.life = async (n) => {
				for (let i = 0; i < n; i++) {
					const listener = () => { throw new Error('heard after the end ' + i); };
					if (i % 100 === 0) left.push(new WeakRef(listener));
					direct.onPush(listener)();
					direct.tell({ i });
					await Promise.all([direct.echo([i]), direct.echo(new Uint8Array(10))]);
				}
				return n;
			};
		} 0`)
		eval("life(5000)") // tables grow
		before, _ := heap(t, w)
		eval("life(5000)")
		after, _ := heap(t, w)
		t.Logf("the page's heap %.0f → %.0f bytes", before, after)
		if after > before+100<<10 {
			t.Errorf("10,000 calls and 5,000 subscriptions: the page's heap %.0f → %.0f bytes", before, after)
		}
		if n := eval("left.filter((ref) => ref.deref()).length"); n != 0 {
			t.Errorf("of 100 listeners that have ended, %v are left", n)
		}
		if err := w.Send("push", 7); err != nil {
			t.Fatal(err)
		}
		if n := eval("direct.echo(0).then(() => heard)"); n != 7 {
			t.Errorf("who listens still has heard %v", n)
		}
	})
}
