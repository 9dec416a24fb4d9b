#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "constants.h"
#include "lent.h"
#include "refcount.h"
#include "session.h"

// A browser whose renderer side may have natives. When a navigation gives a browser a new page object, CEF announces the new one
// before it reports the old one's end, both under the same number: hence the count.
struct trust {
  struct trust *next;
  int browser;
  int announced;
  int subframes;
  char16_t token[ORIEL_TOKEN_LENGTH];
};

static struct trust *trusted;
static unsigned long dropped;  // messages for frames without a session; seen in a debugger

static struct trust *find_trust(int browser) {
  struct trust *trust = trusted;
  while (trust && trust->browser != browser)
    trust = trust->next;
  return trust;
}

void oriel_world_trust(int browser, const cef_string_t *token, int subframes) {
  if (token->length != ORIEL_TOKEN_LENGTH)
    return;
  struct trust *trust = find_trust(browser);
  if (!trust) {
    trust = calloc(1, sizeof *trust);
    if (!trust)
      return;
    trust->next = trusted;
    trust->browser = browser;
    trusted = trust;
  }
  trust->announced++;
  trust->subframes = subframes;
  memcpy(trust->token, token->str, sizeof trust->token);
}

void oriel_world_forget(int browser) {
  for (struct trust **at = &trusted; *at; at = &(*at)->next) {
    struct trust *trust = *at;
    if (trust->browser != browser)
      continue;
    if (--trust->announced > 0)
      return;
    *at = trust->next;
    free(trust);
    break;
  }
  oriel_session_end_browser(browser);
}

// Takes as long for a token that is wrong in its first digit as for one that is wrong in its last.
static int token_matches(const struct trust *trust, const cef_string_t *given) {
  if (!given || given->length != ORIEL_TOKEN_LENGTH)
    return 0;
  unsigned difference = 0;
  for (size_t i = 0; i < ORIEL_TOKEN_LENGTH; i++)
    difference |= (unsigned)(trust->token[i] ^ given->str[i]);
  return difference == 0;
}

static int is_main_world(cef_frame_t *frame, cef_v8_context_t *context) {
  cef_v8_context_t *main_world = frame->get_v8_context(frame);
  return !main_world || context->is_same(context, main_world);
}

static int may_have_natives(const struct trust *trust, cef_frame_t *frame) {
  return trust && (trust->subframes || frame->is_main(frame));
}

static void throw_text(cef_string_t *exception, const char *text) {
  oriel_cef.cef_string_ascii_to_utf16(text, strlen(text), exception);
}

static void release_arguments(cef_v8_value_t *object, size_t count, cef_v8_value_t *const *arguments) {
  for (size_t i = 0; i < count; i++)
    ORIEL_RELEASE(arguments[i]);
  ORIEL_RELEASE(object);
}

// The functions that a runtime has of a session.

struct native {
  cef_v8_handler_t handler;
  atomic_int refs;
  struct session *session;
};

typedef int (*execute_t)(cef_v8_handler_t *self, const cef_string_t *name, cef_v8_value_t *object, size_t count,
                         cef_v8_value_t *const *arguments, cef_v8_value_t **retval, cef_string_t *exception);

static void native_destroy(struct native *native) {
  oriel_session_unref(native->session);
  free(native);
}

ORIEL_REFCOUNTED(native, native_destroy)

// Puts a function of the session on the object. Returns 0, or -1 without memory.
static int add_native(cef_v8_value_t *object, cef_string_t name, execute_t execute, struct session *session) {
  struct native *native = calloc(1, sizeof *native);
  if (!native)
    return -1;
  native_init(native, sizeof native->handler);
  native->handler.execute = execute;
  native->session = session;
  oriel_session_ref(session);
  cef_v8_value_t *function = oriel_cef.cef_v8_value_create_function(&name, &native->handler);
  if (!function)
    return -1;
  object->set_value_bykey(object, &name, function, V8_PROPERTY_ATTRIBUTE_NONE);
  return 0;
}

