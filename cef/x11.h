// What Chromium's views cannot do with an X11 window.
#ifndef ORIEL_CEF_X11_H
#define ORIEL_CEF_X11_H

#include "include/cef_capi.h"

// Sets the colour that the X server paints where nothing has been drawn yet, 0xRRGGBB. UI thread. Returns 0 without X11.
int oriel_x11_set_background(cef_window_handle_t window, unsigned long pixel);

#endif
