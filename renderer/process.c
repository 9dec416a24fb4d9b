#include "process.h"

#include <stdlib.h>
#include <string.h>

#include "constants.h"
#include "message.h"
#include "refcount.h"
#include "world.h"

static cef_render_process_handler_t handler;

static void on_browser_created(cef_render_process_handler_t *self, cef_browser_t *browser, cef_dictionary_value_t *extra_info) {
  (void)self;
  if (extra_info) {
    cef_string_t token_key = ORIEL_STRING(ORIEL_KEY_TOKEN), subframes_key = ORIEL_STRING(ORIEL_KEY_SUBFRAMES);
    cef_string_userfree_t token = extra_info->get_string(extra_info, &token_key);
    if (token) {
      oriel_world_trust(browser->get_identifier(browser), token, extra_info->get_bool(extra_info, &subframes_key));
      oriel_cef.cef_string_userfree_utf16_free(token);
    }
  }
  ORIEL_RELEASE(extra_info);
  ORIEL_RELEASE(browser);
}

static void on_browser_destroyed(cef_render_process_handler_t *self, cef_browser_t *browser) {
  (void)self;
  oriel_world_forget(browser->get_identifier(browser));
  ORIEL_RELEASE(browser);
}

// Fires for every world of every frame: the page's, ours, DevTools', extensions'.
static void on_context_created(cef_render_process_handler_t *self, cef_browser_t *browser, cef_frame_t *frame,
                               cef_v8_context_t *context) {
  (void)self;
  if (browser && frame && context)
    oriel_world_offer(browser->get_identifier(browser), frame, context);
  ORIEL_RELEASE(context);
  ORIEL_RELEASE(frame);
  ORIEL_RELEASE(browser);
}

static void on_context_released(cef_render_process_handler_t *self, cef_browser_t *browser, cef_frame_t *frame,
                                cef_v8_context_t *context) {
  (void)self;
  if (context)
    oriel_world_released(context);
  ORIEL_RELEASE(context);
  ORIEL_RELEASE(frame);
  ORIEL_RELEASE(browser);
}

static int on_process_message_received(cef_render_process_handler_t *self, cef_browser_t *browser, cef_frame_t *frame,
                                       cef_process_id_t source, cef_process_message_t *message) {
  (void)self;
  enum oriel_message_kind kind = source == PID_BROWSER ? oriel_message_kind(message) : ORIEL_MESSAGE_OTHER;
  if (kind == ORIEL_MESSAGE_PACKETS && browser && frame)
    oriel_world_receive(browser->get_identifier(browser), frame, message);
  else if (kind == ORIEL_MESSAGE_RING && browser && frame)
    oriel_world_ring(browser->get_identifier(browser), frame, message);
  ORIEL_RELEASE(message);
  ORIEL_RELEASE(frame);
  ORIEL_RELEASE(browser);
  return kind != ORIEL_MESSAGE_OTHER;
}

cef_render_process_handler_t *oriel_render_process_handler(void) {
  if (!handler.base.size) {
    oriel_immortal(&handler.base, sizeof handler);
    handler.on_browser_created = on_browser_created;
    handler.on_browser_destroyed = on_browser_destroyed;
    handler.on_context_created = on_context_created;
    handler.on_context_released = on_context_released;
    handler.on_process_message_received = on_process_message_received;
  }
  return &handler;
}
