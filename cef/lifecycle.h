// Start and end of libcef in the browser process.
#ifndef ORIEL_CEF_LIFECYCLE_H
#define ORIEL_CEF_LIFECYCLE_H

#include "include/cef_capi.h"

// cef_initialize, with every signal handler put back afterwards: libcef replaces some whatever its settings say, and without
// SA_ONSTACK, which Go forbids. Takes over the reference to app. argv is kept.
int oriel_initialize(int argc, char **argv, const cef_settings_t *settings, cef_app_t *app);
void oriel_run_message_loop(void);
void oriel_shutdown(void);

#endif
