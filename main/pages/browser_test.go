package pages_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/pages"
	"github.com/oriel-go/oriel/main/window"
)

func TestMain(m *testing.M) { apptest.Main(m) }

// wav is a sound of n seconds, 8 kHz in 16 bits.
func wav(n int) []byte {
	size := uint32(n * 16000)
	b := append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, 36+size)...)
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data"...)
	b = binary.LittleEndian.AppendUint32(b, size)
	return append(b, make([]byte, size)...)
}

var browserSite = fstest.MapFS{
	"index.html":  file(`<!doctype html><title>home</title><script>window.inline = 1</script><body><script type=module src=main.js></script>`),
	"main.js":     file(`import n from './lib/mod.mjs'; window.modules = n`),
	"lib/mod.mjs": file(`export default 42`),
	"empty.wasm":  file("\x00asm\x01\x00\x00\x00"),
	"worker.js":   file(`fetch('/digits.txt').then(r => r.text()).then(postMessage)`),
	"shared.js":   file(`onconnect = e => fetch('/digits.txt').then(r => r.text()).then(t => e.ports[0].postMessage(t))`),
	"sw.js":       file(`importScripts('sw-part.js'); addEventListener('fetch', e => { if (e.request.url.endsWith('/made-up')) e.respondWith(new Response(part)) })`),
	"sw-part.js":  file(`self.part = 'by the worker'; addEventListener('activate', e => e.waitUntil(clients.claim()))`),
	"image.svg":   file(`<svg xmlns="http://www.w3.org/2000/svg" width="33" height="22"/>`),
	"style.css":   file(`body { --loaded: yes }`),
	"frame.html":  file(`<body>framed`),
	"digits.txt":  file("0123456789"),
	"sound.wav":   &fstest.MapFile{Data: wav(600), ModTime: changed},
}

// requests counts what a handler was asked for.
type requests struct{ ranges, all atomic.Int64 }

func (c *requests) count(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.all.Add(1)
		if r.Header.Get("Range") != "" && !strings.HasPrefix(r.Header.Get("Range"), "bytes=0-") {
			c.ranges.Add(1)
		}
		h.ServeHTTP(w, r)
	})
}

// open opens a window at url.
func open(t *testing.T, a *app.App, url string) *window.Window {
	t.Helper()
	return apptest.Open(t, a, window.Options{URL: url})
}

func within(t *testing.T) context.Context { return apptest.Context(t) }

// eval runs the body of an async function and returns its result, or its error as text.
func eval(t *testing.T, w *window.Window, body string) string {
	t.Helper()
	var v string
	script := "(async () => {" + body + "})().then(v => typeof v === 'string' ? v : JSON.stringify(v) ?? 'undefined', e => `${e.name}: ${e.message}`)"
	if err := w.Eval(within(t), script, &v); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return v
}

// A check is a script and what it must give.
type check struct{ name, script, want string }

func run(t *testing.T, w *window.Window, checks []check) {
	t.Helper()
	for _, c := range checks {
		if got := eval(t, w, c.script); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

// common is what works at both origins.
var common = []check{
	{"secure context", `return isSecureContext`, `true`},
	{"modules", `return window.modules`, `42`},
	{"dynamic import", `return (await import('/lib/mod.mjs')).default`, `42`},
	{"inline script", `return typeof window.inline`, `undefined`},
	{"added script", `const s = document.createElement('script'); s.textContent = 'window.added = 1'; document.head.append(s); return typeof window.added`, `undefined`},
	{"fetch", `const r = await fetch('/digits.txt'); return [r.status, r.headers.get('content-type'), r.headers.get('content-length'), await r.text()]`,
		`[200,"text/plain; charset=utf-8","10","0123456789"]`},
	{"fetch of nothing", `return (await fetch('/none.js')).status`, `404`},
	{"HEAD", `const r = await fetch('/digits.txt', {method: 'HEAD'}); return [r.headers.get('content-length'), await r.text()]`, `["10",""]`},
	{"range", `const r = await fetch('/digits.txt', {headers: {Range: 'bytes=2-4'}}); return [r.status, r.headers.get('content-range'), await r.text()]`,
		`[206,"bytes 2-4/10","234"]`},
	{"last bytes", `const r = await fetch('/digits.txt', {headers: {Range: 'bytes=-3'}}); return [r.status, await r.text()]`, `[206,"789"]`},
	{"wrong range", `return (await fetch('/digits.txt', {headers: {Range: 'bytes=50-'}})).status`, `416`},
	{"wasm", `return String((await WebAssembly.instantiateStreaming(fetch('/empty.wasm'))).module)`, `[object WebAssembly.Module]`},
	{"localStorage", `localStorage.setItem('a', 'b'); return localStorage.getItem('a')`, `b`},
	{"IndexedDB", `const db = await new Promise((done, fail) => { const q = indexedDB.open('d'); q.onupgradeneeded = () => q.result.createObjectStore('s');
		q.onsuccess = () => done(q.result); q.onerror = () => fail(q.error) });
		const s = () => db.transaction('s', 'readwrite').objectStore('s'); const ended = q => new Promise(done => q.onsuccess = () => done(q.result));
		await ended(s().put('v', 'k')); return ended(s().get('k'))`, `v`},
	{"worker", `return new Promise(done => { const w = new Worker('/worker.js'); w.onmessage = e => done(e.data); w.onerror = e => done('failed ' + e.message) })`, `0123456789`},
	{"image", `return new Promise(done => { const i = new Image; i.onload = () => done(i.width); i.onerror = () => done('failed'); i.src = '/image.svg' })`, `33`},
	{"style", `const l = document.createElement('link'); l.rel = 'stylesheet'; l.href = '/style.css'; await new Promise(done => { l.onload = done; document.head.append(l) });
		return getComputedStyle(document.body).getPropertyValue('--loaded')`, `yes`},
	{"own frame", `const f = document.createElement('iframe'); f.src = '/frame.html'; await new Promise(done => { f.onload = done; document.body.append(f) });
		return f.contentDocument.body.textContent`, `framed`},
	{"frame of a route", `const f = document.createElement('iframe'); f.src = '/deep/route'; await new Promise(done => { f.onload = done; document.body.append(f) });
		return f.contentDocument.title`, `home`},
	{"seek", `const a = new Audio('/sound.wav'); await new Promise((done, fail) => { a.onloadedmetadata = done; a.onerror = () => fail(a.error) });
		a.currentTime = 500; await new Promise(done => a.onseeked = done); return [a.duration, a.currentTime]`, `[600,500]`},
}

func TestOwnScheme(t *testing.T) {
	var c requests
	o := app.Options{Pages: c.count(pages.FS(browserSite, pages.SinglePage("index.html")))}
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		w := open(t, a, a.Origin()+"/")
		run(t, w, common)
		if c.ranges.Load() < 2 {
			t.Error("seeking asked for no range")
		}
		run(t, w, []check{
			{"no service workers", `return navigator.serviceWorker.register('/sw.js').then(() => 'registered', e => e.name)`, `TypeError`},
		})
		if err := w.LoadURL(within(t), a.Origin()+"/deep/route"); err != nil {
			t.Fatal(err)
		}
		run(t, w, []check{
			{"route", `return [document.title, location.pathname]`, `["home","/deep/route"]`},
			{"storage stays", `return localStorage.getItem('a')`, `b`},
		})
	})
}

