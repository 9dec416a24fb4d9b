// A raw CEF host in C: what the same runtime costs with nothing of Oriel in it. One executable, every process.
#ifndef ORIEL_BENCH_HOST_H
#define ORIEL_BENCH_HOST_H

#include "../../cef/loader.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_SCHEME "app"
#define PAGE_ORIGIN "app://bench"
#define MESSAGE "echo"
#define MAX_WINDOWS 256

// One reference given back. A NULL is fine.
#define RELEASE(object) host_release((cef_base_ref_counted_t *)(object))
#define ADD_REF(object) host_add_ref((cef_base_ref_counted_t *)(object))

static inline void host_release(cef_base_ref_counted_t *object) {
  if (object)
    object->release(object);
}

static inline void host_add_ref(cef_base_ref_counted_t *object) { object->add_ref(object); }

// A borrowed UTF-16 string made from a literal of ASCII text.
#define TEXT(literal) TEXT_UTF16(literal)
#define TEXT_UTF16(literal) (&(cef_string_t){(char16_t *)u##literal, sizeof u##literal / sizeof(char16_t) - 1, NULL})

// Makes base one of an object that lives as long as the process: counting it would count nothing.
void host_immortal(cef_base_ref_counted_t *base, size_t size);

// Copies a UTF-8 text; the caller gives it back with host_clear.
cef_string_t host_string(const char *utf8);
void host_clear(cef_string_t *text);

// What the command line asked for.
struct host_options {
  const char *jobs;      // the page's jobs, "" for none
  int windows;           // how many of them do the jobs
  const char *profile;   // absolute folder of the profile
  char **switches;       // Chromium switches to append, as --name or --name=value
  int switch_count;
};
extern struct host_options host_options;

// Prints one line of JSON. Any thread.
void host_print(const char *line);

// Closes the window and, with it, ends the message loop. Any thread.
void host_quit(void);

// Browser side.
cef_browser_process_handler_t *host_browser_process_handler(void);
cef_scheme_handler_factory_t *host_page_factory(void);

// Renderer side.
cef_render_process_handler_t *host_render_process_handler(void);

// Sends size bytes from data to the other process, in shared memory or in the message's list.
void host_send(cef_frame_t *frame, cef_process_id_t target, const void *data, size_t size, int shared);

// A message's bytes, borrowed until host_message_done. Takes the message's reference.
struct host_message {
  cef_process_message_t *message;
  cef_shared_memory_region_t *region;
  cef_binary_value_t *binary;
  const void *data;
  size_t size;
};
struct host_message host_message_open(cef_process_message_t *message);
void host_message_done(struct host_message *bytes);

#endif
