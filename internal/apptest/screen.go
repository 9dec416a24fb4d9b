package apptest

import (
	"fmt"
	"image/color"
	"os"

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
