#include "x11.h"

#include <dlfcn.h>

#include "loader.h"

// libX11's functions, by hand: its headers need not be installed, and libcef has loaded the library already.
typedef int set_background(void *display, unsigned long window, unsigned long pixel);
typedef int flush(void *display);

int oriel_x11_set_background(cef_window_handle_t window, unsigned long pixel) {
  void *display = oriel_cef.cef_get_xdisplay();
  void *library = display ? dlopen("libX11.so.6", RTLD_LAZY | RTLD_NOLOAD) : NULL;
  if (!library)
    return 0;
  set_background *set = (set_background *)(uintptr_t)dlsym(library, "XSetWindowBackground");
  flush *done = (flush *)(uintptr_t)dlsym(library, "XFlush");
  if (set && done) {
    set(display, window, pixel);
    done(display);
  }
  dlclose(library);
  return set && done;
}
