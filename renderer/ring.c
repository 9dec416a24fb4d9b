#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "ring.h"

#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "constants.h"
#include "lent.h"
#include "message.h"
#include "refcount.h"

enum {
  VERSION = 1,
  HEADER = 8,              // of a record
  WHOLE_UP_TO = 16 << 10,  // bytes of a packet that is never parted
  PART_UP_TO = 128 << 10,
  MIN_PART = 4096,
  REWIND_FROM = 64 << 10,  // from here on an empty ring is begun anew, so that few packets at a time use little memory
  ROOMY = ORIEL_RING_SIZE / 2,  // bytes in the ring at which who waits for room is woken: not for every record
  JOIN_UP_TO = 64 << 10,   // bytes of packets that are read as one
  JOIN_FROM = 16 << 10,    // bytes of a packet that is read alone
  STACK = 64 << 10,
};

struct oriel_ring {
  cef_task_t task;  // calls ready on the main thread
  atomic_int refs;  // this side's, the thread's, and each posted task's
  cef_shared_memory_region_t *region;
  struct oriel_ring_shared *shared;
  unsigned char *in, *out;
  _Atomic int ending;
  void (*ready)(void *owner);  // NULL when closed
  void *owner;

  uint32_t head;  // of in
  uint32_t tail;  // of out
  cef_v8_value_t *joined;  // the buffer for packets that are read as one, used again and again; NULL before the first

  cef_v8_value_t *parts[2];  // of a packet that is not whole yet
  size_t cut, total, got;
  struct oriel_lent lent;  // for their tails
};

static void ring_destroy(struct oriel_ring *ring) {
  ORIEL_RELEASE(ring->region);
  free(ring);
}

ORIEL_REFCOUNTED(oriel_ring, ring_destroy)

static void sleep_on(_Atomic uint32_t *word, uint32_t old) { syscall(SYS_futex, word, FUTEX_WAIT, old, NULL, NULL, 0); }

static void wake(_Atomic uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0); }

static void ring_bell(_Atomic uint32_t *bell) {
  atomic_fetch_add(bell, 1);
  wake(bell);
}

static void run_task(cef_task_t *self) {
  struct oriel_ring *ring = (struct oriel_ring *)self;
  if (ring->ready)
    ring->ready(ring->owner);
}

static void post(struct oriel_ring *ring) {
  ORIEL_RETAIN(&ring->task);
  oriel_cef.cef_post_task(TID_RENDERER, &ring->task);
}

// Turns each stroke of the bell into a task for the main thread.
static void *wait_for_bell(void *argument) {
  struct oriel_ring *ring = argument;
  _Atomic uint32_t *bell = &ring->shared->to_page.bell;
  uint32_t heard = 0;
  while (!atomic_load(&ring->ending)) {
    uint32_t now = atomic_load(bell);
    if (now == heard) {
      sleep_on(bell, now);
      continue;
    }
    heard = now;
    post(ring);
  }
  ORIEL_RELEASE(&ring->task);
  return NULL;
}

static int start_thread(struct oriel_ring *ring) {
  pthread_attr_t attributes;
  pthread_t thread;
  sigset_t all, before;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // signals are for Chromium's threads
  ORIEL_RETAIN(&ring->task);
  int failed = pthread_create(&thread, &attributes, wait_for_bell, ring);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  if (failed)
    ORIEL_RELEASE(&ring->task);
  return failed ? -1 : 0;
}

static int fits(cef_shared_memory_region_t *region, uint32_t document) {
  if (!region->is_valid(region) || region->size(region) < ORIEL_RING_DATA + 2 * ORIEL_RING_SIZE)
    return 0;
  const struct oriel_ring_shared *shared = region->memory(region);
  return shared && shared->version == VERSION && shared->size == ORIEL_RING_SIZE && shared->document == document;
}

