// The fuzz target: its bytes are a program of what Chromium, a page and a browser process may do to a renderer, in any order, with
// anything failing at any time. Every step goes through the callbacks that libcef calls. At the end everything ends, and nothing may be left.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../cef/payload.h"
#include "../app.h"
#include "../argv.h"
#include "../constants.h"
#include "fake.h"
#include "fuzz_ring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BROWSERS = 3, FRAMES = 3, CONTEXTS = 16, DEPTH = 3, TEXT = 256 };

struct place {  // a browser with its frames; the first is the main one
  struct fake *browser, *frames[FRAMES];
  int announced, subframes;
  char token[ORIEL_TOKEN_LENGTH];
};

struct world {
  struct fake *context, *result;  // result: what the bootstrap function answered
  struct place *place;
  int called;
};

static struct place places[BROWSERS];
static struct world worlds[CONTEXTS];
static int depth;

static cef_app_t *the_app;
static cef_render_process_handler_t *handler;

static struct place *some_place(void) { return &places[input_byte() % BROWSERS]; }
static struct fake *some_frame(struct place *place) { return place->frames[input_byte() % FRAMES]; }

static size_t some_text(char *text) {
  size_t length = input_byte();
  for (size_t i = 0; i < length; i++)
    text[i] = (char)input_byte();
  text[length] = '\0';
  return length;
}

// Tokens are right, wrong in one digit, or of another length.
static struct fake *some_token(struct place *place) {
  struct fake *text = fake_value(TYPE_STRING);
  unsigned how = input_byte();
  char token[ORIEL_TOKEN_LENGTH + 1];
  memcpy(token, place->token, ORIEL_TOKEN_LENGTH);
  token[ORIEL_TOKEN_LENGTH] = 'x';
  if (how >= 0xc0)
    token[how % ORIEL_TOKEN_LENGTH] ^= 1;
  fake_set_text(text, token, how >= 0x80 && how < 0xc0 ? how % (ORIEL_TOKEN_LENGTH + 2) : ORIEL_TOKEN_LENGTH);
  return text;
}

static void browser_created(void) {
  struct place *place = some_place();
  unsigned how = input_byte();
  struct fake *extra = how & 1 ? NULL : fake_new(KIND_DICTIONARY);
  if (extra && !(how & 2))  // of the right length it is the browser's own
    fake_set_text(extra, place->token, how < 0xe0 ? sizeof place->token : how % sizeof place->token);
  if (extra)
    extra->number = how >> 2 & 1;
  fake_retain(place->browser);
  handler->on_browser_created(handler, &place->browser->api.browser, (cef_dictionary_value_t *)extra);
  place->announced++;  // more often than it was: the end forgets as often as it may have to
}

static void browser_destroyed(struct place *place) {
  fake_retain(place->browser);
  handler->on_browser_destroyed(handler, &place->browser->api.browser);
}

static struct world *some_world(void) {
  struct world *world = &worlds[input_byte() % CONTEXTS];
  return world->context ? world : NULL;
}

static void context_created(void) {
  struct world *world = &worlds[input_byte() % CONTEXTS];
  if (world->context)
    return;
  struct place *place = world->place = some_place();
  struct fake *frame = some_frame(place), *context = world->context = fake_new(KIND_CONTEXT);
  context->links[0] = fake_retain(frame);
  context->links[1] = fake_value(TYPE_OBJECT);
  if (input_byte() & 1) {  // the page's own world
    fake_release(frame->links[0]);
    frame->links[0] = fake_retain(context);
  }
  handler->on_context_created(handler, &fake_retain(place->browser)->api.browser, &fake_frame_object(frame)->api.frame,
                              &fake_retain(context)->api.context);
  require(!context->links[1]->links[0] || frame->links[0] != context);  // nothing for the page
}

static void context_released(struct world *world) {
  struct fake *context = world->context, *frame = context->links[0];
  handler->on_context_released(handler, &fake_retain(world->place->browser)->api.browser, &fake_frame_object(frame)->api.frame,
                               &fake_retain(context)->api.context);
  if (world->context != context)
    return;
  world->context = NULL;
  context->valid = 0;
  if (frame->links[0] == context) {
    frame->links[0] = NULL;
    fake_release(context);
  }
  fake_release(world->result);
  world->result = NULL;
  world->called = 0;
  // What lives in V8's heap goes with the context, whoever holds that.
  struct fake *global = context->links[1];
  context->links[1] = fake_value(TYPE_OBJECT);
  fake_release(global);
  fake_release(context);
}

