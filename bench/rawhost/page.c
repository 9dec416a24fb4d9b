// The page, served out of the executable, and the reports that it sends back as requests.
#define _GNU_SOURCE
#include "host.h"

#include <stdatomic.h>
#include <stdio.h>

#define EMBED(name, file) \
  __asm__(".section .rodata\n" \
          ".global " #name "\n.global " #name "_end\n" #name ":\n.incbin \"" file "\"\n" #name "_end:\n.byte 0\n.previous\n"); \
  extern const char name[], name##_end[]

EMBED(page_html, "index.html");
EMBED(page_css, "bench.css");
EMBED(page_js, "bench.js");
EMBED(page_jobs_js, "jobs.js");

static const struct file {
  const char *path, *type, *begin, *end;
} files[] = {
    {"/index.html", "text/html", page_html, page_html_end},
    {"/bench.css", "text/css", page_css, page_css_end},
    {"/bench.js", "text/javascript", page_js, page_js_end},
    {"/jobs.js", "text/javascript", page_jobs_js, page_jobs_js_end},
    {"/report", "text/plain", page_html, page_html},
};

// One request's answer.
struct answer {
  cef_resource_handler_t handler;
  atomic_int references;
  const struct file *file;
  size_t sent;
};

static void add_ref(cef_base_ref_counted_t *self) { atomic_fetch_add(&((struct answer *)self)->references, 1); }

static int release(cef_base_ref_counted_t *self) {
  if (atomic_fetch_sub(&((struct answer *)self)->references, 1) != 1)
    return 0;
  free(self);
  return 1;
}

static int has_one_ref(cef_base_ref_counted_t *self) { return atomic_load(&((struct answer *)self)->references) == 1; }

static int has_at_least_one_ref(cef_base_ref_counted_t *self) {
  return atomic_load(&((struct answer *)self)->references) >= 1;
}

static int open_answer(cef_resource_handler_t *self, cef_request_t *request, int *handle_request, cef_callback_t *callback) {
  (void)self;
  *handle_request = 1;
  RELEASE(request);
  RELEASE(callback);
  return 1;
}

static void get_response_headers(cef_resource_handler_t *self, cef_response_t *response, int64_t *length,
                                 cef_string_t *redirect) {
  const struct file *file = ((struct answer *)self)->file;
  (void)redirect;
  cef_string_t type = host_string(file ? file->type : "text/plain");
  response->set_status(response, file ? 200 : 404);
  response->set_mime_type(response, &type);
  response->set_charset(response, TEXT("utf-8"));
  host_clear(&type);
  *length = file ? file->end - file->begin : 0;
  RELEASE(response);
}

static int read_answer(cef_resource_handler_t *self, void *data, int size, int *got, cef_resource_read_callback_t *callback) {
  struct answer *answer = (struct answer *)self;
  size_t left = answer->file ? (size_t)(answer->file->end - answer->file->begin) - answer->sent : 0;
  size_t part = left < (size_t)size ? left : (size_t)size;
  RELEASE(callback);
  if (part > 0)
    memcpy(data, answer->file->begin + answer->sent, part);
  answer->sent += part;
  *got = (int)part;
  return part > 0;
}

static void cancel(cef_resource_handler_t *self) { (void)self; }

static int hex(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Undoes percent-encoding in place; a line break would forge a second report, so it becomes a blank.
static void decode(char *text) {
  char *out = text;
  for (char *in = text; *in; in++) {
    if (in[0] == '%' && hex(in[1]) >= 0 && hex(in[2]) >= 0) {
      *out++ = (char)(hex(in[1]) * 16 + hex(in[2]));
      in += 2;
    } else {
      *out++ = *in;
    }
    if (out[-1] == '\n')
      out[-1] = ' ';
  }
  *out = 0;
}

// Finds the file and, for a report, prints it.
static const struct file *serve(char *path) {
  char *query = strchr(path, '?');
  if (query)
    *query++ = 0;
  for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
    if (strcmp(path, files[i].path) != 0)
      continue;
    if (query && strcmp(path, "/report") == 0) {
      decode(query);
      host_print(query);
      if (strstr(query, "\"event\":\"done\""))
        host_quit();
    }
    return &files[i];
  }
  return NULL;
}

static const struct file *find(cef_request_t *request) {
  const size_t origin = sizeof PAGE_ORIGIN - 1;
  const struct file *file = NULL;
  cef_string_userfree_t url = request->get_url(request);
  if (!url)
    return NULL;
  cef_string_utf8_t text = {0};
  oriel_cef.cef_string_utf16_to_utf8(url->str, url->length, &text);
  oriel_cef.cef_string_userfree_utf16_free(url);
  char *copy = text.length > origin ? strdup(text.str + origin) : NULL;
  if (copy)
    file = serve(copy);
  free(copy);
  oriel_cef.cef_string_utf8_clear(&text);
  return file;
}

static cef_resource_handler_t *create(cef_scheme_handler_factory_t *self, cef_browser_t *browser, cef_frame_t *frame,
                                      const cef_string_t *scheme, cef_request_t *request) {
  (void)self, (void)scheme;
  struct answer *answer = calloc(1, sizeof *answer);
  if (answer) {
    answer->handler.base = (cef_base_ref_counted_t){sizeof answer->handler, add_ref, release, has_one_ref, has_at_least_one_ref};
    answer->handler.open = open_answer;
    answer->handler.get_response_headers = get_response_headers;
    answer->handler.read = read_answer;
    answer->handler.cancel = cancel;
    answer->references = 1;
    answer->file = find(request);
  }
  RELEASE(browser);
  RELEASE(frame);
  RELEASE(request);
  return answer ? &answer->handler : NULL;
}

cef_scheme_handler_factory_t *host_page_factory(void) {
  static cef_scheme_handler_factory_t factory;
  host_immortal(&factory.base, sizeof factory);
  factory.create = create;
  return &factory;
}
