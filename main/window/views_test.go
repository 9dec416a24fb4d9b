package window_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
)

func TestOptions(t *testing.T) {
	apptest.InApp(t, site(map[string]string{"untitled.html": "<p>No title"}), func(t *testing.T, a *app.App) {
		w := open(t, a, window.Options{
			Title: "At first", Width: 500, Height: 300, Position: &window.Point{X: 40, Y: 60}, MinWidth: 200, MinHeight: 150, URL: "/untitled.html",
		})
		if b, err := w.Bounds(); err != nil || b != (window.Rect{X: 40, Y: 60, Width: 500, Height: 300}) {
			t.Errorf("bounds are %+v, %v", b, err)
		}
		apptest.Until(t, "the page is 500 × 300", func() bool { return eval[[2]int](t, w, "[innerWidth, innerHeight]") == [2]int{500, 300} })
		if err := w.SetBounds(window.Rect{X: 10, Y: 20, Width: 640, Height: 480}); err != nil {
			t.Fatal(err)
		}
		apptest.Until(t, "the page is 640 × 480", func() bool { return eval[[2]int](t, w, "[innerWidth, innerHeight]") == [2]int{640, 480} })
		titles := make(chan string, 10)
		w.OnTitle(func(s string) { titles <- s })
		eval[any](t, w, "document.title = 'Then'; 0")
		for got := range titles {
			if got == "Then" {
				break
			}
		}
		if got, _ := w.Title(); got != "Then" {
			t.Errorf("the window's title is %q", got)
		}
		if err := w.SetTitle("By hand ✓"); err != nil {
			t.Fatal(err)
		}
		if got, _ := w.Title(); got != "By hand ✓" {
			t.Errorf("the window's title is %q", got)
		}
		if err := w.SetFullscreen(true); err != nil {
			t.Fatal(err)
		}
		apptest.Until(t, "the window fills the screen", w.Fullscreen)
		if err := w.SetFullscreen(false); err != nil {
			t.Fatal(err)
		}
		apptest.Until(t, "the window no longer fills the screen", func() bool { return !w.Fullscreen() })
		if _, err := window.New(a, window.Options{Width: -1}); err == nil {
			t.Error("a width of -1 was taken")
		}
		if _, err := window.New(a, window.Options{Icon: []byte("GIF89a")}); err == nil || !strings.Contains(err.Error(), "Options.Icon is not a PNG") {
			t.Error("an icon that is no PNG:", err)
		}
	})
}

func TestShowLater(t *testing.T) {
	apptest.InApp(t, site(nil), func(t *testing.T, a *app.App) {
		w := open(t, a, window.Options{Hidden: true})
		if w.Visible() {
			t.Error("a hidden window is visible")
		}
		if err := w.Show(); err != nil {
			t.Fatal(err)
		}
		apptest.Until(t, "the window is visible", w.Visible)
		if err := w.Hide(); err != nil {
			t.Fatal(err)
		}
		apptest.Until(t, "the window is hidden", func() bool { return !w.Visible() })
	})
}

// A page that does not finish loading is seen all the same.
func TestShowInTime(t *testing.T) {
	o := site(map[string]string{"picture.html": "<img src=never.png>"})
	files := o.Pages
	o.Pages = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/never.png" {
			<-r.Context().Done()
		}
		files.ServeHTTP(w, r)
	})
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		w, err := window.New(a, window.Options{URL: "/picture.html"})
		if err != nil {
			t.Fatal(err)
		}
		later, err := window.New(a, window.Options{URL: "/picture.html", Hidden: true})
		if err != nil {
			t.Fatal(err)
		}
		ready := make(chan struct{})
		later.OnReadyToShow(func() { close(ready) })
		apptest.Until(t, "the window is visible", w.Visible)
		<-ready
		if later.Visible() {
			t.Error("a hidden window is visible")
		}
	})
}

// The window must not be seen in any colour but its own and the page's.
func TestNoFlash(t *testing.T) {
	page := `<!doctype html><style>html{background:rgb(0,96,0)}</style>`
	apptest.InApp(t, site(map[string]string{"green.html": page}), func(t *testing.T, a *app.App) {
		screen, err := apptest.OpenScreen()
		if err != nil {
			t.Fatal(err)
		}
		defer screen.Close()
		seen := make(chan map[color.RGBA]bool)
		stop := make(chan struct{})
		go func() {
			colours := map[color.RGBA]bool{}
			for {
				select {
				case <-stop:
					seen <- colours
					return
				default:
					c, err := screen.At(300, 300)
					if err != nil {
						t.Error(err)
					}
					colours[c] = true
				}
			}
		}()
		ready := make(chan struct{})
		w, err := window.New(a, window.Options{
			URL: "/green.html", Position: &window.Point{X: 100, Y: 100}, Width: 400, Height: 400, Background: color.RGBA{0, 0, 96, 255},
		})
		if err != nil {
			t.Fatal(err)
		}
		w.OnReadyToShow(func() { close(ready) })
		<-ready
		green := color.RGBA{0, 96, 0, 255}
		apptest.Until(t, "the screen shows the page", func() bool { c, _ := screen.At(300, 300); return c == green })
		close(stop)
		colours := <-seen
		for c := range colours {
			if c != green && c != (color.RGBA{0, 0, 0, 255}) && c != (color.RGBA{0, 0, 96, 255}) {
				t.Errorf("the screen showed %v", c)
			}
		}
	})
}

