// rawhost JOBS PROFILE [SWITCH...]: opens one window on the bench page and stays until standard input ends. JOBS is "idle" or the
// page's list of jobs ("flight:N:…", alone, opens N windows); when they are done, the host ends by itself. libcef lies in ORIEL_CEF_DIR.
#define _GNU_SOURCE
#include "host.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

struct host_options host_options;

static void add_ref(cef_base_ref_counted_t *self) { (void)self; }

static int keep(cef_base_ref_counted_t *self) {
  (void)self;
  return 0;
}

static int yes(cef_base_ref_counted_t *self) {
  (void)self;
  return 1;
}

void host_immortal(cef_base_ref_counted_t *base, size_t size) {
  *base = (cef_base_ref_counted_t){size, add_ref, keep, keep, yes};
}

cef_string_t host_string(const char *utf8) {
  cef_string_t text = {0};
  oriel_cef.cef_string_utf8_to_utf16(utf8, strlen(utf8), &text);
  return text;
}

void host_clear(cef_string_t *text) { oriel_cef.cef_string_utf16_clear(text); }

void host_print(const char *line) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&lock);
  puts(line);
  fflush(stdout);
  pthread_mutex_unlock(&lock);
}

static void append_flag(cef_command_line_t *line, const char *text) {
  cef_string_t name = host_string(text);
  line->append_switch(line, &name);
  host_clear(&name);
}

// Appends --name=value. A second list of features would replace the first, which is CEF's own: they are joined.
static void append_value(cef_command_line_t *line, const char *text, size_t name_length) {
  static const char features[] = "-features";
  const char *value = text + name_length + 1;
  char joined[4096];
  cef_string_t key = {0};
  cef_string_utf8_t before = {0};
  oriel_cef.cef_string_utf8_to_utf16(text, name_length, &key);
  cef_string_userfree_t old = line->get_switch_value(line, &key);
  if (old && name_length >= sizeof features && strncmp(value - sizeof features, features, sizeof features - 1) == 0) {
    oriel_cef.cef_string_utf16_to_utf8(old->str, old->length, &before);
    line->remove_switch(line, &key);
  }
  snprintf(joined, sizeof joined, "%s%s%s", before.str ? before.str : "", before.length ? "," : "", value);
  cef_string_t whole = host_string(joined);
  line->append_switch_with_value(line, &key, &whole);
  if (old)
    oriel_cef.cef_string_userfree_utf16_free(old);
  oriel_cef.cef_string_utf8_clear(&before);
  host_clear(&key);
  host_clear(&whole);
}

// The process type is empty in the browser process only; children get their switches from it.
static void on_before_command_line_processing(cef_app_t *self, const cef_string_t *type, cef_command_line_t *line) {
  (void)self;
  if (!type || type->length == 0) {
    for (int i = 0; i < host_options.switch_count; i++) {
      const char *text = host_options.switches[i] + 2;
      const char *equals = strchr(text, '=');
      if (equals)
        append_value(line, text, (size_t)(equals - text));
      else
        append_flag(line, text);
    }
  }
  RELEASE(line);
}

static void on_register_custom_schemes(cef_app_t *self, cef_scheme_registrar_t *registrar) {
  (void)self;
  registrar->add_custom_scheme(registrar, TEXT(PAGE_SCHEME),
                               CEF_SCHEME_OPTION_STANDARD | CEF_SCHEME_OPTION_SECURE | CEF_SCHEME_OPTION_CORS_ENABLED |
                                   CEF_SCHEME_OPTION_FETCH_ENABLED);
}

static cef_browser_process_handler_t *get_browser_process_handler(cef_app_t *self) {
  (void)self;
  return host_browser_process_handler();
}

static cef_render_process_handler_t *get_render_process_handler(cef_app_t *self) {
  (void)self;
  return host_render_process_handler();
}

static cef_app_t *app(void) {
  static cef_app_t app;
  host_immortal(&app.base, sizeof app);
  app.on_before_command_line_processing = on_before_command_line_processing;
  app.on_register_custom_schemes = on_register_custom_schemes;
  app.get_browser_process_handler = get_browser_process_handler;
  app.get_render_process_handler = get_render_process_handler;
  return &app;
}

static void *wait_for_end_of_input(void *unused) {
  char bytes[64];
  while (read(STDIN_FILENO, bytes, sizeof bytes) > 0)
    continue;
  host_quit();
  return unused;
}

static int load(void) {
  const char *folder = getenv("ORIEL_CEF_DIR");
  char path[4096], error[512];
  if (!folder || folder[0] != '/') {
    fprintf(stderr, "rawhost: ORIEL_CEF_DIR is not an absolute path\n");
    return -1;
  }
  snprintf(path, sizeof path, "%s/libcef.so", folder);
  if (oriel_cef_load(path, error, sizeof error) != 0) {
    fprintf(stderr, "rawhost: %s\n", error);
    return -1;
  }
  return 0;
}

// A child's stack guard changes while cef_execute_process runs, so this never returns: it exits.
__attribute__((no_stack_protector, noreturn)) static void run_child(int argc, char **argv) {
  cef_main_args_t args = {argc, argv};
  if (load() != 0)
    _exit(1);
  _exit(oriel_cef.cef_execute_process(&args, app(), NULL));
}

static int run_browser(int argc, char **argv) {
  cef_main_args_t args = {argc, argv};
  cef_settings_t settings = {.size = sizeof settings};
  settings.command_line_args_disabled = 1;
  settings.disable_signal_handlers = 1;
  settings.log_severity = LOGSEVERITY_ERROR;
  char log[4096];
  snprintf(log, sizeof log, "%s/cef.log", host_options.profile);
  settings.log_file = host_string(log);
  settings.root_cache_path = host_string(host_options.profile);
  settings.cache_path = host_string(host_options.profile);
  if (!oriel_cef.cef_initialize(&args, &settings, app(), NULL)) {
    fprintf(stderr, "rawhost: cef_initialize failed with exit code %d\n", oriel_cef.cef_get_exit_code());
    return 1;
  }
  host_clear(&settings.log_file);
  host_clear(&settings.root_cache_path);
  host_clear(&settings.cache_path);
  pthread_t reader;
  if (pthread_create(&reader, NULL, wait_for_end_of_input, NULL) == 0)
    pthread_detach(reader);
  oriel_cef.cef_run_message_loop();
  oriel_cef.cef_shutdown();
  return 0;
}

// A job "flight:N:…" is for N windows, any other for one.
static int windows(const char *jobs) {
  int count = 1;
  if (sscanf(jobs, "flight:%d:", &count) != 1 || count < 1 || count > MAX_WINDOWS)
    return 1;
  return count;
}

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    if (strncmp(argv[i], "--type=", 7) == 0)
      run_child(argc, argv);
  }
  if (argc < 3 || argv[2][0] != '/') {
    fprintf(stderr, "usage: rawhost idle|JOBS PROFILE [--switch[=value]...]\n");
    return 2;
  }
  host_options = (struct host_options){strcmp(argv[1], "idle") == 0 ? "" : argv[1], windows(argv[1]), argv[2], argv + 3, argc - 3};
  for (int i = 3; i < argc; i++) {
    if (strncmp(argv[i], "--", 2) != 0) {
      fprintf(stderr, "rawhost: %s is not a switch\n", argv[i]);
      return 2;
    }
  }
  if (load() != 0)
    return 1;
  return run_browser(argc, argv);
}
