package renderer_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
)

// found tells, in any global scope, what of ours is there.
const found = `['__oriel', 'api', 'report', 'ipcRenderer', 'contextBridge', 'require', 'process', 'module', 'native', 'codec', 'global']` +
	`.filter((name) => name in globalThis).join()`

// tell is a page that tells its parent what it finds.
const tell = `<!doctype html><script>parent.postMessage({ name: '%s', found: ` + found + ` }, '*');</script>`

const framesPage = `<!doctype html><body><script src=first.js></script><script>
window.told = {};
let resolve;
window.all = new Promise((done) => { resolve = done; });
addEventListener('message', (e) => { told[e.data.name] = e.data.found; if (Object.keys(told).length === 4) resolve(told); });
function frame(set) { const f = document.createElement('iframe'); set(f); document.body.append(f); return f; }
frame((f) => { f.src = 'frame.html'; });
frame((f) => { f.srcdoc = ` + "`" + `SRCDOC` + "`" + `; });
frame((f) => { f.src = URL.createObjectURL(new Blob([` + "`BLOB`" + `], { type: 'text/html' })); });
frame((f) => { f.sandbox = 'allow-scripts'; f.src = 'sandboxed.html'; });
window.empty = frame(() => {});
</script>`

func said(name string) string { return fmt.Sprintf(tell, name) }

func inScript(s string) string { return strings.ReplaceAll(s, "</script>", `<\/script>`) }

// TestFramesAndWorkers: the preload and what it has are the main frame's alone.
func TestFramesAndWorkers(t *testing.T) {
	page := strings.NewReplacer("SRCDOC", inScript(said("srcdoc frame")), "BLOB", inScript(said("blob frame"))).Replace(framesPage)
	inApp(t, site(map[string]string{
		"frames.html": page, "frame.html": said("frame of the same origin"), "sandboxed.html": said("sandboxed frame"),
		"worker.js": `postMessage(` + found + `)`, "shared.js": `onconnect = (e) => e.ports[0].postMessage(` + found + `)`,
	}), func(t *testing.T, a *app.App) {
		w := open(t, a, window.Options{URL: "/frames.html"})
		check := func(name, got string) {
			t.Run(name, func(t *testing.T) {
				if got != "" {
					t.Errorf("it has %s", got)
				}
			})
		}
		told := eval[map[string]string](t, w, "window.all")
		for name, got := range told {
			check(name, got)
		}
		check("empty frame", eval[string](t, w, "empty.contentWindow.eval("+quote(found)+")"))
		check("worker", eval[string](t, w, "new Promise((done) => { new Worker('worker.js').onmessage = (e) => done(e.data); })"))
		check("module worker", eval[string](t, w, "new Promise((done) => { new Worker('worker.js', { type: 'module' }).onmessage = (e) => done(e.data); })"))
		check("blob worker", eval[string](t, w, "new Promise((done) => { new Worker(URL.createObjectURL(new Blob(["+quote("postMessage("+found+")")+"]))).onmessage = (e) => done(e.data); })"))
		check("shared worker", eval[string](t, w, "new Promise((done) => { new SharedWorker('shared.js').port.onmessage = (e) => done(e.data); })"))
		t.Run("preload's world of each frame", func(t *testing.T) { frameWorlds(t, w) })
		t.Run("main frame has it", func(t *testing.T) {
			if got := eval[int](t, w, "api.echo(3)"); got != 3 {
				t.Errorf("echo gave %d", got)
			}
		})
	})
}

// TestCrossSiteFrame: a frame in a process of its own has nothing either, whoever it is told to be.
func TestCrossSiteFrame(t *testing.T) {
	inApp(t, site(nil), func(t *testing.T, a *app.App) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			if r.URL.Path == "/frame" {
				fmt.Fprint(w, said("frame"))
				return
			}
			fmt.Fprintf(w, `<!doctype html><body><script>window.early = typeof api; window.told = new Promise((done) => onmessage = (e) => done(e.data.found));
				const f = document.createElement('iframe'); f.src = 'http://localhost:' + location.port + '/frame'; f.name = 'oriel'; document.body.append(f);</script>`)
		}))
		defer server.Close()
		w := open(t, a, window.Options{URL: server.URL})
		t.Run("main frame", func(t *testing.T) {
			if got := eval[string](t, w, "window.early"); got != "object" {
				t.Errorf("the main frame's api is %s", got)
			}
		})
		t.Run("frame of another site", func(t *testing.T) {
			if got := eval[string](t, w, "window.told"); got != "" {
				t.Errorf("it has %s", got)
			}
		})
		t.Run("in a process of its own", func(t *testing.T) {
			if n := len(frames(t, w).ChildFrames); n != 0 {
				t.Errorf("%d frames are in the page's process", n)
			}
		})
	})
}

