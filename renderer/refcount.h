// Reference counts for what libcef is given, and short hands for what it gives.
//
// The rules of the C API, which every function here follows:
//   - self is never counted;
//   - an object that a callback receives carries one reference: it is released or kept;
//   - an object that a call returns carries one reference: it is released or kept;
//   - an object that is passed to a call, returned from a callback or written to an out parameter gives one reference away.
#ifndef ORIEL_RENDERER_REFCOUNT_H
#define ORIEL_RENDERER_REFCOUNT_H

#include <stdatomic.h>

#include "../cef/loader.h"

#define ORIEL_RETAIN(object) ((object)->base.add_ref(&(object)->base))

#define ORIEL_RELEASE(object)                \
  do {                                       \
    if (object)                              \
      (object)->base.release(&(object)->base); \
  } while (0)

// A borrowed CEF string of a literal.
#define ORIEL_STRING(literal) \
  ((cef_string_t){.str = (char16_t *)u"" literal, .length = sizeof(u"" literal) / sizeof(char16_t) - 1})

// Defines oriel_<type>_init(base, size) and the four callbacks for a struct <type> whose first member is a CEF struct and which
// has a member `atomic_int refs`. A new object has one reference; destroy(struct <type> *) runs when the last one goes.
#define ORIEL_REFCOUNTED(type, destroy)                                                  \
  static void type##_add_ref(cef_base_ref_counted_t *base) {                             \
    atomic_fetch_add_explicit(&((struct type *)base)->refs, 1, memory_order_relaxed);    \
  }                                                                                      \
  static int type##_release(cef_base_ref_counted_t *base) {                              \
    struct type *object = (struct type *)base;                                           \
    if (atomic_fetch_sub_explicit(&object->refs, 1, memory_order_acq_rel) != 1)          \
      return 0;                                                                          \
    destroy(object);                                                                     \
    return 1;                                                                            \
  }                                                                                      \
  static int type##_has_one_ref(cef_base_ref_counted_t *base) {                          \
    return atomic_load(&((struct type *)base)->refs) == 1;                               \
  }                                                                                      \
  static int type##_has_at_least_one_ref(cef_base_ref_counted_t *base) {                 \
    return atomic_load(&((struct type *)base)->refs) >= 1;                               \
  }                                                                                      \
  static void type##_init(struct type *object, size_t size) {                            \
    cef_base_ref_counted_t *base = (cef_base_ref_counted_t *)object;                     \
    base->size = size;                                                                   \
    base->add_ref = type##_add_ref;                                                      \
    base->release = type##_release;                                                      \
    base->has_one_ref = type##_has_one_ref;                                              \
    base->has_at_least_one_ref = type##_has_at_least_one_ref;                            \
    atomic_init(&object->refs, 1);                                                       \
  }

// For the two handlers that live as long as the process: counting does nothing.
void oriel_immortal(cef_base_ref_counted_t *base, size_t size);

#endif
