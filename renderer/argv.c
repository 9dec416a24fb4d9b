#include "argv.h"

#include <limits.h>
#include <string.h>

const char *oriel_switch(int argc, char *const *argv, const char *name) {
  size_t length = strlen(name);
  for (int i = 1; i < argc && argv[i]; i++) {
    const char *arg = argv[i];
    if (strcmp(arg, "--") == 0)
      return NULL;
    if (strncmp(arg, "--", 2) == 0 && strncmp(arg + 2, name, length) == 0 && arg[2 + length] == '=')
      return arg + 3 + length;
  }
  return NULL;
}

static int scheme_char(char c, int first) {
  if (c >= 'a' && c <= 'z')
    return 1;
  return !first && ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.');
}

int oriel_scheme_next(const char **cursor, struct oriel_scheme *scheme) {
  const char *at = *cursor;
  if (*at == '\0')
    return 0;
  scheme->name = at;
  while (scheme_char(*at, at == scheme->name))
    at++;
  scheme->length = (size_t)(at - scheme->name);
  if (scheme->length == 0 || *at++ != '=')
    return -1;
  const char *digits = at;
  scheme->options = 0;
  for (; *at >= '0' && *at <= '9'; at++) {
    if (scheme->options > (INT_MAX - 9) / 10)
      return -1;
    scheme->options = scheme->options * 10 + (*at - '0');
  }
  if (at == digits || (*at != '\0' && *at != ','))
    return -1;
  if (*at == ',' && *++at == '\0')
    return -1;
  *cursor = at;
  return 1;
}
