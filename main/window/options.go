package window

import (
	"bytes"
	"context"
	"fmt"
	"image/color"
	"image/png"
	"net/url"
	"slices"
	"strings"

	"github.com/oriel-go/oriel/main/pages"
	"github.com/oriel-go/oriel/protocol"
)

// A Rect is a place on the screen in device-independent pixels.
type Rect struct{ X, Y, Width, Height int }

// Options describe a window. The zero value is a window of 800 × 600 in the middle of the screen, on the app's start page, shown when that
// has loaded, or after three seconds of waiting for it.
type Options struct {
	// Title is the window's title until the page has one of its own.
	Title string
	// Width and Height are the window's size in device-independent pixels; 0 means 800 and 600.
	Width, Height int
	// Position is the place of the window's upper left corner; nil means the middle of the screen.
	Position *Point
	// MinWidth, MinHeight, MaxWidth and MaxHeight bound what the user can make of the size; 0 means no bound.
	MinWidth, MinHeight, MaxWidth, MaxHeight int
	// FixedSize keeps the user from changing the size.
	FixedSize bool
	// Frameless leaves out title bar and border. The page drags the window by the CSS property app-region.
	Frameless bool
	// Fullscreen opens the window in full screen.
	Fullscreen bool
	// Hidden keeps the window hidden until Show.
	Hidden bool
	// Background is what is seen until the page has painted; nil means white.
	Background color.Color
	// Icon is the window's icon, a PNG; what is none is an error of New.
	Icon []byte
	// URL is loaded first. What has no scheme is taken relative to the app's origin; "" is its start page, "about:blank" none.
	URL string
	// Preload is the text of the script that runs before the page's first script, in a world of its own; see the documentation.
	Preload string
	// PreloadName names the preload in messages and stack traces; "" means preload.js.
	PreloadName string
	// PreloadArgs are process.argv for the preload.
	PreloadArgs []string
	// PreloadInSubFrames runs the preload in frames below the main one too, in each before its first script. Without it they have nothing
	// of it, and no IPC. Allow decides for each frame by its own origin.
	PreloadInSubFrames bool
	// Allow says which origins may use which channels. nil means: pages of the app's own origins, all channels; nobody else, any.
	Allow []protocol.Rule
	// AllowNavigation says whether a page may lead the window to url, outside of the app's own origins. nil means no. LoadURL is not
	// asked about. It must be quick, since Chromium waits for it, and so must not call methods of windows: without an answer within three
	// seconds, and where it panics, the answer is no.
	AllowNavigation func(url string) bool
	// WindowOpen answers window.open and links to new windows: with the options of a window to be opened for url, or nil. A nil
	// function answers nil. The new window has no opener. It runs on a goroutine of its own. Sandboxed pages, and frames below the main one,
	// which may be sandboxed, open no pages of the app's own origins nor of others that Allow names: those are denied without asking.
	WindowOpen func(ctx context.Context, url string) *Options
}

// A Point is a place on the screen in device-independent pixels.
type Point struct{ X, Y int }

func (o *Options) complete(appOrigin string) error {
	if o.Width == 0 {
		o.Width = 800
	}
	if o.Height == 0 {
		o.Height = 600
	}
	if o.PreloadName == "" {
		o.PreloadName = "preload.js"
	}
	if err := possible(o.Width, o.Height, o.MinWidth, o.MinHeight, o.MaxWidth, o.MaxHeight); err != nil {
		return err
	}
	if p := o.Position; p != nil {
		if err := (Rect{X: p.X, Y: p.Y}).possible(); err != nil {
			return err
		}
	}
	if len(o.Icon) > 0 {
		if _, err := png.DecodeConfig(bytes.NewReader(o.Icon)); err != nil {
			return fmt.Errorf("Options.Icon is not a PNG: %w", err)
		}
	}
	for _, r := range o.Allow {
		if err := r.Validate(); err != nil {
			return fmt.Errorf("Options.Allow: %w", err)
		}
	}
	var err error
	o.URL, err = resolve(appOrigin, o.URL)
	return err
}

// maxSize is the largest size that the X server knows.
const maxSize = 1 << 15

func (r Rect) possible() error {
	if r.X < -maxSize || r.X > maxSize || r.Y < -maxSize || r.Y > maxSize {
		return fmt.Errorf("a place of %d, %d is not possible", r.X, r.Y)
	}
	return possible(r.Width, r.Height)
}

func possible(sizes ...int) error {
	for _, n := range sizes {
		if n < 0 || n > maxSize {
			return fmt.Errorf("a size of %d is not possible", n)
		}
	}
	return nil
}

// resolve makes a whole URL of what the app says.
func resolve(appOrigin, s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil {
		return "", fmt.Errorf("URL %q: %w", s, err)
	}
	if u.Scheme != "" {
		switch {
		case u.Scheme == "javascript":
			return "", fmt.Errorf("URL %q: a script is no page; see Eval", s)
		case u.Host == "" && slices.Contains([]string{pages.Scheme, "http", "https"}, u.Scheme):
			return "", fmt.Errorf("URL %q has no host", s)
		}
		if u.Host != "" && u.Path == "" {
			u.Path = "/"
		}
		return u.String(), nil
	}
	base, err := url.Parse(appOrigin + "/")
	if err != nil {
		return "", fmt.Errorf("origin %q: %w", appOrigin, err)
	}
	return base.ResolveReference(u).String(), nil
}

// originOf is the origin of a URL as a page's location.origin tells it: "null" for one that is opaque.
func originOf(s string) string {
	if of, blob := strings.CutPrefix(s, "blob:"); blob && !strings.HasPrefix(of, "blob:") {
		s = of // it begins with the origin of who made it
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Opaque != "" {
		return "null"
	}
	host := strings.ToLower(u.Hostname())
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	switch port := u.Port(); {
	case port == "", u.Scheme == "http" && port == "80", u.Scheme == "https" && port == "443":
		return u.Scheme + "://" + host
	default:
		return u.Scheme + "://" + host + ":" + port
	}
}

// argb is a colour as CEF writes it, opaque.
func argb(c color.Color) uint32 {
	if c == nil {
		return 0xFFFFFFFF
	}
	r, g, b, _ := c.RGBA()
	return 0xFF000000 | r>>8<<16 | g>>8<<8 | b>>8
}
