package cef

/*
#include "text.h"
*/
import "C"

import (
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// Strings are UTF-16 in CEF and UTF-8 in Go. Nothing is cut: a NUL is a character like any other, and a lone surrogate, which UTF-8
// cannot hold, travels as the three bytes that UTF-8 would give its number (WTF-8). Other invalid bytes become U+FFFD.

// A wideString is a string as CEF wants it.
type wideString []uint16

func wide(s string) wideString {
	w := make(wideString, 0, len(s))
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			w = append(w, uint16(c))
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			if u, ok := surrogate(s[i:]); ok {
				w = append(w, u)
				i += 3
				continue
			}
		}
		w = utf16.AppendRune(w, r)
		i += n
	}
	return w
}

// surrogate decodes the three bytes of a lone surrogate at the start of s.
func surrogate(s string) (uint16, bool) {
	if len(s) < 3 || s[0] != 0xED || s[1]&0xE0 != 0xA0 || s[2]&0xC0 != 0x80 {
		return 0, false
	}
	return 0xD000 | uint16(s[1]&0x3F)<<6 | uint16(s[2]&0x3F), true
}

func narrow(w []uint16) string {
	b := make([]byte, 0, len(w)+len(w)/8)
	for i := 0; i < len(w); i++ {
		u := w[i]
		switch {
		case u < utf8.RuneSelf:
			b = append(b, byte(u))
		case !utf16.IsSurrogate(rune(u)):
			b = utf8.AppendRune(b, rune(u))
		case u < 0xDC00 && i+1 < len(w) && w[i+1]&0xFC00 == 0xDC00:
			b = utf8.AppendRune(b, utf16.DecodeRune(rune(u), rune(w[i+1])))
			i++
		default:
			b = append(b, 0xE0|byte(u>>12), 0x80|byte(u>>6&0x3F), 0x80|byte(u&0x3F))
		}
	}
	return string(b)
}

func (w wideString) ptr() *C.char16_t { return (*C.char16_t)(unsafe.Pointer(unsafe.SliceData(w))) }

func goString(s *C.cef_string_t) string {
	if s == nil || s.str == nil || s.length == 0 {
		return ""
	}
	return narrow(unsafe.Slice((*uint16)(unsafe.Pointer(s.str)), int(s.length)))
}

// takeString converts a string that the caller must free, and frees it.
func takeString(s C.cef_string_userfree_t) string {
	if s == nil {
		return ""
	}
	v := goString((*C.cef_string_t)(unsafe.Pointer(s)))
	C.oriel_string_free(s)
	return v
}

// setString stores a copy of v in s; what was there is freed.
func setString(s *C.cef_string_t, v string) {
	if s == nil {
		return
	}
	w := wide(v)
	C.oriel_string_set(s, w.ptr(), C.size_t(len(w)))
}

func clearString(s *C.cef_string_t) { C.oriel_string_clear(s) }

func newStringList(v []string) C.cef_string_list_t {
	l := C.oriel_string_list_new()
	for _, s := range v {
		w := wide(s)
		C.oriel_string_list_append(l, w.ptr(), C.size_t(len(w)))
	}
	return l
}

func freeStringList(l C.cef_string_list_t) { C.oriel_string_list_free(l) }

func goStringList(l C.cef_string_list_t) []string {
	if l == nil {
		return nil
	}
	v := make([]string, int(C.oriel_string_list_size(l)))
	for i := range v {
		var s C.cef_string_t
		C.oriel_string_list_value(l, C.size_t(i), &s)
		v[i] = goString(&s)
		clearString(&s)
	}
	return v
}

func newStringMap(v map[string]string) C.cef_string_map_t {
	m := C.oriel_string_map_new()
	for k, s := range v {
		wk, ws := wide(k), wide(s)
		C.oriel_string_map_append(m, wk.ptr(), C.size_t(len(wk)), ws.ptr(), C.size_t(len(ws)))
	}
	return m
}

func freeStringMap(m C.cef_string_map_t) { C.oriel_string_map_free(m) }

func goStringMap(m C.cef_string_map_t) map[string]string {
	v := map[string]string{}
	if m == nil {
		return v
	}
	for i := range int(C.oriel_string_map_size(m)) {
		var key, value C.cef_string_t
		C.oriel_string_map_entry(m, C.size_t(i), &key, &value)
		v[goString(&key)] = goString(&value)
		clearString(&key)
		clearString(&value)
	}
	return v
}

func newStringMultimap(v map[string][]string) C.cef_string_multimap_t {
	m := C.oriel_string_multimap_new()
	for k, values := range v {
		wk := wide(k)
		for _, s := range values {
			ws := wide(s)
			C.oriel_string_multimap_append(m, wk.ptr(), C.size_t(len(wk)), ws.ptr(), C.size_t(len(ws)))
		}
	}
	return m
}

func freeStringMultimap(m C.cef_string_multimap_t) { C.oriel_string_multimap_free(m) }

func goStringMultimap(m C.cef_string_multimap_t) map[string][]string {
	v := map[string][]string{}
	if m == nil {
		return v
	}
	for i := range int(C.oriel_string_multimap_size(m)) {
		var key, value C.cef_string_t
		C.oriel_string_multimap_entry(m, C.size_t(i), &key, &value)
		k := goString(&key)
		v[k] = append(v[k], goString(&value))
		clearString(&key)
		clearString(&value)
	}
	return v
}