// Any kind of value.
static struct fake *some_value(struct place *place) {
  struct fake *value;
  unsigned type = input_byte() % TYPE_COUNT;
  switch (type) {
  case TYPE_STRING:
    return some_token(place);
  case TYPE_BUFFER: {
    size_t size = input_size();
    return fake_buffer(size > (size_t)ORIEL_PACKET_MAX + 1 ? 0 : size);
  }
  case TYPE_UINT:
    value = fake_value(TYPE_UINT);
    value->uint = (unsigned)input_size();
    return value;
  default:
    return fake_value((int)type);
  }
}

// Calls a native function of a world as V8 does. Returns what it answers, with one reference.
static struct fake *call(struct fake *function, struct fake *context, size_t count, struct fake **values) {
  cef_v8_value_t *arguments[4], *retval = NULL;
  cef_string_t name = {0}, exception = {0};
  for (size_t i = 0; i < count; i++)
    arguments[i] = &fake_retain(values[i])->api.value;
  struct fake *object = input_byte() & 1 ? NULL : fake_value(TYPE_OBJECT), *outer = fake_current_context;
  fake_retain(function);
  fake_retain(context);
  fake_current_context = context;
  int handled = function->handler->execute(function->handler, &name, (cef_v8_value_t *)object, count, arguments, &retval, &exception);
  fake_current_context = outer;
  require(handled == 1);
  oriel_cef.cef_string_utf16_clear(&exception);
  fake_release(context);
  fake_release(function);
  return (struct fake *)retval;
}

static void call_bootstrap(void) {
  struct world *world = some_world();
  struct fake *values[4], *function = world ? world->context->links[1]->links[0] : NULL;
  if (!function)
    return;
  struct place *place = world->place;
  struct fake *context = world->context;
  size_t count = input_byte();
  int natural = count < 0xc0;  // as the runtime does it; a fuzzer seldom finds three right arguments
  count = natural ? 3 : count % 5;
  for (size_t i = 0; i < count; i++)
    values[i] = natural ? (i == 2 ? fake_value(TYPE_FUNCTION) : some_token(place)) : some_value(place);
  int proven = count == 3 && !world->called && values[0]->number == TYPE_STRING && values[0]->text.length == ORIEL_TOKEN_LENGTH;
  for (size_t i = 0; proven && i < ORIEL_TOKEN_LENGTH; i++)
    proven = values[0]->text.str[i] == (unsigned char)place->token[i];
  world->called = 1;
  struct fake *result = call(function, context, count, values);
  require(!result || (proven && context->links[0]->links[0] != context));
  for (size_t i = 0; i < count; i++)
    fake_release(values[i]);
  if (world->context == context) {
    fake_release(world->result);
    world->result = result;
  } else {
    fake_release(result);
  }
}

static void call_send(void) {
  struct world *world = some_world();
  struct fake *values[4], *function = world && world->result ? world->result->links[2] : NULL;
  if (!function)
    return;
  size_t count = input_byte();
  int natural = count < 0xc0;
  count = natural ? 2 : count % 5;
  for (size_t i = 0; i < count; i++) {
    values[i] = natural ? (i ? fake_value(TYPE_UINT) : fake_buffer(input_size() % ((size_t)ORIEL_PACKET_MAX + 2))) : some_value(world->place);
    if (natural && i)
      values[i]->uint = (unsigned)(values[0]->size + (input_byte() & 1));
  }
  fake_release(call(function, world->context, count, values));
  for (size_t i = 0; i < count; i++)
    fake_release(values[i]);
}

// A mark is mostly how the packets that fuzz_ring.c writes go on behind their header.
static void call_lend(void) {
  struct world *world = some_world();
  struct fake *values[4], *function = world && world->result ? world->result->links[4] : NULL;
  if (!function)
    return;
  size_t count = input_byte();
  int natural = count < 0xc0;
  count = natural ? 1 + (count > 0) : count % 5;
  for (size_t i = 0; i < count; i++)
    values[i] = natural ? fake_buffer(i ? input_size() % (20 << 20) : input_byte() * 2) : some_value(world->place);
  if (natural && values[0]->size)
    memset(values[0]->data, 0, values[0]->size);
  fake_release(call(function, world->context, count, values));
  for (size_t i = 0; i < count; i++)
    fake_release(values[i]);
}

