// Bytes in and out of process messages, in as few crossings as possible.
#ifndef ORIEL_CEF_PAYLOAD_H
#define ORIEL_CEF_PAYLOAD_H

#include "include/cef_capi.h"

// The bytes of a received message. They lie in CEF's memory until oriel_payload_close; those in shared memory can still be changed by
// the sender, so copy them before looking at them.
struct oriel_payload {
  const void *data;
  size_t size;
  void *holder;
};

// Finds the bytes of message: its only argument, a binary value, or its shared memory. Leaves data NULL if it has neither.
void oriel_payload_open(cef_process_message_t *message, struct oriel_payload *payload);
void oriel_payload_close(struct oriel_payload *payload);

// What a message is made of: data and, behind it, tail, which may be empty.
struct oriel_parts {
  const void *data;
  size_t size;
  const void *tail;
  size_t tail_size;
};

// Makes a message of that name: in shared memory from shared_from bytes up, else as a list of one or two binary values. Any thread. NULL if
// CEF cannot.
cef_process_message_t *oriel_payload_message(const char16_t *name, size_t name_length, const struct oriel_parts *parts, size_t shared_from);

// Makes a message of that name that brings size bytes of shared memory, all zero. Any thread. NULL if CEF cannot.
cef_process_message_t *oriel_payload_memory(const char16_t *name, size_t name_length, size_t size);

#endif
