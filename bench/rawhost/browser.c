// Browser side: Views windows with one browser view each, the echo, and the pushing of messages.
#include "host.h"

#include <stdio.h>

// A window and its delegate.
struct pane {
  cef_window_delegate_t delegate;
  cef_window_t *window;
  cef_browser_view_t *view;
};

// UI thread only.
static struct pane panes[MAX_WINDOWS];
static int pane_count, open_browsers;

// Sends count messages of size bytes to the frame, each with its number first.
static void push(cef_frame_t *frame, uint32_t count, size_t size, int shared) {
  unsigned char *bytes = size >= sizeof count ? calloc(1, size) : NULL;
  for (uint32_t i = 0; bytes && i < count; i++) {
    memcpy(bytes, &i, sizeof i);
    host_send(frame, PID_RENDERER, bytes, size, shared);
  }
  free(bytes);
}

// A message of three numbers asks for a push.
static int is_push(cef_frame_t *frame, cef_process_message_t *message) {
  cef_list_value_t *list = message->get_argument_list(message);
  int is = list && list->get_size(list) == 3;
  if (is)
    push(frame, (uint32_t)list->get_int(list, 0), (size_t)list->get_int(list, 1), list->get_int(list, 2));
  RELEASE(list);
  return is;
}

static int on_process_message_received(cef_client_t *self, cef_browser_t *browser, cef_frame_t *frame, cef_process_id_t source,
                                       cef_process_message_t *message) {
  (void)self, (void)source;
  struct host_message bytes = host_message_open(message);
  if (bytes.data)
    host_send(frame, PID_RENDERER, bytes.data, bytes.size, bytes.region != NULL);
  else
    is_push(frame, message);
  host_message_done(&bytes);
  RELEASE(frame);
  RELEASE(browser);
  return 1;
}

static void on_before_close(cef_life_span_handler_t *self, cef_browser_t *browser) {
  (void)self;
  RELEASE(browser);
  if (--open_browsers == 0)
    oriel_cef.cef_quit_message_loop();
}

static cef_life_span_handler_t *get_life_span_handler(cef_client_t *self) {
  static cef_life_span_handler_t handler;
  (void)self;
  host_immortal(&handler.base, sizeof handler);
  handler.on_before_close = on_before_close;
  return &handler;
}

static cef_client_t *client(void) {
  static cef_client_t client;
  host_immortal(&client.base, sizeof client);
  client.get_life_span_handler = get_life_span_handler;
  client.on_process_message_received = on_process_message_received;
  return &client;
}

static cef_runtime_style_t browser_style(cef_browser_view_delegate_t *self) {
  (void)self;
  return CEF_RUNTIME_STYLE_ALLOY;
}

static cef_runtime_style_t window_style(cef_window_delegate_t *self) {
  (void)self;
  return CEF_RUNTIME_STYLE_ALLOY;
}

static cef_rect_t get_initial_bounds(cef_window_delegate_t *self, cef_window_t *created) {
  (void)self;
  RELEASE(created);
  return (cef_rect_t){0, 0, 800, 600};
}

static void on_window_created(cef_window_delegate_t *self, cef_window_t *created) {
  struct pane *pane = (struct pane *)self;
  pane->window = created;
  ADD_REF(pane->view);
  created->base.add_child_view(&created->base, &pane->view->base);
  created->show(created);
}

static void on_window_destroyed(cef_window_delegate_t *self, cef_window_t *destroyed) {
  struct pane *pane = (struct pane *)self;
  RELEASE(destroyed);
  RELEASE(pane->window);
  RELEASE(pane->view);
  pane->window = NULL;
  pane->view = NULL;
}

static int yes(cef_window_delegate_t *self, cef_window_t *asked) {
  (void)self;
  RELEASE(asked);
  return 1;
}