func TestCapture(t *testing.T) {
	apptest.InApp(t, site(map[string]string{"red.html": "<body style='background:rgb(200,10,20)'>"}), func(t *testing.T, a *app.App) {
		w := open(t, a, window.Options{URL: "/red.html", Width: 320, Height: 200})
		data, err := w.Capture(ctx(t))
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if picture.Bounds() != image.Rect(0, 0, 320, 200) {
			t.Errorf("the picture is %v", picture.Bounds())
		}
		if r, g, b, _ := picture.At(100, 100).RGBA(); r>>8 != 200 || g>>8 != 10 || b>>8 != 20 {
			t.Errorf("the picture is of colour %d %d %d", r>>8, g>>8, b>>8)
		}
	})
}

// click makes the user's touch of the page that Chromium wants before it listens to beforeunload.
func click(t *testing.T, w *window.Window) {
	t.Helper()
	mouse(t, w, "mousePressed", "mouseReleased")
}

// mouse sends mouse events to a point near the page's corner.
func mouse(t *testing.T, w *window.Window, kinds ...string) {
	t.Helper()
	for _, kind := range kinds {
		event := map[string]any{"type": kind, "x": 20, "y": 20, "button": "left", "clickCount": 1}
		if kind == "mouseMoved" {
			event["button"], event["clickCount"] = "none", 0
		}
		if err := w.DevToolsCommand(ctx(t), "Input.dispatchMouseEvent", event, nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBeforeUnloadMayRefuse(t *testing.T) {
	apptest.InApp(t, site(nil), func(t *testing.T, a *app.App) {
		w := open(t, a, window.Options{})
		refused := make(chan struct{}, 1)
		w.OnUnloadPrevented(func() { refused <- struct{}{} })
		eval[any](t, w, "window.onbeforeunload = (e) => { e.preventDefault(); }; 0")
		click(t, w)
		w.Close()
		select {
		case <-refused:
		case <-w.Closed():
			t.Fatal("the window closed over the page's refusal")
		}
		eval[any](t, w, "window.onbeforeunload = null; 0")
		closed := make(chan struct{})
		w.OnClosed(func() { close(closed) })
		w.Close()
		<-w.Closed()
		<-closed
		if err := w.Send("x"); err == nil {
			t.Error("a closed window took a message")
		}

		stubborn := open(t, a, window.Options{})
		eval[any](t, stubborn, "window.onbeforeunload = (e) => { e.preventDefault(); }; 0")
		click(t, stubborn)
		stubborn.Destroy()
		<-stubborn.Closed()
		if n := len(window.All(a)); n != 0 {
			t.Errorf("%d windows are left", n)
		}
	})
}

func TestPermissionsAreDenied(t *testing.T) {
	o := site(nil)
	o.ChromiumSwitches = []string{"use-fake-device-for-media-stream"}
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		w := open(t, a, window.Options{})
		for script, want := range map[string]string{
			"Notification.requestPermission()": "denied",
			"new Promise(r => navigator.geolocation.getCurrentPosition(() => r('allowed'), e => r('denied ' + e.code)))": "denied 1",
			"navigator.mediaDevices.getUserMedia({ audio: true }).then(() => 'allowed', e => e.name)":                    "NotAllowedError",
		} {
			if got := eval[string](t, w, script); got != want {
				t.Errorf("%s: %s", script, got)
			}
		}
	})
}

func TestRendererCrash(t *testing.T) {
	apptest.InApp(t, site(nil), func(t *testing.T, a *app.App) {
		w := open(t, a, window.Options{})
		evaluated := make(chan error, 1)
		go func() { evaluated <- w.Eval(ctx(t), "window.begun = true; new Promise(() => {})", nil) }()
		apptest.Until(t, "the script runs", func() bool { return eval[bool](t, w, "!!window.begun") })
		if g := crash(t, w); g.Reason != "crashed" {
			t.Errorf("gone: %+v", g)
		}
		if err := <-evaluated; !errors.Is(err, ipc.ErrRendererGone) {
			t.Errorf("a script that ran: %v", err)
		}
		if err := w.Eval(ctx(t), "1", nil); !errors.Is(err, ipc.ErrRendererGone) {
			t.Errorf("a script after the crash: %v", err)
		}
		back := loaded(w)
		if err := w.Reload(false); err != nil {
			t.Fatal(err)
		}
		<-back
		ended := make(chan window.RendererGone, 1)
		w.OnRendererGone(func(g window.RendererGone) { ended <- g })
		if err := w.LoadURL(ctx(t), "chrome://kill"); err == nil {
			t.Error("the process has ended, and it has loaded")
		}
		if g := <-ended; g.ExitCode < 1 || g.ExitCode > 255 { // Chromium's own choice
			t.Errorf("gone: %+v", g)
		}
		back = loaded(w)
		if err := w.Reload(false); err != nil {
			t.Fatal(err)
		}
		<-back
		if got := eval[string](t, w, "window.early"); got != "object" {
			t.Errorf("after a crash and a reload the page's first script sees window.api as %s", got)
		}
	})
}
