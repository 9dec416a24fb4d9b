// A renderer that has been taken over; see hostile.go. Renderer main thread only.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdlib.h>
#include <string.h>

#include "../../message.h"
#include "../../process.h"
#include "../../refcount.h"
#include "../../ring.h"

// The memory that a frame's newest document has been offered.
struct offer {
  struct offer *next;
  cef_string_userfree_t frame;
  cef_shared_memory_region_t *region;
};

static struct offer *offers;
static cef_v8_handler_t functions;
static int (*receive)(cef_render_process_handler_t *self, cef_browser_t *browser, cef_frame_t *frame, cef_process_id_t source,
                      cef_process_message_t *message);

static int is_text(cef_string_userfree_t text, const char *expected) {
  size_t i = 0;
  while (text && i < text->length && expected[i] && text->str[i] == (char16_t)expected[i])
    i++;
  return text && i == text->length && !expected[i];
}

static int same(cef_string_userfree_t a, cef_string_userfree_t b) {
  return a && b && a->length == b->length && memcmp(a->str, b->str, a->length * sizeof *a->str) == 0;
}

static void free_text(cef_string_userfree_t text) {
  if (text)
    oriel_cef.cef_string_userfree_utf16_free(text);
}

static struct offer *offer_of(cef_frame_t *frame) {
  cef_string_userfree_t id = frame->get_identifier(frame);
  struct offer *offer = offers;
  while (offer && !same(offer->frame, id))
    offer = offer->next;
  free_text(id);
  return offer;
}

// Keeps the memory that a document is offered.
static void keep(cef_frame_t *frame, cef_process_message_t *message) {
  cef_shared_memory_region_t *region = message->get_shared_memory_region(message);
  struct offer *offer = region ? offer_of(frame) : NULL;
  if (region && !offer && (offer = calloc(1, sizeof *offer)) != NULL) {
    *offer = (struct offer){.next = offers, .frame = frame->get_identifier(frame)};
    offers = offer;
  }
  if (!offer) {
    ORIEL_RELEASE(region);
    return;
  }
  ORIEL_RELEASE(offer->region);
  offer->region = region;
}

static int is_deaf(cef_frame_t *frame) {
  static const char16_t word[] = {'d', 'e', 'a', 'f'};
  cef_string_userfree_t url = frame->get_url(frame);
  int found = url && memmem(url->str, url->length * sizeof *url->str, word, sizeof word) != NULL;
  free_text(url);
  return found;
}

static int on_process_message_received(cef_render_process_handler_t *self, cef_browser_t *browser, cef_frame_t *frame,
                                       cef_process_id_t source, cef_process_message_t *message) {
  if (frame && oriel_message_kind(message) == ORIEL_MESSAGE_RING) {
    keep(frame, message);
    if (is_deaf(frame)) {
      ORIEL_RELEASE(message);
      ORIEL_RELEASE(frame);
      ORIEL_RELEASE(browser);
      return 1;
    }
  }
  return receive(self, browser, frame, source, message);
}

static cef_process_message_t *memory_message(cef_string_userfree_t name, size_t size) {
  cef_shared_process_message_builder_t *builder = oriel_cef.cef_shared_process_message_builder_create(name, size);
  cef_process_message_t *message = builder && builder->is_valid(builder) ? builder->build(builder) : NULL;
  ORIEL_RELEASE(builder);
  return message;
}

static cef_process_message_t *list_message(cef_string_userfree_t name, cef_string_userfree_t shape, int n) {
  cef_process_message_t *message = oriel_cef.cef_process_message_create(name);
  cef_list_value_t *list = message ? message->get_argument_list(message) : NULL;
  if (!list)
    return message;
  if (is_text(shape, "text"))
    list->set_string(list, 0, name);
  else if (!is_text(shape, "none"))
    list->set_int(list, 0, n);
  if (is_text(shape, "two"))
    list->set_int(list, 1, n);
  ORIEL_RELEASE(list);
  return message;
}

static int number(cef_v8_value_t *value) { return value->is_int(value) ? value->get_int_value(value) : (int)value->get_uint_value(value); }

static void say(cef_frame_t *frame, cef_v8_value_t *const *arguments) {
  cef_string_userfree_t name = arguments[0]->get_string_value(arguments[0]), shape = arguments[1]->get_string_value(arguments[1]);
  int n = number(arguments[2]);
  for (int times = number(arguments[3]); name && times > 0; times--) {
    cef_process_message_t *message = is_text(shape, "memory") ? memory_message(name, (size_t)n) : list_message(name, shape, n);
    if (message)
      frame->send_process_message(frame, PID_BROWSER, message);
  }
  free_text(shape);
  free_text(name);
}

static uint32_t *word_of(cef_frame_t *frame, size_t offset) {
  struct offer *offer = offer_of(frame);
  return offer ? (uint32_t *)((char *)offer->region->memory(offer->region) + offset) : NULL;
}

static int execute(cef_v8_handler_t *self, const cef_string_t *name, cef_v8_value_t *object, size_t count,
                   cef_v8_value_t *const *arguments, cef_v8_value_t **retval, cef_string_t *exception) {
  (void)self;
  (void)exception;
  cef_v8_context_t *context = oriel_cef.cef_v8_context_get_current_context();
  cef_frame_t *frame = context->get_frame(context);
  uint32_t *word = NULL;
  if (name->str[0] == 's' && count == 4)
    say(frame, arguments);
  else if (name->str[0] == 'd')
    word = word_of(frame, offsetof(struct oriel_ring_shared, document));
  else if (count > 0)
    word = word_of(frame, (size_t)number(arguments[0]));
  if (word && count == 2)
    *word = (uint32_t)number(arguments[1]);
  *retval = oriel_cef.cef_v8_value_create_uint(word ? *word : 0);
  for (size_t i = 0; i < count; i++)
    ORIEL_RELEASE(arguments[i]);
  ORIEL_RELEASE(object);
  ORIEL_RELEASE(frame);
  ORIEL_RELEASE(context);
  return 1;
}

static void on_web_kit_initialized(cef_render_process_handler_t *self) {
  (void)self;
  cef_string_t name = ORIEL_STRING("v8/hostile"), code = ORIEL_STRING(
    "var hostile = {"
    "  say: (name, shape, n, times) => { native function say(); say(name, shape, n, times); },"
    "  document: () => { native function document(); return document(); },"
    "  poke: (offset, n) => { native function poke(); return poke(offset, n); },"
    "  peek: (offset) => { native function peek(); return peek(offset); },"
    "};");
  oriel_immortal(&functions.base, sizeof functions);
  functions.execute = execute;
  oriel_cef.cef_register_extension(&name, &code, &functions);
}

// Before the constructor of entry.c, which does not come back in these processes.
__attribute__((constructor(200))) static void take_over(void) {
  if (!getenv("ORIEL_TEST_HOSTILE"))
    return;
  cef_render_process_handler_t *handler = oriel_render_process_handler();
  receive = handler->on_process_message_received;
  handler->on_process_message_received = on_process_message_received;
  handler->on_web_kit_initialized = on_web_kit_initialized;
}