static int can_close(cef_window_delegate_t *self, cef_window_t *asked) {
  cef_browser_view_t *view = ((struct pane *)self)->view;
  RELEASE(asked);
  cef_browser_t *browser = view ? view->get_browser(view) : NULL;
  if (!browser)
    return 1;
  cef_browser_host_t *host = browser->get_host(browser);
  int may = host->try_close_browser(host);
  RELEASE(host);
  RELEASE(browser);
  return may;
}

static cef_window_delegate_t *window_delegate(struct pane *pane) {
  cef_window_delegate_t *delegate = &pane->delegate;
  host_immortal(&delegate->base.base.base, sizeof *delegate);
  delegate->get_window_runtime_style = window_style;
  delegate->get_initial_bounds = get_initial_bounds;
  delegate->on_window_created = on_window_created;
  delegate->on_window_destroyed = on_window_destroyed;
  delegate->can_resize = yes;
  delegate->can_maximize = yes;
  delegate->can_minimize = yes;
  delegate->can_close = can_close;
  return delegate;
}

static cef_browser_view_delegate_t *view_delegate(void) {
  static cef_browser_view_delegate_t delegate;
  host_immortal(&delegate.base.base, sizeof delegate);
  delegate.get_browser_runtime_style = browser_style;
  return &delegate;
}

// What this process really runs with, so that the runner can see that both sides have the same.
static void print_command_line(void) {
  cef_command_line_t *line = oriel_cef.cef_command_line_get_global();
  cef_string_list_t list = oriel_cef.cef_string_list_alloc();
  line->get_argv(line, list);
  for (size_t i = 1; i < oriel_cef.cef_string_list_size(list); i++) {
    cef_string_t text = {0};
    cef_string_utf8_t utf8 = {0};
    char json[2048];
    oriel_cef.cef_string_list_value(list, i, &text);
    oriel_cef.cef_string_utf16_to_utf8(text.str, text.length, &utf8);
    if (!strpbrk(utf8.str, "\"\\")) {
      snprintf(json, sizeof json, "{\"event\":\"switch\",\"switch\":\"%s\"}", utf8.str);
      host_print(json);
    }
    oriel_cef.cef_string_utf8_clear(&utf8);
    host_clear(&text);
  }
  oriel_cef.cef_string_list_free(list);
  RELEASE(line);
}

static void open_window(int number) {
  char address[1024];
  struct pane *pane = &panes[pane_count++];
  snprintf(address, sizeof address, PAGE_ORIGIN "/index.html%s%s&window=%d", host_options.jobs[0] ? "?jobs=" : "?", host_options.jobs, number);
  cef_string_t url = host_string(address);
  cef_browser_settings_t settings = {.size = sizeof settings};
  pane->view = oriel_cef.cef_browser_view_create(client(), &url, &settings, NULL, NULL, view_delegate());
  open_browsers++;
  host_clear(&url);
  RELEASE(oriel_cef.cef_window_create_top_level(window_delegate(pane)));
}

static void on_context_initialized(cef_browser_process_handler_t *self) {
  (void)self;
  if (getenv("ORIEL_BENCH_SWITCHES"))
    print_command_line();
  oriel_cef.cef_register_scheme_handler_factory(TEXT(PAGE_SCHEME), TEXT("bench"), host_page_factory());
  for (int i = 0; i < host_options.windows; i++)
    open_window(i);
}

cef_browser_process_handler_t *host_browser_process_handler(void) {
  static cef_browser_process_handler_t handler;
  host_immortal(&handler.base, sizeof handler);
  handler.on_context_initialized = on_context_initialized;
  return &handler;
}

static void close_windows(cef_task_t *self) {
  (void)self;
  if (open_browsers == 0)
    oriel_cef.cef_quit_message_loop();
  for (int i = 0; i < pane_count; i++) {
    if (panes[i].window)
      panes[i].window->close(panes[i].window);
  }
}

void host_quit(void) {
  static cef_task_t task = {.execute = close_windows};
  host_immortal(&task.base, sizeof task);
  oriel_cef.cef_post_task(TID_UI, &task);
}
