package renderer_test

import (
	"context"
	"embed"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/pages"
	"github.com/oriel-go/oriel/main/window"
)

func TestMain(m *testing.M) { apptest.Main(m) }

//go:embed testdata runtime/testdata runtime/*.js
var files embed.FS

func text(t *testing.T, name string) string {
	t.Helper()
	b, err := files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var verdict = regexp.MustCompile(`(?m)^ *--- (PASS|FAIL): [^/\s]+/(\S+) `)

// inApp is apptest.InApp for tests that consist of rules: each subtest of the process with the app is one here too.
func inApp(t *testing.T, o app.Options, f func(t *testing.T, a *app.App)) {
	t.Helper()
	inAppWith(t, apptest.Process{}, o, f)
}

func inAppWith(t *testing.T, p apptest.Process, o app.Options, f func(t *testing.T, a *app.App)) {
	t.Helper()
	if apptest.Dir() != "" {
		apptest.InApp(t, o, f)
		return
	}
	p.Args = append(p.Args, "-test.run=^"+regexp.QuoteMeta(t.Name())+"$")
	output, err := apptest.Start(t, p)
	for _, m := range verdict.FindAllStringSubmatch(output, -1) {
		t.Run(m[2], func(t *testing.T) {
			if m[1] == "FAIL" {
				t.Fail()
			}
		})
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
}

// site serves files, index.html among them, without a Content-Security-Policy.
func site(extra map[string]string) app.Options {
	s := fstest.MapFS{
		"index.html": {Data: []byte(`<!doctype html><title>A page</title><body><script src=first.js></script>`)},
		"first.js":   {Data: []byte(`window.early = typeof window.api;`)},
	}
	for name, text := range extra {
		s[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return app.Options{Pages: pages.FS(s, pages.CSP(""))}
}

// preload exposes enough to see that the bridge and IPC stand.
const preload = `
const { contextBridge, ipcRenderer } = require('electron');
contextBridge.exposeInMainWorld('api', { echo: (value) => value, invoke: (channel, ...args) => ipcRenderer.invoke(channel, ...args), send: (channel, ...args) => { ipcRenderer.send(channel, ...args); } });`

// open opens a window on the start page, unless o says otherwise, and waits until it is there.
func open(t *testing.T, a *app.App, o window.Options) *window.Window {
	t.Helper()
	if o.Preload == "" {
		o.Preload = preload
	}
	return apptest.Open(t, a, o)
}

func ctx(t *testing.T) context.Context { return apptest.Context(t) }

func eval[T any](t *testing.T, w *window.Window, script string) T {
	t.Helper()
	return apptest.Eval[T](t, w, script)
}

// receive waits for what a page or the app tells.
func receive[T any](t *testing.T, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-ctx(t).Done():
		t.Fatalf("no %s came", what)
	}
	return v
}

// reports is what pages send on the channel report: rules with what is wrong about them.
func reports(a *app.App) <-chan [][2]string {
	c := make(chan [][2]string, 1)
	ipc.On(a.IPC(), "report", func(_ context.Context, results [][2]string) { c <- results })
	return c
}

// judge makes a subtest of each rule.
func judge(t *testing.T, results [][2]string) {
	for _, r := range results {
		t.Run(strings.ReplaceAll(r[0], "/", "-"), func(t *testing.T) {
			if r[1] != "" {
				t.Error(r[1])
			}
		})
	}
}

// TestBridge has every rule of contextBridge and every known way out of it, as a page sees them.
func TestBridge(t *testing.T) {
	root, err := fs.Sub(files, "testdata")
	if err != nil {
		t.Fatal(err)
	}
	inApp(t, app.Options{Pages: pages.FS(root, pages.CSP(""))}, func(t *testing.T, a *app.App) {
		results := reports(a)
		ipc.Handle(a.IPC(), "echo", func(_ context.Context, v any) (any, error) { return v, nil })
		ipc.On(a.IPC(), "said", func(ctx context.Context, args ipc.Args) {
			var first, second any
			if args.Decode(0, &first) == nil && args.Decode(1, &second) == nil {
				_ = ipc.Reply(ctx, "said", first, second)
			}
		})
		open(t, a, window.Options{URL: "/bridge.html", Preload: text(t, "testdata/bridge_preload.js")})
		got := receive(t, "report", results)
		judge(t, got)
		if len(got) < 150 {
			t.Errorf("the page reported only %d rules", len(got))
		}
	})
}

// TestAdvisories has the published ways out of Electron's context isolation, as a page would try them.
func TestAdvisories(t *testing.T) {
	root, err := fs.Sub(files, "testdata")
	if err != nil {
		t.Fatal(err)
	}
	inApp(t, app.Options{Pages: pages.FS(root, pages.CSP(""))}, func(t *testing.T, a *app.App) {
		results := reports(a)
		w := open(t, a, window.Options{URL: "/advisories.html", Preload: text(t, "testdata/bridge_preload.js")})
		judge(t, receive(t, "report", results))
		t.Run("windows, asked for as if by the user", func(t *testing.T) { opensNothing(t, w) })
	})
}

// opensNothing tries window.open where Chromium itself has nothing against it: each script runs as if the user had done something.
func opensNothing(t *testing.T, w *window.Window) {
	const inFrame = `document.body.appendChild(document.createElement("iframe")).contentWindow.open`
	for _, call := range []string{
		`open()`, `open("about:blank")`, `open("about:blank", "_blank", "webPreferences=nodeIntegration=yes,sandbox=no,preload=/etc/passwd")`,
		`open("file:///etc/passwd", "_blank", "preload=file:///etc/passwd")`, `open("about:blank", "main")`, `open("", "other")`,
		inFrame + `()`, inFrame + `("about:blank", "child")`,
	} {
		if got := eval[string](t, w, "String("+call+")"); got != "null" {
			t.Errorf("%s gave %s", call, got)
		}
	}
}

// TestPolicyHolds: the page's Content-Security-Policy binds the page, whatever the preload may do (CVE-2023-23623).
func TestPolicyHolds(t *testing.T) {
	o := site(nil)
	o.Pages = pages.FS(fstest.MapFS{
		"index.html": {Data: []byte(`<title>A page</title><script src=first.js></script><script>window.inline = 1;</script>`)},
		"first.js":   {Data: []byte(`window.early = typeof window.api; try { window.evaluated = eval('"ran"'); } catch (e) { window.evaluated = e.name; }`)},
	})
	inApp(t, o, func(t *testing.T, a *app.App) {
		w := open(t, a, window.Options{Preload: preload + `contextBridge.exposeInMainWorld('evaluated2', (0, eval)('1 + 1'));`})
		for _, c := range []struct{ name, script, want string }{
			{"the preload ran", "window.early", "object"},
			{"the preload may evaluate", "String(window.evaluated2)", "2"},
			{"the page may not", "window.evaluated", "EvalError"},
			{"nor run inline scripts", "typeof window.inline", "undefined"},
		} {
			t.Run(c.name, func(t *testing.T) {
				if got := eval[string](t, w, c.script); got != c.want {
					t.Errorf("%s is %s", c.script, got)
				}
			})
		}
	})
}

// vectorsEnv carries a file of another package's to the process with the app, which cannot read it.
const vectorsEnv = "ORIEL_TEST_VECTORS"

// fragmentTest runs a test of a runtime fragment in the world it is for, with vectors that the protocol package is held to as well.
// call gives a list of [rule, problem].
func fragmentTest(t *testing.T, vectors, call string, names ...string) {
	t.Helper()
	b, err := os.ReadFile("../protocol/testdata/" + vectors)
	if err != nil && apptest.Dir() == "" {
		t.Fatal(err)
	}
	p := apptest.Process{Env: []string{vectorsEnv + "=" + string(b)}}
	inAppWith(t, p, site(nil), func(t *testing.T, a *app.App) {
		results := reports(a)
		script := []string{"const vectors = " + os.Getenv(vectorsEnv) + ";"}
		for _, name := range names {
			script = append(script, text(t, name))
		}
		script = append(script, "require('electron').ipcRenderer.send('report', "+call+");")
		open(t, a, window.Options{Preload: strings.Join(script, "\n")})
		judge(t, receive(t, "report", results))
	})
}

// TestCodec holds the codec to the wire format's golden frames.
func TestCodec(t *testing.T) {
	fragmentTest(t, "golden.json", "testCodec(codec, vectors)", "runtime/codec_tables.js", "runtime/codec_natures.js", "runtime/codec_values.js",
		"runtime/codec_span.js", "runtime/codec_decode.js", "runtime/codec.js", "runtime/testdata/codec_test.js")
}

// TestRules holds rules.js to what protocol.Allowed says.
func TestRules(t *testing.T) {
	fragmentTest(t, "rules.json", "testRules(rules, vectors)", "runtime/rules.js", "runtime/testdata/rules_test.js")
}
