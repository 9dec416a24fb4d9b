package renderer_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/renderer/internal/hostile"
	"github.com/oriel-go/oriel/renderer/ring"
)

// takenOver is an app whose renderers have been taken over: their pages have what package hostile gives them.
func takenOver(t *testing.T, o app.Options, f func(t *testing.T, a *app.App)) {
	t.Helper()
	o.Log = zap.NewNop()
	inAppWith(t, apptest.Process{Env: []string{hostile.Env + "=1"}}, o, func(t *testing.T, a *app.App) {
		ipc.Handle(a.IPC(), "double", double)
		f(t, a)
	})
}

// offered waits until the document has been offered a ring, and returns its number.
const offered = `new Promise((done) => { const look = () => { const n = hostile.document(); n ? done(n) : setTimeout(look, 1); }; look(); })`

// works checks that a window's page is answered.
func works(t *testing.T, w *window.Window, what string) {
	t.Helper()
	if got := eval[int](t, w, "api.invoke('double', 21)"); got != 42 {
		t.Errorf("%s: invoke gave %d", what, got)
	}
}

// A process that misuses the messages by which a document gets its ring is killed, alone, after so many times and not before. What a process may
// say by no fault of its own, however often, does nothing.
func TestHostileRing(t *testing.T) {
	takenOver(t, site(nil), func(t *testing.T, a *app.App) {
		w, other := open(t, a, window.Options{}), open(t, a, window.Options{})
		gone := make(chan window.RendererGone, 10)
		w.OnRendererGone(func(g window.RendererGone) { gone <- g })
		other.OnRendererGone(func(g window.RendererGone) { t.Errorf("another window's process is gone: %+v", g) })
		say := func(name, shape, n string, times int) {
			t.Helper()
			eval[any](t, w, fmt.Sprintf("hostile.say('%s', '%s', %s, %d)", name, shape, n, times))
		}
		for _, c := range []struct{ name, message, shape, n string }{
			{"a ring that it has", "oriel.ring", "number", "hostile.document()"},
			{"memory of its own", "oriel.ring", "memory", "4096"},
			{"memory of a ring's size", "oriel.ring", "memory", fmt.Sprint(ring.MemorySize)},
			{"no number", "oriel.ring", "none", "0"},
			{"a text", "oriel.ring", "text", "0"},
			{"two numbers", "oriel.ring", "two", "hostile.document()"},
			{"no packet", "oriel", "none", "0"},
			{"a number for a packet", "oriel", "number", "7"},
		} {
			t.Run(c.name, func(t *testing.T) {
				eval[any](t, w, offered)
				say(c.message, c.shape, c.n, protocol.MaxViolations-1)
				works(t, w, "after one violation less")
				if len(gone) > 0 {
					t.Fatalf("gone one violation too early: %+v", <-gone)
				}
				go w.Eval(ctx(t), fmt.Sprintf("hostile.say('%s', '%s', %s, 1)", c.message, c.shape, c.n), nil) // nobody may be left to answer
				if g := receive(t, "end of the process", gone); g.Reason != window.ReasonViolations {
					t.Errorf("gone: %+v", g)
				}
				works(t, other, "another window")
				if err := w.LoadURL(ctx(t), "/"); err != nil {
					t.Fatal(err)
				}
				works(t, w, "the next document")
			})
		}
		t.Run("harmless", func(t *testing.T) {
			elsewhere := eval[int64](t, other, offered)
			for _, n := range []string{"hostile.document() + 1", "0", "-1", fmt.Sprint(elsewhere)} {
				say("oriel.ring", "number", n, protocol.MaxViolations+1)
			}
			say("oriel.nothing", "number", "1", protocol.MaxViolations+1)
			works(t, w, "numbers of other documents")
			works(t, other, "the document that was named")
			if len(gone) > 0 {
				t.Errorf("gone: %+v", <-gone)
			}
		})
		t.Run("damaged", func(t *testing.T) { ringDamaged(t, w, gone) })
		t.Run("not taken", func(t *testing.T) { ringNotTaken(t, a, w) })
		t.Run("without the bell", func(t *testing.T) { ringWithoutBell(t, a, w, other) })
		works(t, other, "another window")
	})
}

