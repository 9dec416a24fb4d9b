#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../constants.h"

struct oriel_cef oriel_cef;

struct fake *fake_current_context;
void (*fake_reenter)(void);

static const char *const kind_names[KIND_COUNT] = {"browser", "frame", "context", "value", "exception", "message",
                                                   "list", "binary", "region", "builder", "dictionary", "backing store"};
static long live[KIND_COUNT], live_strings, live_memory;
static unsigned fail_in;

// The bytes.

static const uint8_t *input, *input_end;

void input_begin(const uint8_t *data, size_t size) {
  input = data;
  input_end = data + size;
}

int input_left(void) { return input < input_end; }

unsigned input_byte(void) { return input < input_end ? *input++ : 0; }

size_t input_size(void) {
  static const size_t edges[] = {ORIEL_PACKET_MIN - 1, ORIEL_PACKET_MIN, ORIEL_SHARED_MEMORY_FROM - 1, ORIEL_SHARED_MEMORY_FROM,
                                 ORIEL_SHARED_MEMORY_FROM + 1, (size_t)ORIEL_PACKET_MAX + 1, SIZE_MAX, SIZE_MAX / 2};
  unsigned b = input_byte();
  if (b < 0xf0)
    return b;
#ifndef ORIEL_LIBFUZZER  // such a packet takes a tenth of a second: enough that the corpus has some
  if (b == 0xff && input_byte() == 0xff)
    return ORIEL_PACKET_MAX - (input_byte() & 1);
#endif
  return edges[b % 8];
}

// Memory of the code under test, by way of memory.h.

void *fake_calloc(size_t count, size_t size) {
  if (fake_fails())
    return NULL;
  void *memory = malloc(count * size);
  require(memory);
  memset(memory, 0, count * size);
  live_memory++;
  return memory;
}

void *fake_malloc(size_t size) {
  if (fake_fails())
    return NULL;
  void *memory = malloc(size);
  require(memory);
  memset(memory, 0xa5, size);
  live_memory++;
  return memory;
}

void fake_free(void *memory) {
  if (memory)
    live_memory--;
  free(memory);
}

void *fake_memory(size_t size) {
  // Up to here exactly as large as it says, so that one byte too far is seen; beyond, one block for all.
  enum { EXACT = 1 << 20 };
  static char *shared;
  if (size <= EXACT) {
    void *memory = malloc(size);
    require(memory || !size);
    if (size)
      memset(memory, 0xa5, size);
    return memory;
  }
  if (!shared)
    shared = malloc((size_t)ORIEL_PACKET_MAX + 1);
  require(shared);
  return shared;
}

void fake_fail_at(unsigned n) { fail_in = n; }

int fake_fails(void) { return fail_in && --fail_in == 0; }

// Objects.

static void base_add_ref(cef_base_ref_counted_t *base) {
  struct fake *fake = (struct fake *)base;
  require(fake->refs > 0);
  fake->refs++;
}

static int base_release(cef_base_ref_counted_t *base) {
  struct fake *fake = (struct fake *)base;
  require(fake->refs > 0);
  if (--fake->refs)
    return 0;
  for (size_t i = 0; i < sizeof fake->links / sizeof fake->links[0]; i++)
    fake_release(fake->links[i]);
  if (fake->handler)
    fake->handler->base.release(&fake->handler->base);
  if (fake->owned)
    free(fake->data);
  free(fake->text.str);
  live[fake->kind]--;
  free(fake);
  return 1;
}

struct fake *fake_new(enum kind kind) {
  struct fake *fake = malloc(sizeof *fake);
  require(fake);
  memset(fake, 0, sizeof *fake);
  fake->api.base.size = sizeof fake->api;
  fake->api.base.add_ref = base_add_ref;
  fake->api.base.release = base_release;
  fake->kind = kind;
  fake->refs = 1;
  fake->valid = 1;
  live[kind]++;
  fake_methods_v8(fake);
  fake_methods_message(fake);
  return fake;
}

struct fake *fake_retain(struct fake *fake) {
  if (fake)
    base_add_ref(&fake->api.base);
  return fake;
}

void fake_release(struct fake *fake) {
  if (fake)
    base_release(&fake->api.base);
}

struct fake *fake_of(void *object, enum kind kind) {
  struct fake *fake = object;
  require(fake && fake->refs > 0 && fake->kind == kind);
  return fake;
}

// What cef/payload.c calls; the real one is in a file that needs Go.
void oriel_release(void *object) { fake_release(object); }

// Strings.

void fake_set_text(struct fake *fake, const char *ascii, size_t length) {
  free(fake->text.str);
  fake->text.str = malloc(length * sizeof(char16_t) + 1);
  require(fake->text.str);
  for (size_t i = 0; i < length; i++)
    fake->text.str[i] = (unsigned char)ascii[i];
  fake->text.length = length;
  fake->has_text = 1;
}

int fake_text_is(const cef_string_t *text, const char *ascii) {
  if (text->length != strlen(ascii))
    return 0;
  for (size_t i = 0; i < text->length; i++)
    if (text->str[i] != (unsigned char)ascii[i])
      return 0;
  return 1;
}

cef_string_userfree_t fake_copy_text(const cef_string_t *text) {
  if (fake_fails())
    return NULL;
  cef_string_userfree_t copy = malloc(sizeof *copy);
  require(copy);
  copy->length = text->length;
  copy->str = malloc(text->length * sizeof(char16_t) + 1);  // no room for a terminator: nobody may rely on one
  require(copy->str);
  memcpy(copy->str, text->str, text->length * sizeof(char16_t));
  live_strings++;
  return copy;
}

static void userfree_free(cef_string_userfree_t text) {
  require(text);
  free(text->str);
  free(text);
  live_strings--;
}

static int ascii_to_utf16(const char *ascii, size_t length, cef_string_t *output) {
  if (fake_fails())
    return 0;
  require(!output->str);
  output->str = malloc(length * sizeof(char16_t) + 1);
  require(output->str);
  for (size_t i = 0; i < length; i++)
    output->str[i] = (unsigned char)ascii[i];
  output->length = length;
  live_strings++;
  return 1;
}

static void string_clear(cef_string_t *text) {
  if (text->str)
    live_strings--;
  free(text->str);
  memset(text, 0, sizeof *text);
}

static void missing(void) {
  fprintf(stderr, "the code under test calls a function of libcef that the fake lacks: add it\n");
  abort();
}

void fake_install(void) {
#define SET_MISSING(function) oriel_cef.function = (void *)missing;
  ORIEL_CEF_FUNCTIONS(SET_MISSING)
  oriel_cef.cef_string_ascii_to_utf16 = ascii_to_utf16;
  oriel_cef.cef_string_utf16_clear = string_clear;
  oriel_cef.cef_string_userfree_utf16_free = userfree_free;
  fake_functions_v8();
  fake_functions_message();
  fake_functions_ring();
}

void fake_check_empty(void) {
  for (int kind = 0; kind < KIND_COUNT; kind++)
    if (live[kind]) {
      fprintf(stderr, "references to %ld %s objects are left\n", live[kind], kind_names[kind]);
      abort();
    }
  require(live_strings == 0);
  require(live_memory == 0);
}
