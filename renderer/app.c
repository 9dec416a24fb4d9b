#include "app.h"

#include "argv.h"
#include "log.h"
#include "process.h"
#include "refcount.h"

static const char *custom_schemes;
static cef_app_t app;

static void immortal_add_ref(cef_base_ref_counted_t *base) { (void)base; }

static int immortal_release(cef_base_ref_counted_t *base) {
  (void)base;
  return 0;
}

static int immortal_has_one_ref(cef_base_ref_counted_t *base) {
  (void)base;
  return 0;
}

static int immortal_has_at_least_one_ref(cef_base_ref_counted_t *base) {
  (void)base;
  return 1;
}

void oriel_immortal(cef_base_ref_counted_t *base, size_t size) {
  base->size = size;
  base->add_ref = immortal_add_ref;
  base->release = immortal_release;
  base->has_one_ref = immortal_has_one_ref;
  base->has_at_least_one_ref = immortal_has_at_least_one_ref;
}

// Called in every kind of process and must answer alike in all of them, the browser included. The registrar is borrowed.
static void on_register_custom_schemes(cef_app_t *self, cef_scheme_registrar_t *registrar) {
  (void)self;
  const char *cursor = custom_schemes;
  struct oriel_scheme scheme;
  int more;
  while ((more = oriel_scheme_next(&cursor, &scheme)) > 0) {
    cef_string_t name = {0};
    oriel_cef.cef_string_ascii_to_utf16(scheme.name, scheme.length, &name);
    registrar->add_custom_scheme(registrar, &name, scheme.options);
    oriel_cef.cef_string_utf16_clear(&name);
  }
  if (more < 0)
    bail("malformed list of schemes: %s", custom_schemes);
}

static cef_render_process_handler_t *get_render_process_handler(cef_app_t *self) {
  (void)self;
  return oriel_render_process_handler();
}

cef_app_t *oriel_app(const char *schemes) {
  custom_schemes = schemes;
  oriel_immortal(&app.base, sizeof app);
  app.on_register_custom_schemes = on_register_custom_schemes;
  app.get_render_process_handler = get_render_process_handler;
  return &app;
}
