// The renderer's side of the memory that a document shares with the browser process: a ring of bytes for the packets each way. The other side, and
// what it is for, is package ring. Renderer main thread only, but for a thread of each ring's own that waits for the browser process's bell.
#ifndef ORIEL_RENDERER_RING_H
#define ORIEL_RENDERER_RING_H

#include <stdatomic.h>
#include <stdint.h>

#include "../cef/loader.h"

// One ring's state. Positions count bytes from the beginning of time, modulo 2^32. A record is a word of 64 bits, the lower half how many bytes of
// a packet follow, the upper how many the whole packet has, or 0 where a part goes on; then the bytes, filled up to a multiple of 8. With a
// lower half of ORIEL_RING_PAD nothing follows up to the ring's end.
struct oriel_ring_direction {
  _Alignas(64) _Atomic uint32_t tail;    // how far it is written; the writer's
  _Alignas(64) _Atomic uint32_t head;    // how far it is read; the reader's
  _Alignas(64) _Atomic uint32_t asleep;  // the reader wants the bell rung
  _Atomic uint32_t bell;                 // changes when it is; a futex
  _Atomic uint32_t wants;                // the writer waits for room
  _Atomic uint32_t room;                 // changes when there is some; a futex
};

// What lies at the beginning of the memory. The rings follow at ORIEL_RING_DATA, first the one to the browser process.
struct oriel_ring_shared {
  uint32_t version;
  uint32_t document;
  uint32_t size;
  _Atomic uint32_t closed;
  _Atomic uint32_t left;  // the document has gone; nothing more is written
  struct oriel_ring_direction to_main, to_page;
};

struct oriel_ring;
struct oriel_lent;

// Opens the ring that a message brings for a document. ready(owner) is called on this thread when there may be something to read. Borrows the
// message. NULL if it brings none, or one for another document, or without memory or a thread.
struct oriel_ring *oriel_ring_open(cef_process_message_t *message, uint32_t document, void (*ready)(void *owner), void *owner);

// Sends bytes, and waits while there is no room for them. Returns 0, or -1 if the browser process has closed the ring.
int oriel_ring_send(struct oriel_ring *ring, const void *data, size_t size);

// Reads the next packet and returns the number of values it is made of; 0 if there is none: then ready will be called when there is. They are new
// ArrayBuffers of the entered context as oriel_message_buffers has them, of which the second may be a lent one, and larger than the tail; or,
// where several small packets are read as one, an ArrayBuffer that will be used for the next ones too, and the length of what is in it. in_use
// says that what came last may still be read.
size_t oriel_ring_read(struct oriel_ring *ring, int in_use, cef_v8_value_t *values[2]);

// What the ring keeps for lent tails.
struct oriel_lent *oriel_ring_lent(struct oriel_ring *ring);

// Calls ready later, behind what else this thread has to do.
void oriel_ring_yield(struct oriel_ring *ring);

// Gives the ring back. ready is not called any more.
void oriel_ring_close(struct oriel_ring *ring);

#endif
