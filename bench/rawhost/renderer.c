// Renderer side: natives in the page's own world, and the way back into it.
#include "host.h"

// A document that is measured: its natives know it by their handler.
struct document {
  struct document *next;
  cef_frame_t *frame;
  cef_v8_context_t *context;
  cef_v8_value_t *receive;
};

// Renderer main thread only. One, unless windows of the same page share this process.
static struct document *documents;

struct native {
  cef_v8_handler_t handler;
  struct document *document;
};

static struct document *document_of(cef_v8_handler_t *handler) { return ((struct native *)handler)->document; }

// The document stays, as its natives do, but does nothing any more.
static void forget(struct document *document) {
  for (struct document **at = &documents; *at; at = &(*at)->next) {
    if (*at == document) {
      *at = document->next;
      break;
    }
  }
  RELEASE(document->receive);
  RELEASE(document->context);
  RELEASE(document->frame);
  memset(document, 0, sizeof *document);
}

static void release_arguments(cef_v8_value_t *object, size_t count, cef_v8_value_t *const *arguments) {
  RELEASE(object);
  for (size_t i = 0; i < count; i++)
    RELEASE(arguments[i]);
}

// raw.echo(arrayBuffer, shared)
static int echo(cef_v8_handler_t *self, const cef_string_t *name, cef_v8_value_t *object, size_t count,
                cef_v8_value_t *const *arguments, cef_v8_value_t **result, cef_string_t *exception) {
  (void)name, (void)result, (void)exception;
  struct document *document = document_of(self);
  if (document->frame && count == 2 && arguments[0]->is_array_buffer(arguments[0])) {
    cef_v8_value_t *buffer = arguments[0];
    host_send(document->frame, PID_BROWSER, buffer->get_array_buffer_data(buffer), buffer->get_array_buffer_byte_length(buffer),
              arguments[1]->get_bool_value(arguments[1]));
  }
  release_arguments(object, count, arguments);
  return 1;
}

// raw.push(count, size, shared): asks for that many messages.
static int push(cef_v8_handler_t *self, const cef_string_t *name, cef_v8_value_t *object, size_t count,
                cef_v8_value_t *const *arguments, cef_v8_value_t **result, cef_string_t *exception) {
  (void)name, (void)result, (void)exception;
  struct document *document = document_of(self);
  if (document->frame && count == 3) {
    cef_process_message_t *message = oriel_cef.cef_process_message_create(TEXT(MESSAGE));
    cef_list_value_t *list = message->get_argument_list(message);
    for (size_t i = 0; i < count; i++)
      list->set_int(list, i, i < 2 ? arguments[i]->get_int_value(arguments[i]) : arguments[i]->get_bool_value(arguments[i]));
    RELEASE(list);
    document->frame->send_process_message(document->frame, PID_BROWSER, message);
  }
  release_arguments(object, count, arguments);
  return 1;
}

