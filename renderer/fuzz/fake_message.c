// Process messages and what is in them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../constants.h"
#include "fake.h"

static cef_string_userfree_t text_of(struct fake *fake) { return fake->has_text ? fake_copy_text(&fake->text) : NULL; }

// links: 0 the list, 1 the region.
static cef_string_userfree_t message_get_name(cef_process_message_t *self) { return text_of(fake_of(self, KIND_MESSAGE)); }

static cef_list_value_t *message_get_argument_list(cef_process_message_t *self) {
  return (cef_list_value_t *)fake_retain(fake_of(self, KIND_MESSAGE)->links[0]);
}

static cef_shared_memory_region_t *message_get_shared_memory_region(cef_process_message_t *self) {
  return (cef_shared_memory_region_t *)fake_retain(fake_of(self, KIND_MESSAGE)->links[1]);
}

// A list that came knows one item, whichever is asked for: links 0, if that is a binary. One that is made has up to
// two. size is how many it says to have, number the first one's type.
static size_t list_get_size(cef_list_value_t *self) { return fake_of(self, KIND_LIST)->size; }

static cef_value_type_t list_get_type(cef_list_value_t *self, size_t index) {
  require(index < fake_of(self, KIND_LIST)->size);
  return (cef_value_type_t)fake_of(self, KIND_LIST)->number;
}

static cef_binary_value_t *list_get_binary(cef_list_value_t *self, size_t index) {
  require(index < fake_of(self, KIND_LIST)->size);
  return (cef_binary_value_t *)fake_retain(fake_of(self, KIND_LIST)->links[0]);
}

static int list_set_binary(cef_list_value_t *self, size_t index, cef_binary_value_t *value) {
  struct fake *list = fake_of(self, KIND_LIST), *binary = fake_of(value, KIND_BINARY);
  require(index <= 1 && index <= list->size);
  if (fake_fails()) {
    fake_release(binary);
    return 0;
  }
  fake_release(list->links[index]);
  list->links[index] = binary;
  list->size = index + 1;
  list->number = VTYPE_BINARY;
  return 1;
}

static int list_get_int(cef_list_value_t *self, size_t index) {
  require(index < fake_of(self, KIND_LIST)->size && fake_of(self, KIND_LIST)->number == VTYPE_INT);
  return (int)fake_of(self, KIND_LIST)->uint;
}

static int list_set_int(cef_list_value_t *self, size_t index, int value) {
  struct fake *list = fake_of(self, KIND_LIST);
  require(index == 0 && list->size == 0);
  if (fake_fails())
    return 0;
  list->size = 1;
  list->number = VTYPE_INT;
  list->uint = (unsigned)value;
  return 1;
}

static const void *binary_get_raw_data(cef_binary_value_t *self) { return fake_of(self, KIND_BINARY)->data; }
static size_t binary_get_size(cef_binary_value_t *self) { return fake_of(self, KIND_BINARY)->size; }

static int region_is_valid(cef_shared_memory_region_t *self) { return fake_of(self, KIND_REGION)->valid; }
static size_t region_size(cef_shared_memory_region_t *self) { return fake_of(self, KIND_REGION)->size; }
static void *region_memory(cef_shared_memory_region_t *self) { return fake_of(self, KIND_REGION)->data; }

static int builder_is_valid(cef_shared_process_message_builder_t *self) { return fake_of(self, KIND_BUILDER)->valid; }
static size_t builder_size(cef_shared_process_message_builder_t *self) { return fake_of(self, KIND_BUILDER)->size; }
static void *builder_memory(cef_shared_process_message_builder_t *self) { return fake_of(self, KIND_BUILDER)->data; }

static cef_process_message_t *builder_build(cef_shared_process_message_builder_t *self) {
  struct fake *builder = fake_of(self, KIND_BUILDER);
  require(builder->valid);
  builder->valid = 0;
  if (fake_fails())
    return NULL;
  struct fake *message = fake_new(KIND_MESSAGE), *region = message->links[1] = fake_new(KIND_REGION);
  region->data = builder->data;
  region->size = builder->size;
  region->owned = builder->owned;
  builder->owned = 0;
  return &message->api.message;
}

