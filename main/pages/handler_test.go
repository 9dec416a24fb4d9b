package pages_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/pages"
	"github.com/oriel-go/oriel/main/window"
)

// handlers is a site of handlers made by add.
func handlers(add func(mux *http.ServeMux)) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("/", pages.FS(browserSite))
	add(mux)
	return mux
}

func flush(t *testing.T, w http.ResponseWriter) {
	if err := http.NewResponseController(w).Flush(); err != nil {
		t.Error(err)
	}
}

func TestAnswers(t *testing.T) {
	mux := handlers(func(mux *http.ServeMux) {
		mux.HandleFunc("/nothing", func(http.ResponseWriter, *http.Request) {})
		mux.HandleFunc("/many", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["X-Many"] = []string{"1", "2"}
			w.Header()["X-Lines"] = []string{"a\r\nX-Injected: b"}
			w.Header()["X-Not A Name"] = []string{"c"}
			w.WriteHeader(418)
			w.Header().Set("X-Late", "3")
			fmt.Fprint(w, "<p>tea")
		})
		mux.HandleFunc("/status/{n}", func(w http.ResponseWriter, r *http.Request) {
			var n int
			fmt.Sscan(r.PathValue("n"), &n)
			w.WriteHeader(n)
			if _, err := w.Write([]byte("body")); (err == http.ErrBodyNotAllowed) != (n == 204 || n == 304) {
				t.Errorf("body with %d: %v", n, err)
			}
		})
		mux.HandleFunc("/to/{code}", func(w http.ResponseWriter, r *http.Request) {
			var code int
			fmt.Sscan(r.PathValue("code"), &code)
			http.Redirect(w, r, "/what?redirected", code)
		})
		mux.HandleFunc("/what", func(w http.ResponseWriter, r *http.Request) {
			b, err := io.ReadAll(r.Body)
			fmt.Fprint(w, r.Method, " ", r.Host, " ", r.RequestURI, " ", r.Header.Get("X-Own"), " ", r.ContentLength, " ", string(b), err)
		})
		mux.HandleFunc("/full", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "0123456789") })
		mux.HandleFunc("/short", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			fmt.Fprint(w, "012")
		})
	})
	apptest.InApp(t, app.Options{Pages: mux}, func(t *testing.T, a *app.App) {
		run(t, open(t, a, a.Origin()+"/"), []check{
			{"nothing written", `const r = await fetch('/nothing'); return [r.status, await r.text()]`, `[200,""]`},
			{"headers", `const r = await fetch('/many'); return [r.status, r.statusText, r.headers.get('x-many'), r.headers.get('x-late'), r.headers.get('content-type'), await r.text()]`,
				`[418,"I'm a teapot","1, 2",null,"text/html; charset=utf-8","<p>tea"]`},
			{"headers stay whole", `const r = await fetch('/many'); return [r.headers.get('x-lines'), r.headers.get('x-injected')]`, `["a  X-Injected: b",null]`},
			{"a path that is none", `return (await fetch('/%zz')).status`, `TypeError: Failed to fetch`},
			{"204", `const r = await fetch('/status/204'); return [r.status, await r.text()]`, `[204,""]`},
			{"304", `const r = await fetch('/status/304'); return [r.status, await r.text()]`, `[304,""]`},
			{"404", `const r = await fetch('/status/404'); return [r.status, await r.text()]`, `[404,"body"]`},
			{"request", `return (await fetch('/what?q=%20a', {headers: {'X-Own': 'o'}})).text()`, `GET test /what?q=%20a o 0 <nil>`},
			{"redirect", `const r = await fetch('/to/302'); return [r.redirected, await r.text()]`, `[true,"GET test /what?redirected  0 <nil>"]`},
			{"307 keeps a POST", `return (await fetch('/to/307', {method: 'POST', body: 'again'})).text()`, `POST test /what?redirected  5 again<nil>`},
			{"303 makes a GET", `return (await fetch('/to/303', {method: 'POST', body: 'again'})).text()`, `GET test /what?redirected  0 <nil>`},
			{"range not heeded", `const r = await fetch('/full', {headers: {Range: 'bytes=2-4'}}); return [r.status, await r.text()]`, `[200,"0123456789"]`},
			{"less than promised", `return (await fetch('/short')).text()`, `TypeError: Failed to fetch`},
		})
	})
}

