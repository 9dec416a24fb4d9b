package renderer_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
)

// framePreload tells each frame's page what its preload is, and is pushed to.
const framePreload = preload + `
contextBridge.exposeInMainWorld('frame', {
	main: process.isMainFrame, onPush: (f) => { ipcRenderer.on('push', (event, value) => f(value)); },
	climb: () => ['window.top.api', 'window.parent.api', 'window.top.document', 'window.parent[1].api'].map((what) => {
		try { return typeof (0, eval)(what); } catch (error) { return error.name; } }).join(),
});`

// framePage tells the window above what its first script saw and what main says of it.
const framePage = `<!doctype html><script>
const early = typeof window.api;
const climbed = ['api', 'frame', 'require', 'ipcRenderer', '__oriel', 'document'].filter((name) => {
	for (const w of [window.parent, window.top]) try { if (w[name]) return true; } catch {} });
const said = (answer) => parent.postMessage({ early, climbed: climbed.join(), main: window.frame && frame.main, ...answer }, '*');
(window.api ? api.invoke('who') : Promise.reject({ message: '' })).then((who) => said({ who }), (error) => said({ error: error.message }));
onmessage = (e) => { if (e.data === 'wait') { api.invoke('wait').catch(() => 0); parent.postMessage({ waits: 1 }, '*'); } else if (e.data === 'climb') parent.postMessage({ climb: frame.climb() }, '*');
	else if (e.data === 'listen') { frame.onPush((pushed) => parent.postMessage({ pushed }, '*')); parent.postMessage({ listens: 1 }, '*'); } };
</script>`

// frameHost is a page that makes frames and hears them.
const frameHost = `<!doctype html><body><script>
window.early = typeof window.api;
const heard = () => new Promise((done) => { onmessage = (e) => done(e.data); });
const make = (set) => { const f = document.createElement('iframe'); set(f); const told = heard(); document.body.append(f); return told.then((m) => ({ ...m })); };
const ask = (what) => { const told = heard(); document.querySelector('iframe:not(#anchor)').contentWindow.postMessage(what, '*'); return told; };
const clear = () => { for (const f of document.querySelectorAll('iframe:not(#anchor)')) f.remove(); };
</script>`

// A told is what a frame's page tells.
type told struct {
	Early, Climbed, Error string
	Main                  bool
	Who                   ipc.Sender
}

// framesApp is an app whose handlers tell who asks, and wait. The pages are on servers: home, and two others of another site.
func framesApp(t *testing.T, f func(t *testing.T, a *app.App, home, listed, other string, ends chan error)) {
	serve := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/host" {
			fmt.Fprint(w, frameHost)
			return
		}
		fmt.Fprint(w, framePage)
	}
	inApp(t, site(nil), func(t *testing.T, a *app.App) {
		var urls []string
		for range 3 {
			s := httptest.NewServer(http.HandlerFunc(serve))
			defer s.Close()
			urls = append(urls, s.URL)
		}
		for i := range urls[1:] {
			urls[1+i] = strings.Replace(urls[1+i], "127.0.0.1", "localhost", 1)
		}
		ends := make(chan error, 1000)
		ipc.Handle(a.IPC(), "who", func(ctx context.Context, _ any) (ipc.Sender, error) { return ipc.SenderFrom(ctx), nil })
		ipc.Handle(a.IPC(), "wait", func(ctx context.Context, _ any) (any, error) {
			_ = ipc.Reply(ctx, "push", "you wait")
			ends <- nil
			<-ctx.Done()
			ends <- context.Cause(ctx)
			return nil, ctx.Err()
		})
		f(t, a, urls[0], urls[1], urls[2], ends)
	})
}

