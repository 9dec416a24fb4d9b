package apptest

import (
	"fmt"
	"image/color"
	"os"
	"strings"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// A Screen is the display as somebody in front of it sees it.
type Screen struct {
	conn *xgb.Conn
	root xproto.Window
}

// OpenScreen opens the display that DISPLAY names.
func OpenScreen() (*Screen, error) {
	conn, err := xgb.NewConnDisplay(os.Getenv("DISPLAY"))
	if err != nil {
		return nil, fmt.Errorf("open the display: %w", err)
	}
	return &Screen{conn, xproto.Setup(conn).DefaultScreen(conn).Root}, nil
}

// Close closes the connection to the display.
func (s *Screen) Close() { s.conn.Close() }

// At returns the colour of one pixel.
func (s *Screen) At(x, y int) (color.RGBA, error) {
	image, err := xproto.GetImage(s.conn, xproto.ImageFormatZPixmap, xproto.Drawable(s.root), int16(x), int16(y), 1, 1, ^uint32(0)).Reply()
	if err != nil {
		return color.RGBA{}, fmt.Errorf("read the screen: %w", err)
	}
	if len(image.Data) < 4 {
		return color.RGBA{}, fmt.Errorf("the screen has %d bytes a pixel, 4 are expected", len(image.Data))
	}
	return color.RGBA{R: image.Data[2], G: image.Data[1], B: image.Data[0], A: 255}, nil
}

// Property returns a property, as 32-bit values, of the first window whose WM_CLASS is class; nil if it has none or there is no such window.
func (s *Screen) Property(class, name string) ([]uint32, error) {
	tree, err := xproto.QueryTree(s.conn, s.root).Reply()
	if err != nil {
		return nil, fmt.Errorf("list the windows: %w", err)
	}
	for _, w := range tree.Children {
		c, err := xproto.GetProperty(s.conn, false, w, xproto.AtomWmClass, xproto.AtomString, 0, 1<<10).Reply()
		if err != nil || !strings.HasPrefix(string(c.Value), class+"\x00") {
			continue // gone since, or another's
		}
		atom, err := xproto.InternAtom(s.conn, true, uint16(len(name)), name).Reply()
		if err != nil || atom.Atom == xproto.AtomNone {
			return nil, err
		}
		p, err := xproto.GetProperty(s.conn, false, w, atom.Atom, xproto.GetPropertyTypeAny, 0, 1<<20).Reply()
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		values := make([]uint32, len(p.Value)/4)
		for i := range values {
			values[i] = xgb.Get32(p.Value[4*i:])
		}
		return values, nil
	}
	return nil, nil
}

// Focused returns the title of the window that has the keyboard, or "" if none has it.
func (s *Screen) Focused() (title string, err error) {
	focus, err := xproto.GetInputFocus(s.conn).Reply()
	if err != nil {
		return "", fmt.Errorf("ask who has the keyboard: %w", err)
	}
	if focus.Focus <= xproto.InputFocusPointerRoot || focus.Focus == s.root {
		return "", nil
	}
	p, err := xproto.GetProperty(s.conn, false, focus.Focus, xproto.AtomWmName, xproto.GetPropertyTypeAny, 0, 1<<10).Reply()
	if err != nil {
		return "", nil // gone since
	}
	return string(p.Value), nil
}
