package cef

// #include "x11.h"
import "C"

// SetX11Background sets the colour, 0xRRGGBB, that the X server paints where the window has not drawn yet: when a window is first shown
// or grows. Chromium takes it from the desktop's theme. It must be called on the UI thread and reports false where there is no X11.
func SetX11Background(window uint64, rgb uint32) bool {
	return C.oriel_x11_set_background(C.cef_window_handle_t(window), C.ulong(rgb&0xFFFFFF)) != 0
}
