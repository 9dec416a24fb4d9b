// The part of the fuzz target that is about rings: a browser process that offers memory, right or wrong, and writes into it what it likes.
#include "fuzz_ring.h"

#include <stdio.h>
#include <string.h>

#include "../constants.h"
#include "../ring.h"


enum { RINGS = 16, MEMORY = ORIEL_RING_DATA + 2 * ORIEL_RING_SIZE, WAITS = 40, DOCUMENT = 0x5a5a5a5a };  // the number in every packet that is sent

struct memory {
  struct fake *region;
  struct oriel_ring_shared *shared;
  uint32_t read;      // how far main has read
  size_t left;        // of a packet that is not whole yet
  int garbled;        // the positions are not what a browser process would have written
};

static struct memory memories[RINGS];
static size_t memory_count, waits;

static unsigned char *to_main(struct memory *m) { return (unsigned char *)m->shared + ORIEL_RING_DATA; }
static unsigned char *to_page(struct memory *m) { return to_main(m) + ORIEL_RING_SIZE; }

static struct memory *some_memory(void) { return memory_count ? &memories[input_byte() % memory_count] : NULL; }

static uint32_t some_number(void) {
  static const uint32_t edges[] = {8,       16,      4096,    16 << 10, (16 << 10) + 1,  64 << 10,         128 << 10,
                                   1 << 19, 1 << 20, 1 << 26, 1 << 31,  ORIEL_RING_PAD, ORIEL_PACKET_MAX, (3 << 20) + 5};
  unsigned b = input_byte();
  if (b < 0x80)
    return b;
  return edges[b % (sizeof edges / sizeof edges[0])] + input_byte() % 17 - 8;
}

// A region as the browser process makes it, or one that is wrong in one thing.
static struct fake *some_region(void) {
  unsigned how = input_byte();
  struct fake *region = fake_new(KIND_REGION);
  region->size = how == 1 ? MEMORY - 1 : MEMORY;
  region->valid = how != 2 && memory_count < RINGS;  // all that the page may take are kept
  if (how == 3)
    return region;  // without memory
  region->data = calloc(1, region->size);
  require(region->data);
  region->owned = 1;
  struct oriel_ring_shared *shared = region->data;
  *shared = (struct oriel_ring_shared){.version = how == 4 ? 2 : 1, .document = how == 5 ? 7 : how == 6 ? 0 : DOCUMENT,
                                       .size = how == 7 ? ORIEL_RING_SIZE - 8 : ORIEL_RING_SIZE};
  shared->to_main.asleep = shared->to_page.asleep = 1;
  if (memory_count < RINGS && region->size == MEMORY)
    memories[memory_count++] = (struct memory){.region = fake_retain(region), .shared = shared};
  return region;
}

struct fake *fuzz_ring_message(void) {
  struct fake *message = fake_new(KIND_MESSAGE);
  fake_set_text(message, ORIEL_RING_MESSAGE, strlen(ORIEL_RING_MESSAGE));
  unsigned how = input_byte();
  if (how & 1)
    message->links[1] = some_region();
  if (how & 2) {
    struct fake *list = message->links[0] = fake_new(KIND_LIST);
    list->size = how & 4 ? input_byte() % 3 : 1;
    list->number = how & 8 ? (int)(input_byte() % VTYPE_NUM_VALUES) : VTYPE_INT;
    list->uint = how & 16 ? input_byte() : DOCUMENT;
  }
  return message;
}