// TestSubFrames: with PreloadInSubFrames each frame has a preload and an IPC of its own, under its own origin, and nothing of another's.
func TestSubFrames(t *testing.T) {
	framesApp(t, func(t *testing.T, a *app.App, home, listed, other string, ends chan error) {
		w := open(t, a, window.Options{URL: home + "/host", Preload: framePreload, PreloadInSubFrames: true, Allow: []protocol.Rule{
			{Channels: []string{"*"}, Origins: []string{home, listed}}, {Channels: []string{"who"}, Origins: []string{"null"}}}})
		// Keeps the other site's process in the page: see docs/security.md on frames that come to one which shows nothing of the window.
		eval[any](t, w, "make((f) => { f.id = 'anchor'; f.src = '"+listed+"/' })")
		anchor := w.Frames()[1]
		mainID := w.MainFrame().Sender().FrameID
		blob := "URL.createObjectURL(new Blob([`" + inScript(framePage) + "`], { type: 'text/html' }))"
		for _, c := range []struct{ name, set, url, origin, err, climbed string }{
			{"same origin", "f.src = 'frame.html'", home + "/frame.html", home, "", "api,frame,document"},
			{"another process", "f.src = '" + listed + "/'", listed + "/", listed, "", ""},
			{"an origin without rights", "f.src = '" + other + "/'", "", "", "Channel 'who' is not allowed for origin '" + other + "'", ""},
			{"sandboxed", "f.sandbox = 'allow-scripts'; f.src = '" + listed + "/?sandboxed'", listed + "/?sandboxed", "null", "", ""},
			{"data", "f.src = 'data:text/html,' + encodeURIComponent(`" + inScript(framePage) + "`.replace('<\\/', '</'))", "", "null", "", ""},
			{"srcdoc", "f.srcdoc = `" + inScript(framePage) + "`", "about:srcdoc", "null", "", "api,frame,document"},
			{"blob", "f.src = " + blob, "", home, "", "api,frame,document"},
			{"sandboxed blob", "f.sandbox = 'allow-scripts'; f.src = " + blob, "", "null", "", ""},
		} {
			t.Run(c.name, func(t *testing.T) {
				got := eval[told](t, w, "make((f) => { "+c.set+" })")
				if got.Early != "object" || got.Main {
					t.Errorf("its first script saw window.api as %s, in a main frame: %v", got.Early, got.Main)
				}
				if got.Climbed != c.climbed {
					t.Errorf("through parent and top the page sees %q", got.Climbed)
				}
				if !strings.Contains(got.Error, c.err) || (got.Error == "") != (c.err == "") {
					t.Fatalf("invoke failed with %q", got.Error)
				}
				if s := got.Who; c.err == "" && (s.Origin != c.origin || c.url != "" && s.URL != c.url || s.MainFrame || s.FrameID == mainID || s.WindowID != w.ID()) {
					t.Errorf("main says %+v", s)
				}
				eval[any](t, w, "clear()")
			})
		}
		t.Run("listed, each with messages of its own", func(t *testing.T) {
			for _, url := range []string{"frame.html", listed + "/", other + "/"} {
				eval[any](t, w, "make((f) => { f.src = '"+url+"' })")
				fs := w.Frames()
				if len(fs) != 3 || fs[0] != w.MainFrame() || fs[0].Sender().FrameID != mainID || fs[1] != anchor || !strings.HasSuffix(fs[2].Sender().URL, url) {
					t.Fatalf("there are %d frames", len(fs))
				}
				if url == other+"/" {
					if err := fs[2].Send("push", 1); !errors.Is(err, ipc.ErrNotAllowed) {
						t.Errorf("a message to a frame without rights: %v", err)
					}
					eval[any](t, w, "clear()")
					continue
				}
				eval[any](t, w, "window.mine = new Promise((done) => { frame.onPush(done); }); ask('listen')")
				eval[any](t, w, "window.news = heard(); 0")
				if err := errors.Join(w.Send("push", "main"), fs[2].Send("push", "frame")); err != nil {
					t.Fatal(err)
				}
				if got := eval[string](t, w, "Promise.all([news, mine]).then(([m, mine]) => m.pushed + ' and ' + mine)"); got != "frame and main" {
					t.Errorf("heard was %s", got)
				}
				if got := eval[string](t, w, "ask('wait').then(heard).then((m) => m.pushed)"); got != "you wait" {
					t.Errorf("the reply was %s", got)
				}
				receive(t, "handler", ends)
				eval[any](t, w, "clear()")
				if cause := receive(t, "end", ends); !errors.Is(cause, ipc.ErrNavigated) {
					t.Errorf("removed: %v", cause)
				}
				if fs[2].Context().Err() == nil || slices.Contains(w.Frames(), fs[2]) {
					t.Error("the frame is still there")
				}
			}
		})
		frameEnds(t, w, listed, ends)
	})
}

