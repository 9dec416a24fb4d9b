// Sizes and offsets as the C compiler sees them.
#ifndef ORIEL_LAYOUT_H
#define ORIEL_LAYOUT_H

#include "../../include/cef_capi.h"

// One struct (member is empty) or one member of it. The list ends with a NULL name.
struct oriel_layout {
  const char *name;
  const char *member;
  size_t size;
  size_t offset;
};

extern const struct oriel_layout oriel_layouts[];

// The first of oriel_layouts: cgo cannot index an array of unknown length.
static inline const struct oriel_layout *oriel_layouts_begin(void) {
  return oriel_layouts;
}

#endif
