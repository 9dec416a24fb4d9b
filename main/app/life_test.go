package app_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/window"
)

// life runs f in a process of its own with an app that has not been started. After it, nothing of the app may be left.
func life(t *testing.T, p apptest.Process, f func(t *testing.T, a *app.App)) {
	t.Helper()
	gone := leavesNothing(t, &p)
	apptest.InProcess(t, p, func(t *testing.T) {
		f(t, app.New(apptest.Options(site())))
		checkNoFilesAreLeft(t)
	})
	gone()
}

// leavesNothing makes the parent take notice of the test process. The function it returns waits until every process of Chromium that
// it had is gone. (The zygotes end when they see that it has.)
func leavesNothing(t *testing.T, p *apptest.Process) (gone func()) {
	var dir string
	wait := p.Wait
	p.Wait = func(t *testing.T, pid int) {
		dir = dirOf(t, pid)
		if wait != nil {
			wait(t, pid)
		}
	}
	return func() {
		if dir == "" {
			return
		}
		eventually(t, "all processes end", func() bool { return len(usersOf(t, dir)) == 0 })
	}
}

// usersOf lists the processes of Chromium whose profile is in dir.
func usersOf(t *testing.T, dir string) []process {
	return slices.DeleteFunc(all(t), func(p process) bool {
		return !slices.ContainsFunc(p.args, func(a string) bool { return strings.HasPrefix(a, "--user-data-dir="+dir+"/") })
	})
}

// checkNoFilesAreLeft checks the folder that is home and place for temporary files. Libraries keep their caches there in hidden folders.
func checkNoFilesAreLeft(t *testing.T) {
	t.Helper()
	var left []string
	for _, pattern := range []string{"[^.]*", ".org.chromium*", "data/chromium/log.*", "data/chromium/Singleton*"} {
		names, err := filepath.Glob(filepath.Join(apptest.Dir(), pattern))
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, names...)
	}
	left = slices.DeleteFunc(left, func(s string) bool { return s == filepath.Join(apptest.Dir(), "data") })
	if len(left) != 0 {
		t.Errorf("files are left: %v", left)
	}
}

// run runs an app and bounds its life.
func run(t *testing.T, a *app.App) error {
	t.Helper()
	return apptest.RunApp(ctx(t), a)
}

func TestReadyInOrder(t *testing.T) {
	life(t, apptest.Process{}, func(t *testing.T, a *app.App) {
		var order []string
		var appContext context.Context
		a.OnReady(func(ctx context.Context) error {
			time.Sleep(50 * time.Millisecond)
			order = append(order, "first")
			appContext = ctx
			a.OnReady(func(context.Context) error {
				order = append(order, "late")
				a.Quit()
				return nil
			})
			return nil
		})
		a.OnReady(func(context.Context) error {
			order = append(order, "second")
			_, err := window.New(a, window.Options{})
			return err
		})
		if err := run(t, a); err != nil {
			t.Error(err)
		}
		if got := strings.Join(order, " "); got != "first second late" {
			t.Errorf("OnReady's functions ran in the order %s", got)
		}
		if context.Cause(appContext) != app.ErrQuit {
			t.Errorf("the app's context ended with %v", context.Cause(appContext))
		}
		if _, err := window.New(a, window.Options{}); err == nil {
			t.Error("a window can be opened after the end")
		}
		a.Quit() // does nothing
	})
}

func TestOnReadyFails(t *testing.T) {
	life(t, apptest.Process{}, func(t *testing.T, a *app.App) {
		failure := errors.New("there is no database")
		a.OnReady(func(context.Context) error {
			_, err := window.New(a, window.Options{URL: "stay.html"})
			return errors.Join(err, failure)
		})
		a.OnReady(func(context.Context) error {
			t.Error("what comes after a failure is run")
			return nil
		})
		if err := run(t, a); !errors.Is(err, failure) {
			t.Errorf("Run returned %v", err)
		}
	})
}

