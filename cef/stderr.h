// libcef's own lines on standard error, led away from it.
#ifndef ORIEL_CEF_STDERR_H
#define ORIEL_CEF_STDERR_H

// From now on, what libcef writes to file descriptor 2 goes to fd instead, a pipe that does not block: one line at a time, whole, cut at
// what a pipe takes at once, dropped when the pipe is full. Lines of level FATAL go to both, since they may be the last. With -1 all of
// it goes to descriptor 2 again. Only libcef is concerned: everybody else in the process keeps standard error. libcef must be loaded.
// Returns 0, or -1 if this libcef cannot be led, and then nothing has changed.
int oriel_cef_divert_stderr(int fd);

#endif
