#include "payload.h"

#include <string.h>

#include "handler.h"
#include "loader.h"

void oriel_payload_open(cef_process_message_t *message, struct oriel_payload *payload) {
  memset(payload, 0, sizeof *payload);
  cef_list_value_t *list = message->get_argument_list(message);
  if (list) {
    cef_binary_value_t *binary = list->get_size(list) == 1 ? list->get_binary(list, 0) : NULL;
    oriel_release(list);
    if (binary) {
      payload->data = binary->get_raw_data(binary);
      payload->size = binary->get_size(binary);
      payload->holder = binary;
    }
    return;
  }
  cef_shared_memory_region_t *region = message->get_shared_memory_region(message);
  if (!region)
    return;
  if (region->is_valid(region)) {
    payload->data = region->memory(region);
    payload->size = region->size(region);
  }
  payload->holder = region;
}

void oriel_payload_close(struct oriel_payload *payload) {
  oriel_release(payload->holder);
}

static cef_process_message_t *shared_message(const cef_string_t *name, const struct oriel_parts *parts) {
  size_t size = parts->size + parts->tail_size;
  cef_shared_process_message_builder_t *builder = oriel_cef.cef_shared_process_message_builder_create(name, size);
  if (!builder)
    return NULL;
  cef_process_message_t *message = NULL;
  char *memory = builder->is_valid(builder) && builder->size(builder) >= size ? builder->memory(builder) : NULL;
  if (memory) {
    memcpy(memory, parts->data, parts->size);
    if (parts->tail_size > 0)
      memcpy(memory + parts->size, parts->tail, parts->tail_size);
    message = builder->build(builder);
  }
  oriel_release(builder);
  return message;
}

static int add_binary(cef_list_value_t *list, size_t index, const void *data, size_t size) {
  cef_binary_value_t *binary = oriel_cef.cef_binary_value_create(data, size);
  return binary && list->set_binary(list, index, binary); // takes binary, whatever it answers
}

static cef_process_message_t *list_message(const cef_string_t *name, const struct oriel_parts *parts) {
  cef_process_message_t *message = oriel_cef.cef_process_message_create(name);
  if (!message)
    return NULL;
  cef_list_value_t *list = message->get_argument_list(message);
  int ok = list && add_binary(list, 0, parts->data, parts->size) &&
           (parts->tail_size == 0 || add_binary(list, 1, parts->tail, parts->tail_size));
  oriel_release(list);
  if (!ok) {
    oriel_release(message);
    return NULL;
  }
  return message;
}

cef_process_message_t *oriel_payload_message(const char16_t *name, size_t name_length, const struct oriel_parts *parts, size_t shared_from) {
  cef_string_t text = {(char16_t *)(uintptr_t)name, name_length, NULL};
  cef_process_message_t *message = parts->size + parts->tail_size >= shared_from ? shared_message(&text, parts) : NULL;
  return message ? message : list_message(&text, parts);
}

cef_process_message_t *oriel_payload_memory(const char16_t *name, size_t name_length, size_t size) {
  cef_string_t text = {(char16_t *)(uintptr_t)name, name_length, NULL};
  cef_shared_process_message_builder_t *builder = oriel_cef.cef_shared_process_message_builder_create(&text, size);
  cef_process_message_t *message = builder && builder->is_valid(builder) ? builder->build(builder) : NULL;
  oriel_release(builder);
  return message;
}
