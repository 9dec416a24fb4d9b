// A session: one document's runtime that has proved itself, and the way to call it.
#ifndef ORIEL_RENDERER_SESSION_H
#define ORIEL_RENDERER_SESSION_H

#include "../cef/loader.h"

struct session;
struct oriel_lent;

// Opens a session, which ends any older one of the same frame. Takes over frame, context and receive. The list keeps one
// reference; the caller gets another. NULL without memory (the three are released then).
struct session *oriel_session_open(int browser, cef_frame_t *frame, cef_v8_context_t *context, cef_v8_value_t *receive);

struct session *oriel_session_of_frame(int browser, cef_frame_t *frame);  // borrowed, NULL if there is none
struct session *oriel_session_of_context(cef_v8_context_t *context);      // the same

// Ends a session: it is found no more, and what it kept of libcef is released. Ending twice does nothing.
void oriel_session_end(struct session *session);
void oriel_session_end_browser(int browser);

// Takes another reference, and gives one back.
void oriel_session_ref(struct session *session);
void oriel_session_unref(struct session *session);

// The frame of a session, borrowed; NULL when it has ended.
cef_frame_t *oriel_session_frame(const struct session *session);

// Sends bytes to the browser process, by the ring if there is one: 0, or -1 if the session has ended or no message could be made.
int oriel_session_send(struct session *session, const void *data, size_t size);

// What the session's ring keeps for lent bytes, borrowed; NULL when the session has ended or has no ring.
struct oriel_lent *oriel_session_lent(const struct session *session);

// Calls the runtime's receive with the message's bytes. Borrows.
void oriel_session_receive(struct session *session, cef_process_message_t *message);

// Takes the ring that a message brings, or begins to read it when the message says that all other messages have come. Borrows.
void oriel_session_ring(struct session *session, cef_process_message_t *message);

#endif