struct oriel_ring *oriel_ring_open(cef_process_message_t *message, uint32_t document, void (*ready)(void *owner), void *owner) {
  cef_shared_memory_region_t *region = message->get_shared_memory_region(message);
  struct oriel_ring *ring = region && fits(region, document) ? calloc(1, sizeof *ring) : NULL;
  if (!ring) {
    ORIEL_RELEASE(region);
    return NULL;
  }
  oriel_ring_init(ring, sizeof ring->task);
  ring->task.execute = run_task;
  ring->region = region;
  ring->shared = region->memory(region);
  ring->out = (unsigned char *)ring->shared + ORIEL_RING_DATA;
  ring->in = ring->out + ORIEL_RING_SIZE;
  ring->ready = ready;
  ring->owner = owner;
  if (start_thread(ring) == 0)
    return ring;
  ORIEL_RELEASE(&ring->task);
  return NULL;
}

void oriel_ring_close(struct oriel_ring *ring) {
  ring->ready = NULL;
  ORIEL_RELEASE(ring->parts[0]);
  ORIEL_RELEASE(ring->parts[1]);
  ORIEL_RELEASE(ring->joined);
  oriel_lent_clear(&ring->lent);
  atomic_store(&ring->ending, 1);
  ring_bell(&ring->shared->to_page.bell);
  atomic_store(&ring->shared->left, 1);
  ring_bell(&ring->shared->to_main.bell);
  ORIEL_RELEASE(&ring->task);
}

void oriel_ring_yield(struct oriel_ring *ring) { post(ring); }

struct oriel_lent *oriel_ring_lent(struct oriel_ring *ring) { return &ring->lent; }

// Sending.

static void put_header(struct oriel_ring *ring, uint32_t at, uint32_t length, uint32_t total) {
  uint64_t header = length | (uint64_t)total << 32;
  memcpy(ring->out + at, &header, sizeof header);
}

static void written(struct oriel_ring *ring, uint32_t n) {
  ring->tail += n;
  atomic_store(&ring->shared->to_main.tail, ring->tail);
}

// Where the next record may stand, in *at, and how many bytes of the n that are left it may have; 0 if there is no room.
static uint32_t reserve(struct oriel_ring *ring, size_t n, uint32_t *at) {
  for (;;) {
    uint32_t used = ring->tail - atomic_load(&ring->shared->to_main.head);
    if (used > ORIEL_RING_SIZE)
      return 0;
    *at = ring->tail % ORIEL_RING_SIZE;
    uint32_t left = ORIEL_RING_SIZE - used, straight = ORIEL_RING_SIZE - *at;
    uint32_t want = n < PART_UP_TO ? (uint32_t)n : PART_UP_TO;
    uint32_t least = n > WHOLE_UP_TO ? MIN_PART : want;
    if (straight < HEADER + least || (used == 0 && *at >= REWIND_FROM)) {
      if (straight > left)
        return 0;
      put_header(ring, *at, ORIEL_RING_PAD, 0);
      written(ring, straight);
      continue;
    }
    uint32_t room = left < straight ? left : straight;
    if (room < HEADER + least)
      return 0;
    return want < room - HEADER ? want : room - HEADER;
  }
}

static void wake_main(struct oriel_ring *ring) {
  struct oriel_ring_direction *direction = &ring->shared->to_main;
  if (atomic_load(&direction->asleep) && atomic_exchange(&direction->asleep, 0))
    ring_bell(&direction->bell);
}

// Waits until the browser process has read something. It always does soon: nothing that it waits for is this thread.
static void wait_for_room(struct oriel_ring *ring, size_t n) {
  struct oriel_ring_direction *direction = &ring->shared->to_main;
  uint32_t at, room = atomic_load(&direction->room);
  atomic_store(&direction->wants, 1);
  if (reserve(ring, n, &at) == 0 && !atomic_load(&ring->shared->closed))
    sleep_on(&direction->room, room);
}

int oriel_ring_send(struct oriel_ring *ring, const void *data, size_t size) {
  size_t done = 0;
  while (done < size) {
    if (atomic_load(&ring->shared->closed))
      return -1;
    uint32_t at, n = reserve(ring, size - done, &at);
    if (n == 0) {
      wake_main(ring);
      wait_for_room(ring, size - done);
      continue;
    }
    memcpy(ring->out + at + HEADER, (const char *)data + done, n);
    put_header(ring, at, n, done == 0 ? (uint32_t)size : 0);
    written(ring, (HEADER + n + 7) & ~7u);
    done += n;
    if (done < size)
      wake_main(ring);  // it copies this part while the next is written
  }
  wake_main(ring);
  return 0;
}

