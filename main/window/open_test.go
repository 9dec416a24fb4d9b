package window_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/window"
)

// TestSandboxedOpeners: a sandboxed document gains no origin by opening a window (CVE-2026-102673 and CVE-2026-102674).
func TestSandboxedOpeners(t *testing.T) {
	// attempt tries, click by click, the app's page, by window.open and by a link, and then one that has no powers: that one is asked about.
	const attempt = `<!doctype html><style>html { height: 100% }</style><script>
		const elsewhere = location.search.slice(1), urls = ["app://test/two.html", "app://test/two.html", elsewhere, elsewhere];
		let clicks = 0;
		onmousemove = () => { parent.postMessage("reached", "*"); };
		onclick = (e) => { if (!e.isTrusted) return; parent.postMessage(1, "*"); const url = urls[clicks++]; if (clicks % 2) { window.open(url); return; }
			const a = document.createElement("a"); a.href = url; a.target = "_blank"; document.documentElement.append(a); a.click(); };</script>`
	o := site(map[string]string{"two.html": "<title>Two</title>"})
	files := o.Pages
	o.Pages = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		switch r.URL.Path {
		case "/host":
			fmt.Fprint(w, "<!doctype html><style>iframe { position: fixed; inset: 0; width: 100%; height: 100%; border: 0 }</style><body>")
		case "/sandboxed":
			w.Header().Set("Content-Security-Policy", "sandbox allow-scripts allow-popups")
			fmt.Fprint(w, attempt)
		case "/frame":
			fmt.Fprint(w, attempt)
		default:
			files.ServeHTTP(w, r)
		}
	})
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		elsewhere := httptest.NewServer(http.NotFoundHandler())
		defer elsewhere.Close()
		asked := make(chan string, 10)
		w := open(t, a, window.Options{WindowOpen: func(_ context.Context, url string) *window.Options { asked <- url; return nil }})
		wait := func(t *testing.T) string {
			select {
			case url := <-asked:
				return url
			case <-ctx(t).Done():
				return "nothing"
			}
		}
		inFrame := func(set string) string {
			return "const f = document.createElement('iframe'); " + set + "; f.src = 'frame?" + elsewhere.URL + "/'; document.body.append(f); new Promise((done) => { f.onload = () => done(0); })"
		}
		for _, c := range []struct{ name, url, script string }{
			{"a frame", "/host", inFrame("")},
			{"a sandboxed frame", "/host", inFrame("f.sandbox = 'allow-scripts allow-popups'")},
			{"a sandboxed page", "/sandboxed?" + elsewhere.URL + "/", "0"},
		} {
			t.Run(c.name, func(t *testing.T) {
				if err := w.LoadURL(ctx(t), c.url); err != nil {
					t.Fatal(err)
				}
				eval[any](t, w, c.script)
				// What comes before Chromium knows where the frame is hits the page around it, or nothing.
				eval[any](t, w, `window.heard = []; onmessage = (e) => heard.push(e.data); 0`)
				apptest.Until(t, "the mouse reaches the document", func() bool {
					mouse(t, w, "mouseMoved")
					return eval[bool](t, w, `heard.includes("reached")`)
				})
				for clicks := range 4 {
					click(t, w)
					apptest.Until(t, "the click is heard of", func() bool { return eval[int](t, w, `heard.filter((what) => what === 1).length`) > clicks })
				}
				for range 2 {
					if got := wait(t); got != elsewhere.URL+"/" {
						t.Errorf("asked for %s", got)
					}
				}
			})
		}
		t.Run("the page itself", func(t *testing.T) {
			if err := w.LoadURL(ctx(t), "/host"); err != nil {
				t.Fatal(err)
			}
			eval[any](t, w, "window.open('/two.html'); 0")
			if got := wait(t); got != "app://test/two.html" {
				t.Errorf("asked for %s", got)
			}
		})
	})
}