// A process that writes nonsense where a ring's positions are is killed.
func ringDamaged(t *testing.T, w *window.Window, gone <-chan window.RendererGone) {
	eval[any](t, w, offered)
	go w.Eval(ctx(t), damage, nil) // nobody may be left to answer
	if g := receive(t, "end of the process", gone); g.Reason != window.ReasonViolations {
		t.Errorf("gone: %+v", g)
	}
}

// damage writes a position that no ring has again and again, and talks on meanwhile, so that main is awake when it looks.
const damage = "setInterval(() => { api.invoke('double', 1).catch(() => {}); hostile.poke(64, 0x7ffffff3); }); 0" // 64 is the tail's place

// A document that does not take its ring, or says that it has and does not, keeps nobody from anything, and its memory is given back.
func ringNotTaken(t *testing.T, a *app.App, w *window.Window) {
	if err := w.LoadURL(ctx(t), "/"); err != nil {
		t.Fatal(err)
	}
	works(t, w, "a document with a ring")
	apptest.Until(t, "both windows have rings", func() bool { return apptest.Shared(t, ring.MemorySize) == 2 })
	for round := range 20 {
		if err := w.LoadURL(ctx(t), fmt.Sprintf("/?deaf=%d", round)); err != nil {
			t.Fatal(err)
		}
		eval[any](t, w, offered)
		works(t, w, "a document without a ring")
		if round%2 == 1 { // main answers by the ring now, where nobody reads
			eval[any](t, w, "hostile.say('oriel.ring', 'number', hostile.document(), 1)")
			if eval[bool](t, w, "{ let heard = false; api.invoke('double', 1).then(() => { heard = true; }); fetch('/').then(() => heard); }") {
				t.Error("a document without a ring hears what comes by it")
			}
		}
	}
	if err := w.LoadURL(ctx(t), "/"); err != nil {
		t.Fatal(err)
	}
	works(t, w, "the document after them")
	apptest.Until(t, "their memory is given back", func() bool { return apptest.Shared(t, ring.MemorySize) == 2 })
}

// What a document writes into its ring without ringing is heard when it rings, or goes.
func ringWithoutBell(t *testing.T, a *app.App, w, other *window.Window) {
	const asleep = 192
	heard := make(chan int, 10)
	ipc.On(a.IPC(), "quietly", func(_ context.Context, n int) { heard <- n })
	eval[any](t, w, offered)
	quietly := func(n int) {
		t.Helper()
		// Main goes to sleep, and is believed to be awake.
		eval[any](t, w, fmt.Sprintf(`(async () => {
			await api.invoke('double', 1);
			while (hostile.peek(%d) === 0) await new Promise((done) => setTimeout(done));
			hostile.poke(%[1]d, 0);
			api.send('quietly', %d);
		})()`, asleep, n))
	}
	for n := range 10 { // the news of the next document, of the same address, comes before its first word or after it
		quietly(n)
		works(t, other, "another window meanwhile")
		if err := w.LoadURL(ctx(t), "/"); err != nil {
			t.Fatal(err)
		}
		if got := receive(t, "word of the document that has gone", heard); got != n {
			t.Errorf("heard %d, not %d", got, n)
		}
		eval[any](t, w, offered)
	}
	quietly(10)
	w.Destroy()
	apptest.Until(t, "its memory is given back", func() bool { return apptest.Shared(t, ring.MemorySize) == 1 })
}

// hostileFrame runs what the page above says.
const hostileFrame = `<!doctype html><script>
onmessage = async (e) => { let said; try { said = await (0, eval)(e.data); } catch (error) { said = String(error); } parent.postMessage(String(said), '*'); };
parent.postMessage('here', '*');</script>`

const hostileHost = `<!doctype html><body><script>
const heard = () => new Promise((done) => { onmessage = (e) => done(e.data); });
const current = () => document.querySelector('iframe:not(#anchor)');
const make = (url, id = '') => { current()?.remove(); const f = document.createElement('iframe'); f.id = id; f.src = url; const told = heard(); document.body.append(f); return told; };
const ask = (script) => { const told = heard(); current().contentWindow.postMessage(script, '*'); return told; };
</script>`

