package ipc_test

import (
	"context"
	"fmt"
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
contextBridge.exposeInMainWorld('api', {
  say: (when, n, data) => ipcRenderer.send('word', when, n, data), tell: ipcRenderer.sender('word', 3),
  mark: () => ipcRenderer.invoke('mark'),
  goodbyes: (name) => { // for frames, where the test's scripts do not run
    for (const when of ['beforeunload', 'pagehide', 'unload']) addEventListener(when, () => {
      [0, 10, 20000, 300000, 5, 1 << 21, 100].forEach((size, n) => ipcRenderer.send('word', when + ' ' + name, n, new Uint8Array(size)));
    });
    ipcRenderer.send('word', 'stays ' + name, 0, new Uint8Array(0));
  },
});`

const goodbyes = `for (const when of ['beforeunload', 'pagehide', 'unload']) addEventListener(when, () => {
	const sizes = [0, 10, 20000, 300000, 5, 1 << 21, 100];
	sizes.forEach((size, n) => (n %% 2 ? api.say : api.tell)(when + ' %s', n, new Uint8Array(size)));
}); api.say('stays %[1]s', 0, new Uint8Array(0));`

// words are what a page with goodbyes says by the events up to last.
func words(name, last string) []string {
	all := []string{"stays " + name + " 0 0"}
	for _, when := range []string{"beforeunload", "pagehide", "unload"} {
		for n, size := range []int{0, 10, 20000, 300000, 5, 1 << 21, 100} {
			all = append(all, fmt.Sprintf("%s %s %d %d", when, name, n, size))
		}
		if when == last {
			break
		}
	}
	return all
}

// What a page says when it is left arrives, once and in its order, before anything of the next document. When that is of another site, the page hides
// only when it has nobody any more to talk to.
func TestBrowserLeaving(t *testing.T) {
	elsewhere := ""
	if apptest.Dir() != "" {
		elsewhere = foreign(t)
	}
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		heard := make(chan string, 1000)
		ipc.On(a.IPC(), "word", func(_ context.Context, args ipc.Args) {
			var when string
			var n int
			var data []byte
			_, _, _ = args.Decode(0, &when), args.Decode(1, &n), args.Decode(2, &data)
			heard <- fmt.Sprintf("%s %d %d", when, n, len(data))
		})
		ipc.Handle(a.IPC(), "mark", func(context.Context, any) (any, error) { heard <- "mark"; return nil, nil })
		allow := []protocol.Rule{{Channels: []string{"*"}, Origins: []string{"*"}}}
		hears := func(name string, want []string) {
			t.Helper()
			var got []string
			for len(got) < len(want) {
				word := wait(t, heard)
				if got = append(got, word); word == "mark" {
					break
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: heard %q", name, got)
			}
		}
		w := show(t, a, window.Options{Preload: leaving, Allow: allow})
		for _, c := range []struct {
			name, last string
			do         func()
		}{
			{"reload", "unload", func() { reload(t, w) }},
			{"reload again", "unload", func() { reload(t, w) }},
			{"same origin", "unload", func() { load(t, w, "two.html") }},
			{"another origin of the app", "beforeunload", func() { load(t, w, a.SecureOrigin()+"/two.html") }},
			{"foreign", "beforeunload", func() { load(t, w, elsewhere) }},
			{"home", "beforeunload", func() { load(t, w, "index.html") }},
			{"its own", "unload", func() { loading(t, w, func() { eval[any](t, w, "location.href = 'two.html'; 0") }) }},
			{"back", "unload", func() { loading(t, w, func() { _ = w.GoBack() }) }},
		} {
			eval[any](t, w, fmt.Sprintf(goodbyes, c.name))
			c.do()
			eval[any](t, w, "api.mark()")
			hears(c.name, append(words(c.name, c.last), "mark"))
		}
		for name, end := range map[string]func(*window.Window){"closed": (*window.Window).Close, "destroyed": (*window.Window).Destroy} {
			w := show(t, a, window.Options{Preload: leaving, Allow: allow})
			eval[any](t, w, fmt.Sprintf(goodbyes, name))
			end(w)
			<-w.Closed()
			hears(name, words(name, "unload"))
		}
		w = show(t, a, window.Options{Preload: leaving, Allow: allow, PreloadInSubFrames: true})
		for _, c := range []struct{ name, script string }{
			{"frame left", "frames[0].location.href = 'index.html'; 0"},
			{"frame removed", "document.querySelector('iframe').remove()"},
		} {
			eval[any](t, w, `new Promise((done) => {
				document.querySelector('iframe')?.remove();
				const frame = document.createElement('iframe');
				frame.src = 'two.html';
				frame.onload = () => { frame.onload = null; frame.contentWindow.api.goodbyes(ARG); done(); };
				document.body.append(frame);
			})`, c.name)
			eval[any](t, w, c.script)
			hears(c.name, slices.DeleteFunc(words(c.name, "unload"), func(word string) bool {
				return c.name == "frame removed" && strings.HasPrefix(word, "beforeunload") // it is not asked
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
