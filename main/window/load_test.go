package window_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/window"
)

func TestLoadURL(t *testing.T) {
	apptest.InApp(t, site(map[string]string{"two.html": "<title>Two</title>"}), func(t *testing.T, a *app.App) {
		w := open(t, a, window.Options{})
		if w.CanGoBack() {
			t.Error("the window's first page has a past")
		}
		if err := w.LoadURL(ctx(t), "/two.html"); err != nil {
			t.Fatal(err)
		}
		if url, _ := w.URL(); url != "app://test/two.html" {
			t.Errorf("the window is at %s", url)
		}
		if !w.CanGoBack() {
			t.Error("the second page has no past")
		}
		back := loaded(w)
		if err := w.GoBack(); err != nil {
			t.Fatal(err)
		}
		if got := <-back; got.URL != "app://test/" || !w.CanGoForward() {
			t.Errorf("back led to %s; forward is possible: %v, back %v", got.URL, w.CanGoForward(), w.CanGoBack())
		}
		forward := loaded(w)
		if err := w.GoForward(); err != nil {
			t.Fatal(err)
		}
		if got := <-forward; got.URL != "app://test/two.html" {
			t.Errorf("forward led to %s", got.URL)
		}
		again := loaded(w)
		if err := w.Reload(true); err != nil {
			t.Fatal(err)
		}
		if got := <-again; got.URL != "app://test/two.html" || got.Status != 200 {
			t.Errorf("reloading gave %+v", got)
		}
		if err := w.LoadURL(ctx(t), "/two.html#part"); err != nil {
			t.Errorf("a fragment of the same document: %v", err)
		}
	})
}

// loaded gives the next document that loads.
func loaded(w *window.Window) <-chan window.Loaded {
	c := make(chan window.Loaded, 1)
	var remove func()
	remove = w.OnLoaded(func(l window.Loaded) {
		remove()
		c <- l
	})
	return c
}

func TestLoadURLErrors(t *testing.T) {
	apptest.InApp(t, site(nil), func(t *testing.T, a *app.App) {
		w := open(t, a, window.Options{})
		err := w.LoadURL(ctx(t), "http://nowhere.invalid/x")
		var load *window.LoadError
		if !errors.As(err, &load) || load.Code != -105 || load.URL != "http://nowhere.invalid/x" || !strings.Contains(err.Error(), "ERR_NAME_NOT_RESOLVED") {
			t.Errorf("an unknown host gave %v", err)
		}
		if err := w.LoadURL(ctx(t), "/missing.html"); err != nil {
			t.Errorf("a 404 is a page like any other, got %v", err)
		}
		if err := w.LoadURL(ctx(t), "http://[::1"); err == nil {
			t.Error("nonsense was loaded")
		}
		hang, asked := make(chan struct{}), make(chan struct{}, 10)
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			asked <- struct{}{}
			select {
			case <-hang:
			case <-r.Context().Done():
			}
		}))
		defer server.Close()
		defer close(hang)
		first := make(chan error, 1)
		go func() { first <- w.LoadURL(ctx(t), server.URL) }()
		<-asked
		if err := w.LoadURL(ctx(t), "/"); err != nil {
			t.Error(err)
		}
		if err := <-first; !errors.As(err, &load) || load.Code != -3 {
			t.Errorf("the load that was replaced ended with %v", err)
		}
		short, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		if err := w.LoadURL(short, server.URL); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting past the deadline ended with %v", err)
		}
		w.Destroy()
		<-w.Closed()
		if err := w.LoadURL(ctx(t), "/"); !errors.Is(err, window.ErrClosed) {
			t.Errorf("a closed window: %v", err)
		}
	})
}

// The app hears of the load that it has asked for, whatever the page has begun by itself.
func TestLoadURLOfItsOwn(t *testing.T) {
	asked, rest := make(chan string, 10), map[string]chan struct{}{"/half": make(chan struct{}), "/late": make(chan struct{})}
	o := site(map[string]string{"two.html": "<title>Two</title>"})
	files := o.Pages
	o.Pages = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wait := rest[r.URL.Path]
		if wait == nil {
			files.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/half" {
			io.WriteString(w, "<title>Half</title>"+strings.Repeat(" ", 1<<16))
			w.(http.Flusher).Flush()
		}
		asked <- r.URL.Path
		select {
		case <-wait:
		case <-r.Context().Done():
		}
		io.WriteString(w, "<p>The end")
	})
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		w := open(t, a, window.Options{})
		eval[any](t, w, "location.href = '/late'; 0")
		<-asked
		if err := w.LoadURL(ctx(t), "/two.html"); err != nil {
			t.Errorf("while the page leads elsewhere: %v", err)
		}
		eval[any](t, w, "location.href = '/half'; 0")
		<-asked
		apptest.Until(t, "the document begins", func() bool { return eval[string](t, w, "document.title") == "Half" })
		half, done := loaded(w), make(chan error, 1)
		go func() { done <- w.LoadURL(ctx(t), "/late") }()
		<-asked
		close(rest["/half"])
		if l := <-half; l.URL != "app://test/half" {
			t.Errorf("loaded was %s", l.URL)
		}
		select {
		case err := <-done:
			t.Errorf("the load of the page before was taken for the app's: %v", err)
		default:
			close(rest["/late"])
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if url, _ := w.URL(); url != "app://test/late" {
			t.Errorf("the window is at %s", url)
		}
	})
}

