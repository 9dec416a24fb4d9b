#include "lent.h"

#include <string.h>

#include "refcount.h"

// Takes one out of the list. Its reference is the caller's.
static cef_v8_value_t *take_at(struct oriel_lent *lent, size_t at) {
  cef_v8_value_t *buffer = lent->buffers[at].buffer;
  lent->bytes -= lent->buffers[at].size;
  lent->count--;
  memmove(&lent->buffers[at], &lent->buffers[at + 1], (lent->count - at) * sizeof lent->buffers[0]);
  return buffer;
}

static void drop_at(struct oriel_lent *lent, size_t at) {
  cef_v8_value_t *buffer = take_at(lent, at);
  ORIEL_RELEASE(buffer);
}

void oriel_lent_put(struct oriel_lent *lent, const void *mark, size_t mark_size, cef_v8_value_t *buffer) {
  size_t size = buffer->get_array_buffer_byte_length(buffer);
  if (mark_size == 0 || mark_size > ORIEL_LENT_MARK || size == 0 || size > ORIEL_LENT_BYTES) {
    ORIEL_RELEASE(buffer);
    return;
  }
  while (lent->count == ORIEL_LENT_BUFFERS || lent->bytes + size > ORIEL_LENT_BYTES)
    drop_at(lent, 0);
  struct oriel_lent_buffer *last = &lent->buffers[lent->count++];
  *last = (struct oriel_lent_buffer){.buffer = buffer, .size = size, .mark_size = mark_size};
  memcpy(last->mark, mark, mark_size);
  lent->bytes += size;
}

cef_v8_value_t *oriel_lent_take(struct oriel_lent *lent, const void *frame, size_t frame_size, size_t size) {
  for (size_t i = lent->count; i-- > 0;) {
    const struct oriel_lent_buffer *one = &lent->buffers[i];
    if (one->size >= size && one->mark_size <= frame_size && memcmp(one->mark, frame, one->mark_size) == 0)
      return take_at(lent, i);
  }
  return NULL;
}

void oriel_lent_drop(struct oriel_lent *lent, const void *mark, size_t mark_size) {
  for (size_t i = lent->count; i-- > 0;) {
    const struct oriel_lent_buffer *one = &lent->buffers[i];
    if (one->mark_size == mark_size && memcmp(one->mark, mark, mark_size) == 0)
      drop_at(lent, i);
  }
}

void oriel_lent_clear(struct oriel_lent *lent) {
  while (lent->count > 0)
    drop_at(lent, lent->count - 1);
}