static void call_evaluate(void) {
  struct world *world = some_world();
  struct fake *values[4], *function = world && world->result ? world->result->links[3] : NULL;
  if (!function)
    return;
  size_t count = input_byte();
  int natural = count < 0xc0;
  count = natural ? 1 : count % 5;
  for (size_t i = 0; i < count; i++)
    values[i] = natural ? some_token(world->place) : some_value(world->place);
  fake_release(call(function, world->context, count, values));
  for (size_t i = 0; i < count; i++)
    fake_release(values[i]);
}

// Memory as a binary or a region claims to have it.
static void fill(struct fake *holder) {
  holder->size = input_size();
  if (input_byte() & 1)
    return;  // without memory
  holder->data = fake_memory(holder->size > ORIEL_PACKET_MAX ? 1 : holder->size);
  holder->owned = holder->size <= 1 << 20 || holder->size > ORIEL_PACKET_MAX;
}

static struct fake *some_message(void) {
  struct fake *message = fake_new(KIND_MESSAGE);
  unsigned how = input_byte();
  if (how < 0xe0) {
    fake_set_text(message, ORIEL_MESSAGE, strlen(ORIEL_MESSAGE));
  } else if (how & 1) {
    char text[TEXT];
    size_t length = some_text(text);
    fake_set_text(message, text, length);
  }
  if (how & 2) {
    struct fake *region = message->links[1] = fake_new(KIND_REGION);
    fill(region);
    region->valid = !(how & 4);
  }
  if (how & 8) {
    struct fake *list = message->links[0] = fake_new(KIND_LIST);
    list->size = how & 16 ? input_byte() : 1;
    list->number = how & 4 ? (int)(input_byte() % VTYPE_NUM_VALUES) : VTYPE_BINARY;
    if (list->number == VTYPE_BINARY && !(how & 32))
      fill(list->links[0] = fake_new(KIND_BINARY));
  }
  return message;
}

static void message_received(void) {
  struct place *place = some_place();
  struct fake *frame = some_frame(place), *message = some_message();
  cef_process_id_t source = input_byte() < 0xf0 ? PID_BROWSER : PID_RENDERER;
  int ours = source == PID_BROWSER && message->has_text && fake_text_is(&message->text, ORIEL_MESSAGE);
  int handled = handler->on_process_message_received(handler, &fake_retain(place->browser)->api.browser, &fake_frame_object(frame)->api.frame,
                                                     source, &message->api.message);
  require(!handled || ours);
}

static void ring_message_received(void) {
  struct place *place = some_place();
  struct fake *frame = some_frame(place), *message = fuzz_ring_message();
  handler->on_process_message_received(handler, &fake_retain(place->browser)->api.browser, &fake_frame_object(frame)->api.frame, PID_BROWSER,
                                       &message->api.message);
}

// The main process's side of the same: messages of a renderer.
static void message_opened(void) {
  struct fake *message = some_message();
  struct oriel_payload payload;
  oriel_payload_open(&message->api.message, &payload);
  if (payload.data && payload.size && payload.size <= ORIEL_PACKET_MAX) {
    volatile const char *bytes = payload.data;
    (void)bytes[0];
    (void)bytes[payload.size - 1];
  }
  oriel_payload_close(&payload);
  fake_release(message);
}

// And the messages that the main process makes, which may not be larger than a packet either.
static void message_made(void) {
  static const char16_t name[] = u"" ORIEL_MESSAGE;
  size_t size = input_size();
  if (size < ORIEL_PACKET_MIN || size > ORIEL_PACKET_MAX)
    return;
  struct fake *bytes = fake_buffer(size);
  size_t cut = size % 2 && size >= 2 * ORIEL_PACKET_MIN ? ORIEL_PACKET_MIN : size;
  struct oriel_parts parts = {bytes->data, cut, (char *)bytes->data + cut, size - cut};
  fake_release((struct fake *)oriel_payload_message(name, sizeof name / sizeof name[0] - 1, &parts, ORIEL_SHARED_MEMORY_FROM));
  fake_release(bytes);
}

static size_t registered;

static int add_custom_scheme(cef_scheme_registrar_t *self, const cef_string_t *name, int options) {
  (void)self;
  require(options >= 0);
  if (name->str)  // NULL where the text could not be made
    require(name->length > 0);
  registered++;
  return 1;
}