// raw.receive(function): called with an ArrayBuffer for each message that comes back, in order.
static int receive(cef_v8_handler_t *self, const cef_string_t *name, cef_v8_value_t *object, size_t count,
                   cef_v8_value_t *const *arguments, cef_v8_value_t **result, cef_string_t *exception) {
  (void)name, (void)result, (void)exception;
  struct document *document = document_of(self);
  if (document->frame && count == 1 && arguments[0]->is_function(arguments[0])) {
    RELEASE(document->receive);
    ADD_REF(arguments[0]);
    document->receive = arguments[0];
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

// raw.object({id, title, done}): reads what it is given.
static int read_object(cef_v8_handler_t *self, const cef_string_t *name, cef_v8_value_t *object, size_t count,
                       cef_v8_value_t *const *arguments, cef_v8_value_t **result, cef_string_t *exception) {
  (void)self, (void)name, (void)result, (void)exception;
  if (count == 1 && arguments[0]->is_object(arguments[0])) {
    cef_v8_value_t *given = arguments[0];
    cef_v8_value_t *id = given->get_value_bykey(given, TEXT("id"));
    cef_v8_value_t *title = given->get_value_bykey(given, TEXT("title"));
    cef_v8_value_t *done = given->get_value_bykey(given, TEXT("done"));
    cef_string_userfree_t text = title ? title->get_string_value(title) : NULL;
    if (text)
      oriel_cef.cef_string_userfree_utf16_free(text);
    RELEASE(id);
    RELEASE(title);
    RELEASE(done);
  }
  release_arguments(object, count, arguments);
  return 1;
}

// raw.callback(function): calls it.
static int callback(cef_v8_handler_t *self, const cef_string_t *name, cef_v8_value_t *object, size_t count,
                    cef_v8_value_t *const *arguments, cef_v8_value_t **result, cef_string_t *exception) {
  (void)self, (void)name, (void)result, (void)exception;
  if (count == 1 && arguments[0]->is_function(arguments[0]))
    RELEASE(arguments[0]->execute_function(arguments[0], NULL, 0, NULL));
  release_arguments(object, count, arguments);
  return 1;
}

typedef int execute(cef_v8_handler_t *, const cef_string_t *, cef_v8_value_t *, size_t, cef_v8_value_t *const *,
                    cef_v8_value_t **, cef_string_t *);

static void install(cef_v8_value_t *object, const cef_string_t *name, struct document *document, execute *execute) {
  struct native *native = calloc(1, sizeof *native);
  if (!native)
    return;
  host_immortal(&native->handler.base, sizeof native->handler);
  native->handler.execute = execute;
  native->document = document;
  object->set_value_bykey(object, name, oriel_cef.cef_v8_value_create_function(name, &native->handler), V8_PROPERTY_ATTRIBUTE_NONE);
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

static struct document *document_in(cef_frame_t *frame) {
  cef_string_userfree_t id = documents && documents->next ? frame->get_identifier(frame) : NULL;
  struct document *document = documents;
  for (; id && document; document = document->next) {
    cef_string_userfree_t other = document->frame->get_identifier(document->frame);
    int same = other && other->length == id->length && memcmp(other->str, id->str, id->length * sizeof *id->str) == 0;
    if (other)
      oriel_cef.cef_string_userfree_utf16_free(other);
    if (same)
      break;
  }
  if (id)
    oriel_cef.cef_string_userfree_utf16_free(id);
  return document;
}

static void on_context_created(cef_render_process_handler_t *self, cef_browser_t *browser, cef_frame_t *frame,
                               cef_v8_context_t *context) {
  (void)self;
  RELEASE(browser);
  struct document *document = NULL;
  if (frame->is_main(frame) && starts_with(frame->get_url(frame), PAGE_ORIGIN))
    document = calloc(1, sizeof *document);
  if (!document) {
    RELEASE(frame);
    RELEASE(context);
    return;
  }
  *document = (struct document){.next = documents, .frame = frame, .context = context};
  documents = document;
  cef_v8_value_t *object = oriel_cef.cef_v8_value_create_object(NULL, NULL);
  install(object, TEXT("echo"), document, echo);
  install(object, TEXT("push"), document, push);
  install(object, TEXT("receive"), document, receive);
  install(object, TEXT("empty"), document, empty);
  install(object, TEXT("object"), document, read_object);
  install(object, TEXT("callback"), document, callback);
  cef_v8_value_t *global = context->get_global(context);
  global->set_value_bykey(global, TEXT("raw"), object, V8_PROPERTY_ATTRIBUTE_NONE);
  RELEASE(global);
}

static void on_context_released(cef_render_process_handler_t *self, cef_browser_t *browser, cef_frame_t *frame,
                                cef_v8_context_t *context) {
  (void)self;
  struct document *next;
  for (struct document *document = documents; document; document = next) {
    next = document->next;
    if (document->context->is_same(document->context, (ADD_REF(context), context)))
      forget(document);
  }
  RELEASE(browser);
  RELEASE(frame);
  RELEASE(context);
}

static void answer(struct document *document, const struct host_message *bytes) {
  cef_v8_backing_store_t *store = oriel_cef.cef_v8_backing_store_create(bytes->size);
  if (!store)
    return;
  memcpy(store->data(store), bytes->data, bytes->size);
  cef_v8_value_t *buffer = oriel_cef.cef_v8_value_create_array_buffer_from_backing_store(store);
  RELEASE(document->receive->execute_function(document->receive, NULL, 1, &buffer));
}

static int on_process_message_received(cef_render_process_handler_t *self, cef_browser_t *browser, cef_frame_t *frame,
                                       cef_process_id_t source, cef_process_message_t *message) {
  (void)self, (void)source;
  struct document *document = document_in(frame);
  RELEASE(browser);
  RELEASE(frame);
  struct host_message bytes = host_message_open(message);
  if (bytes.data && document && document->receive && document->context->enter(document->context)) {
    cef_v8_context_t *context = document->context;
    ADD_REF(context);
    answer(document, &bytes);
    context->exit(context);
    RELEASE(context);
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
