// A stand-in for the few objects of libcef that renderer/*.c and cef/payload.c talk to, made for fuzzing: sanitizers cannot run inside
// libcef. Nothing else of the project is tested against it. It answers what the fuzzer's bytes say, nonsense and failure included, keeps
// the C API's rules of reference counting (renderer/refcount.h), and ends the process when one is broken.
#ifndef ORIEL_RENDERER_FUZZ_FAKE_H
#define ORIEL_RENDERER_FUZZ_FAKE_H

#include "../../cef/loader.h"
#include "memory.h"

#undef malloc  // those of the fake itself are the real ones
#undef calloc
#undef free

enum kind {
  KIND_BROWSER,
  KIND_FRAME,
  KIND_CONTEXT,
  KIND_VALUE,
  KIND_EXCEPTION,
  KIND_MESSAGE,
  KIND_LIST,
  KIND_BINARY,
  KIND_REGION,
  KIND_BUILDER,
  KIND_DICTIONARY,
  KIND_STORE,
  KIND_COUNT,
};

enum { TYPE_OTHER, TYPE_STRING, TYPE_UINT, TYPE_BUFFER, TYPE_FUNCTION, TYPE_OBJECT, TYPE_COUNT };

// One object of libcef's. Which fields mean something depends on its kind.
struct fake {
  union {  // first, so that a CEF pointer and a fake's are one
    cef_base_ref_counted_t base;
    cef_browser_t browser;
    cef_frame_t frame;
    cef_v8_context_t context;
    cef_v8_value_t value;
    cef_v8_exception_t exception;
    cef_process_message_t message;
    cef_list_value_t list;
    cef_binary_value_t binary;
    cef_shared_memory_region_t region;
    cef_shared_process_message_builder_t builder;
    cef_dictionary_value_t dictionary;
    cef_v8_backing_store_t store;
  } api;
  enum kind kind;
  int refs;
  struct fake *links[5];  // a frame's main context and itself; a context's frame and global; an object's properties; a message's payload, …
  cef_v8_handler_t *handler;  // of a function that the code under test made
  cef_string_t text;  // name, identifier or string
  int has_text;
  int number;  // browser's identifier, value's type, list item's type, whether a frame is main
  int valid;
  unsigned uint;  // of a value or of a list's first item
  void *data;  // freed with the object if owned
  size_t size;
  int owned;
};

// The fuzzer's bytes. Behind their end come zeros.
void input_begin(const uint8_t *data, size_t size);
int input_left(void);
unsigned input_byte(void);
size_t input_size(void);  // a size, often one at the edge of a limit

// A new object with one reference. Never NULL.
struct fake *fake_new(enum kind kind);
struct fake *fake_retain(struct fake *fake);
void fake_release(struct fake *fake);

struct fake *fake_frame_object(struct fake *frame);
struct fake *fake_value(int type);
struct fake *fake_function(cef_v8_handler_t *handler);  // takes the handler
struct fake *fake_buffer(size_t size);
void fake_set_text(struct fake *fake, const char *ascii, size_t length);
int fake_text_is(const cef_string_t *text, const char *ascii);

// From here the n-th call that makes something fails, once. 0: none does.
void fake_fail_at(unsigned n);

extern struct fake *fake_current_context;  // the one whose native function runs
extern void (*fake_reenter)(void);         // what JavaScript does when it is called

void fake_methods_v8(struct fake *fake);
void fake_methods_message(struct fake *fake);
void fake_functions_v8(void);
void fake_functions_message(void);
void fake_functions_ring(void);

// The thread that the code under test has started, or one of them, runs up to where it would sleep; the task that was posted first. 0 if there
// is none.
int fake_run_thread(size_t which);
int fake_run_task(void);
void fake_end_threads(void);              // every thread must end now, and every task runs
extern void (*fake_wait)(void *word);     // what happens while the main thread sleeps on a futex

// Fills oriel_cef.
void fake_install(void);

// Ends the process if an object, a string or memory is left.
void fake_check_empty(void);

// Helpers of the fake's own files.
int fake_fails(void);
struct fake *fake_of(void *object, enum kind kind);
cef_string_userfree_t fake_copy_text(const cef_string_t *text);
void *fake_memory(size_t size);  // to be freed up to 1 MiB; above that it is one block for all, of the largest packet's size

#define require(condition)                                                        \
  do {                                                                            \
    if (!(condition)) {                                                           \
      fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);     \
      abort();                                                                    \
    }                                                                             \
  } while (0)

#endif
