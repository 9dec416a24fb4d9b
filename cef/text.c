#include "text.h"

#include "loader.h"

static cef_string_t borrowed(const char16_t *text, size_t length) {
  return (cef_string_t){(char16_t *)(uintptr_t)text, length, NULL};
}

void oriel_string_set(cef_string_t *s, const char16_t *text, size_t length) {
  oriel_cef.cef_string_utf16_set(text, length, s, 1);
}

void oriel_string_clear(cef_string_t *s) {
  oriel_cef.cef_string_utf16_clear(s);
}

void oriel_string_free(cef_string_userfree_t s) {
  oriel_cef.cef_string_userfree_utf16_free(s);
}

cef_string_list_t oriel_string_list_new(void) {
  return oriel_cef.cef_string_list_alloc();
}

void oriel_string_list_append(cef_string_list_t list, const char16_t *text, size_t length) {
  cef_string_t s = borrowed(text, length);
  oriel_cef.cef_string_list_append(list, &s);
}

size_t oriel_string_list_size(cef_string_list_t list) {
  return oriel_cef.cef_string_list_size(list);
}

void oriel_string_list_value(cef_string_list_t list, size_t index, cef_string_t *value) {
  oriel_cef.cef_string_list_value(list, index, value);
}

void oriel_string_list_free(cef_string_list_t list) {
  oriel_cef.cef_string_list_free(list);
}

cef_string_map_t oriel_string_map_new(void) {
  return oriel_cef.cef_string_map_alloc();
}

void oriel_string_map_append(cef_string_map_t map, const char16_t *key, size_t key_length, const char16_t *value, size_t value_length) {
  cef_string_t k = borrowed(key, key_length), v = borrowed(value, value_length);
  oriel_cef.cef_string_map_append(map, &k, &v);
}

size_t oriel_string_map_size(cef_string_map_t map) {
  return oriel_cef.cef_string_map_size(map);
}

void oriel_string_map_entry(cef_string_map_t map, size_t index, cef_string_t *key, cef_string_t *value) {
  oriel_cef.cef_string_map_key(map, index, key);
  oriel_cef.cef_string_map_value(map, index, value);
}

void oriel_string_map_free(cef_string_map_t map) {
  oriel_cef.cef_string_map_free(map);
}

cef_string_multimap_t oriel_string_multimap_new(void) {
  return oriel_cef.cef_string_multimap_alloc();
}

void oriel_string_multimap_append(cef_string_multimap_t map, const char16_t *key, size_t key_length, const char16_t *value,
                                  size_t value_length) {
  cef_string_t k = borrowed(key, key_length), v = borrowed(value, value_length);
  oriel_cef.cef_string_multimap_append(map, &k, &v);
}

size_t oriel_string_multimap_size(cef_string_multimap_t map) {
  return oriel_cef.cef_string_multimap_size(map);
}

void oriel_string_multimap_entry(cef_string_multimap_t map, size_t index, cef_string_t *key, cef_string_t *value) {
  oriel_cef.cef_string_multimap_key(map, index, key);
  oriel_cef.cef_string_multimap_value(map, index, value);
}

void oriel_string_multimap_free(cef_string_multimap_t map) {
  oriel_cef.cef_string_multimap_free(map);
}