func TestOnReadyPanics(t *testing.T) {
	life(t, apptest.Process{}, func(t *testing.T, a *app.App) {
		a.OnReady(func(context.Context) error { panic("no good") })
		if err := run(t, a); err == nil || !strings.Contains(err.Error(), "no good") {
			t.Errorf("Run returned %v", err)
		}
	})
}

func TestOnReadyEndsItsGoroutine(t *testing.T) {
	life(t, apptest.Process{}, func(t *testing.T, a *app.App) {
		a.OnReady(func(context.Context) error { runtime.Goexit(); return nil })
		if err := run(t, a); err == nil || !strings.Contains(err.Error(), "ended its goroutine") {
			t.Errorf("Run returned %v", err)
		}
	})
}

func TestRunOnlyOnce(t *testing.T) {
	life(t, apptest.Process{}, func(t *testing.T, a *app.App) {
		a.OnReady(func(ctx context.Context) error {
			if err := a.Run(ctx); !errors.Is(err, app.ErrStarted) {
				t.Errorf("Run in a running app: %v", err)
			}
			a.Quit()
			return nil
		})
		if err := run(t, a); err != nil {
			t.Error(err)
		}
		again := app.New(apptest.Options(site()))
		if err := run(t, again); !errors.Is(err, app.ErrStarted) {
			t.Errorf("a second app: %v", err)
		}
	})
}

func TestInvalidOptions(t *testing.T) {
	for _, c := range []struct {
		o    app.Options
		want string
	}{
		{app.Options{}, "Options.Name"},
		{app.Options{Name: "No Spaces"}, "Options.Name"},
		{app.Options{Name: "a", DataDir: "relative"}, "must be an absolute path"},
		{app.Options{Name: "a", DataDir: "/tmp/x", ChromiumSwitches: []string{"--lang=de"}}, "without dashes"},
		{app.Options{Name: "a", DataDir: "/tmp/x", CEFDir: "/nowhere"}, "/nowhere"},
	} {
		if err := app.New(c.o).Run(context.Background()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v does not say %q", c.o, err, c.want)
		}
	}
}

func TestQuitBeforeTheStart(t *testing.T) {
	life(t, apptest.Process{}, func(t *testing.T, a *app.App) {
		a.Quit()
		if err := run(t, a); err != nil {
			t.Error(err)
		}
	})
}

// Nothing is begun on the UI thread any more once its loop has ended, although libcef still runs what was posted.
func TestQuitWhileWindowsAreMade(t *testing.T) {
	life(t, apptest.Process{}, func(t *testing.T, a *app.App) {
		made := make(chan error)
		for range 8 {
			a.OnReady(func(context.Context) error {
				_, err := window.New(a, window.Options{})
				made <- err
				return nil
			})
		}
		a.Quit()
		ended := make(chan error)
		go func() {
			var refused error
			for range 8 {
				if err := <-made; err != nil {
					refused = err
				}
			}
			ended <- refused
		}()
		if err := run(t, a); err != nil {
			t.Error(err)
		}
		if err := <-ended; err == nil {
			t.Error("every window was made")
		}
	})
}

func TestContextEndedBeforeTheStart(t *testing.T) {
	life(t, apptest.Process{}, func(t *testing.T, a *app.App) {
		a.OnReady(func(context.Context) error {
			_, err := window.New(a, window.Options{})
			return err
		})
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		if err := apptest.RunApp(ended, a); err != nil {
			t.Error(err)
		}
	})
}

func TestLastWindowEndsTheApp(t *testing.T) {
	apptest.InProcess(t, apptest.Process{}, func(t *testing.T) {
		o := apptest.Options(site())
		o.KeepRunning = false
		a := app.New(o)
		a.OnReady(func(context.Context) error {
			one, two := open(t, a, "index.html"), open(t, a, "index.html")
			one.Close()
			<-one.Closed()
			if _, err := two.Title(); err != nil {
				t.Errorf("the app ended with its first window: %v", err)
			}
			two.Close()
			return nil
		})
		if err := run(t, a); err != nil {
			t.Error(err)
		}
		checkNoFilesAreLeft(t)
	})
}

