// What CEF tells a renderer: browsers, contexts and messages.
#ifndef ORIEL_RENDERER_PROCESS_H
#define ORIEL_RENDERER_PROCESS_H

#include "../cef/loader.h"

// The render process handler; one for the process, never freed.
cef_render_process_handler_t *oriel_render_process_handler(void);

#endif
