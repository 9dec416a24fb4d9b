#include "handler.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "_cgo_export.h"

// One allocation holds the children, then this header, then the object that CEF knows.
struct header {
  atomic_int references;
  uint32_t children;
  uint64_t id;
};
_Static_assert(sizeof(struct header) % 16 == 0, "the object behind the header must stay aligned");

static struct header *header_of(const void *object) {
  return (struct header *)((char *)(uintptr_t)object - sizeof(struct header));
}

static void **children_of(struct header *h) {
  return (void **)h - h->children;
}

static void handler_add_ref(cef_base_ref_counted_t *self) {
  atomic_fetch_add_explicit(&header_of(self)->references, 1, memory_order_relaxed);
}

static int handler_release(cef_base_ref_counted_t *self) {
  struct header *h = header_of(self);
  if (atomic_fetch_sub_explicit(&h->references, 1, memory_order_acq_rel) != 1)
    return 0;
  for (uint32_t i = 0; i < h->children; i++)
    oriel_release(children_of(h)[i]);
  goHandlerFreed(h->id);
  free(children_of(h));
  return 1;
}

static int handler_has_one_ref(cef_base_ref_counted_t *self) {
  return atomic_load_explicit(&header_of(self)->references, memory_order_acquire) == 1;
}

static int handler_has_at_least_one_ref(cef_base_ref_counted_t *self) {
  return atomic_load_explicit(&header_of(self)->references, memory_order_acquire) >= 1;
}

void *oriel_handler_new(size_t size, uint64_t id, size_t children) {
  children = (children + 1) & ~(size_t)1;
  void **block = calloc(1, children * sizeof(void *) + sizeof(struct header) + size);
  if (!block) {
    fputs("oriel: out of memory\n", stderr);
    abort();
  }
  struct header *h = (struct header *)(block + children);
  atomic_init(&h->references, 1);
  h->children = (uint32_t)children;
  h->id = id;
  cef_base_ref_counted_t *base = (cef_base_ref_counted_t *)(h + 1);
  base->size = size;
  base->add_ref = handler_add_ref;
  base->release = handler_release;
  base->has_one_ref = handler_has_one_ref;
  base->has_at_least_one_ref = handler_has_at_least_one_ref;
  return base;
}

static int ours(const void *object) {
  return object && ((const cef_base_ref_counted_t *)object)->add_ref == handler_add_ref;
}

uint64_t oriel_handler_id(const void *object) {
  return ours(object) ? header_of(object)->id : 0;
}

void oriel_handler_set_child(void *object, size_t n, void *child) {
  children_of(header_of(object))[n] = child;
}

void *oriel_handler_child(void *object, size_t n) {
  void *child = children_of(header_of(object))[n];
  oriel_add_ref(child);
  return child;
}

void oriel_add_ref(void *object) {
  cef_base_ref_counted_t *base = object;
  if (base && base->add_ref)
    base->add_ref(base);
}

void oriel_release(void *object) {
  cef_base_ref_counted_t *base = object;
  if (base && base->release)
    base->release(base);
}
