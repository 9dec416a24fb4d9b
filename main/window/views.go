package window

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/main/internal/engine"
	"github.com/oriel-go/oriel/main/ipc"
)

// windowDelegate answers for the window around the page. UI thread.
func (w *Window) windowDelegate() *cef.WindowDelegate {
	return &cef.WindowDelegate{
		OnWindowCreated:       w.windowCreated,
		OnThemeChanged:        w.paintBackground,
		OnWindowDestroyed:     func(*cef.Window) { w.windowDestroyed() },
		CanClose:              func(*cef.Window) bool { return w.canClose() },
		GetInitialBounds:      func(*cef.Window) cef.Rect { return w.initialBounds() },
		GetMinimumSize:        func(*cef.View) cef.Size { return cef.Size{Width: w.o.MinWidth, Height: w.o.MinHeight} },
		GetMaximumSize:        func(*cef.View) cef.Size { return cef.Size{Width: w.o.MaxWidth, Height: w.o.MaxHeight} },
		CanResize:             func(*cef.Window) bool { return !w.o.FixedSize },
		CanMaximize:           func(*cef.Window) bool { return !w.o.FixedSize },
		IsFrameless:           func(*cef.Window) bool { return w.o.Frameless },
		GetWindowRuntimeStyle: func() cef.RuntimeStyle { return cef.RuntimeStyleAlloy },
		OnWindowActivationChanged: func(_ *cef.Window, active bool) {
			w.events.focus.Emit(&w.queue, active)
		},
		OnWindowBoundsChanged: func(_ *cef.Window, b *cef.Rect) {
			w.events.bounds.Emit(&w.queue, Rect{b.X, b.Y, b.Width, b.Height})
		},
		GetLinuxWindowProperties: func(_ *cef.Window, p *cef.LinuxWindowProperties) bool {
			p.WaylandAppID, p.WmClassClass, p.WmClassName, p.WmRoleName = w.host.Name, w.host.Name, w.host.Name, "window"
			return true
		},
	}
}

func (w *Window) browserViewDelegate() *cef.BrowserViewDelegate {
	return &cef.BrowserViewDelegate{
		OnThemeChanged:         w.paintBackground,
		GetBrowserRuntimeStyle: func() cef.RuntimeStyle { return cef.RuntimeStyleAlloy },
	}
}

// paintBackground puts the window's colour in place of the theme's, which comes back whenever the theme is applied.
func (w *Window) paintBackground(view *cef.View) { view.SetBackgroundColor(argb(w.o.Background)) }

// windowCreated puts the page into the window, which creates the browser.
func (w *Window) windowCreated(win *cef.Window) {
	w.win = win.Retain()
	w.paintBackground(&w.win.View)
	w.paintBackground(&w.view.View)
	cef.SetX11Background(w.win.GetWindowHandle(), argb(w.o.Background))
	if w.o.Title != "" {
		w.win.SetTitle(w.o.Title)
	}
	w.setIcon()
	w.win.AddChildView(&w.view.View)
	if w.o.Fullscreen {
		w.win.SetFullscreen(true)
	}
}

func (w *Window) setIcon() {
	if len(w.o.Icon) == 0 {
		return
	}
	icon := cef.ImageCreate()
	defer icon.Release()
	if !icon.AddPNG(1, w.o.Icon) {
		w.log.Warn("Options.Icon is not a PNG")
		return
	}
	w.win.SetWindowIcon(icon)
	w.win.SetWindowAppIcon(icon)
}

// initialBounds is the wanted size at the wanted place, or in the middle of the screen.
func (w *Window) initialBounds() cef.Rect {
	r := cef.Rect{Width: w.o.Width, Height: w.o.Height}
	if w.o.Position != nil {
		r.X, r.Y = w.o.Position.X, w.o.Position.Y
		return r
	}
	display := cef.DisplayGetPrimary()
	defer display.Release()
	area := display.GetWorkArea()
	r.X, r.Y = area.X+max(0, area.Width-r.Width)/2, area.Y+max(0, area.Height-r.Height)/2
	return r
}

// canClose lets the window go when its page has agreed. Asked again after that, TryCloseBrowser says yes.
func (w *Window) canClose() bool {
	if w.browser == nil {
		return true
	}
	if w.forced {
		w.closeBrowser()
	} else if !w.tryCloseBrowser() {
		w.expectAnswer()
		return false
	}
	w.peer.Leave(ipc.ErrClosed)
	return true
}

// silentAfter is how long a page may take to say whether it may be closed. One that is busy for ever would keep its window, and the app: see hungAfter.
const silentAfter = 5 * time.Second

