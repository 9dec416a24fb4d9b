// Buffers that a document keeps for bytes that are lent to its page (runtime/direct.js): what was lent comes back when the page is done with it, and
// the next message of that kind is copied into the same memory, whose pages are there. Renderer main thread only.
#ifndef ORIEL_RENDERER_LENT_H
#define ORIEL_RENDERER_LENT_H

#include <stddef.h>

#include "../cef/loader.h"

enum {
  ORIEL_LENT_BUFFERS = 4,         // of a document
  ORIEL_LENT_BYTES = 16 << 20,    // of all of them
  ORIEL_LENT_MARK = 264,          // bytes of a mark: a frame's beginning with the longest channel
};

struct oriel_lent_buffer {
  cef_v8_value_t *buffer;
  size_t size, mark_size;
  unsigned char mark[ORIEL_LENT_MARK];
};

// All zero, it has none.
struct oriel_lent {
  struct oriel_lent_buffer buffers[ORIEL_LENT_BUFFERS];  // the oldest first
  size_t count, bytes;
};

// Keeps an ArrayBuffer that nobody else has, for the tail of a packet whose first frame begins with the mark. Takes the buffer over. The oldest ones
// give way.
void oriel_lent_put(struct oriel_lent *lent, const void *mark, size_t mark_size, cef_v8_value_t *buffer);

// A buffer of at least size bytes for a packet whose first frame begins with these bytes, or NULL.
cef_v8_value_t *oriel_lent_take(struct oriel_lent *lent, const void *frame, size_t frame_size, size_t size);

// Gives up those with that mark, or all of them.
void oriel_lent_drop(struct oriel_lent *lent, const void *mark, size_t mark_size);
void oriel_lent_clear(struct oriel_lent *lent);

#endif
