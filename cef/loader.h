// Finds libcef's functions at run time and checks that they are the ones these declarations describe.
#ifndef ORIEL_CEF_LOADER_H
#define ORIEL_CEF_LOADER_H

#include "include/cef_capi.h"

#define ORIEL_CEF_API_VERSION 14600
#define ORIEL_CEF_API_HASH "7cec742972d6735aa8a955fc2e098a1f6669c3d5"

// libcef's exported functions; all of them are set once oriel_cef_load has returned 0.
extern struct oriel_cef oriel_cef;

// Opens the libcef.so at path (absolute), resolves every function and checks the API hash, before anything else of libcef runs.
// Returns 0, or -1 with a NUL-terminated reason in error (cut at size, never overrun). libcef is never closed again.
// Not thread-safe: called once, before any other thread of the process uses libcef.
int oriel_cef_load(const char *path, char *error, size_t size);

#endif