// Receiving.

// A record: its bytes lie in shared memory.
struct record {
  const unsigned char *bytes;
  uint32_t length, total, whole;  // whole is what it takes in the ring
};

static void have_read(struct oriel_ring *ring, uint32_t n) {
  ring->head += n;
  struct oriel_ring_direction *direction = &ring->shared->to_page;
  atomic_store(&direction->head, ring->head);
  if (atomic_load(&direction->wants) && atomic_load(&direction->tail) - ring->head <= ROOMY && atomic_exchange(&direction->wants, 0))
    ring_bell(&ring->shared->to_main.bell);
}

// The next record, or 0.
static int next_record(struct oriel_ring *ring, struct record *record) {
  for (;;) {
    uint32_t used = atomic_load(&ring->shared->to_page.tail) - ring->head, at = ring->head % ORIEL_RING_SIZE;
    uint32_t straight = ORIEL_RING_SIZE - at, room = used < straight ? used : straight;
    if (used == 0 || used > ORIEL_RING_SIZE || used % HEADER)
      return 0;
    uint64_t header;
    memcpy(&header, ring->in + at, sizeof header);
    uint32_t length = (uint32_t)header;
    if (length == ORIEL_RING_PAD) {
      if (straight > used)
        return 0;
      have_read(ring, straight);
      continue;
    }
    if (length == 0 || length > room - HEADER)
      return 0;
    *record = (struct record){ring->in + at + HEADER, length, (uint32_t)(header >> 32), (HEADER + length + 7) & ~7u};
    return 1;
  }
}

// Whether a packet can be read together with others.
static int joins(const struct record *record) {
  return record->total == record->length && record->length <= JOIN_FROM && record->length >= ORIEL_PACKET_MIN &&
         oriel_message_cut(record->bytes) == 0;
}

static cef_v8_value_t *new_buffer(size_t size) {
  cef_v8_backing_store_t *store = oriel_cef.cef_v8_backing_store_create(size);
  return store ? oriel_cef.cef_v8_value_create_array_buffer_from_backing_store(store) : NULL;
}

// Copies small packets to where there is room for JOIN_UP_TO bytes, as one: they have the same header, since they belong to one document. Without a
// place they are lost. Returns the size.
static size_t join(struct oriel_ring *ring, struct record record, unsigned char *to) {
  size_t size = 0;
  do {
    size_t skip = size ? ORIEL_PACKET_HEADER : 0;
    if (size + record.length - skip > JOIN_UP_TO || (size && to && memcmp(to, record.bytes, ORIEL_PACKET_HEADER) != 0))
      break;
    if (to)
      memcpy(to + size, record.bytes + skip, record.length - skip);
    size += record.length - skip;
    have_read(ring, record.whole);
  } while (next_record(ring, &record) && joins(&record));
  return size;
}

// Reads small packets as one, into the buffer for that, which is larger: the second value is how many bytes they have. Fresh memory for each
// would mean fresh pages, and as many that the system gets back. With in_use somebody still reads what came in it last. Returns the number of
// values, or 0.
static size_t read_joined(struct oriel_ring *ring, const struct record *record, int in_use, cef_v8_value_t *values[2]) {
  if (in_use) {
    ORIEL_RELEASE(ring->joined);
    ring->joined = NULL;
  }
  if (!ring->joined)
    ring->joined = new_buffer(JOIN_UP_TO);
  unsigned char *to = ring->joined ? ring->joined->get_array_buffer_data(ring->joined) : NULL;
  size_t size = join(ring, *record, to);
  values[1] = to ? oriel_cef.cef_v8_value_create_uint((uint32_t)size) : NULL;
  if (!values[1])
    return 0;
  ORIEL_RETAIN(ring->joined);
  values[0] = ring->joined;
  return 2;
}