// What leads nowhere is an error, and is not waited for.
func TestLoadURLToNowhere(t *testing.T) {
	apptest.InApp(t, site(nil), func(t *testing.T, a *app.App) {
		w := open(t, a, window.Options{})
		for url, want := range map[string]string{
			"javascript:1":           "a script is no page",
			"app:/x":                 "no host",
			"http://":                "no host",
			"http://\xff/":           "ERR_ABORTED",
			"view-source:app://test": "ERR_ABORTED",
		} {
			if err := w.LoadURL(ctx(t), url); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v does not say %q", url, err, want)
			}
		}
		if err := w.LoadURL(ctx(t), "/"); err != nil {
			t.Error(err)
		}
	})
}

func TestEval(t *testing.T) {
	apptest.InApp(t, site(nil), func(t *testing.T, a *app.App) {
		w := open(t, a, window.Options{})
		if got := eval[string](t, w, `Promise.resolve(document.title)`); got != "A page" {
			t.Errorf("title is %q", got)
		}
		err := w.Eval(ctx(t), "null.x", nil)
		var script *window.ScriptError
		if !errors.As(err, &script) || !strings.Contains(script.Text, "TypeError: Cannot read properties of null") || script.Line != 1 {
			t.Errorf("a throw gave %v", err)
		}
		if err := w.Eval(ctx(t), "Promise.reject(new Error('no'))", nil); err == nil || !strings.Contains(err.Error(), "Error: no") {
			t.Errorf("a rejection gave %v", err)
		}
		if err := w.Eval(ctx(t), "throw 'text'", nil); err == nil || !strings.Contains(err.Error(), `"text"`) {
			t.Errorf("throwing a string gave %v", err)
		}
		if err := w.Eval(ctx(t), "((", nil); err == nil || !strings.Contains(err.Error(), "SyntaxError") {
			t.Errorf("nonsense gave %v", err)
		}
	})
}

func TestNavigationStaysAtHome(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<title>Elsewhere</title>"))
	}))
	defer server.Close()
	apptest.InApp(t, site(map[string]string{"two.html": "<title>Two</title>"}), func(t *testing.T, a *app.App) {
		w := open(t, a, window.Options{})
		within := loaded(w)
		eval[any](t, w, "location.href = '/two.html'; 0")
		if got := <-within; got.URL != "app://test/two.html" {
			t.Errorf("a link within the app led to %s", got.URL)
		}
		// The denied navigation is answered before the page hears of it, so the script's next turn shows the outcome.
		denied := make(chan struct{})
		server.Config.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(denied) })
		eval[any](t, w, "location.href = '"+server.URL+"'; new Promise(r => setTimeout(r, 200)).then(() => 0)")
		select {
		case <-denied:
			t.Error("the page led the window away")
		default:
		}
		if url, _ := w.URL(); url != "app://test/two.html" {
			t.Errorf("the window is at %s", url)
		}
		if got := eval[bool](t, w, "window.open('/two.html') === null"); !got {
			t.Error("window.open gave a window")
		}
		if n := len(window.All(a)); n != 1 {
			t.Errorf("there are %d windows", n)
		}
	})
}

func TestNavigationAllowed(t *testing.T) {
	apptest.InApp(t, site(map[string]string{"two.html": "<title>Two</title>"}), func(t *testing.T, a *app.App) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.Write([]byte("<title>Elsewhere</title>"))
		}))
		defer server.Close()
		asked := make(chan string, 1)
		w := open(t, a, window.Options{
			AllowNavigation: func(url string) bool { return strings.HasPrefix(url, server.URL) },
			WindowOpen: func(_ context.Context, url string) *window.Options {
				asked <- url
				return &window.Options{Preload: preload}
			},
		})
		eval[any](t, w, "window.open('/two.html'); 0")
		if got := <-asked; got != "app://test/two.html" {
			t.Errorf("asked for %s", got)
		}
		away := loaded(w)
		eval[any](t, w, "location.href = '"+server.URL+"/x'; 0")
		if got := <-away; got.URL != server.URL+"/x" {
			t.Errorf("the link led to %s", got.URL)
		}
		if got := eval[string](t, w, "typeof window.api"); got != "object" {
			t.Errorf("the preload of the other origin's page made window.api %s", got)
		}
		if err := w.Eval(ctx(t), "window.api.invoke('anything')", nil); err == nil || !strings.Contains(err.Error(), "not allowed") {
			t.Errorf("another origin's invoke ended with %v", err)
		}
	})
}

// An app that opens a window on a page and waits for it gets that load, not another one that interrupts it.
func TestLoadURLWaitsForTheFirstLoad(t *testing.T) {
	loads := make(chan struct{}, 10)
	o := site(nil)
	inner := o.Pages
	o.Pages = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			loads <- struct{}{}
		}
		inner.ServeHTTP(w, r)
	})
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		for range 5 {
			w, err := window.New(a, window.Options{Preload: preload})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.LoadURL(ctx(t), "/"); err != nil {
				t.Fatal(err)
			}
			if got := eval[string](t, w, "window.early"); got != "object" {
				t.Errorf("after LoadURL the page's first script has seen window.api as %s", got)
			}
			if n := len(loads); n != 1 {
				t.Errorf("the page was asked for %d times", n)
			}
			<-loads
			w.Destroy()
			<-w.Closed()
		}
	})
}
