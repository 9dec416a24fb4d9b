package main

import (
	"context"
	_ "embed"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/oriel-go/oriel/cmd/oriel/testdata/shop"
	"github.com/oriel-go/oriel/cmd/oriel/testdata/shop/catalog"
	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/pages"
	"github.com/oriel-go/oriel/main/window"
)

//go:embed testdata/shop/preload.js
var script string

//go:embed internal/preload/window.txt
var windowText string

func TestMain(m *testing.M) { apptest.Main(m) }

// kinds tells what the properties of an object are.
const kinds = `const kind = (x) => x === null ? 'null' : typeof x === 'object' ? x.constructor.name : typeof x;
	const kinds = (o) => Object.fromEntries(Object.entries(o).map(([name, x]) => [name, kind(x)]));
	const text = (o) => JSON.stringify(o, (_, x) => typeof x === 'bigint' ? String(x) : ArrayBuffer.isView(x) ? [...x] : x);`

// TestInPage uses a generated preload in a real page.
func TestInPage(t *testing.T) {
	ui := fstest.MapFS{"index.html": {Data: []byte("<!doctype html>")}}
	apptest.InApp(t, app.Options{Pages: pages.FS(ui)}, func(t *testing.T, a *app.App) {
		shop.Serve(a)
		w := apptest.Open(t, a, window.Options{Preload: script, URL: "/"})
		t.Run("exposed", func(t *testing.T) { exposed(t, w) })
		t.Run("values", func(t *testing.T) { values(t, w) })
		t.Run("events", func(t *testing.T) { events(t, a, w) })
		t.Run("given up", func(t *testing.T) { givenUp(t, w) })
		t.Run("blocks", func(t *testing.T) { blocks(t, w) })
		t.Run("questions", func(t *testing.T) { questions(t, w) })
		t.Run("streams", func(t *testing.T) { streams(t, w) })
		t.Run("besides arguments", func(t *testing.T) { besides(t, a, w) })
		t.Run("names", func(t *testing.T) { windowNames(t, a) })
	})
}

func exposed(t *testing.T, w *window.Window) {
	got := apptest.Eval[map[string]string](t, w, `(() => { `+kinds+` return { ...kinds(shop), ...kinds(api), ipcRenderer: typeof ipcRenderer, require: typeof require }; })()`)
	want := map[string]string{"archive": "Object", "log": "function", "ipcRenderer": "undefined", "require": "undefined"}
	for _, name := range strings.Fields("buffer export find handleClose handleConfirm handleGoOn handlePick handleRate handleScope import in ip items keep moved now onChanged onClosing onMany onSeen picture rawArgs ready refusal refusals rename sum ticks tour values wait") {
		want[name] = "function"
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the page has %v", got)
	}
	for expression, want := range map[string]string{
		`shop.find({ limit: 2 }).then((p) => p.rows[0].name + p.next)`:          "bread3",
		`shop.find({ limit: -1 }).catch((e) => e.message)`:                      "Error invoking remote method 'shop:find': Error: the limit is negative",
		`shop.sum(1, 2, 3).then(String)`:                                        "6",
		`shop.refusal().then((e) => String(e instanceof Error) + e.message)`:    "truenot this price",
		`shop.ip('::1').then((all) => all[0].field)`:                            "::1",
		`shop.rawArgs(1, 'a', null).then(String)`:                               "3",
		`String(shop.ready())`:                                                  "undefined",
		`String(api.log('line'))`:                                               "undefined",
		`(() => { try { shop.onSeen(7); } catch (e) { return e.message; } })()`: "The listener must be a function",
	} {
		if got := apptest.Eval[string](t, w, expression); got != want {
			t.Errorf("%s: %q, want %q", expression, got, want)
		}
	}
}