func TestAllWindowsClosedIsAsked(t *testing.T) {
	apptest.InProcess(t, apptest.Process{}, func(t *testing.T) {
		o := apptest.Options(site())
		o.KeepRunning = false
		a := app.New(o)
		asked := 0
		a.OnAllWindowsClosed(func() {
			if asked++; asked == 2 {
				a.Quit()
				return
			}
			open(t, a, "index.html").Destroy()
		})
		a.OnReady(func(context.Context) error {
			open(t, a, "index.html").Close()
			return nil
		})
		if err := run(t, a); err != nil || asked != 2 {
			t.Errorf("asked %d times, %v", asked, err)
		}
	})
}

// click gives a page the user activation without which it may not object to being closed.
func click(t *testing.T, w *window.Window) {
	t.Helper()
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		event := map[string]any{"type": kind, "x": 20, "y": 20, "button": "left", "clickCount": 1}
		if err := w.DevToolsCommand(ctx(t), "Input.dispatchMouseEvent", event, nil); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the page is activated", func() bool { return eval[bool](t, w, "navigator.userActivation.hasBeenActive") })
}

// vetoed opens a page that wants to stay, asks the app to quit by ask, and sees that it goes on.
func vetoed(t *testing.T, a *app.App, ask func()) *window.Window {
	t.Helper()
	w := open(t, a, "stay.html")
	click(t, w)
	refused := make(chan struct{}, 8)
	w.OnUnloadPrevented(func() { refused <- struct{}{} })
	ask()
	select {
	case <-refused:
	case <-w.Closed():
		t.Fatal("the page was not asked")
	case <-time.After(20 * time.Second):
		t.Fatal("nothing happened")
	}
	if got := eval[int](t, w, "6 * 7"); got != 42 {
		t.Errorf("the page counts %d", got)
	}
	return w
}

func TestQuitCanBeVetoed(t *testing.T) {
	life(t, apptest.Process{}, func(t *testing.T, a *app.App) {
		a.OnReady(func(context.Context) error {
			w := vetoed(t, a, a.Quit)
			other := open(t, a, "index.html")
			other.Close()
			<-other.Closed() // the quit is off: this must not end the app
			eval[any](t, w, "location.href = 'index.html'")
			eval[any](t, w, "0")
			w.Destroy()
			<-w.Closed()
			a.Quit()
			return nil
		})
		if err := run(t, a); err != nil {
			t.Error(err)
		}
	})
}

func TestContextEndsWithoutAsking(t *testing.T) {
	life(t, apptest.Process{}, func(t *testing.T, a *app.App) {
		c, cancel := context.WithCancel(ctx(t))
		a.OnReady(func(ctx context.Context) error {
			click(t, open(t, a, "stay.html"))
			busy := open(t, a, "loop.html")
			go busy.Eval(ctx, "for (;;);", nil)
			time.Sleep(300 * time.Millisecond)
			cancel()
			<-ctx.Done()
			return context.Cause(ctx)
		})
		begun := time.Now()
		if err := apptest.RunApp(c, a); err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took > 15*time.Second {
			t.Errorf("the end took %v", took)
		}
	})
}

func TestSecondProcessIsTurnedAway(t *testing.T) {
	const second = "ORIEL_TEST_SECOND"
	if os.Getenv(second) != "" {
		apptest.InApp(t, site(), func(*testing.T, *app.App) { t.Error("the second process got an app") })
		return
	}
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		w := open(t, a, "index.html")
		begun := time.Now()
		cmd := exec.CommandContext(ctx(t), os.Args[0], "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), second+"=1")
		output, err := cmd.CombinedOutput()
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("the second process took %v", took)
		}
		var exit *exec.ExitError
		want := "another instance with the same data folder is running: " + a.DataDir()
		if !errors.As(err, &exit) || exit.ExitCode() == 0 || !strings.Contains(string(output), want) {
			t.Errorf("the second process ended with %v and said %s", err, output)
		}
		if got := eval[int](t, w, "6 * 7"); got != 42 {
			t.Errorf("the first app's page counts %d", got)
		}
		open(t, a, "index.html")
		if len(pipes(t)) != 1 {
			t.Errorf("the log pipes are %v", pipes(t))
		}
	})
}