// expectAnswer closes the window all the same if its page does not answer.
func (w *Window) expectAnswer() {
	if w.asked != nil {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(silentAfter, func() {
		engine.Post(func() {
			if w.asked != timer || w.win == nil || w.browser == nil {
				return
			}
			w.log.Warn("the page does not say whether it may be closed")
			w.destroy()
		})
	})
	w.asked = timer
}

func (w *Window) tryCloseBrowser() bool {
	host := w.browser.GetHost()
	defer host.Release()
	return host.TryCloseBrowser()
}

func (w *Window) closeBrowser() {
	host := w.browser.GetHost()
	defer host.Release()
	host.CloseBrowser(true)
}

func (w *Window) windowDestroyed() {
	w.win.Release()
	w.win = nil
	w.gone()
}

// Show shows the window.
func (w *Window) Show() error {
	return w.do(func() {
		w.hidden = false
		w.show()
	})
}

func (w *Window) show() {
	w.shown = true
	w.win.Show()
}

// Hide hides the window.
func (w *Window) Hide() error {
	return w.do(func() {
		w.hidden = true
		w.win.Hide()
	})
}

// Visible reports whether the window is shown.
func (w *Window) Visible() (yes bool) {
	_ = w.do(func() { yes = w.win.IsVisible() })
	return yes
}

// Close closes the window if its page agrees: a beforeunload handler may refuse; one that has not answered after five seconds is not asked any
// more. It does not wait; see Closed.
func (w *Window) Close() {
	engine.Post(func() {
		if w.win != nil {
			w.win.Close()
		}
	})
}

// Destroy closes the window without asking its page, to which nothing is sent any more. It does not wait; see Closed.
func (w *Window) Destroy() {
	w.peer.Leave(ipc.ErrClosed)
	engine.Post(w.destroy)
}

func (w *Window) destroy() {
	if w.win == nil {
		return
	}
	w.forced = true
	w.win.Close()
	time.AfterFunc(hungAfter, func() { engine.Post(w.kill) })
}

// hungAfter is how long a page that is to go without being asked may take. Chromium still runs its handlers; one that is busy for ever
// would keep its window's browser alive, because Chromium shows patience with pages that have a DevTools session, as all of ours have.
const hungAfter = time.Second

// kill ends the process of a page that does not let go.
func (w *Window) kill() {
	if w.session == nil {
		return
	}
	w.log.Warn("the page does not end: its process is killed")
	w.session.Start("Page.crash", nil, func(json.RawMessage, error) {})
}

// Focus brings the window to the front and gives it the keyboard. Of several calls the last one counts. A window that is not shown stays so;
// showing it will focus it.
func (w *Window) Focus() error {
	return w.do(func() {
		if !w.win.IsVisible() {
			return
		}
		// Not Activate: that does nothing for a window that Chromium takes for active, and it does so until the X server's news arrive that
		// another one, just shown or focused, is. Showing what is shown asks in any case.
		w.win.Show()
		w.view.RequestFocus()
	})
}

// Bounds returns the window's place and size, frame included.
func (w *Window) Bounds() (r Rect, err error) {
	err = w.do(func() {
		b := w.win.GetBounds()
		r = Rect{b.X, b.Y, b.Width, b.Height}
	})
	return r, err
}

// SetBounds moves and resizes the window.
func (w *Window) SetBounds(r Rect) error {
	if err := r.possible(); err != nil {
		return fmt.Errorf("window %d: %w", w.id, err)
	}
	return w.do(func() { w.win.SetBounds(&cef.Rect{X: r.X, Y: r.Y, Width: r.Width, Height: r.Height}) })
}

// Title returns the window's title.
func (w *Window) Title() (title string, err error) {
	err = w.do(func() { title = w.win.GetTitle() })
	return title, err
}

// SetTitle sets the window's title. A page that changes its own replaces it.
func (w *Window) SetTitle(title string) error { return w.do(func() { w.win.SetTitle(title) }) }

// Maximize, Minimize and Restore do as the buttons of the window's frame.
func (w *Window) Maximize() error { return w.do(func() { w.win.Maximize() }) }

// Minimize makes the window an icon.
func (w *Window) Minimize() error { return w.do(func() { w.win.Minimize() }) }

// Restore ends being maximized or minimized.
func (w *Window) Restore() error { return w.do(func() { w.win.Restore() }) }

// SetFullscreen begins or ends full screen.
func (w *Window) SetFullscreen(on bool) error { return w.do(func() { w.win.SetFullscreen(on) }) }

// Fullscreen reports whether the window fills the screen.
func (w *Window) Fullscreen() (yes bool) {
	_ = w.do(func() { yes = w.win.IsFullscreen() })
	return yes
}

// SetAlwaysOnTop keeps the window above others, or no longer.
func (w *Window) SetAlwaysOnTop(on bool) error { return w.do(func() { w.win.SetAlwaysOnTop(on) }) }
