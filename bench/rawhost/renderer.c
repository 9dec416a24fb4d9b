// Renderer side: three natives in the page's own world, and the way back into it.
#include "host.h"

// The one document that is measured. Renderer main thread only.
static struct {
  cef_frame_t *frame;
  cef_v8_context_t *context;
  cef_v8_value_t *receive;
} document;

static void forget(void) {
  RELEASE(document.receive);
  RELEASE(document.context);
  RELEASE(document.frame);
  memset(&document, 0, sizeof document);
}

static void release_arguments(cef_v8_value_t *object, size_t count, cef_v8_value_t *const *arguments) {
  RELEASE(object);
  for (size_t i = 0; i < count; i++)
    RELEASE(arguments[i]);
}

// raw.echo(arrayBuffer, shared)
static int echo(cef_v8_handler_t *self, const cef_string_t *name, cef_v8_value_t *object, size_t count,
                cef_v8_value_t *const *arguments, cef_v8_value_t **result, cef_string_t *exception) {
  (void)self, (void)name, (void)result, (void)exception;
  if (document.frame && count == 2 && arguments[0]->is_array_buffer(arguments[0])) {
    cef_v8_value_t *buffer = arguments[0];
    host_send(document.frame, PID_BROWSER, buffer->get_array_buffer_data(buffer), buffer->get_array_buffer_byte_length(buffer),
              arguments[1]->get_bool_value(arguments[1]));
  }
  release_arguments(object, count, arguments);
  return 1;
}

// raw.receive(function): called with an ArrayBuffer for each message that comes back, in order.
static int receive(cef_v8_handler_t *self, const cef_string_t *name, cef_v8_value_t *object, size_t count,
                   cef_v8_value_t *const *arguments, cef_v8_value_t **result, cef_string_t *exception) {
  (void)self, (void)name, (void)result, (void)exception;
  if (count == 1 && arguments[0]->is_function(arguments[0])) {
    RELEASE(document.receive);
    ADD_REF(arguments[0]);
    document.receive = arguments[0];
  }
  release_arguments(object, count, arguments);
  return 1;
}

// raw.empty(): the cheapest call there is from a page into its host's C.
static int empty(cef_v8_handler_t *self, const cef_string_t *name, cef_v8_value_t *object, size_t count,
                 cef_v8_value_t *const *arguments, cef_v8_value_t **result, cef_string_t *exception) {
  (void)self, (void)name, (void)result, (void)exception;
  release_arguments(object, count, arguments);
  return 1;
}

typedef int native(cef_v8_handler_t *, const cef_string_t *, cef_v8_value_t *, size_t, cef_v8_value_t *const *,
                   cef_v8_value_t **, cef_string_t *);

static void install(cef_v8_value_t *object, const cef_string_t *name, cef_v8_handler_t *handler, native *execute) {
  host_immortal(&handler->base, sizeof *handler);
  handler->execute = execute;
  object->set_value_bykey(object, name, oriel_cef.cef_v8_value_create_function(name, handler), V8_PROPERTY_ATTRIBUTE_NONE);
}

static int starts_with(cef_string_userfree_t text, const char *prefix) {
  size_t i = 0;
  if (!text)
    return 0;
  while (prefix[i] && i < text->length && text->str[i] == (char16_t)prefix[i])
    i++;
  oriel_cef.cef_string_userfree_utf16_free(text);
  return prefix[i] == 0;
}

static void on_context_created(cef_render_process_handler_t *self, cef_browser_t *browser, cef_frame_t *frame,
                               cef_v8_context_t *context) {
  static cef_v8_handler_t echo_handler, receive_handler, empty_handler;
  (void)self;
  RELEASE(browser);
  if (!frame->is_main(frame) || !starts_with(frame->get_url(frame), PAGE_ORIGIN)) {
    RELEASE(frame);
    RELEASE(context);
    return;
  }
  forget();
  document.frame = frame;
  document.context = context;
  cef_v8_value_t *object = oriel_cef.cef_v8_value_create_object(NULL, NULL);
  install(object, TEXT("echo"), &echo_handler, echo);
  install(object, TEXT("receive"), &receive_handler, receive);
  install(object, TEXT("empty"), &empty_handler, empty);
  cef_v8_value_t *global = context->get_global(context);
  global->set_value_bykey(global, TEXT("raw"), object, V8_PROPERTY_ATTRIBUTE_NONE);
  RELEASE(global);
}

static void on_context_released(cef_render_process_handler_t *self, cef_browser_t *browser, cef_frame_t *frame,
                                cef_v8_context_t *context) {
  (void)self;
  if (document.context && document.context->is_same(document.context, (ADD_REF(context), context)))
    forget();
  RELEASE(browser);
  RELEASE(frame);
  RELEASE(context);
}

static void answer(const struct host_message *bytes) {
  cef_v8_backing_store_t *store = oriel_cef.cef_v8_backing_store_create(bytes->size);
  if (!store)
    return;
  memcpy(store->data(store), bytes->data, bytes->size);
  cef_v8_value_t *buffer = oriel_cef.cef_v8_value_create_array_buffer_from_backing_store(store);
  RELEASE(document.receive->execute_function(document.receive, NULL, 1, &buffer));
}

static int on_process_message_received(cef_render_process_handler_t *self, cef_browser_t *browser, cef_frame_t *frame,
                                       cef_process_id_t source, cef_process_message_t *message) {
  (void)self, (void)source;
  RELEASE(browser);
  RELEASE(frame);
  struct host_message bytes = host_message_open(message);
  if (bytes.data && document.receive && document.context->enter(document.context)) {
    answer(&bytes);
    document.context->exit(document.context);
  }
  host_message_done(&bytes);
  return 1;
}

cef_render_process_handler_t *host_render_process_handler(void) {
  static cef_render_process_handler_t handler;
  host_immortal(&handler.base, sizeof handler);
  handler.on_context_created = on_context_created;
  handler.on_context_released = on_context_released;
  handler.on_process_message_received = on_process_message_received;
  return &handler;
}
