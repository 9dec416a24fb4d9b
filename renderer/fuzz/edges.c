// What a document keeps of lent buffers, at its limits and one past them, and of the buffer for small packets.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../constants.h"
#include "../lent.h"
#include "../ring.h"
#include "fake.h"

static void put(struct oriel_lent *lent, char mark, size_t size) {
  oriel_lent_put(lent, &mark, 1, &fake_buffer(size)->api.value);
}

// Whether a buffer with that mark is kept. If it is, it is taken.
static int kept(struct oriel_lent *lent, char mark, size_t size) {
  cef_v8_value_t *buffer = oriel_lent_take(lent, &mark, 1, size);
  if (buffer)
    fake_release(fake_of(buffer, KIND_VALUE));
  return buffer != NULL;
}

static void keeps_lent(void) {
  struct oriel_lent lent = {0};

  for (char mark = 0; mark <= ORIEL_LENT_BUFFERS; mark++)
    put(&lent, mark, 100);
  require(lent.count == ORIEL_LENT_BUFFERS);
  require(!kept(&lent, 0, 100));
  for (char mark = 1; mark <= ORIEL_LENT_BUFFERS; mark++)
    require(!kept(&lent, mark, 101) && kept(&lent, mark, 100));

  put(&lent, 1, ORIEL_LENT_BYTES / 2);
  put(&lent, 2, ORIEL_LENT_BYTES / 2);
  require(lent.bytes == ORIEL_LENT_BYTES && kept(&lent, 1, 1) && kept(&lent, 2, 1));
  put(&lent, 1, ORIEL_LENT_BYTES / 2);
  put(&lent, 2, ORIEL_LENT_BYTES / 2 + 1);
  require(!kept(&lent, 1, 1) && kept(&lent, 2, 1));

  put(&lent, 1, ORIEL_LENT_BYTES);
  require(kept(&lent, 1, ORIEL_LENT_BYTES));
  put(&lent, 1, ORIEL_LENT_BYTES + 1);
  require(!kept(&lent, 1, 1) && lent.count == 0 && lent.bytes == 0);
}

static void ready(void *owner) { (void)owner; }

// Writes a packet of size bytes that are mark, behind its header.
static void write_packet(struct oriel_ring_shared *shared, size_t size, int mark) {
  unsigned char *to = (unsigned char *)shared + ORIEL_RING_DATA + ORIEL_RING_SIZE + shared->to_page.tail;
  uint64_t header = size | (uint64_t)size << 32;
  memcpy(to, &header, sizeof header);
  memset(to + 8, mark, size);
  memset(to + 8, 0, ORIEL_PACKET_HEADER);
  shared->to_page.tail += (8 + size + 7) & ~7u;
}

static const unsigned char *bytes_of(cef_v8_value_t *buffer) { return fake_of(buffer, KIND_VALUE)->data; }

static void drop(cef_v8_value_t *values[2]) {
  fake_release(fake_of(values[0], KIND_VALUE));
  fake_release(fake_of(values[1], KIND_VALUE));
}

// The buffer for small packets is used again, but not while somebody reads in it.
static void uses_again(void) {
  struct fake *message = fake_new(KIND_MESSAGE), *region = message->links[1] = fake_new(KIND_REGION);
  region->size = ORIEL_RING_DATA + 2 * ORIEL_RING_SIZE;
  struct oriel_ring_shared *shared = region->data = calloc(1, region->size);
  require(shared);
  region->owned = region->valid = 1;
  *shared = (struct oriel_ring_shared){.version = 1, .document = 7, .size = ORIEL_RING_SIZE};
  struct oriel_ring *ring = oriel_ring_open(&message->api.message, 7, ready, NULL);
  require(ring);

  cef_v8_value_t *first[2], *second[2], *third[2];
  write_packet(shared, 100, 1);
  write_packet(shared, 50, 2);
  require(oriel_ring_read(ring, 0, first) == 2);
  const unsigned char *bytes = bytes_of(first[0]);
  require(first[1]->get_uint_value(first[1]) == 150 - ORIEL_PACKET_HEADER && bytes[99] == 1 && bytes[100] == 2);
  write_packet(shared, 100, 3);
  require(oriel_ring_read(ring, 1, second) == 2);
  require(bytes_of(second[0]) != bytes && bytes_of(second[0])[99] == 3 && bytes[99] == 1);
  write_packet(shared, 20, 4);
  require(oriel_ring_read(ring, 0, third) == 2);
  require(bytes_of(third[0]) == bytes_of(second[0]) && third[1]->get_uint_value(third[1]) == 20 && bytes_of(third[0])[19] == 4);

  drop(first);
  drop(second);
  drop(third);
  oriel_ring_close(ring);
  fake_end_threads();
  fake_release(message);
}

int main(void) {
  fake_install();
  keeps_lent();
  uses_again();
  fake_check_empty();
  printf("edges hold\n");
  return 0;
}