// prepared makes a frame, replaces what it can in its first, empty document, and leads it to an address: it tells what has been used of that
// there, and whether the document that came is another one's realm.
const prepared = `((lead) => new Promise((done) => {
	const frame = document.body.appendChild(document.createElement('iframe')), used = [], before = frame.contentWindow.Object;
	const spoil = (name, object) => { for (const key of Reflect.ownKeys(object)) {
		const old = Reflect.getOwnPropertyDescriptor(object, key);
		if (old.configurable && typeof old.value === 'function' && key !== 'constructor')
			Reflect.defineProperty(object, key, { ...old, value(...args) { used.push(name + '.' + String(key)); return Reflect.apply(old.value, this, args); } });
	} };
	for (const name of ['Object', 'Reflect', 'Function', 'Array', 'Promise', 'Map', 'WeakMap']) {
		spoil(name, frame.contentWindow[name]);
		if (frame.contentWindow[name].prototype) spoil(name + '.prototype', frame.contentWindow[name].prototype);
	}
	frame.onload = () => {
		const { api } = frame.contentWindow;
		const echo = api.echo({ a: [1, new Date(5)] }).a[0];
		done([echo, frame.contentWindow.Object !== before, used.join()].join(' '));
		frame.remove();
	};
	lead(frame);
}))`

// TestFramePrepared: a page with frames that have preloads cannot lay anything in wait for them there.
func TestFramePrepared(t *testing.T) {
	inApp(t, site(map[string]string{"frame.html": "<!doctype html><title>A frame</title>"}), func(t *testing.T, a *app.App) {
		w := open(t, a, window.Options{PreloadInSubFrames: true})
		for name, lead := range map[string]string{
			"address": "frame.src = 'frame.html'", "srcdoc": "frame.srcdoc = '<title>A frame'", "script": `frame.src = "javascript:'<title>A frame</title>'"`,
		} {
			t.Run(name, func(t *testing.T) {
				if got := eval[string](t, w, prepared+"((frame) => { "+lead+"; })"); got != "1 true " {
					t.Errorf("echo, another realm and what was used are %s", got)
				}
			})
		}
	})
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// world runs a script in an isolated world of a frame, as DevTools and their extensions do. The world of the name there is, or a new one.
func world(t *testing.T, w *window.Window, frame, name, script string) (value any) {
	t.Helper()
	var made struct{ ExecutionContextID int }
	if err := w.DevToolsCommand(ctx(t), "Page.createIsolatedWorld", map[string]any{"frameId": frame, "worldName": name}, &made); err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Result           struct{ Value any }
		ExceptionDetails any
	}
	params := map[string]any{"contextId": made.ExecutionContextID, "expression": script, "returnByValue": true}
	if err := w.DevToolsCommand(ctx(t), "Runtime.evaluate", params, &answer); err != nil {
		t.Fatal(err)
	}
	if answer.ExceptionDetails != nil {
		t.Fatalf("%s: %v", script, answer.ExceptionDetails)
	}
	return answer.Result.Value
}

type frameTree struct {
	Frame       struct{ ID, URL string }
	ChildFrames []frameTree
}

func frames(t *testing.T, w *window.Window) frameTree {
	t.Helper()
	var tree struct{ FrameTree frameTree }
	if err := w.DevToolsCommand(ctx(t), "Page.getFrameTree", struct{}{}, &tree); err != nil {
		t.Fatal(err)
	}
	return tree.FrameTree
}

// frameWorlds looks into the isolated worlds of the frames that live in the page's process.
func frameWorlds(t *testing.T, w *window.Window) {
	tree := frames(t, w)
	if len(tree.ChildFrames) < 4 {
		t.Fatalf("there are only %d frames", len(tree.ChildFrames))
	}
	for _, f := range tree.ChildFrames {
		for _, name := range []string{"oriel", "another"} {
			if got := world(t, w, f.Frame.ID, name, found); got != "" {
				t.Errorf("the world %s of %s has %v", name, f.Frame.URL, got)
			}
		}
	}
}