func TestBodies(t *testing.T) {
	mux := handlers(func(mux *http.ServeMux) {
		mux.HandleFunc("POST /sum", func(w http.ResponseWriter, r *http.Request) {
			h := sha256.New()
			n, err := io.Copy(h, r.Body)
			fmt.Fprintf(w, "%d of %d %x", n, r.ContentLength, h.Sum(nil)[:4])
			if err != nil {
				fmt.Fprint(w, " ", errors.Is(err, pages.ErrBodyHidden))
			}
		})
		mux.HandleFunc("POST /form", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.FormValue("a")) })
		mux.HandleFunc("POST /unread", func(http.ResponseWriter, *http.Request) {})
	})
	big := make([]byte, 20<<20)
	sum := fmt.Sprintf("%x", sha256.Sum256(big))[:8]
	empty := fmt.Sprintf("%x", sha256.Sum256(nil))[:8]
	apptest.InApp(t, app.Options{Pages: mux}, func(t *testing.T, a *app.App) {
		post := func(path, body string) string {
			return `return (await fetch('` + path + `', {method: 'POST', body: ` + body + `})).text()`
		}
		run(t, open(t, a, a.Origin()+"/"), []check{
			{"none", `return (await fetch('/sum', {method: 'POST'})).text()`, "0 of 0 " + empty},
			{"20 MiB", post("/sum", "new Uint8Array(20 << 20)"), fmt.Sprintf("%d of %d %s", len(big), len(big), sum)},
			{"form", post("/form", "(() => { const f = new FormData; f.append('a', 'bä'); return f })()"), "bä"},
			{"parameters", post("/form", "new URLSearchParams({a: 'c d'})"), "c d"},
			{"not read", post("/unread", "'x'"), ""},
			{"a Blob says that it is missing", post("/sum", "new Blob(['abc'])"), "0 of -1 " + empty + " true"},
		})
	})
}

func TestStreaming(t *testing.T) {
	next := make(chan struct{})
	mux := handlers(func(mux *http.ServeMux) {
		mux.HandleFunc("/stream", func(w http.ResponseWriter, _ *http.Request) {
			for i := range 3 {
				fmt.Fprint(w, "part", i)
				flush(t, w)
				<-next
			}
		})
		mux.HandleFunc("/next", func(http.ResponseWriter, *http.Request) { next <- struct{}{} })
		mux.HandleFunc("/events", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, "data: hello\n\n")
			flush(t, w)
			<-r.Context().Done()
		})
	})
	apptest.InApp(t, app.Options{Pages: mux}, func(t *testing.T, a *app.App) {
		run(t, open(t, a, a.Origin()+"/"), []check{
			{"parts come while the handler runs", `const r = (await fetch('/stream')).body.getReader(); const parts = [];
				for (;;) { const {done, value} = await r.read(); if (done) return parts; parts.push(new TextDecoder().decode(value)); await fetch('/next') }`, `["part0","part1","part2"]`},
			{"events", `return new Promise(done => { const e = new EventSource('/events'); e.onmessage = m => { e.close(); done(m.data) } })`, `hello`},
		})
	})
}

