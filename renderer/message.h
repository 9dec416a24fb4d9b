// Packets as process messages: a list with one binary, or shared memory for large ones. Nothing here reads a packet.
#ifndef ORIEL_RENDERER_MESSAGE_H
#define ORIEL_RENDERER_MESSAGE_H

#include "../cef/loader.h"

// Whether a message carries packets of ours. Borrows.
int oriel_message_is_ours(cef_process_message_t *message);

// Sends size bytes to the browser process. Returns 0, or -1 if no message could be made (nothing was sent then).
int oriel_message_send(cef_frame_t *frame, const void *data, size_t size);

// The bytes of a message as a new ArrayBuffer of the entered context: a copy, so that the other side cannot change it any more.
// NULL if the message holds none or too many. Borrows the message, returns one reference.
cef_v8_value_t *oriel_message_buffer(cef_process_message_t *message);

#endif