// Room for the tail of a packet: memory that was lent before, if the packet is one for that.
static cef_v8_value_t *tail_buffer(struct oriel_ring *ring, const struct record *record, size_t cut) {
  size_t size = record->total - cut, before = record->length < cut ? record->length : cut;
  cef_v8_value_t *buffer = NULL;
  if (before > ORIEL_PACKET_HEADER)
    buffer = oriel_lent_take(&ring->lent, record->bytes + ORIEL_PACKET_HEADER, before - ORIEL_PACKET_HEADER, size);
  return buffer ? buffer : new_buffer(size);
}

// Makes room for a packet that comes in parts, or whose tail may go into memory that was lent before.
static int begin_parts(struct oriel_ring *ring, const struct record *record) {
  if (record->total < record->length || record->total > ORIEL_PACKET_MAX || record->length < ORIEL_PACKET_MIN)
    return -1;
  size_t cut = oriel_message_cut(record->bytes);
  if (cut >= record->total)
    return -1;
  ring->cut = cut ? cut : record->total;
  ring->total = record->total;
  ring->got = 0;
  ring->parts[0] = new_buffer(ring->cut);
  ring->parts[1] = cut ? tail_buffer(ring, record, cut) : NULL;
  return ring->parts[0] && (ring->parts[1] || !cut) ? 0 : -1;
}

static int copy_part(struct oriel_ring *ring, const struct record *record) {
  if (record->length > ring->total - ring->got)
    return -1;
  size_t n = record->length, first = ring->got < ring->cut ? ring->cut - ring->got : 0;
  if (first > n)
    first = n;
  unsigned char *head = ring->parts[0]->get_array_buffer_data(ring->parts[0]);
  unsigned char *tail = ring->parts[1] ? ring->parts[1]->get_array_buffer_data(ring->parts[1]) : NULL;
  if (!head || (ring->parts[1] && !tail))
    return -1;
  if (first)
    memcpy(head + ring->got, record->bytes, first);
  if (n > first)
    memcpy(tail + (ring->got + first - ring->cut), record->bytes + first, n - first);
  ring->got += n;
  return 0;
}

static size_t take_parts(struct oriel_ring *ring, cef_v8_value_t *buffers[2]) {
  size_t count = ring->parts[1] ? 2 : 1;
  memcpy(buffers, ring->parts, sizeof ring->parts);
  memset(ring->parts, 0, sizeof ring->parts);
  return count;
}

static void drop_parts(struct oriel_ring *ring) {
  ORIEL_RELEASE(ring->parts[0]);
  ORIEL_RELEASE(ring->parts[1]);
  memset(ring->parts, 0, sizeof ring->parts);
}

// Reads one record that is no small packet. Returns the number of buffers of the packet that it completes, or 0.
static size_t read_record(struct oriel_ring *ring, const struct record *record, cef_v8_value_t *buffers[2]) {
  size_t count = 0;
  if (!ring->parts[0] && record->total == record->length && !(ring->lent.count && oriel_message_cut(record->bytes)))
    count = oriel_message_copies(record->bytes, record->length, buffers);
  else if ((ring->parts[0] ? record->total == 0 : begin_parts(ring, record) == 0) && copy_part(ring, record) == 0)
    count = ring->got == ring->total ? take_parts(ring, buffers) : 0;
  else
    drop_parts(ring);
  have_read(ring, record->whole);
  return count;
}

size_t oriel_ring_read(struct oriel_ring *ring, int in_use, cef_v8_value_t *values[2]) {
  struct oriel_ring_direction *direction = &ring->shared->to_page;
  struct record record;
  for (;;) {
    atomic_store(&direction->asleep, 0);
    while (next_record(ring, &record)) {
      int joined = !ring->parts[0] && joins(&record);
      size_t count = joined ? read_joined(ring, &record, in_use, values) : read_record(ring, &record, values);
      if (count)
        return count;
    }
    atomic_store(&direction->asleep, 1);
    if (atomic_load(&direction->tail) == ring->head)
      return 0;
    if (!next_record(ring, &record))
      return 0;  // damaged
  }
}
