#define _GNU_SOURCE
#include "log.h"

#include <dlfcn.h>
#include <string.h>

#include "loader.h"

void oriel_cef_log(const char *file, int line, int severity, const char *message) {
  Dl_info info;
  void (*log)(const char *, int, int, const char *) = NULL;
  if (!oriel_cef.cef_api_hash || !dladdr((void *)oriel_cef.cef_api_hash, &info))
    return;
  void *library = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  if (!library)
    return;
  void *symbol = dlsym(library, "cef_log");
  memcpy(&log, &symbol, sizeof log);
  if (log)
    log(file, line, severity, message);
  dlclose(library);  // gives back what RTLD_NOLOAD took; libcef stays
}
