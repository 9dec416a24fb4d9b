// Browsers, frames, contexts and values.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../constants.h"
#include "fake.h"

static int browser_get_identifier(cef_browser_t *self) { return fake_of(self, KIND_BROWSER)->number; }

// A frame. links: 0 the context of its main world. number: whether it is the main frame. libcef gives out another object every time it
// speaks of a frame: one with the frame itself as links 1.
struct fake *fake_frame_object(struct fake *frame) {
  struct fake *object = fake_new(KIND_FRAME);
  object->links[1] = fake_retain(frame);
  return object;
}

static struct fake *frame_of(cef_frame_t *self) {
  struct fake *object = fake_of(self, KIND_FRAME);
  return object->links[1] ? object->links[1] : object;
}

static int frame_is_main(cef_frame_t *self) { return frame_of(self)->number; }
static cef_string_userfree_t frame_get_identifier(cef_frame_t *self) { return fake_copy_text(&frame_of(self)->text); }

static cef_v8_context_t *frame_get_v8_context(cef_frame_t *self) {
  struct fake *context = frame_of(self)->links[0];
  return context && !fake_fails() ? &fake_retain(context)->api.context : NULL;
}

static void frame_send_process_message(cef_frame_t *self, cef_process_id_t target, cef_process_message_t *message) {
  fake_of(self, KIND_FRAME);
  require(target == PID_BROWSER);
  fake_release(fake_of(message, KIND_MESSAGE));
}

// A context. links: 0 its frame, 1 its global. number: how often it is entered.
static int context_is_valid(cef_v8_context_t *self) { return fake_of(self, KIND_CONTEXT)->valid; }

static int context_enter(cef_v8_context_t *self) {
  if (!fake_of(self, KIND_CONTEXT)->valid || fake_fails())
    return 0;
  fake_of(self, KIND_CONTEXT)->number++;
  return 1;
}

static int context_exit(cef_v8_context_t *self) {
  require(fake_of(self, KIND_CONTEXT)->number-- > 0);
  return 1;
}

static cef_frame_t *context_get_frame(cef_v8_context_t *self) {
  struct fake *frame = fake_of(self, KIND_CONTEXT)->links[0];
  return fake_fails() ? NULL : &fake_frame_object(frame)->api.frame;
}

static cef_v8_value_t *context_get_global(cef_v8_context_t *self) {
  struct fake *global = fake_of(self, KIND_CONTEXT)->links[1];
  return fake_fails() ? NULL : &fake_retain(global)->api.value;
}

static int context_is_same(cef_v8_context_t *self, cef_v8_context_t *that) {
  int same = fake_of(self, KIND_CONTEXT) == fake_of(that, KIND_CONTEXT);
  fake_release((struct fake *)that);
  return same;
}

static int context_eval(cef_v8_context_t *self, const cef_string_t *code, const cef_string_t *url, int line, cef_v8_value_t **retval,
                        cef_v8_exception_t **exception) {
  struct fake *context = fake_retain(fake_of(self, KIND_CONTEXT));
  require(code && url && line == 1 && !*retval && !*exception);
  fake_reenter();
  unsigned how = input_byte();
  if (how & 1)
    *exception = &fake_new(KIND_EXCEPTION)->api.exception;
  if (how & 2)
    *retval = &fake_value(how & 4 ? TYPE_OTHER : TYPE_FUNCTION)->api.value;
  fake_release(context);
  return how & 2 ? 1 : 0;
}

// A value. number is its type; links of an object are its properties.
struct fake *fake_value(int type) {
  struct fake *value = fake_new(KIND_VALUE);
  value->number = type;
  return value;
}

struct fake *fake_function(cef_v8_handler_t *handler) {
  struct fake *value = fake_value(TYPE_FUNCTION);
  value->handler = handler;
  return value;
}

struct fake *fake_buffer(size_t size) {
  struct fake *value = fake_value(TYPE_BUFFER);
  value->size = size;
  value->data = malloc(size);
  require(value->data || !size);
  if (size)
    memset(value->data, 0x5a, size);
  value->owned = 1;
  return value;
}