// send(buffer, length): the runtime's way out.
static int send_execute(cef_v8_handler_t *self, const cef_string_t *name, cef_v8_value_t *object, size_t count,
                        cef_v8_value_t *const *arguments, cef_v8_value_t **retval, cef_string_t *exception) {
  (void)name;
  (void)retval;
  struct session *session = ((struct native *)self)->session;
  const char *problem = "oriel: send takes an ArrayBuffer and a length within it";
  if (count == 2 && arguments[0]->is_array_buffer(arguments[0]) && arguments[1]->is_uint(arguments[1])) {
    size_t size = arguments[1]->get_uint_value(arguments[1]);
    size_t capacity = arguments[0]->get_array_buffer_byte_length(arguments[0]);
    void *data = arguments[0]->get_array_buffer_data(arguments[0]);
    if (data && size >= ORIEL_PACKET_MIN && size <= ORIEL_PACKET_MAX && size <= capacity)
      problem = oriel_session_send(session, data, size) == 0 ? NULL : "IPC method called after context was released";
  }
  if (problem)
    throw_text(exception, problem);
  release_arguments(object, count, arguments);
  return 1;
}

// lend(mark, buffer) keeps a buffer for the tails of packets whose first frame begins with the mark; lend(mark) gives up all of those.
static int lend_execute(cef_v8_handler_t *self, const cef_string_t *name, cef_v8_value_t *object, size_t count,
                        cef_v8_value_t *const *arguments, cef_v8_value_t **retval, cef_string_t *exception) {
  (void)name;
  (void)retval;
  struct oriel_lent *lent = oriel_session_lent(((struct native *)self)->session);
  int takes = count == 2 && arguments[1]->is_array_buffer(arguments[1]);
  if ((count != 1 && !takes) || !arguments[0]->is_array_buffer(arguments[0])) {
    throw_text(exception, "oriel: lend takes a mark and an ArrayBuffer");
  } else if (lent) {
    size_t size = arguments[0]->get_array_buffer_byte_length(arguments[0]);
    void *mark = arguments[0]->get_array_buffer_data(arguments[0]);
    if (takes && mark) {
      ORIEL_RETAIN(arguments[1]);
      oriel_lent_put(lent, mark, size, arguments[1]);
    } else if (mark) {
      oriel_lent_drop(lent, mark, size);
    }
  }
  release_arguments(object, count, arguments);
  return 1;
}

// Evaluates source in the frame's main world; the function it yields, or NULL.
static cef_v8_value_t *eval_in_main_world(cef_frame_t *frame, cef_v8_value_t *source) {
  cef_v8_context_t *main_world = frame->get_v8_context(frame);
  if (!main_world)
    return NULL;
  cef_string_t url = {0};
  cef_v8_value_t *function = NULL;
  cef_v8_exception_t *exception = NULL;
  cef_string_userfree_t code = source->get_string_value(source);
  if (code) {
    main_world->eval(main_world, code, &url, 1, &function, &exception);
    oriel_cef.cef_string_userfree_utf16_free(code);
  }
  ORIEL_RELEASE(exception);
  ORIEL_RELEASE(main_world);
  if (function && function->is_function(function))
    return function;
  ORIEL_RELEASE(function);
  return NULL;
}

// evaluate(source): the function that the source yields in the page's world, which no Content-Security-Policy keeps from that; or undefined.
static int evaluate_execute(cef_v8_handler_t *self, const cef_string_t *name, cef_v8_value_t *object, size_t count,
                            cef_v8_value_t *const *arguments, cef_v8_value_t **retval, cef_string_t *exception) {
  (void)name;
  cef_frame_t *frame = oriel_session_frame(((struct native *)self)->session);
  if (!frame)
    throw_text(exception, "contextBridge called after context was released");
  else if (count == 1 && arguments[0]->is_string(arguments[0])) {
    ORIEL_RETAIN(frame);  // what is evaluated may end the session
    *retval = eval_in_main_world(frame, arguments[0]);
    ORIEL_RELEASE(frame);
  }
  release_arguments(object, count, arguments);
  return 1;
}

// __oriel(token, mainSource, receive): the handshake.

struct bootstrap {
  cef_v8_handler_t handler;
  atomic_int refs;
  int spent;
  int browser;
};

static void bootstrap_destroy(struct bootstrap *bootstrap) { free(bootstrap); }

ORIEL_REFCOUNTED(bootstrap, bootstrap_destroy)