// TestOtherWorlds: an isolated world that does not know the token gets nothing out of the native side.
func TestOtherWorlds(t *testing.T) {
	inApp(t, site(nil), func(t *testing.T, a *app.App) {
		ipc.Handle(a.IPC(), "double", double)
		w := open(t, a, window.Options{Preload: lifePreload})
		main := frames(t, w).Frame.ID
		for i, c := range []struct{ name, script, want string }{
			{"nothing but the bootstrap", found, "__oriel"},
			{"which is not enumerable", `Object.keys(globalThis).includes('__oriel')`, "false"},
			{"a wrong token", `String(__oriel('0'.repeat(64), '(() => 1)', () => {}))`, "undefined"},
			{"and no second try", `__oriel('0'.repeat(64), '(() => 1)', () => {}), String(__oriel('f'.repeat(64), '(() => 1)', () => {}))`, "undefined"},
			{"no arguments", `String(__oriel())`, "undefined"},
			{"wrong types", `String(__oriel({ toString() { throw 1; } }, {}, {}))`, "undefined"},
			{"a short token", `String(__oriel('0'.repeat(63), '(() => 1)', () => {}))`, "undefined"},
			{"no token", `String(__oriel('', '(() => 1)', () => {}))`, "undefined"},
			{"proxies", `String(__oriel(new Proxy({}, {}), new Proxy(() => {}, {}), new Proxy(() => {}, {})))`, "undefined"},
		} {
			t.Run(c.name, func(t *testing.T) {
				if got := fmt.Sprint(world(t, w, main, fmt.Sprint("stranger", i), c.script)); got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
			})
		}
		t.Run("page", func(t *testing.T) {
			if got := eval[string](t, w, found); got != "api" {
				t.Errorf("the page has %s", got)
			}
		})
		t.Run("the preload's world has no bootstrap left", func(t *testing.T) {
			if got := world(t, w, main, "oriel", "typeof __oriel"); got != "undefined" {
				t.Errorf("it is a %v", got)
			}
		})
		t.Run("the preload is not disturbed", func(t *testing.T) { stands(t, w) })
	})
}

// hidden collects in the page whatever text it can get hold of that might hold the runtime or its token.
const hidden = `(() => {
	const texts = [];
	const attempt = (f) => { try { f(); } catch (e) { texts.push(String(e), String(e.stack), String(e.fileName), String(e.sourceURL)); } };
	attempt(() => api.echo(document));
	attempt(() => api.echo(new WeakMap()));
	attempt(() => api.fail());
	attempt(() => { const deep = () => api.call(deep); deep(); });
	attempt(() => api.call(() => { throw new Error('mine'); }));
	api.call(() => { texts.push(new Error().stack); });
	for (const f of [api.echo, api.fail, api.call]) texts.push(Function.prototype.toString.call(f), f.name, String(f));
	for (const s of document.scripts) texts.push(s.src, s.text);
	for (const e of performance.getEntries()) texts.push(JSON.stringify(e));
	texts.push(document.documentElement.outerHTML, JSON.stringify(Object.getOwnPropertyNames(window)), location.href, window.name, document.cookie);
	for (const storage of [localStorage, sessionStorage]) texts.push(JSON.stringify(storage));
	return texts;
})()`

// TestPageSeesNoSource: token, preload and runtime are nowhere that a page could read.
func TestPageSeesNoSource(t *testing.T) {
	inApp(t, site(nil), func(t *testing.T, a *app.App) {
		w := open(t, a, window.Options{Preload: `
			const secretOfThePreload = 1;
			require('electron').contextBridge.exposeInMainWorld('api', { echo: (v) => v, call: (f) => f(), fail: () => { throw new Error('fails'); } });`})
		texts := strings.Join(eval[[]string](t, w, hidden), "\n")
		t.Run("token", func(t *testing.T) {
			if token := regexp.MustCompile("[0-9a-f]{64}").FindString(texts); token != "" {
				t.Errorf("the page sees what may be a token: %s", token)
			}
		})
		for _, secret := range []string{"secretOfThePreload", "callOut(invoke", "exposeInMainWorld", "CONFIG", "documentNumber", "oriel-runtime.js", "preload.js"} {
			t.Run(secret, func(t *testing.T) {
				if i := strings.Index(texts, secret); i >= 0 {
					t.Errorf("the page sees …%s…", texts[max(0, i-200):min(len(texts), i+200)])
				}
			})
		}
	})
}
