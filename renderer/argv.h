// Reading a command line as Chromium writes it: --name and --name=value.
#ifndef ORIEL_RENDERER_ARGV_H
#define ORIEL_RENDERER_ARGV_H

#include <stddef.h>

// The value of --name=value in argv (borrowed from it), or NULL. The first one counts; nothing is read after a lone "--".
const char *oriel_switch(int argc, char *const *argv, const char *name);

// One custom scheme of the value of --oriel-schemes.
struct oriel_scheme {
  const char *name;  // not NUL-terminated
  size_t length;
  int options;
};

// Reads the scheme at *cursor ("name=options", up to a comma or the end) and moves the cursor behind it.
// Returns 1 with *scheme filled, 0 at the end, -1 on anything malformed.
int oriel_scheme_next(const char **cursor, struct oriel_scheme *scheme);

#endif
