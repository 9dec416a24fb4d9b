// One line to stderr, which a child process shares with the app.
#ifndef ORIEL_RENDERER_LOG_H
#define ORIEL_RENDERER_LOG_H

#include <stdio.h>
#include <unistd.h>

#define ORIEL_EXIT 70  // sysexits' EX_SOFTWARE: this process could not become a Chromium process

#define bail(...)                          \
  do {                                     \
    fputs("oriel: child process: ", stderr); \
    fprintf(stderr, __VA_ARGS__);          \
    fputc('\n', stderr);                   \
    _exit(ORIEL_EXIT);                     \
  } while (0)

#endif
