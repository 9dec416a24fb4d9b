// Writing to libcef's log.
#ifndef ORIEL_CEF_LOG_H
#define ORIEL_CEF_LOG_H

// cef_log, which is exported without being part of the versioned API; nothing happens in a libcef without it. Severities are Chromium's:
// 0 for INFO, 1 for WARNING, 2 for ERROR, 3 for FATAL.
void oriel_cef_log(const char *file, int line, int severity, const char *message);

#endif