static void schemes(void) {
  static char list[TEXT];  // the app keeps it
  some_text(list);
  const char *cursor = list, *end = list + strlen(list);
  struct oriel_scheme scheme;
  size_t count = 0;
  int more;
  while ((more = oriel_scheme_next(&cursor, &scheme)) > 0) {
    require(scheme.length > 0 && scheme.name >= list && scheme.name + scheme.length < cursor && cursor <= end && scheme.options >= 0);
    count++;
  }
  if (more < 0)
    return;  // the process would end
  cef_scheme_registrar_t registrar = {.add_custom_scheme = add_custom_scheme};
  registered = 0;
  oriel_app(list)->on_register_custom_schemes(the_app, &registrar);
  require(registered == count);
}

static void arguments(void) {
  char *argv[8], name[TEXT], *copies[8];
  int argc = (int)(input_byte() % 8);
  for (int i = 0; i < argc; i++) {
    char text[TEXT + 2] = "--";
    size_t start = input_byte() & 1 ? 2 : 0, length = start + some_text(text + start);
    copies[i] = argv[i] = malloc(length + 1);  // exactly as long as it is
    require(argv[i]);
    memcpy(argv[i], text, length + 1);
  }
  argv[argc] = NULL;
  some_text(name);
  const char *value = oriel_switch(argc + (int)(input_byte() & 1 && argc < 7), argv, name);
  int within = !value;
  for (int i = 1; i < argc; i++)
    within |= value > argv[i] && value <= argv[i] + strlen(argv[i]);
  require(within);
  for (int i = 0; i < argc; i++)
    free(copies[i]);
}

static void step(void) {
  struct world *world;
  unsigned how;
  switch (input_byte() % 16) {
  case 0:
    browser_created();
    break;
  case 1:
    browser_destroyed(some_place());
    break;
  case 2:
  case 3:
    context_created();
    break;
  case 4:
    if ((world = some_world()))
      context_released(world);
    break;
  case 5:
  case 6:
    call_bootstrap();
    break;
  case 7:
    call_send();
    break;
  case 8:
    message_received();
    break;
  case 9:
    message_opened();
    break;
  case 10:
    schemes();
    break;
  case 11:
    arguments();
    break;
  case 12:
    fake_fail_at(input_byte() % 16);
    break;
  case 13:
    message_made();
    break;
  case 14:
    call_evaluate();
    break;
  case 15:
    how = input_byte();
    if (how & 1)
      ring_message_received();
    else if (how >= 0xe0)
      call_lend();
    else
      fuzz_ring_step();
    break;
  }
}

// JavaScript that is called does what it likes.
static void reenter(void) {
  if (depth == DEPTH)
    return;
  depth++;
  for (unsigned n = input_byte() & 3; n > 0; n--)
    step();
  depth--;
}

static void begin(void) {
  fake_install();
  fake_reenter = reenter;
  fuzz_ring_begin();
  the_app = oriel_app("");
  handler = the_app->get_render_process_handler(the_app);
  for (int i = 0; i < BROWSERS; i++) {
    struct place *place = &places[i];
    memset(place, 0, sizeof *place);
    place->browser = fake_new(KIND_BROWSER);
    place->browser->number = i + 1;
    memset(place->token, 'a' + i, sizeof place->token);
    for (int j = 0; j < FRAMES; j++) {
      char id[2] = {(char)('a' + i), (char)('0' + j)};
      place->frames[j] = fake_new(KIND_FRAME);
      place->frames[j]->number = j == 0;
      fake_set_text(place->frames[j], id, sizeof id);
    }
  }
}

// Chromium ends documents in some order, and browsers after them.
static void end(void) {
  fake_fail_at(0);
  int with_contexts = input_byte() & 1;
  for (int i = 0; i < CONTEXTS && with_contexts; i++)
    if (worlds[i].context)
      context_released(&worlds[i]);
  for (int i = 0; i < BROWSERS; i++)
    do
      browser_destroyed(&places[i]);
    while (places[i].announced-- > 0);
  for (int i = 0; i < CONTEXTS; i++)
    if (worlds[i].context)
      context_released(&worlds[i]);
  for (int i = 0; i < BROWSERS; i++) {
    for (int j = 0; j < FRAMES; j++)
      fake_release(places[i].frames[j]);
    fake_release(places[i].browser);
  }
  memset(worlds, 0, sizeof worlds);
  fuzz_ring_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  begin();
  input_begin(data, size);
  while (input_left())
    step();
  end();
  fake_check_empty();
  return 0;
}