func TestCancel(t *testing.T) {
	causes := make(chan error, 1)
	mux := handlers(func(mux *http.ServeMux) {
		wait := func(r *http.Request) { <-r.Context().Done(); causes <- context.Cause(r.Context()) }
		mux.HandleFunc("/silent", func(_ http.ResponseWriter, r *http.Request) { wait(r) })
		mux.HandleFunc("/begun", func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, "begun")
			flush(t, w)
			wait(r)
		})
		mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
			b := make([]byte, 1<<20)
			for {
				if _, err := w.Write(b); err != nil {
					causes <- err
					return
				}
			}
		})
		mux.HandleFunc("/complete", func(w http.ResponseWriter, r *http.Request) {
			context.AfterFunc(r.Context(), func() { causes <- context.Cause(r.Context()) })
			fmt.Fprint(w, "all")
		})
	})
	apptest.InApp(t, app.Options{Pages: mux}, func(t *testing.T, a *app.App) {
		w := open(t, a, a.Origin()+"/")
		cause := func(name string) {
			t.Helper()
			select {
			case err := <-causes:
				if !errors.Is(err, pages.ErrCancelled) {
					t.Errorf("%s: %v", name, err)
				}
			case <-within(t).Done():
				t.Errorf("%s: the context goes on", name)
			}
		}
		eval(t, w, `const c = new AbortController; setTimeout(() => c.abort(), 50); return fetch('/silent', {signal: c.signal})`)
		cause("before an answer")
		eval(t, w, `const c = new AbortController; const r = await fetch('/begun', {signal: c.signal}); await r.body.getReader().read(); c.abort()`)
		cause("within an answer")
		eval(t, w, `const c = new AbortController; const r = await fetch('/endless', {signal: c.signal}); await r.body.getReader().read(); c.abort()`)
		cause("while writing")
		eval(t, w, `window.kept = await fetch('/begun')`)
		if err := w.LoadURL(within(t), a.Origin()+"/frame.html"); err != nil {
			t.Fatal(err)
		}
		cause("the page goes")
		eval(t, w, `window.kept = await fetch('/begun')`)
		w.Destroy()
		cause("the window goes")
		w = open(t, a, a.Origin()+"/frame.html")
		if got := eval(t, w, `return (await fetch('/complete')).text()`); got != "all" {
			t.Error(got)
		}
		if err := <-causes; errors.Is(err, pages.ErrCancelled) {
			t.Errorf("a complete load: %v", err)
		}
	})
}

// Requests of workers belong to no browser; the app ends well while they wait.
func TestEndWithLoadsOpen(t *testing.T) {
	begun := make(chan struct{}, 3)
	mux := handlers(func(mux *http.ServeMux) {
		mux.HandleFunc("/waiter.js", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, "self.onconnect = () => { fetch('/wait'); fetch('/wait?begun') }; if (!self.SharedWorkerGlobalScope) fetch('/wait')")
		})
		mux.HandleFunc("/wait", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.RawQuery != "" {
				flush(t, w)
			}
			begun <- struct{}{}
			<-r.Context().Done()
			fmt.Fprint(w, "too late")
		})
	})
	apptest.InApp(t, app.Options{Pages: mux, Secure: true}, func(t *testing.T, a *app.App) {
		w := open(t, a, a.SecureOrigin()+"/")
		eval(t, w, `window.worker = new SharedWorker('/waiter.js'); await navigator.serviceWorker.register('/waiter.js')`)
		for range 3 {
			select {
			case <-begun:
			case <-within(t).Done():
				t.Fatal("the workers do not ask")
			}
		}
	})
}

func TestPanics(t *testing.T) {
	core, logs := observer.New(zapcore.ErrorLevel)
	mux := handlers(func(mux *http.ServeMux) {
		mux.HandleFunc("/early", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Half", "made")
			fmt.Fprint(w, "half of it")
			panic("secret reason")
		})
		mux.HandleFunc("/late", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "begun")
			flush(t, w)
			panic("too late")
		})
		mux.HandleFunc("/abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		mux.HandleFunc("/goexit", func(http.ResponseWriter, *http.Request) { runtime.Goexit() })
	})
	apptest.InApp(t, app.Options{Pages: mux, Log: zap.New(core)}, func(t *testing.T, a *app.App) {
		run(t, open(t, a, a.Origin()+"/"), []check{
			{"before the head", `const r = await fetch('/early'); return [r.status, r.headers.get('x-half'), await r.text()]`, `[500,null,"500 the app's handler failed\n"]`},
			{"after the head", `const r = await fetch('/late'); return r.text().then(() => 'complete', e => 'broken')`, `broken`},
			{"abort", `return fetch('/abort').then(r => 'answered', e => 'broken')`, `broken`},
			{"goexit", `return (await fetch('/goexit')).status`, `500`},
			{"the app lives", `return (await fetch('/digits.txt')).text()`, `0123456789`},
		})
		found := logs.FilterMessage("handler panicked").All()
		if len(found) != 3 {
			t.Fatalf("%d lines in the log", len(found))
		}
		if m := found[0].ContextMap(); m["panic"] != "secret reason" || !strings.Contains(fmt.Sprint(m["stack"]), "handler_test.go") {
			t.Errorf("the log says %v", m)
		}
	})
}

