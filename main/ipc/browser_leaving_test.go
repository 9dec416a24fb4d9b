package ipc_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
)

// leaving lets a page say much when it goes: by an ordinary and a direct function, small and large, more than its ring holds.
const leaving = `
const { contextBridge, ipcRenderer } = require('electron');
const ready = async () => { // the first answer comes when the page has its ring, the second by that
  for (const n of [1, 2]) await ipcRenderer.invoke('ready', n);
};
contextBridge.exposeInMainWorld('api', {
  say: (when, n, data) => ipcRenderer.send('word', when, n, data), tell: ipcRenderer.sender('word', 3),
  mark: () => ipcRenderer.invoke('mark'),
  ready,
  goodbyes: async (name) => { // for frames, where the test's scripts do not run
    for (const when of ['beforeunload', 'pagehide', 'unload']) addEventListener(when, () => {
      [0, 10, 20000, 300000, 5, 1 << 21, 100].forEach((size, n) => ipcRenderer.send('word', when + ' ' + name, n, new Uint8Array(size)));
    });
    await ready();
    ipcRenderer.send('word', 'stays ' + name, 0, new Uint8Array(0));
  },
});`

const goodbyes = `for (const when of ['beforeunload', 'pagehide', 'unload']) addEventListener(when, () => {
	const sizes = [0, 10, 20000, 300000, 5, 1 << 21, 100];
	sizes.forEach((size, n) => (n %% 2 ? api.say : api.tell)(when + ' %s', n, new Uint8Array(size)));
}); api.ready().then(() => { api.say('stays %[1]s', 0, new Uint8Array(0)); })`

// words are what a page with goodbyes says.
func words(name string) []string {
	all := []string{"stays " + name + " 0 0"}
	for _, when := range []string{"beforeunload", "pagehide", "unload"} {
		for n, size := range []int{0, 10, 20000, 300000, 5, 1 << 21, 100} {
			all = append(all, fmt.Sprintf("%s %s %d %d", when, name, n, size))
		}
	}
	return all
}

// A word is what main has heard of a page, and whose.
type word struct{ text, frame, origin string }

// wordsOf returns what pages with goodbyes say, and marks.
func wordsOf(a *app.App) <-chan word {
	heard := make(chan word, 1000)
	hears := func(ctx context.Context, text string) {
		s := ipc.SenderFrom(ctx)
		heard <- word{text, s.FrameID, s.Origin}
	}
	ipc.On(a.IPC(), "word", func(ctx context.Context, args ipc.Args) {
		var when string
		var n int
		var data []byte
		_, _, _ = args.Decode(0, &when), args.Decode(1, &n), args.Decode(2, &data)
		hears(ctx, fmt.Sprintf("%s %d %d", when, n, len(data)))
	})
	ipc.Handle(a.IPC(), "ready", func(context.Context, int) (any, error) { return nil, nil })
	ipc.Handle(a.IPC(), "mark", func(ctx context.Context, _ any) (any, error) { hears(ctx, "mark"); return nil, nil })
	return heard
}

// expectWords hears what one document says, all of it with that document as the sender, and what others mark meanwhile.
func expectWords(t *testing.T, name string, heard <-chan word, want []string) (marks []int) {
	t.Helper()
	var got []string
	var from word
	defer func() {
		if len(got) < len(want) {
			t.Logf("%s: heard %q", name, got)
		}
	}()
	for len(got) < len(want) {
		w := wait(t, heard)
		switch {
		case w.text == "mark":
			marks = append(marks, len(got))
			continue
		case len(got) == 0:
			from = w
		case w.frame != from.frame || w.origin != from.origin || w.origin == "":
			t.Errorf("%s: %q comes from %s at %s, not from %s at %s", name, w.text, w.frame, w.origin, from.frame, from.origin)
		}
		got = append(got, w.text)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: heard %q", name, got)
	}
	return marks
}

