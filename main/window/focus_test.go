package window_test

import (
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/window"
)

// Focus is asked for as soon as the windows are there, while the X server's news of who has the keyboard are still on their way: Chromium
// then takes a window that has just lost it for the active one.
func TestFocus(t *testing.T) {
	o := site(map[string]string{"first.html": "<title>first", "second.html": "<title>second"})
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		screen, err := apptest.OpenScreen()
		if err != nil {
			t.Fatal(err)
		}
		defer screen.Close()
		hidden := open(t, a, window.Options{Hidden: true})
		first, second := open(t, a, window.Options{URL: "/first.html"}), open(t, a, window.Options{URL: "/second.html"})
		pages := map[string]*window.Window{"first": first, "second": second}
		// X says where keys go, the pages whether they expect them.
		settled := func(want string) {
			t.Helper()
			apptest.Until(t, want+" has the keyboard, and its page alone knows", func() bool {
				title, err := screen.Focused()
				if err != nil {
					t.Fatal(err)
				}
				for name, w := range pages {
					if eval[bool](t, w, "document.hasFocus()") != (name == want) {
						return false
					}
				}
				return title == want
			})
		}
		for _, name := range []string{"first", "second", "first"} {
			if err := pages[name].Focus(); err != nil {
				t.Fatal(err)
			}
			settled(name)
		}
		for _, name := range []string{"second", "first", "second", "first"} { // the last one counts
			if err := pages[name].Focus(); err != nil {
				t.Fatal(err)
			}
		}
		settled("first")
		if err := hidden.Focus(); err != nil {
			t.Fatal(err)
		}
		if hidden.Visible() {
			t.Error("Focus has shown a hidden window")
		}
		settled("first")
		second.Destroy()
		<-second.Closed()
		if err := second.Focus(); err == nil {
			t.Error("a closed window took the focus")
		}
	})
}
