package cef

/*
#include <langinfo.h>
#include <locale.h>
#include <stdbool.h>
#include <string.h>

static bool oriel_utf8_locale(void) {
	locale_t l = newlocale(LC_ALL_MASK, "", (locale_t)0);
	if (l == (locale_t)0) return false;
	bool yes = strcmp(nl_langinfo_l(CODESET, l), "UTF-8") == 0;
	freelocale(l);
	return yes;
}
*/
import "C"

// UTF8Locale reports whether the locale that the environment names exists here and has UTF-8 as its encoding.
func UTF8Locale() bool { return bool(C.oriel_utf8_locale()) }