// values compares what arrives with what the declaration says, and sends it back.
func values(t *testing.T, w *window.Window) {
	got := apptest.Eval[map[string]string](t, w, `shop.values().then((v) => { `+kinds+` return kinds(v); })`)
	want := map[string]string{
		"created": "Date", "named": "Object", "shadow": "string", "bool": "boolean", "int": "number", "int64": "bigint", "float": "number",
		"Plain": "string", "tag-ged": "string", "bytes": "Uint8Array", "raw": "Object", "hash": "Uint8Array", "point": "Array", "long": "Array",
		"nested": "Array", "maybe": "Array", "time": "Date", "big": "bigint", "bigPtr": "bigint", "any": "Object", "failure": "null",
		"addr": "string", "took": "number", "counts": "Object", "byId": "Object", "byState": "Object", "byAddr": "Object", "level": "number",
		"rights": "number", "tree": "Object", "forest": "Object", "pair": "Object", "bits": "Object", "inline": "Object", "error": "TypeError",
		"view": "Float64Array", "omitNot": "Date", "rules": "Uint8Array", "grades": "Array", "best": "Array",
		"id": "string", "number": "number", "ip": "null", "ips": "Array", "box": "Object", "records": "null", "object": "Object", "byLarge": "Object", "root": "string",
	}
	for name, kind := range want {
		if got[name] != kind {
			t.Errorf("%s is %s, want %s", name, got[name], kind)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d fields, want %d: %v", len(got), len(want), got)
	}
	if same := apptest.Eval[bool](t, w, `shop.values().then(async (v) => { `+kinds+` return text(await shop.keep(v)) === text(v); })`); !same {
		t.Error("what the page sends back is something else")
	}
}

// events hears what Go says, until it is told to stop.
func events(t *testing.T, a *app.App, w *window.Window) {
	apptest.Eval[any](t, w, `(() => {
		window.heard = [];
		window.stop = shop.onChanged((...args) => { heard.push(['first', ...args]); });
		shop.onChanged((...args) => { heard.push(['second', ...args]); });
		shop.onMany((...args) => { heard.push(args); });
		window.closing = new Promise((resolve) => { shop.onClosing((...args) => resolve(args.length)); });
		return String(stop);
	})()`)
	items := []catalog.Item{{Name: "bread"}, {Name: "salt"}}
	if err := shop.Tell(apptest.Context(t), a, w, items[:1]); err != nil {
		t.Fatal(err)
	}
	if n := apptest.Eval[int](t, w, `closing`); n != 0 {
		t.Errorf("an event without arguments has %d", n)
	}
	apptest.Eval[any](t, w, `(() => { closing = new Promise((resolve) => { shop.onClosing(() => resolve(true)); }); return String(stop()); })()`)
	if err := shop.Tell(apptest.Context(t), a, w, items); err != nil {
		t.Fatal(err)
	}
	got := apptest.Eval[string](t, w, `closing.then(() => JSON.stringify(heard))`)
	want := `[["first","bread",1],["second","bread",1],["a",2],["second","bread",1],["second",{"text":"more"},2],["second",null],["a",2]]`
	if got != want {
		t.Errorf("heard %s\nwant  %s", got, want)
	}
}

// givenUp lets a signal of the page's end a call, and what is no options do nothing.
func givenUp(t *testing.T, w *window.Window) {
	apptest.Eval[any](t, w, `(() => { window.stop = new AbortController(); window.waited = shop.wait('x', { signal: stop.signal, traceparent: undefined }); })()`)
	receive := func(what string, c <-chan struct{}) {
		t.Helper()
		select {
		case <-c:
		case <-apptest.Context(t).Done():
			t.Fatal("not", what)
		}
	}
	receive("waiting", shop.Waiting)
	got := apptest.Eval[string](t, w, `(() => { stop.abort(new RangeError('enough')); return waited.catch((e) => e.name + ': ' + e.message); })()`)
	if got != "RangeError: enough" {
		t.Errorf("the call ends with %s", got)
	}
	receive("given up", shop.GivenUp)
	for expression, want := range map[string]string{
		`shop.sum(1, 2, { signal: AbortSignal.abort(new RangeError('before')) }).catch((e) => e.message)`: "before",
		`shop.now({ signal: AbortSignal.abort(new RangeError('before')) }).catch((e) => e.message)`:       "before",
		`Promise.all([7, 8].map(shop.find.bind(null, { limit: 1 }))).then((all) => String(all.length))`:   "2", // the index is no options
	} {
		if got := apptest.Eval[string](t, w, expression); got != want {
			t.Errorf("%s: %q, want %q", expression, got, want)
		}
	}
}

// blocks brings the page what has changed of one.
func blocks(t *testing.T, w *window.Window) {
	apptest.Eval[any](t, w, `(() => { window.changes = []; window.quiet = shop.handleScope((change) => { changes.push(kind(change.bytes) + ':' + text(change)); }); `+kinds+` })()`)
	b, err := shop.Scope(w)
	for _, p := range []string{"abcdefgh", "XY"} {
		if err == nil {
			_, err = b.WriteAt([]byte(p), int64(8-len(p))/2)
		}
		if err == nil {
			err = b.Flush(apptest.Context(t))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	got := apptest.Eval[string](t, w, `changes.join(' ')`)
	want := `Uint8Array:{"bytes":[97,98,99,100,101,102,103,104],"offset":0,"size":8} Uint8Array:{"bytes":[88,89],"offset":3,"size":8}`
	if got != want {
		t.Errorf("the page has seen %s", got)
	}
	apptest.Eval[any](t, w, `String(quiet())`)
	_, _ = b.WriteAt([]byte("Z"), 0)
	if err := b.Flush(apptest.Context(t)); err == nil {
		t.Error("the handler is still there")
	}
}

// questions are answered by the page.
func questions(t *testing.T, w *window.Window) {
	apptest.Eval[any](t, w, `(() => {
		window.asked = [];
		window.forget = shop.handleConfirm(async (...args) => { asked.push(args); return args[0].answers.indexOf('yes'); });
		shop.handlePick((...args) => { asked.push(args); return { name: 'bread', status: 'sold' }; });
		shop.handleClose((...args) => { asked.push(args); return String(forget()); });
	})()`)
	q := shop.Question{Text: "sure?", Answers: []string{"no", "yes"}}
	if n, err := shop.Ask(apptest.Context(t), w, q); n != 1 || err != nil {
		t.Errorf("the page answers %d, %v", n, err)
	}
	got := apptest.Eval[string](t, w, `JSON.stringify(asked)`)
	if want := `[[{"text":"sure?","answers":["no","yes"]},{"signal":{}}],[1,["no","yes"],{"signal":{}}],[{"signal":{}}]]`; got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
	if _, err := shop.Ask(apptest.Context(t), w, q); err == nil || !strings.Contains(err.Error(), "No handler registered for 'shop:confirm'") {
		t.Errorf("when it is forgotten: %v", err)
	}
}

// streams come and go with the types that they are declared with.
func streams(t *testing.T, w *window.Window) {
	for expression, want := range map[string]string{
		`all(shop.export())`:                               `Uint8Array:[120]`,
		`all(shop.ticks())`:                                `Date:"1970-01-01T00:00:00.001Z"`,
		`all(shop.items())`:                                `Object:{"name":"bread","status":"","parts":null} no more`,
		`all(shop.refusals())`:                             `Error:{} null:null`,
		`all(shop.buffer())`:                               `Uint8Array:[1,2] null:null`,
		`shop.import(new Blob(['four'])).then(text)`:       `4`,
		`shop.import(new Uint8Array(3)).then(text)`:        `3`,
		`shop.import(new Blob(['x']).stream()).then(text)`: `1`,
	} {
		got := apptest.Eval[string](t, w, `(() => { `+kinds+`
			const all = async (stream) => {
				const chunks = [];
				try { for await (const x of await stream) chunks.push(kind(x) + ':' + text(x)); } catch (e) { chunks.push(e.message); }
				return chunks.join(' ');
			};
			return `+expression+`; })()`)
		if got != want {
			t.Errorf("%s: %s, want %s", expression, got, want)
		}
	}
}

// besides arguments travels a place in a trace, both ways, and the end of what main asks.
func besides(t *testing.T, a *app.App, w *window.Window) {
	const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	type heard struct {
		args        int
		trace, more string
	}
	calls := make(chan heard, 1)
	a.IPC().Use(func(next ipc.Handler) ipc.Handler {
		return func(ctx context.Context, c *ipc.Call) (any, error) {
			calls <- heard{c.Args.Len(), c.Meta["traceparent"], c.Meta["tracestate"]}
			return next(ctx, c)
		}
	})
	for call, want := range map[string]heard{
		`api.log('x', { traceparent: '` + parent + `', tracestate: 'a=b' })`: {1, parent, "a=b"},
		`shop.moved(1, 2, { traceparent: '` + parent + `', text: 'x' })`:     {2, parent, ""},
		`shop.moved(1, 2, { signal: AbortSignal.abort() })`:                  {2, "", ""},
		`shop.moved(1, 2, 3)`:                                                     {2, "", ""},
		`shop.ready({ traceparent: '` + parent + `' })`:                           {0, parent, ""},
		`shop.now({ traceparent: '` + parent + `', tracestate: undefined }), 0`:   {0, parent, ""},
		`shop.sum(1, 2, { traceparent: '` + parent + `', tracestate: 'a=b' }), 0`: {2, parent, "a=b"},
	} {
		apptest.Eval[any](t, w, `(() => { `+call+`; return 0; })()`)
		select {
		case got := <-calls:
			if got != want {
				t.Errorf("%s: %+v", call, got)
			}
		case <-apptest.Context(t).Done():
			t.Fatalf("%s was not heard", call)
		}
	}
	a.IPC().UseInvoke(func(next ipc.Asker) ipc.Asker {
		return func(ctx context.Context, q *ipc.Ask, result any) error {
			q.Meta = map[string]string{"traceparent": parent, "tracestate": "c=d"}
			return next(ctx, q, result)
		}
	})
	apptest.Eval[any](t, w, `(() => {
		shop.handleRate(async (...all) => {
			window.rated = all.at(-1);
			await shop.now(rated); // in the same trace, and given up with this
			await shop.sum(1, rated);
			return all.length;
		});
		shop.handleGoOn((text, { signal, traceparent }) => new Promise((resolve, reject) => {
			signal.addEventListener('abort', () => { window.ended = text + ' ' + signal.reason.name + ' ' + traceparent; reject(signal.reason); });
			api.log('asked');
		}));
	})()`)
	ctx, cancel := context.WithCancel(apptest.Context(t))
	go func() {
		for _, want := range []heard{{0, parent, "c=d"}, {1, parent, "c=d"}, {1, "", ""}} {
			if got := <-calls; got != want {
				t.Errorf("within a handler: %+v", got)
			}
		}
		cancel()
	}()
	if points, err := shop.Rate(ctx, w, "a", 2); points != 3 || !errors.Is(err, context.Canceled) {
		t.Errorf("the page gives %v points and ends with %v", points, err)
	}
	got := apptest.Eval[string](t, w, `(async () => {
		while (!window.ended) await new Promise((done) => setTimeout(done, 1));
		return [rated.traceparent, rated.tracestate, rated.signal.aborted, ended].join();
	})()`)
	if want := parent + ",c=d,false,context AbortError " + parent; got != want {
		t.Errorf("the page was told %s, want %s", got, want)
	}
}

// windowNames compares the list of names that no object may have with those that Chromium's window has in a page without a preload.
func windowNames(t *testing.T, a *app.App) {
	w := apptest.Open(t, a, window.Options{URL: "/"})
	names := apptest.Eval[[]string](t, w, `(() => {
		const all = new Set();
		for (let o = window; o; o = Object.getPrototypeOf(o)) for (const name of Object.getOwnPropertyNames(o)) all.add(name);
		return [...all].filter((name) => /^[A-Za-z_$][\w$]*$/.test(name)).sort();
	})()`)
	var missing []string
	for _, name := range names {
		if !slices.Contains(strings.Fields(windowText), name) {
			missing = append(missing, name)
		}
	}
	if len(names) < 1000 || len(missing) > 0 {
		t.Errorf("of %d names of Chromium's window, internal/preload/window.txt lacks\n%s", len(names), strings.Join(missing, "\n"))
	}
}