static int value_is(cef_v8_value_t *self, int type) { return fake_of(self, KIND_VALUE)->number == type; }
static int value_is_string(cef_v8_value_t *self) { return value_is(self, TYPE_STRING); }
static int value_is_uint(cef_v8_value_t *self) { return value_is(self, TYPE_UINT); }
static int value_is_array_buffer(cef_v8_value_t *self) { return value_is(self, TYPE_BUFFER); }
static int value_is_function(cef_v8_value_t *self) { return value_is(self, TYPE_FUNCTION); }

// What libcef is not asked for without a look at the type, since it answers such a question with an end of the process.
static uint32_t value_get_uint_value(cef_v8_value_t *self) {
  require(value_is_uint(self));
  return fake_of(self, KIND_VALUE)->uint;
}

static cef_string_userfree_t value_get_string_value(cef_v8_value_t *self) {
  require(value_is_string(self));
  return fake_copy_text(&fake_of(self, KIND_VALUE)->text);
}

static size_t value_get_array_buffer_byte_length(cef_v8_value_t *self) {
  require(value_is_array_buffer(self));
  return fake_of(self, KIND_VALUE)->size;
}

static void *value_get_array_buffer_data(cef_v8_value_t *self) {
  require(value_is_array_buffer(self));
  struct fake *buffer = fake_of(self, KIND_VALUE);
  return buffer->size && !fake_fails() ? buffer->data : NULL;  // NULL too when it is detached
}

