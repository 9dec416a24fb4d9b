// Packets as process messages: a list with one binary, or shared memory for large ones. Nothing of a packet is read here but where its tail begins.
#ifndef ORIEL_RENDERER_MESSAGE_H
#define ORIEL_RENDERER_MESSAGE_H

#include <stdint.h>

#include "../cef/loader.h"

enum oriel_message_kind { ORIEL_MESSAGE_OTHER, ORIEL_MESSAGE_PACKETS, ORIEL_MESSAGE_RING };

// What a message is by its name. Borrows.
enum oriel_message_kind oriel_message_kind(cef_process_message_t *message);

// Sends size bytes to the browser process. Returns 0, or -1 if no message could be made (nothing was sent then).
int oriel_message_send(cef_frame_t *frame, const void *data, size_t size);

// The bytes of a message as new ArrayBuffers of the entered context: copies, so that the other side cannot change them any more. A packet
// that ends in many bytes comes in two, so that they need not be copied again: what is before them, and they alone. Where the second begins
// is in the bytes 1 to 3 of the packet; 0 there means that there is none. Fills in up to two, each with one reference, and returns how many:
// 0 if the message holds no packet or one that is too large. Borrows the message.
size_t oriel_message_buffers(cef_process_message_t *message, cef_v8_value_t *buffers[2]);

// The same for a packet that lies in one piece.
size_t oriel_message_copies(const unsigned char *data, size_t size, cef_v8_value_t *buffers[2]);

// Where in a packet its tail begins; 0 if it has none.
size_t oriel_message_cut(const unsigned char *packet);

// The two messages about rings that carry a document's number: sends one, and reads one (-1 if it carries something else). Both borrow.
void oriel_message_send_number(cef_frame_t *frame, uint32_t number);
int64_t oriel_message_number(cef_process_message_t *message);

#endif
