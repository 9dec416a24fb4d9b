// The cef_app_t of every child process.
#ifndef ORIEL_RENDERER_APP_H
#define ORIEL_RENDERER_APP_H

#include "../cef/loader.h"

// The app; schemes is the value of --oriel-schemes and must live as long as the process. It is never freed.
cef_app_t *oriel_app(const char *schemes);

#endif