// Reads what there is, and holds it against ring.h.
static void main_reads(struct memory *m) {
  struct oriel_ring_direction *direction = &m->shared->to_main;
  uint32_t tail = direction->tail;
  while (!m->garbled && m->read != tail) {
    uint32_t used = tail - m->read, at = m->read % ORIEL_RING_SIZE, straight = ORIEL_RING_SIZE - at;
    require(used <= ORIEL_RING_SIZE && used % 8 == 0);
    uint64_t header;
    memcpy(&header, to_main(m) + at, sizeof header);
    uint32_t length = (uint32_t)header, total = (uint32_t)(header >> 32), room = used < straight ? used : straight;
    if (length == ORIEL_RING_PAD) {
      require(straight <= used);
      m->read += straight;
      continue;
    }
    require(length > 0 && length <= room - 8);
    require(m->left ? total == 0 && length <= m->left : total >= length);
    m->left = (m->left ? m->left : total) - length;
    require(to_main(m)[at + 8] == 0x5a && to_main(m)[at + 8 + length - 1] == 0x5a);  // as fake_buffer has them
    m->read += (8 + length + 7) & ~7u;
  }
  m->read = tail;
  direction->head = tail;
}

// The page waits for room: main makes some, or closes the ring, in the end always.
static void page_waits(void *word) {
  for (size_t i = 0; i < memory_count; i++) {
    struct memory *m = &memories[i];
    if (word != &m->shared->to_main.room)
      continue;
    unsigned how = input_byte();
    require(m->shared->to_main.wants || m->garbled);
    if (++waits > WAITS || how >= 0xf0)
      m->shared->closed = 1;
    else if (how >= 0xe0)
      m->garbled = 1, m->shared->to_main.head += how;
    else
      main_reads(m);
    return;
  }
  require(!"a futex of no ring");
}

// Writes a record, whose header may say anything, and moves the tail.
static void main_writes(struct memory *m) {
  struct oriel_ring_direction *direction = &m->shared->to_page;
  uint32_t at = direction->tail % ORIEL_RING_SIZE & ~7u, n = some_number(), length = n, total = n;
  unsigned how = input_byte();
  if (how & 1)
    total = some_number();
  if (how & 2)
    total = 0;
  if (how & 4)
    length = how & 8 ? ORIEL_RING_PAD : some_number();
  uint32_t straight = ORIEL_RING_SIZE - at, whole = length == ORIEL_RING_PAD ? straight : (8 + length + 7) & ~7u;
  if (whole > straight && !(how & 16))
    return;
  uint64_t header = length | (uint64_t)total << 32;
  memcpy(to_page(m) + at, &header, sizeof header);
  unsigned char packet[ORIEL_PACKET_HEADER] = {1};
  if (how & 32) {
    uint32_t cut = how & 64 ? some_number() : ORIEL_PACKET_MIN;
    packet[1] = (unsigned char)cut, packet[2] = (unsigned char)(cut >> 8), packet[3] = (unsigned char)(cut >> 16);
  }
  if (straight >= 8 + sizeof packet)
    memcpy(to_page(m) + at + 8, packet, sizeof packet);
  direction->tail += whole;
  direction->bell++;
}

// What no browser process does.
static void main_garbles(struct memory *m) {
  m->garbled = 1;
  switch (input_byte() % 6) {
  case 0:
    m->shared->to_page.tail += some_number();
    break;
  case 1:
    m->shared->to_page.head = some_number();
    break;
  case 2:
    m->shared->to_main.tail = some_number();
    break;
  case 3:
    m->shared->to_main.head = some_number();
    break;
  case 4:
    m->shared->to_page.wants = m->shared->to_main.asleep = input_byte();
    break;
  case 5:
    memset(to_page(m) + some_number() % (ORIEL_RING_SIZE - 64), (int)input_byte(), 64);
    break;
  }
}

void fuzz_ring_begin(void) {
  fake_wait = page_waits;
  waits = 0;
}

void fuzz_ring_step(void) {
  struct memory *m = some_memory();
  unsigned what = input_byte() % 8;
  if (what < 2)
    fake_run_thread(input_byte());
  else if (what < 4)
    fake_run_task();
  else if (m && what < 6)
    main_writes(m);
  else if (m && what == 6)
    main_garbles(m);
  else if (m) {
    m->shared->to_page.wants = 1;
    if (input_byte() & 1)
      main_reads(m);
    else
      m->shared->closed = 1;
  }
}

void fuzz_ring_end(void) {
  fake_end_threads();
  for (size_t i = 0; i < memory_count; i++)
    fake_release(memories[i].region);
  memory_count = 0;
}
