// The way into every process of Chromium's other than the browser. The app's own executable is all of them: a constructor runs
// before the Go runtime has started a thread, sees --type= and never returns. The zygote needs that one thread to fork from.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "argv.h"
#include "constants.h"
#include "log.h"

// Chromium changes the stack guard in processes that it forks, so no frame below cef_execute_process may check it.
#if defined(__clang__) || __GNUC__ >= 11
#define NO_STACK_PROTECTOR __attribute__((no_stack_protector))
#else
#define NO_STACK_PROTECTOR __attribute__((optimize("no-stack-protector")))
#endif

static char *copy(const char *text) {
  char *duplicate = strdup(text);
  if (!duplicate)
    bail("out of memory");
  return duplicate;
}

// Writes dir/name/libcef.so to path (name may be empty); whether such a file is there.
static int try_path(char *path, size_t size, const char *dir, const char *name) {
  int length = snprintf(path, size, "%s/%s%slibcef.so", dir, name, *name ? "/" : "");
  return length > 0 && (size_t)length < size && access(path, R_OK) == 0;
}

// The folder of this executable, without a slash at its end.
static void executable_dir(char *dir, size_t size) {
  ssize_t length = readlink("/proc/self/exe", dir, size - 1);
  if (length <= 0)
    bail("cannot read /proc/self/exe: %s", strerror(errno));
  dir[length] = '\0';
  char *slash = strrchr(dir, '/');
  if (slash)
    *slash = '\0';
}

static void load_libcef(int argc, char *const *argv) {
  char path[PATH_MAX], dir[PATH_MAX], error[512];
  const char *chosen = oriel_switch(argc, argv, ORIEL_SWITCH_CEF_DIR);
  if (!chosen)
    chosen = getenv(ORIEL_ENV_CEF_DIR);
  if (chosen && *chosen) {
    if (!try_path(path, sizeof path, chosen, ""))
      bail("no libcef.so in %s", chosen);
  } else {
    executable_dir(dir, sizeof dir);
    if (!try_path(path, sizeof path, dir, "") && !try_path(path, sizeof path, dir, "cef"))
      bail("no libcef.so in %s or %s/cef, and neither --%s nor %s names another folder", dir, dir, ORIEL_SWITCH_CEF_DIR,
           ORIEL_ENV_CEF_DIR);
  }
  if (oriel_cef_load(path, error, sizeof error) != 0)
    bail("%s: %s", path, error);
}

// A child's standard error is the app's log: what libcef, the libraries it loads and this code have to say all goes there. Without a
// reader (the app has just died) things stay as they are.
static void join_log(const char *path) {
  int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0)
    return;
  fcntl(fd, F_SETFL, 0);  // a child may wait for the reader, and so loses nothing
  dup2(fd, STDERR_FILENO);
  close(fd);
}

// Never returns: the stack guard of this frame may have changed. Chromium gets the true argv, because it rewrites that memory to
// name the processes that the zygote forks; for the same reason everything of ours is copied out first.
NO_STACK_PROTECTOR static _Noreturn void become_child(int argc, char **argv) {
  const char *schemes = oriel_switch(argc, argv, ORIEL_SWITCH_SCHEMES), *log = oriel_switch(argc, argv, ORIEL_SWITCH_LOG);
  if (log)
    join_log(log);
  load_libcef(argc, argv);
  cef_app_t *app = oriel_app(schemes ? copy(schemes) : "");
  cef_main_args_t args = {.argc = argc, .argv = argv};
  int code = oriel_cef.cef_execute_process(&args, app, NULL);
  if (code < 0)
    bail("libcef does not know this kind of process");
  _exit(code);
}

__attribute__((constructor)) NO_STACK_PROTECTOR static void oriel_entry(int argc, char **argv, char **envp) {
  (void)envp;
  if (argv && oriel_switch(argc, argv, "type"))
    become_child(argc, argv);
}
