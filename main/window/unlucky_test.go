package window_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
)

// What is no answer is no, and the app lives.
func TestUnluckyAllowNavigation(t *testing.T) {
	apptest.InApp(t, site(nil), func(t *testing.T, a *app.App) {
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the page led the window away") }))
		defer server.Close()
		for name, allow := range map[string]func(w *window.Window) bool{
			"panics":             func(*window.Window) bool { panic("unlucky") },
			"ends its goroutine": func(*window.Window) bool { runtime.Goexit(); return true },
			"waits for its page": func(w *window.Window) bool { return w.Eval(ctx(t), "1", nil) == nil },
			"opens a window": func(*window.Window) bool {
				_, err := window.New(a, window.Options{URL: "about:blank"})
				return err == nil
			},
			"closes and says yes": func(w *window.Window) bool { w.Destroy(); runtime.Goexit(); return true },
		} {
			var w *window.Window
			asked := make(chan struct{})
			w = open(t, a, window.Options{AllowNavigation: func(string) bool { defer close(asked); return allow(w) }})
			eval[any](t, w, "location.href = '"+server.URL+"'; 0")
			<-asked
			if name == "closes and says yes" {
				<-w.Closed()
			} else if url, err := w.URL(); url != "app://test/" {
				t.Errorf("AllowNavigation %s: the window is at %s, %v", name, url, err)
			}
			w.Destroy()
		}
	})
}

// A page that does not answer whether it may be closed is closed.
func TestSilentPage(t *testing.T) {
	apptest.InApp(t, site(nil), func(t *testing.T, a *app.App) {
		w := open(t, a, window.Options{})
		eval[any](t, w, "addEventListener('beforeunload', () => { for (;;); }); 0")
		w.Close()
		select {
		case <-w.Closed():
		case <-ctx(t).Done():
			t.Error("the window stays")
		}
	})
}

// A page's process that cannot be started is an error, and not waited for.
func TestNoProcess(t *testing.T) {
	apptest.InApp(t, site(nil), func(t *testing.T, a *app.App) {
		for _, pid := range apptest.Descendants(t) {
			if cmdline, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); strings.Contains(string(cmdline), "--type=zygote") {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		w, err := window.New(a, window.Options{})
		if err == nil {
			err = w.LoadURL(ctx(t), "/")
		}
		if !errors.Is(err, ipc.ErrRendererGone) {
			t.Errorf("without processes: %v", err)
		}
	})
}

func TestImpossible(t *testing.T) {
	apptest.InApp(t, site(nil), func(t *testing.T, a *app.App) {
		w := open(t, a, window.Options{})
		before, err := w.Bounds()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []window.Rect{{Width: -1}, {Height: 1<<15 + 1}, {X: 1<<15 + 1}, {Y: -1<<15 - 1}} {
			if err := w.SetBounds(r); err == nil {
				t.Errorf("%v is taken", r)
			}
		}
		if after, err := w.Bounds(); after != before || err != nil {
			t.Errorf("the window is at %v, %v", after, err)
		}
		if _, err := window.New(a, window.Options{Position: &window.Point{X: 1 << 40}}); err == nil {
			t.Error("a window at 2^40")
		}
		if err := w.DevToolsCommand(ctx(t), "\xff", nil, nil); err == nil || !strings.Contains(err.Error(), "'method'") {
			t.Errorf("a method that is no text: %v", err)
		}
	})
}
