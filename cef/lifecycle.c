#define _GNU_SOURCE
#include "lifecycle.h"

#include <signal.h>

#include "loader.h"

int oriel_initialize(int argc, char **argv, const cef_settings_t *settings, cef_app_t *app) {
  struct sigaction saved[NSIG];
  int known[NSIG] = {0};
  for (int n = 1; n < NSIG; n++)
    known[n] = sigaction(n, NULL, &saved[n]) == 0;
  cef_main_args_t args = {.argc = argc, .argv = argv};
  int ok = oriel_cef.cef_initialize(&args, settings, app, NULL);
  for (int n = 1; n < NSIG; n++)
    if (known[n] && n != SIGKILL && n != SIGSTOP)
      sigaction(n, &saved[n], NULL);
  return ok;
}

void oriel_run_message_loop(void) {
  oriel_cef.cef_run_message_loop();
}

void oriel_shutdown(void) {
  oriel_cef.cef_shutdown();
}
