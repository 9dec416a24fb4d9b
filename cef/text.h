// Strings and their collections across the border, in the shapes that Go can pass: a pointer to UTF-16 and a length.
#ifndef ORIEL_CEF_TEXT_H
#define ORIEL_CEF_TEXT_H

#include "include/cef_capi.h"

// Copies text into s and frees what s held.
void oriel_string_set(cef_string_t *s, const char16_t *text, size_t length);
void oriel_string_clear(cef_string_t *s);
void oriel_string_free(cef_string_userfree_t s);

cef_string_list_t oriel_string_list_new(void);
void oriel_string_list_append(cef_string_list_t list, const char16_t *text, size_t length);
size_t oriel_string_list_size(cef_string_list_t list);
void oriel_string_list_value(cef_string_list_t list, size_t index, cef_string_t *value);
void oriel_string_list_free(cef_string_list_t list);

cef_string_map_t oriel_string_map_new(void);
void oriel_string_map_append(cef_string_map_t map, const char16_t *key, size_t key_length, const char16_t *value, size_t value_length);
size_t oriel_string_map_size(cef_string_map_t map);
void oriel_string_map_entry(cef_string_map_t map, size_t index, cef_string_t *key, cef_string_t *value);
void oriel_string_map_free(cef_string_map_t map);

cef_string_multimap_t oriel_string_multimap_new(void);
void oriel_string_multimap_append(cef_string_multimap_t map, const char16_t *key, size_t key_length, const char16_t *value,
                                  size_t value_length);
size_t oriel_string_multimap_size(cef_string_multimap_t map);
void oriel_string_multimap_entry(cef_string_multimap_t map, size_t index, cef_string_t *key, cef_string_t *value);
void oriel_string_multimap_free(cef_string_multimap_t map);

#endif