// What a page says when it is left arrives, once and in its order, as its own, and before anything of the next document. When that is of another
// site, the page hides only after that has begun: then the two go side by side.
func TestBrowserLeaving(t *testing.T) {
	elsewhere := ""
	if apptest.Dir() != "" {
		elsewhere = foreign(t)
	}
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		heard := wordsOf(a)
		allow := []protocol.Rule{{Channels: []string{"*"}, Origins: []string{"*"}}}
		w := show(t, a, window.Options{Preload: leaving, Allow: allow})
		for _, c := range []struct {
			name  string
			apart bool
			do    func()
		}{
			{"reload", false, func() { reload(t, w) }},
			{"reload again", false, func() { reload(t, w) }},
			{"same origin", false, func() { load(t, w, "two.html") }},
			{"another origin of the app", true, func() { load(t, w, a.SecureOrigin()+"/two.html") }},
			{"foreign", true, func() { load(t, w, elsewhere) }},
			{"home", true, func() { load(t, w, "index.html") }},
			{"its own", false, func() { loading(t, w, func() { eval[any](t, w, "location.href = 'two.html'; 0") }) }},
			{"back", false, func() { loading(t, w, func() { _ = w.GoBack() }) }},
		} {
			eval[any](t, w, fmt.Sprintf(goodbyes, c.name))
			c.do()
			eval[any](t, w, "api.mark()")
			marks := expectWords(t, c.name, heard, words(c.name))
			if len(marks) == 0 {
				if last := wait(t, heard); last.text != "mark" {
					t.Errorf("%s: heard %q more", c.name, last.text)
				}
			} else if !c.apart {
				t.Errorf("%s: the next document is heard when this one has said %d things", c.name, marks[0])
			}
		}
		for name, end := range map[string]func(*window.Window){"closed": (*window.Window).Close, "destroyed": (*window.Window).Destroy} {
			w := show(t, a, window.Options{Preload: leaving, Allow: allow})
			eval[any](t, w, fmt.Sprintf(goodbyes, name))
			end(w)
			<-w.Closed()
			expectWords(t, name, heard, words(name))
		}
		if len(heard) > 0 {
			t.Errorf("%d words more, %q", len(heard), <-heard)
		}
	})
}

// The same holds for frames below the main one, in its process or in another.
func TestBrowserLeavingFrames(t *testing.T) {
	var home, far string
	if apptest.Dir() != "" {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<!doctype html><script>const name = decodeURIComponent(location.hash.slice(1)); if (name) api.goodbyes(name);</script>")
		}))
		t.Cleanup(s.Close)
		home, far = s.URL, strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	}
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		heard := wordsOf(a)
		allow := []protocol.Rule{{Channels: []string{"*"}, Origins: []string{"*"}}}
		w := show(t, a, window.Options{Preload: leaving, Allow: allow, PreloadInSubFrames: true, URL: home})
		make := func(id, url string) {
			// Chromium knows of a frame's handlers when it tells the page above that the frame has loaded.
			eval[any](t, w, `new Promise((done) => {
				document.querySelector('#' + ARG.id)?.remove();
				const frame = document.createElement('iframe');
				Object.assign(frame, ARG, { onload: done });
				document.body.append(frame);
			}).then(() => 0)`, map[string]string{"id": id, "src": url})
		}
		// Keeps the other site's process in the page: see docs/security.md on frames that come to one which shows nothing of the window. Nothing of
		// that site comes after the first reload.
		make("anchor", far)
		for _, c := range []struct{ name, origin, script string }{
			{"near frame left", home, "frame.src = 'about:blank'; 0"},
			{"near frame left for another site", home, "frame.src = anchor.src; 0"},
			{"near frame removed", home, "frame.remove()"},
			{"far frame left", far, "frame.src = 'about:blank'; 0"},
			{"far frame left for another site", far, "frame.src = location.origin + '/x'; 0"},
			{"far frame removed", far, "frame.remove()"},
			{"page of a far frame reloaded", far, ""},
			{"page of a near frame reloaded", home, ""},
		} {
			make("frame", c.origin+"/#"+url.PathEscape(c.name))
			if said := wait(t, heard); said.text != words(c.name)[0] {
				t.Errorf("%s: heard %q first", c.name, said.text)
			}
			if c.script == "" {
				reload(t, w)
			} else {
				eval[any](t, w, c.script)
			}
			expectWords(t, c.name, heard, slices.DeleteFunc(words(c.name)[1:], func(word string) bool {
				return strings.HasSuffix(c.name, "removed") && strings.HasPrefix(word, "beforeunload") // it is not asked
			}))
		}
		if len(heard) > 0 {
			t.Errorf("%d words more, %q", len(heard), <-heard)
		}
	})
}

// loading does what makes the window load another page, and waits for that.
func loading(t *testing.T, w *window.Window, do func()) {
	t.Helper()
	loaded := make(chan struct{}, 10)
	defer w.OnLoaded(func(window.Loaded) { loaded <- struct{}{} })()
	do()
	wait(t, loaded)
}