// {main, send, lend, evaluate} for the runtime that has proved itself. Takes over frame and context, borrows source and receive.
static cef_v8_value_t *open_world(int browser, cef_frame_t *frame, cef_v8_context_t *context, cef_v8_value_t *source,
                                  cef_v8_value_t *receive) {
  cef_v8_value_t *main_function = eval_in_main_world(frame, source);
  if (!main_function) {
    ORIEL_RELEASE(context);
    ORIEL_RELEASE(frame);
    return NULL;
  }
  ORIEL_RETAIN(receive);
  struct session *session = oriel_session_open(browser, frame, context, receive);
  cef_v8_value_t *result = session ? oriel_cef.cef_v8_value_create_object(NULL, NULL) : NULL;
  cef_string_t main_key = ORIEL_STRING("main"), send_key = ORIEL_STRING("send"), lend_key = ORIEL_STRING("lend");
  cef_string_t evaluate_key = ORIEL_STRING("evaluate");
  if (result && add_native(result, send_key, send_execute, session) == 0 && add_native(result, lend_key, lend_execute, session) == 0 &&
      add_native(result, evaluate_key, evaluate_execute, session) == 0) {
    result->set_value_bykey(result, &main_key, main_function, V8_PROPERTY_ATTRIBUTE_NONE);
  } else {
    ORIEL_RELEASE(result);
    ORIEL_RELEASE(main_function);
    result = NULL;
  }
  if (session)
    oriel_session_unref(session);
  return result;
}

// Whether the caller knows the browser's token.
static int proves_itself(const struct trust *trust, size_t count, cef_v8_value_t *const *arguments) {
  if (!trust || count != 3 || !arguments[0]->is_string(arguments[0]) || !arguments[1]->is_string(arguments[1]) ||
      !arguments[2]->is_function(arguments[2]))
    return 0;
  cef_string_userfree_t token = arguments[0]->get_string_value(arguments[0]);
  int matches = token_matches(trust, token);
  if (token)
    oriel_cef.cef_string_userfree_utf16_free(token);
  return matches;
}

static int bootstrap_execute(cef_v8_handler_t *self, const cef_string_t *name, cef_v8_value_t *object, size_t count,
                             cef_v8_value_t *const *arguments, cef_v8_value_t **retval, cef_string_t *exception) {
  (void)name;
  (void)exception;
  struct bootstrap *bootstrap = (struct bootstrap *)self;
  struct trust *trust = find_trust(bootstrap->browser);
  int proven = !bootstrap->spent && proves_itself(trust, count, arguments);
  bootstrap->spent = 1;
  // The context of a native function is the one it was made in, whoever calls it.
  cef_v8_context_t *context = proven ? oriel_cef.cef_v8_context_get_current_context() : NULL;
  cef_frame_t *frame = context ? context->get_frame(context) : NULL;
  if (frame && may_have_natives(trust, frame) && !is_main_world(frame, context)) {
    *retval = open_world(bootstrap->browser, frame, context, arguments[1], arguments[2]);
  } else {
    ORIEL_RELEASE(frame);
    ORIEL_RELEASE(context);
  }
  release_arguments(object, count, arguments);
  return 1;
}

void oriel_world_offer(int browser, cef_frame_t *frame, cef_v8_context_t *context) {
  if (!may_have_natives(find_trust(browser), frame) || is_main_world(frame, context))
    return;
  struct bootstrap *bootstrap = calloc(1, sizeof *bootstrap);
  if (!bootstrap)
    return;
  bootstrap_init(bootstrap, sizeof bootstrap->handler);
  bootstrap->handler.execute = bootstrap_execute;
  bootstrap->browser = browser;
  cef_string_t name = ORIEL_STRING(ORIEL_BOOTSTRAP);
  cef_v8_value_t *function = oriel_cef.cef_v8_value_create_function(&name, &bootstrap->handler);
  cef_v8_value_t *global = function ? context->get_global(context) : NULL;
  if (global)
    global->set_value_bykey(global, &name, function, V8_PROPERTY_ATTRIBUTE_DONTENUM);
  else
    ORIEL_RELEASE(function);
  ORIEL_RELEASE(global);
}

void oriel_world_released(cef_v8_context_t *context) {
  struct session *session = oriel_session_of_context(context);
  if (session)
    oriel_session_end(session);
}

void oriel_world_receive(int browser, cef_frame_t *frame, cef_process_message_t *message) {
  struct session *session = oriel_session_of_frame(browser, frame);
  if (session)
    oriel_session_receive(session, message);
  else
    dropped++;
}

void oriel_world_ring(int browser, cef_frame_t *frame, cef_process_message_t *message) {
  struct session *session = oriel_session_of_frame(browser, frame);
  if (session)
    oriel_session_ring(session, message);
}