static cef_string_userfree_t dictionary_get_string(cef_dictionary_value_t *self, const cef_string_t *key) {
  require(fake_text_is(key, ORIEL_KEY_TOKEN));
  return text_of(fake_of(self, KIND_DICTIONARY));
}

static int dictionary_get_bool(cef_dictionary_value_t *self, const cef_string_t *key) {
  require(fake_text_is(key, ORIEL_KEY_SUBFRAMES));
  return fake_of(self, KIND_DICTIONARY)->number;
}

void fake_methods_message(struct fake *fake) {
  switch (fake->kind) {
  case KIND_MESSAGE:
    fake->api.message.get_name = message_get_name;
    fake->api.message.get_argument_list = message_get_argument_list;
    fake->api.message.get_shared_memory_region = message_get_shared_memory_region;
    break;
  case KIND_LIST:
    fake->api.list.get_size = list_get_size;
    fake->api.list.get_type = list_get_type;
    fake->api.list.get_binary = list_get_binary;
    fake->api.list.set_binary = list_set_binary;
    fake->api.list.get_int = list_get_int;
    fake->api.list.set_int = list_set_int;
    break;
  case KIND_BINARY:
    fake->api.binary.get_raw_data = binary_get_raw_data;
    fake->api.binary.get_size = binary_get_size;
    break;
  case KIND_REGION:
    fake->api.region.is_valid = region_is_valid;
    fake->api.region.size = region_size;
    fake->api.region.memory = region_memory;
    break;
  case KIND_BUILDER:
    fake->api.builder.is_valid = builder_is_valid;
    fake->api.builder.size = builder_size;
    fake->api.builder.memory = builder_memory;
    fake->api.builder.build = builder_build;
    break;
  case KIND_DICTIONARY:
    fake->api.dictionary.get_string = dictionary_get_string;
    fake->api.dictionary.get_bool = dictionary_get_bool;
    break;
  default:
    break;
  }
}

// A message without arguments has a list all the same, unless something fails.
static cef_process_message_t *message_create(const cef_string_t *name) {
  if (fake_fails())
    return NULL;
  const char *text = fake_text_is(name, ORIEL_MESSAGE) ? ORIEL_MESSAGE : ORIEL_RING_MESSAGE;
  require(fake_text_is(name, text));
  struct fake *message = fake_new(KIND_MESSAGE);
  fake_set_text(message, text, strlen(text));
  if (!fake_fails())
    message->links[0] = fake_new(KIND_LIST);
  return &message->api.message;
}

static cef_binary_value_t *binary_create(const void *data, size_t size) {
  if (fake_fails())
    return NULL;
  require(size >= ORIEL_PACKET_MIN && size <= ORIEL_PACKET_MAX);
  struct fake *binary = fake_new(KIND_BINARY);
  binary->data = malloc(size);
  require(binary->data);
  memcpy(binary->data, data, size);
  binary->size = size;
  binary->owned = 1;
  return &binary->api.binary;
}

static cef_shared_process_message_builder_t *builder_create(const cef_string_t *name, size_t size) {
  if (fake_fails())
    return NULL;
  require(fake_text_is(name, ORIEL_MESSAGE) && size >= ORIEL_SHARED_MEMORY_FROM && size <= ORIEL_PACKET_MAX);
  struct fake *builder = fake_new(KIND_BUILDER);
  builder->valid = !fake_fails();
  if (!builder->valid || fake_fails())
    return &builder->api.builder;  // without memory
  builder->size = fake_fails() ? size - 1 : size;
  builder->data = malloc(builder->size);
  require(builder->data);
  builder->owned = 1;
  return &builder->api.builder;
}

void fake_functions_message(void) {
  oriel_cef.cef_process_message_create = message_create;
  oriel_cef.cef_binary_value_create = binary_create;
  oriel_cef.cef_shared_process_message_builder_create = builder_create;
}