// Which of an object's links a property is.
static size_t slot_of(const cef_string_t *key) {
  static const char *const names[] = {ORIEL_BOOTSTRAP, "main", "send", "evaluate", "lend"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (fake_text_is(key, names[i]))
      return i;
  fprintf(stderr, "a property that the fake does not know: add it\n");
  abort();
}

static int value_set_value_bykey(cef_v8_value_t *self, const cef_string_t *key, cef_v8_value_t *value, cef_v8_propertyattribute_t attribute) {
  (void)attribute;
  struct fake *object = fake_of(self, KIND_VALUE), *property = fake_of(value, KIND_VALUE);
  require(object->number == TYPE_OBJECT);
  size_t slot = slot_of(key);
  if (fake_fails()) {
    fake_release(property);
    return 0;
  }
  fake_release(object->links[slot]);
  object->links[slot] = property;
  return 1;
}

static int value_clear_exception(cef_v8_value_t *self) {
  fake_of(self, KIND_VALUE);
  return 1;
}

static cef_v8_value_t *value_execute_function_with_context(cef_v8_value_t *self, cef_v8_context_t *context, cef_v8_value_t *object,
                                                           size_t count, cef_v8_value_t *const *arguments) {
  struct fake *function = fake_retain(fake_of(self, KIND_VALUE)), *world = fake_of(context, KIND_CONTEXT);
  require(function->number == TYPE_FUNCTION && world->number > 0 && !object);
  require(count > 0 && count <= 2 && value_is_array_buffer(arguments[0]));
  if (count == 2 && value_is_uint(arguments[1]))
    require(value_get_uint_value(arguments[1]) <= value_get_array_buffer_byte_length(arguments[0]));
  else
    require(count == 1 || value_is_array_buffer(arguments[1]));
  fake_reenter();
  for (size_t i = 0; i < count; i++)
    fake_release((struct fake *)arguments[i]);
  fake_release(world);
  fake_release(function);
  return input_byte() & 1 ? NULL : &fake_value(TYPE_OTHER)->api.value;
}

static void value_methods(cef_v8_value_t *value) {
  value->is_string = value_is_string;
  value->is_uint = value_is_uint;
  value->is_array_buffer = value_is_array_buffer;
  value->is_function = value_is_function;
  value->get_uint_value = value_get_uint_value;
  value->get_string_value = value_get_string_value;
  value->get_array_buffer_byte_length = value_get_array_buffer_byte_length;
  value->get_array_buffer_data = value_get_array_buffer_data;
  value->set_value_bykey = value_set_value_bykey;
  value->clear_exception = value_clear_exception;
  value->execute_function_with_context = value_execute_function_with_context;
}

void fake_methods_v8(struct fake *fake) {
  switch (fake->kind) {
  case KIND_BROWSER:
    fake->api.browser.get_identifier = browser_get_identifier;
    break;
  case KIND_FRAME:
    fake->api.frame.is_main = frame_is_main;
    fake->api.frame.get_identifier = frame_get_identifier;
    fake->api.frame.get_v8_context = frame_get_v8_context;
    fake->api.frame.send_process_message = frame_send_process_message;
    break;
  case KIND_CONTEXT:
    fake->api.context.is_valid = context_is_valid;
    fake->api.context.enter = context_enter;
    fake->api.context.exit = context_exit;
    fake->api.context.get_frame = context_get_frame;
    fake->api.context.get_global = context_get_global;
    fake->api.context.is_same = context_is_same;
    fake->api.context.eval = context_eval;
    break;
  case KIND_VALUE:
    value_methods(&fake->api.value);
    break;
  default:
    break;
  }
}

static cef_v8_context_t *get_current_context(void) {
  return fake_current_context && !fake_fails() ? &fake_retain(fake_current_context)->api.context : NULL;
}

static cef_v8_value_t *create_function(const cef_string_t *name, cef_v8_handler_t *handler) {
  require(name && handler && handler->execute);
  if (fake_fails()) {
    handler->base.release(&handler->base);
    return NULL;
  }
  return &fake_function(handler)->api.value;
}

static cef_v8_value_t *create_object(cef_v8_accessor_t *accessor, cef_v8_interceptor_t *interceptor) {
  require(!accessor && !interceptor);
  return fake_fails() ? NULL : &fake_value(TYPE_OBJECT)->api.value;
}

static cef_v8_value_t *create_uint(uint32_t number) {
  if (fake_fails())
    return NULL;
  struct fake *value = fake_value(TYPE_UINT);
  value->uint = number;
  return &value->api.value;
}

static cef_v8_value_t *create_array_buffer_with_copy(void *data, size_t size) {
  require(size >= ORIEL_PACKET_MIN && size <= ORIEL_PACKET_MAX);
  if (fake_fails())
    return NULL;
  volatile const char *bytes = data;
  (void)bytes[0];
  (void)bytes[size - 1];
  struct fake *buffer = fake_buffer(ORIEL_PACKET_MIN);
  memcpy(buffer->data, data, ORIEL_PACKET_MIN);
  return &buffer->api.value;
}

static cef_v8_backing_store_t *backing_store_create(size_t size) {
  require(size > 0 && size <= ORIEL_PACKET_MAX);
  if (fake_fails())
    return NULL;
  struct fake *store = fake_new(KIND_STORE);
  store->size = size;
  store->data = fake_memory(size);
  store->owned = size <= 1 << 20;
  return &store->api.store;
}

static cef_v8_value_t *create_array_buffer_from_backing_store(cef_v8_backing_store_t *self) {
  struct fake *store = fake_of(self, KIND_STORE), *buffer = NULL;
  if (!fake_fails()) {
    buffer = fake_value(TYPE_BUFFER);
    buffer->size = store->size;
    buffer->data = store->data;
    buffer->owned = store->owned;
    store->owned = 0;
  }
  fake_release(store);
  return buffer ? &buffer->api.value : NULL;
}

void fake_functions_v8(void) {
  oriel_cef.cef_v8_backing_store_create = backing_store_create;
  oriel_cef.cef_v8_value_create_array_buffer_from_backing_store = create_array_buffer_from_backing_store;
  oriel_cef.cef_v8_context_get_current_context = get_current_context;
  oriel_cef.cef_v8_value_create_function = create_function;
  oriel_cef.cef_v8_value_create_object = create_object;
  oriel_cef.cef_v8_value_create_uint = create_uint;
  oriel_cef.cef_v8_value_create_array_buffer_with_copy = create_array_buffer_with_copy;
}
