#define _GNU_SOURCE
#include "loader.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

struct oriel_cef oriel_cef;

struct symbol {
  const char *name;
  size_t offset;
};

#define SYMBOL(function) {#function, offsetof(struct oriel_cef, function)},
static const struct symbol symbols[] = {ORIEL_CEF_FUNCTIONS(SYMBOL)};

static int fail(char *error, size_t size, const char *what, const char *detail) {
  snprintf(error, size, "%s%s", what, detail);
  memset(&oriel_cef, 0, sizeof oriel_cef);
  return -1;
}

int oriel_cef_load(const char *path, char *error, size_t size) {
  void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
  if (!library)
    return fail(error, size, "cannot open libcef: ", dlerror());
  for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
    void *symbol = dlsym(library, symbols[i].name);
    if (!symbol)
      return fail(error, size, "this libcef does not export ", symbols[i].name);
    memcpy((char *)&oriel_cef + symbols[i].offset, &symbol, sizeof symbol);
  }
  const char *hash = oriel_cef.cef_api_hash(ORIEL_CEF_API_VERSION, 0);
  if (!hash || strcmp(hash, ORIEL_CEF_API_HASH) != 0) {
    char both[160];
    snprintf(both, sizeof both, "want %s, this libcef has %s", ORIEL_CEF_API_HASH,
             hash ? hash : "no such version");
    return fail(error, size, "libcef's API 14600 has another hash: ", both);
  }
  return 0;
}
