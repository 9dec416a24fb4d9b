#ifndef _GNU_SOURCE
#define _GNU_SOURCE  // clock_gettime
#endif
#include "session.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "constants.h"
#include "message.h"
#include "refcount.h"
#include "ring.h"

#define SLICE_NS 4000000  // for how long packets are handed on before the page has a turn

struct session {
  struct session *next;
  int refs;  // the list, while open, and the functions that the runtime has of it
  int open;
  int browser;
  cef_string_userfree_t frame_id;
  cef_frame_t *frame;
  cef_v8_context_t *context;
  cef_v8_value_t *receive;
  uint32_t document;  // as its packets' headers have it; 0 before the first
  struct oriel_ring *ring;
  int reading;  // the ring's packets have their turn
  int handing;  // how many packets of the ring are being handed on, one within the other
};

static struct session *sessions;

static int same_text(const cef_string_t *a, const cef_string_t *b) {
  return a && b && a->length == b->length && memcmp(a->str, b->str, a->length * sizeof *a->str) == 0;
}

struct session *oriel_session_of_frame(int browser, cef_frame_t *frame) {
  cef_string_userfree_t id = frame->get_identifier(frame);
  struct session *session = sessions;
  while (session && !(session->browser == browser && same_text(session->frame_id, id)))
    session = session->next;
  if (id)
    oriel_cef.cef_string_userfree_utf16_free(id);
  return session;
}

struct session *oriel_session_of_context(cef_v8_context_t *context) {
  struct session *session = sessions;
  for (; session; session = session->next) {
    ORIEL_RETAIN(session->context);  // is_same takes one
    if (context->is_same(context, session->context))
      break;
  }
  return session;
}

struct session *oriel_session_open(int browser, cef_frame_t *frame, cef_v8_context_t *context, cef_v8_value_t *receive) {
  struct session *old = oriel_session_of_frame(browser, frame);
  if (old)
    oriel_session_end(old);
  struct session *session = calloc(1, sizeof *session);
  if (!session) {
    ORIEL_RELEASE(receive);
    ORIEL_RELEASE(context);
    ORIEL_RELEASE(frame);
    return NULL;
  }
  *session = (struct session){.next = sessions, .refs = 2, .open = 1, .browser = browser, .frame_id = frame->get_identifier(frame),
                              .frame = frame, .context = context, .receive = receive};
  sessions = session;
  return session;
}

void oriel_session_ref(struct session *session) { session->refs++; }

void oriel_session_unref(struct session *session) {
  if (--session->refs == 0)
    free(session);
}

void oriel_session_end(struct session *session) {
  if (!session->open)
    return;
  session->open = 0;
  for (struct session **at = &sessions; *at; at = &(*at)->next) {
    if (*at == session) {
      *at = session->next;
      break;
    }
  }
  if (session->ring)
    oriel_ring_close(session->ring);
  session->ring = NULL;
  ORIEL_RELEASE(session->receive);
  ORIEL_RELEASE(session->context);
  ORIEL_RELEASE(session->frame);
  if (session->frame_id)
    oriel_cef.cef_string_userfree_utf16_free(session->frame_id);
  oriel_session_unref(session);
}

void oriel_session_end_browser(int browser) {
  struct session *next;
  for (struct session *session = sessions; session; session = next) {
    next = session->next;
    if (session->browser == browser)
      oriel_session_end(session);
  }
}

cef_frame_t *oriel_session_frame(const struct session *session) { return session->open ? session->frame : NULL; }

int oriel_session_send(struct session *session, const void *data, size_t size) {
  if (!session->open)
    return -1;
  if (session->ring)
    return oriel_ring_send(session->ring, data, size);
  if (!session->document)
    memcpy(&session->document, (const char *)data + ORIEL_PACKET_HEADER - sizeof session->document, sizeof session->document);
  return oriel_message_send(session->frame, data, size);
}

struct oriel_lent *oriel_session_lent(const struct session *session) { return session->ring ? oriel_ring_lent(session->ring) : NULL; }

// Calls the runtime's receive in the entered context. Takes the values over.
static void hand_on(cef_v8_context_t *context, cef_v8_value_t *receive, size_t count, cef_v8_value_t *const *values) {
  ORIEL_RETAIN(context);  // given away by the call, as the values are
  cef_v8_value_t *result = receive->execute_function_with_context(receive, context, NULL, count, values);
  if (!result)
    receive->clear_exception(receive);
  ORIEL_RELEASE(result);
}

void oriel_session_receive(struct session *session, cef_process_message_t *message) {
  cef_v8_context_t *context = session->context;
  cef_v8_value_t *receive = session->receive;
  ORIEL_RETAIN(context);  // the call below may end the session
  ORIEL_RETAIN(receive);
  if (context->is_valid(context) && context->enter(context)) {
    cef_v8_value_t *buffers[2];
    size_t count = oriel_message_buffers(message, buffers);
    if (count)
      hand_on(context, receive, count, buffers);
    context->exit(context);
  }
  ORIEL_RELEASE(receive);
  ORIEL_RELEASE(context);
}

static int64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

// Hands on what the ring has, for a while. What is called may end the session.
static void read_ring(struct session *session, cef_v8_context_t *context, cef_v8_value_t *receive) {
  int64_t end = nanoseconds() + SLICE_NS;
  cef_v8_value_t *values[2];
  size_t count;
  while (session->open && (count = oriel_ring_read(session->ring, session->handing > 0, values)) != 0) {
    session->handing++;
    hand_on(context, receive, count, values);
    session->handing--;
    if (session->open && nanoseconds() >= end) {
      oriel_ring_yield(session->ring);
      return;
    }
  }
}

static void ring_ready(void *owner) {
  struct session *session = owner;
  if (!session->open || !session->reading)
    return;
  cef_v8_context_t *context = session->context;
  cef_v8_value_t *receive = session->receive;
  oriel_session_ref(session);
  ORIEL_RETAIN(context);
  ORIEL_RETAIN(receive);
  if (context->is_valid(context) && context->enter(context)) {
    read_ring(session, context, receive);
    context->exit(context);
  }
  ORIEL_RELEASE(receive);
  ORIEL_RELEASE(context);
  oriel_session_unref(session);
}

void oriel_session_ring(struct session *session, cef_process_message_t *message) {
  if (!session->ring) {
    session->ring = oriel_ring_open(message, session->document, ring_ready, session);
    if (session->ring)
      oriel_message_send_number(session->frame, session->document);
  } else if (oriel_message_number(message) == session->document) {
    session->reading = 1;
    ring_ready(session);
  }
}