// What a frame does is counted against the process that it is in: against the page's if they share one, else against the frame alone, which then has
// no IPC any more, while the page and other frames go on.
func TestHostileRingOfFrame(t *testing.T) {
	takenOver(t, site(nil), func(t *testing.T, a *app.App) {
		var urls [3]string
		for i := range urls {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				fmt.Fprint(w, map[bool]string{true: hostileHost, false: hostileFrame}[r.URL.Path == "/host"])
			}))
			defer s.Close()
			urls[i] = strings.Replace(s.URL, "127.0.0.1", []string{"127.0.0.1", "localhost", "other.localhost"}[i], 1)
		}
		home, far := urls[0], urls[1]
		o := window.Options{URL: home + "/host", PreloadInSubFrames: true, Allow: []protocol.Rule{{Channels: []string{"*"}, Origins: urls[:]}}}
		w, other := open(t, a, o), open(t, a, window.Options{})
		gone := make(chan window.RendererGone, 10)
		w.OnRendererGone(func(g window.RendererGone) { gone <- g })
		other.OnRendererGone(func(g window.RendererGone) { t.Errorf("another window's process is gone: %+v", g) })
		// Keeps the other site's process in the page: see docs/security.md on frames that come to one which shows nothing of the window.
		eval[any](t, w, "make('"+far+"/', 'anchor')")
		anchor := w.Frames()[1]
		ask := func(w *window.Window, script string) string { return eval[string](t, w, "ask("+quote(script)+")") }
		for _, c := range []struct{ name, message, shape, n string }{
			{"a ring that it has", "oriel.ring", "number", "hostile.document()"},
			{"no number", "oriel.ring", "none", "0"},
			{"no packet", "oriel", "none", "0"},
		} {
			say := fmt.Sprintf("hostile.say('%s', '%s', %s, ", c.message, c.shape, c.n)
			t.Run("in another process, "+c.name, func(t *testing.T) {
				eval[any](t, w, "make('"+far+"/')")
				ask(w, offered)
				frame := w.Frames()[2]
				ask(w, say+fmt.Sprint(protocol.MaxViolations-1)+")")
				if got := ask(w, "api.invoke('double', 4)"); got != "8" || frame.Context().Err() != nil {
					t.Fatalf("after one violation less it is answered %s; %v", got, context.Cause(frame.Context()))
				}
				ask(w, say+"1)")
				receive(t, "end of the frame", frame.Context().Done())
				if cause := context.Cause(frame.Context()); !errors.Is(cause, ipc.ErrRendererGone) {
					t.Errorf("it ends by %v", cause)
				}
				ask(w, say+fmt.Sprint(2*protocol.MaxViolations)+")")
				if fs := w.Frames(); len(fs) != 2 || fs[1] != anchor {
					t.Errorf("there are %d frames with IPC", len(fs))
				}
				works(t, w, "the page above it")
				if len(gone) > 0 {
					t.Fatalf("the page's process is gone: %+v", <-gone)
				}
			})
		}
		t.Run("in another process, a damaged ring", func(t *testing.T) {
			eval[any](t, w, "make('"+far+"/')")
			ask(w, offered)
			frame := w.Frames()[2]
			ask(w, damage)
			receive(t, "end of the frame", frame.Context().Done())
			works(t, w, "the page above it")
			if len(gone) > 0 {
				t.Fatalf("the page's process is gone: %+v", <-gone)
			}
		})
		t.Run("in another process, without a preload", func(t *testing.T) {
			plain := open(t, a, window.Options{URL: home + "/host", Allow: o.Allow})
			plain.OnRendererGone(func(g window.RendererGone) { t.Errorf("the page's process is gone: %+v", g) })
			eval[any](t, plain, "make('"+urls[2]+"/')") // of a site whose process does not run yet
			for _, name := range []string{"oriel", "oriel.ring"} {
				ask(plain, fmt.Sprintf("hostile.say('%s', 'number', 1, %d)", name, protocol.MaxViolations))
			}
			works(t, plain, "the page above it")
		})
		t.Run("in the page's process", func(t *testing.T) {
			eval[any](t, w, "make('"+home+"/')")
			ask(w, offered)
			ask(w, fmt.Sprintf("hostile.say('oriel.ring', 'number', hostile.document(), %d)", protocol.MaxViolations-1))
			works(t, w, "after one violation less")
			go w.Eval(ctx(t), "ask(\"hostile.say('oriel.ring', 'number', hostile.document(), 1)\")", nil)
			if g := receive(t, "end of the process", gone); g.Reason != window.ReasonViolations {
				t.Errorf("gone: %+v", g)
			}
			works(t, other, "another window")
		})
	})
}