// A body is never held whole: 256 MiB pass while the process allocates next to nothing, and a page that does not read holds the handler.
func TestBigBody(t *testing.T) {
	const size = 256 << 20
	allocated := make(chan uint64, 1)
	stalled := make(chan int, 1)
	mux := handlers(func(mux *http.ServeMux) {
		mux.HandleFunc("/big", func(w http.ResponseWriter, _ *http.Request) {
			b := make([]byte, 1<<20)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range size / len(b) {
				if _, err := w.Write(b); err != nil {
					t.Error(err)
				}
			}
			runtime.ReadMemStats(&after)
			allocated <- after.TotalAlloc - before.TotalAlloc
		})
		mux.HandleFunc("/unread", func(w http.ResponseWriter, _ *http.Request) {
			written := 0
			for b := make([]byte, 1<<20); ; written++ {
				if _, err := w.Write(b); err != nil {
					stalled <- written
					return
				}
			}
		})
	})
	apptest.InApp(t, app.Options{Pages: mux}, func(t *testing.T, a *app.App) {
		w := open(t, a, a.Origin()+"/")
		run(t, w, []check{{"256 MiB", `const r = (await fetch('/big')).body.getReader(); let n = 0;
			for (;;) { const {done, value} = await r.read(); if (done) return n; n += value.length }`, fmt.Sprint(size)}})
		if n := <-allocated; n > 32<<20 {
			t.Errorf("%d bytes allocated on the way", n)
		}
		eval(t, w, `const c = new AbortController; const r = await fetch('/unread', {signal: c.signal}); await new Promise(done => setTimeout(done, 500)); c.abort()`)
		// Chromium's own buffers take some 50 MiB.
		if n := <-stalled; n > 128 {
			t.Errorf("%d MiB written for a page that reads nothing", n)
		}
	})
}

func TestNothingIsLeftBehind(t *testing.T) {
	mux := handlers(func(mux *http.ServeMux) {
		mux.HandleFunc("/wait", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	})
	apptest.InApp(t, app.Options{Pages: mux}, func(t *testing.T, a *app.App) {
		w := open(t, a, a.Origin()+"/")
		round(t, w)
		before, objects := runtime.NumGoroutine(), loadObjects()
		for range 5 {
			round(t, w)
		}
		deadline := time.Now().Add(10 * time.Second)
		// A leak of one in a load would be hundreds; the rest of the app may have started a goroutine meanwhile.
		for runtime.NumGoroutine() > before+10 || loadObjects() > objects {
			if time.Now().After(deadline) {
				t.Fatalf("%d goroutines and %d objects of libcef more", runtime.NumGoroutine()-before, loadObjects()-objects)
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
}

// round loads in all the ways there are.
func round(t *testing.T, w *window.Window) {
	run(t, w, []check{{"round", `for (let i = 0; i < 20; i++) {
		const c = new AbortController; const waiting = fetch('/wait', {signal: c.signal}).catch(() => 0);
		await Promise.all([fetch('/digits.txt').then(r => r.text()), fetch('/none'), fetch('/digits.txt', {method: 'POST', body: 'x'}), fetch('/digits.txt', {headers: {Range: 'bytes=2-'}})]);
		c.abort(); await waiting }`, "undefined"}})
}

// loadObjects counts the objects of libcef that loads hold. Builds without the tag cefdebug do not count.
func loadObjects() (n int64) {
	for _, name := range []string{"ResourceHandler", "ResourceRequestHandler", "ResourceReadCallback", "Callback", "Request", "PostData", "PostDataElement"} {
		n += cef.LiveObjects()[name]
	}
	return n
}
