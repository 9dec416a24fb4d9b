package app_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/remote"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/pages"
)

// form is an app with something to type, to click and to read.
func form() app.Options {
	return app.Options{Pages: pages.FS(fstest.MapFS{
		"index.html": {Data: []byte(`<!doctype html><title>A form</title><input id=name><button id=greet>Greet</button>
			<p data-testid=greeting id=greeting></p><script src=form.js></script>`)},
		"form.js": {Data: []byte(`greet.onclick = () => { document.getElementById('greeting').textContent = 'Hello, ' + document.getElementById('name').value; };`)},
	})}
}

// driven runs an app in development mode and, outside of it, a tool that drives it by way of its debugging port.
func driven(t *testing.T, drive func(t *testing.T, port string)) {
	port := freePort(t)
	p := apptest.Process{Env: []string{"ORIEL_DEV=1", "ORIEL_DEBUG_PORT=" + port}, Wait: func(t *testing.T, pid int) {
		dir := dirOf(t, pid)
		await(t, dir, "loaded")
		defer signal(t, dir, "driven")
		drive(t, port)
	}}
	apptest.InAppWith(t, p, form(), func(t *testing.T, a *app.App) {
		ipc.Handle(a.IPC(), "double", func(_ context.Context, n int) (int, error) { return 2 * n, nil })
		w := open(t, a, "index.html")
		signal(t, apptest.Dir(), "loaded")
		await(t, apptest.Dir(), "driven")
		if got := eval[string](t, w, "document.getElementById('greeting').textContent"); got != "Hello, Oriel" {
			t.Errorf("after the drive the page says %q", got)
		}
		if got := eval[int](t, w, "api.invoke('double', 4)"); got != 8 {
			t.Errorf("after the drive invoke gives %d", got)
		}
	})
}

func TestPlaywrightDrives(t *testing.T) {
	driven(t, func(t *testing.T, port string) {
		driver, err := filepath.Abs("../../build/playwright/playwright/driver")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(driver); err != nil {
			t.Fatalf("Playwright is not there (make test installs it): %v", err)
		}
		cmd := exec.CommandContext(ctx(t), filepath.Join(driver, "node"), "testdata/playwright/drive.js", port)
		// The driver's folder "package" is what npm knows as playwright-core.
		modules := t.TempDir()
		if err := os.Symlink(filepath.Join(driver, "package"), filepath.Join(modules, "playwright-core")); err != nil {
			t.Fatal(err)
		}
		cmd.Env = append(os.Environ(), "NODE_PATH="+modules, "NODE_OPTIONS=")
		output, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
		var seen struct {
			Title, Greeting string
			Answer, Picture int
		}
		if err := json.Unmarshal(output, &seen); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
		if seen.Title != "A form" || seen.Greeting != "Hello, Oriel" || seen.Answer != 42 || seen.Picture < 100 {
			t.Errorf("Playwright saw %+v", seen)
		}
	})
}

func TestChromedpDrives(t *testing.T) {
	driven(t, func(t *testing.T, port string) {
		base, cancel := remote.NewAllocator(ctx(t), "http://127.0.0.1:"+port)
		defer cancel()
		page, cancel := chromedp.NewContext(base, chromedp.WithTargetID(pageTarget(t, port)), chromedp.WithDetachOnCancel())
		defer cancel()
		if title := see(t, page, chromedp.Title()); title != "A form" {
			t.Errorf("chromedp saw the title %q", title)
		}
		if err := chromedp.Do(page, chromedp.SendKeys(chromedp.CSS("#name"), "Oriel"), chromedp.Click(chromedp.CSS("#greet"))); err != nil {
			t.Fatal(err)
		}
		if greeting := see(t, page, chromedp.Text(chromedp.CSS("#greeting"))); greeting != "Hello, Oriel" {
			t.Errorf("chromedp saw the greeting %q", greeting)
		}
		if answer := see(t, page, chromedp.Evaluate[int]("api.invoke('double', 21)", chromedp.EvalAwaitPromise)); answer != 42 {
			t.Errorf("chromedp saw the answer %d", answer)
		}
		if picture := see(t, page, chromedp.CaptureScreenshot()); len(picture) < 100 {
			t.Errorf("chromedp saw a picture of %d bytes", len(picture))
		}
	})
}

func see[T any](t *testing.T, page context.Context, action chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(page, action)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// pageTarget finds the app's page at its debugging port.
func pageTarget(t *testing.T, port string) target.ID {
	t.Helper()
	response, err := http.Get("http://127.0.0.1:" + port + "/json/list")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var targets []struct{ ID, Type, URL string }
	if err := json.NewDecoder(response.Body).Decode(&targets); err != nil {
		t.Fatal(err)
	}
	for _, x := range targets {
		if x.Type == "page" && strings.HasPrefix(x.URL, "app://") {
			return target.ID(x.ID)
		}
	}
	t.Fatalf("there is no page among %v", targets)
	return ""
}

// DevTools come and go without a trace, and the page's own line to Go is not theirs.
func TestDevTools(t *testing.T) {
	o := site()
	o.Development = true
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		ipc.Handle(a.IPC(), "double", func(_ context.Context, n int) (int, error) { return 2 * n, nil })
		w := open(t, a, "index.html")
		for range 3 {
			if err := w.OpenDevTools(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "DevTools open", w.DevToolsOpened)
			if got := eval[int](t, w, "api.invoke('double', 21)"); got != 42 {
				t.Errorf("with DevTools invoke gives %d", got)
			}
			if err := w.CloseDevTools(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "DevTools close", func() bool { return !w.DevToolsOpened() })
		}
		eventually(t, "one renderer is left", func() bool { return len(ofKind(tree(t, os.Getpid()), "renderer")) == 1 })
		if got := eval[int](t, w, "api.invoke('double', 4)"); got != 8 {
			t.Errorf("after DevTools invoke gives %d", got)
		}
		if err := w.LoadURL(ctx(t), "index.html"); err != nil {
			t.Fatal(err)
		}
		if got := eval[int](t, w, "api.invoke('double', 5)"); got != 10 {
			t.Errorf("in the next document invoke gives %d", got)
		}
	})
}

// An app may end with DevTools open.
func TestQuitWithDevTools(t *testing.T) {
	life(t, apptest.Process{}, func(t *testing.T, a *app.App) {
		a.OnReady(func(context.Context) error {
			w := open(t, a, "index.html")
			if err := w.OpenDevTools(); err != nil {
				return err
			}
			eventually(t, "DevTools open", w.DevToolsOpened)
			a.Quit()
			return nil
		})
		if err := run(t, a); err != nil {
			t.Error(err)
		}
	})
}

func TestDebugPortMustBeAPort(t *testing.T) {
	t.Setenv(app.EnvDevelopment, "1")
	for _, bad := range []string{"80", "70000", "port", "-1"} {
		t.Setenv(app.EnvDebugPort, bad)
		err := app.New(app.Options{Name: "a", DataDir: "/tmp/x"}).Run(context.Background())
		if err == nil || !strings.Contains(err.Error(), "ORIEL_DEBUG_PORT is \""+bad+"\": it must be a port from 1024 to 65535") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