// frameEnds leads frames through what ends their documents.
func frameEnds(t *testing.T, w *window.Window, listed string, ends chan error) {
	leave := func(url string) string {
		return "{ const f = document.querySelector('iframe:not(#anchor)'); f.src = '" + url + "'; heard() }"
	}
	for _, from := range []string{"frame.html", listed + "/"} {
		for _, to := range []string{"frame.html?2", listed + "/?2"} {
			t.Run("from "+from+" to "+to, func(t *testing.T) {
				eval[any](t, w, "make((f) => { f.src = '"+from+"' }).then(() => ask('wait'))")
				receive(t, "handler", ends)
				if got := eval[told](t, w, leave(to)); got.Early != "object" || !strings.HasSuffix(got.Who.URL, to) {
					t.Errorf("the next document is %+v", got)
				}
				if cause := receive(t, "end", ends); !errors.Is(cause, ipc.ErrNavigated) {
					t.Errorf("navigated: %v", cause)
				}
				eval[any](t, w, "clear()")
			})
		}
	}
	t.Run("climbing", func(t *testing.T) {
		for _, c := range []struct{ url, want string }{{"frame.html", "undefined,undefined,object,undefined"}, {listed + "/", "SecurityError,SecurityError,SecurityError,undefined"}} {
			got := eval[struct{ Climb string }](t, w, "make((f) => { f.src = '"+c.url+"' }).then(() => ask('climb'))")
			if got.Climb != c.want {
				t.Errorf("the preload of a frame climbed to %s", got.Climb)
			}
			if left := world(t, w, frames(t, w).Frame.ID, "oriel", found); strings.Contains(fmt.Sprint(left), "__oriel") {
				t.Errorf("the preload's world of the main frame has %v", left)
			}
			if got := eval[string](t, w, found); got != "api" {
				t.Errorf("the main frame's page has %s", got)
			}
			eval[any](t, w, "clear()")
		}
	})
	t.Run("its process killed", func(t *testing.T) {
		eval[any](t, w, "make((f) => { f.src = '"+listed+"/' }).then(() => ask('wait'))")
		receive(t, "handler", ends)
		process, _, _ := strings.Cut(w.Frames()[2].Sender().FrameID, "-")
		number, err := strconv.ParseInt(process, 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		killRenderers(t, fmt.Sprintf("--renderer-client-id=%d", number))
		if cause := receive(t, "end", ends); cause == nil {
			t.Errorf("killed: %v", cause)
		}
		if got := eval[int](t, w, "api.echo(3)"); got != 3 {
			t.Errorf("the main frame's bridge gives %d", got)
		}
		eval[any](t, w, "anchor.remove(); clear()")
	})
	t.Run("reload", func(t *testing.T) {
		for _, url := range []string{"frame.html", listed + "/"} {
			eval[any](t, w, "make((f) => { f.src = '"+url+"' }).then(() => ask('wait'))")
			receive(t, "handler", ends)
			reloaded(t, w, func() error { return w.Reload(false) })
			if cause := receive(t, "end", ends); !errors.Is(cause, ipc.ErrNavigated) {
				t.Errorf("reloaded: %v", cause)
			}
			if n := len(w.Frames()); n != 1 {
				t.Errorf("%d frames are left", n)
			}
		}
	})
	t.Run("nothing stays of frames that are gone", func(t *testing.T) {
		if err := w.DevToolsCommand(ctx(t), "Performance.enable", struct{}{}, nil); err != nil {
			t.Fatal(err)
		}
		come := func(n int) {
			for range n {
				eval[any](t, w, "make((f) => { f.src = 'frame.html' }).then(() => ask('wait'))")
				receive(t, "handler", ends)
				eval[any](t, w, "clear()")
				receive(t, "end", ends)
			}
		}
		come(20)
		heap20, contexts20 := measure(t, w)
		come(80)
		heap100, contexts100 := measure(t, w)
		t.Logf("heap %.0f → %.0f bytes, contexts %d → %d", heap20, heap100, contexts20, contexts100)
		if heap100 > heap20+100<<10 || contexts100 > contexts20 {
			t.Error("something stays")
		}
	})
}