func TestSecureOrigin(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/", pages.FS(browserSite, pages.SinglePage("index.html")))
	mux.HandleFunc("/cookies", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "1", HttpOnly: true, Secure: true})
		http.SetCookie(w, &http.Cookie{Name: "open", Value: "2"})
		fmt.Fprint(w, r.Header.Get("Cookie"))
	})
	mux.HandleFunc("POST /form", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.FormValue("a"))
	})
	apptest.InApp(t, app.Options{Pages: mux, Secure: true}, func(t *testing.T, a *app.App) {
		w := open(t, a, a.SecureOrigin()+"/")
		run(t, w, common)
		run(t, w, []check{
			{"cookies", `await fetch('/cookies'); document.cookie = 'own=3'; return [document.cookie, await (await fetch('/cookies')).text()]`,
				`["open=2; own=3","session=1; open=2; own=3"]`},
			{"shared worker", `return new Promise(done => { const w = new SharedWorker('/shared.js'); w.port.onmessage = e => done(e.data) })`, `0123456789`},
			{"service worker", `await navigator.serviceWorker.register('/sw.js'); await navigator.serviceWorker.ready;
				if (!navigator.serviceWorker.controller) await new Promise(done => navigator.serviceWorker.oncontrollerchange = done);
				return (await fetch('/made-up')).text()`, `by the worker`},
			{"past the worker", `return (await fetch('/digits.txt')).text()`, `0123456789`},
			{"cache", `const c = await caches.open('c'); await c.add('/digits.txt'); return (await c.match('/digits.txt')).text()`, `0123456789`},
			{"form", `const i = document.createElement('iframe'); i.name = 'into'; document.body.append(i);
				const f = document.createElement('form'); f.action = '/form'; f.method = 'post'; f.target = 'into'; f.innerHTML = '<input name=a value=b>'; document.body.append(f);
				f.submit(); await new Promise(done => i.onload = done); return i.contentDocument.body.textContent`, `b`},
		})
	})
}

// Only the origins that the app serves are its own; the rest is the network's.
func TestSecureOriginIsOff(t *testing.T) {
	apptest.InApp(t, app.Options{Pages: pages.FS(browserSite)}, func(t *testing.T, a *app.App) {
		w := open(t, a, a.Origin()+"/")
		if err := w.LoadURL(within(t), a.SecureOrigin()+"/"); err == nil {
			t.Error("pages at the https-like origin though it is not on")
		}
		if err := w.LoadURL(within(t), pages.Origin("other")+"/"); err == nil {
			t.Error("pages under another app's name")
		}
	})
}

// TestFromDisk covers what is specific to files of the operating system.
func TestFromDisk(t *testing.T) {
	apptest.InApp(t, app.Options{Pages: pages.FS(os.DirFS(apptest.Dir()))}, func(t *testing.T, a *app.App) {
		write(t, apptest.Dir()+"/index.html", "<!doctype html><title>one</title>")
		w := open(t, a, a.Origin()+"/")
		write(t, apptest.Dir()+"/index.html", "<!doctype html><title>two</title>")
		if got := eval(t, w, `return (await fetch('/index.html')).text()`); !strings.Contains(got, "two") {
			t.Errorf("a changed file is still %q", got)
		}
	})
}
