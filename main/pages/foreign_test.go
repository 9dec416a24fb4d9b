package pages_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/pages"
)

// foreign are the ways in which a page could try to get something of another origin, in a script where O is that origin.
var foreign = []check{
	{"fetch", `return (await fetch(O + '/digits.txt')).text()`, `TypeError: Failed to fetch`},
	{"fetch without CORS", `return (await fetch(O + '/digits.txt', {mode: 'no-cors'})).text()`, `TypeError: Failed to fetch`},
	{"POST", `return (await fetch(O + '/write', {method: 'POST', body: 'x'})).text()`, `TypeError: Failed to fetch`},
	{"POST without CORS", `return (await fetch(O + '/write', {method: 'POST', mode: 'no-cors', body: 'x'})).text()`, `TypeError: Failed to fetch`},
	{"PUT", `return (await fetch(O + '/write', {method: 'PUT', body: 'x'})).text()`, `TypeError: Failed to fetch`},
	{"image", `return load('img', {src: O + '/image.svg'})`, `refused`},
	{"script", `return load('script', {src: O + '/worker.js'})`, `refused`},
	{"module", `return import(O + '/lib/mod.mjs').then(() => 'loaded', () => 'refused')`, `refused`},
	{"style", `return load('link', {rel: 'stylesheet', href: O + '/style.css'})`, `refused`},
	{"sound", `return new Promise(done => { const a = new Audio(O + '/sound.wav'); a.onloadedmetadata = () => done('loaded'); a.onerror = () => done('refused') })`, `refused`},
	{"image in an empty frame", `const f = document.createElement('iframe'); f.srcdoc = '<p>'; await new Promise(done => { f.onload = done; document.body.append(f) });
		return load('img', {src: O + '/image.svg'}, f.contentDocument)`, `refused`},
	{"worker", `try { new Worker(O + '/worker.js'); return 'made' } catch (e) { return e.name }`, `SecurityError`},
	{"frame", `const f = document.createElement('iframe'); f.src = O + '/frame.html'; await new Promise(done => { f.onload = done; document.body.append(f) });
		try { return f.contentWindow.document.body.textContent } catch (e) { return e.name }`, `SecurityError`},
	{"form", `const i = document.createElement('iframe'); i.name = 'into' + O; document.body.append(i); const f = document.createElement('form');
		f.action = O + '/write'; f.method = 'post'; f.target = i.name; document.body.append(f); f.submit();
		await new Promise(done => i.onload = done); try { return i.contentWindow.document.body.textContent } catch (e) { return e.name }`, `SecurityError`},
}

const foreignPage = `<!doctype html><body><script>
const load = (tag, properties, doc = document) => new Promise(done => {
	const e = Object.assign(doc.createElement(tag), properties)
	e.onload = () => done('loaded'); e.onerror = () => done('refused'); doc.body.append(e)
})</script>`

// A page from the network sees nothing of the app's pages and reaches no handler that writes.
func TestOtherOrigins(t *testing.T) {
	mux := handlers(func(mux *http.ServeMux) {
		mux.HandleFunc("/write", func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s reached a handler", r.Method) })
	})
	apptest.InApp(t, app.Options{Pages: mux, Secure: true}, func(t *testing.T, a *app.App) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, foreignPage)
		}))
		t.Cleanup(server.Close)
		w := open(t, a, server.URL)
		for _, origin := range []string{a.Origin(), a.SecureOrigin()} {
			for _, c := range foreign {
				c.script = "const O = '" + origin + "'; " + c.script
				if got := eval(t, w, c.script); got != c.want {
					t.Errorf("%s of %s: %s", c.name, origin, got)
				}
			}
		}
		if got := eval(t, w, `return load('img', {src: '`+server.URL+`/image'})`); got != "refused" {
			t.Errorf("the tests' own page: %s", got)
		}
		if err := w.LoadURL(within(t), a.Origin()+"/"); err != nil {
			t.Errorf("the app itself may go home: %v", err)
		}
	})
}

// Handlers are told truly who asks, so that http.CrossOriginProtection works too.
func TestSite(t *testing.T) {
	mux := handlers(func(mux *http.ServeMux) {
		mux.HandleFunc("/site", func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.Header.Get("Sec-Fetch-Site"), " ", r.Header.Get("Sec-Fetch-Mode"), " ", r.Header.Get("Sec-Fetch-Dest"))
		})
	})
	protected := http.NewCrossOriginProtection().Handler(mux)
	apptest.InApp(t, app.Options{Pages: protected, Secure: true}, func(t *testing.T, a *app.App) {
		for _, origin := range []string{a.Origin(), a.SecureOrigin()} {
			run(t, open(t, a, origin+"/"), []check{
				{origin + " fetch", `return (await fetch('/site')).text()`, `same-origin  empty`},
				{origin + " POST", `return (await fetch('/site', {method: 'POST'})).text()`, `same-origin  empty`},
				{origin + " form", `const i = document.createElement('iframe'); i.name = 'into'; document.body.append(i);
					const f = document.createElement('form'); f.action = '/site'; f.method = 'post'; f.target = 'into'; document.body.append(f);
					f.submit(); await new Promise(done => i.onload = done); return i.contentDocument.body.textContent`, `same-origin navigate iframe`},
			})
		}
	})
}

// The app's two origins are strangers to each other, and so is a sandboxed frame of its own.
func TestOwnStrangers(t *testing.T) {
	apptest.InApp(t, app.Options{Pages: pages.FS(browserSite, pages.CSP("")), Secure: true}, func(t *testing.T, a *app.App) {
		w := open(t, a, a.Origin()+"/")
		if got := eval(t, w, `return (await fetch('`+a.SecureOrigin()+`/digits.txt', {mode: 'no-cors'})).text()`); got != "TypeError: Failed to fetch" {
			t.Errorf("from one origin to the other: %s", got)
		}
		got := eval(t, w, `const f = document.createElement('iframe'); f.sandbox = 'allow-scripts';
			f.srcdoc = "<script>fetch('`+a.Origin()+`/digits.txt', {mode: 'no-cors'}).then(r => r.text()).catch(e => e.name).then(v => parent.postMessage(v, '*'))<\/script>";
			const answer = new Promise(done => window.onmessage = e => done(e.data)); document.body.append(f); return answer`)
		if got != "TypeError" {
			t.Errorf("from a sandboxed frame: %s", got)
		}
	})
}
