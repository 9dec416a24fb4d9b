package window_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/window"
)

// What the window manager is told: it is the one that draws frames, bounds sizes and shows icons.
func TestWindowManagerHints(t *testing.T) {
	o := site(nil)
	o.Name = "hints"
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		screen, err := apptest.OpenScreen()
		if err != nil {
			t.Fatal(err)
		}
		defer screen.Close()
		property := func(name string) []uint32 {
			t.Helper()
			v, err := screen.Property("hints", name)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		icon := image.NewRGBA(image.Rect(0, 0, 16, 16))
		for i := range 256 {
			icon.Set(i%16, i/16, color.RGBA{200, 100, 50, 255})
		}
		var encoded bytes.Buffer
		if err := png.Encode(&encoded, icon); err != nil {
			t.Fatal(err)
		}
		w := open(t, a, window.Options{
			Width: 500, Height: 400, MinWidth: 300, MinHeight: 200, MaxWidth: 900, MaxHeight: 700, Frameless: true, Icon: encoded.Bytes(),
		})
		// _MOTIF_WM_HINTS is flags, functions, decorations, …: flag 2 says that decorations count, and 0 of them are wanted.
		apptest.Until(t, "the window wants no frame", func() bool {
			h := property("_MOTIF_WM_HINTS")
			return len(h) >= 3 && h[0]&2 != 0 && h[2] == 0
		})
		// WM_NORMAL_HINTS has the minimum at 5 and 6 and the maximum at 7 and 8, with the flags 16 and 32.
		apptest.Until(t, "the sizes are bounded", func() bool {
			h := property("WM_NORMAL_HINTS")
			return len(h) >= 9 && h[0]&48 == 48 && h[5] == 300 && h[6] == 200 && h[7] == 900 && h[8] == 700
		})
		apptest.Until(t, "the window has its icon", func() bool {
			h := property("_NET_WM_ICON")
			return len(h) >= 2+256 && h[0] == 16 && h[1] == 16 && h[2] == 0xFFC86432
		})
		w.Destroy()
		<-w.Closed()
		fixed := open(t, a, window.Options{Width: 333, Height: 222, FixedSize: true})
		apptest.Until(t, "the size is fixed", func() bool {
			h := property("WM_NORMAL_HINTS")
			return len(h) >= 9 && h[0]&48 == 48 && h[5] == 333 && h[6] == 222 && h[7] == 333 && h[8] == 222
		})
		fixed.Destroy()
		<-fixed.Closed()
	})
}
