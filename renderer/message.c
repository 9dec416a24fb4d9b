#include "message.h"

#include <string.h>

#include "constants.h"
#include "refcount.h"

static int is_text(cef_string_userfree_t text, const char *expected) {
  size_t i = 0;
  while (i < text->length && expected[i] && text->str[i] == (char16_t)expected[i])
    i++;
  return i == text->length && !expected[i];
}

enum oriel_message_kind oriel_message_kind(cef_process_message_t *message) {
  enum oriel_message_kind kind = ORIEL_MESSAGE_OTHER;
  cef_string_userfree_t name = message->get_name(message);
  if (!name)
    return kind;
  if (is_text(name, ORIEL_MESSAGE))
    kind = ORIEL_MESSAGE_PACKETS;
  else if (is_text(name, ORIEL_RING_MESSAGE))
    kind = ORIEL_MESSAGE_RING;
  oriel_cef.cef_string_userfree_utf16_free(name);
  return kind;
}

static cef_process_message_t *list_message(const void *data, size_t size) {
  cef_string_t name = ORIEL_STRING(ORIEL_MESSAGE);
  cef_process_message_t *message = oriel_cef.cef_process_message_create(&name);
  cef_list_value_t *list = message ? message->get_argument_list(message) : NULL;
  cef_binary_value_t *binary = list ? oriel_cef.cef_binary_value_create(data, size) : NULL;
  int filled = binary && list->set_binary(list, 0, binary);
  ORIEL_RELEASE(list);
  if (filled)
    return message;
  ORIEL_RELEASE(message);
  return NULL;
}

static cef_process_message_t *shared_message(const void *data, size_t size) {
  cef_string_t name = ORIEL_STRING(ORIEL_MESSAGE);
  cef_shared_process_message_builder_t *builder = oriel_cef.cef_shared_process_message_builder_create(&name, size);
  cef_process_message_t *message = NULL;
  if (builder && builder->is_valid(builder) && builder->size(builder) >= size) {
    void *memory = builder->memory(builder);
    if (memory) {
      memcpy(memory, data, size);
      message = builder->build(builder);
    }
  }
  ORIEL_RELEASE(builder);
  return message;
}

int oriel_message_send(cef_frame_t *frame, const void *data, size_t size) {
  cef_process_message_t *message = size >= ORIEL_SHARED_MEMORY_FROM ? shared_message(data, size) : NULL;
  if (!message)  // small, or no shared memory to be had
    message = list_message(data, size);
  if (!message)
    return -1;
  frame->send_process_message(frame, PID_BROWSER, message);
  return 0;
}

void oriel_message_send_number(cef_frame_t *frame, uint32_t number) {
  cef_string_t name = ORIEL_STRING(ORIEL_RING_MESSAGE);
  cef_process_message_t *message = oriel_cef.cef_process_message_create(&name);
  cef_list_value_t *list = message ? message->get_argument_list(message) : NULL;
  if (list) {
    list->set_int(list, 0, (int)number);
    ORIEL_RELEASE(list);
    frame->send_process_message(frame, PID_BROWSER, message);
  } else {
    ORIEL_RELEASE(message);
  }
}

int64_t oriel_message_number(cef_process_message_t *message) {
  cef_list_value_t *list = message->get_argument_list(message);
  int64_t number = -1;
  if (list && list->get_size(list) == 1 && list->get_type(list, 0) == VTYPE_INT)
    number = (uint32_t)list->get_int(list, 0);
  ORIEL_RELEASE(list);
  return number;
}

size_t oriel_message_cut(const unsigned char *packet) { return packet[1] | (size_t)packet[2] << 8 | (size_t)packet[3] << 16; }

static cef_v8_value_t *copied(const void *data, size_t size) {
  if (!data || size < ORIEL_PACKET_MIN || size > ORIEL_PACKET_MAX)
    return NULL;
  return oriel_cef.cef_v8_value_create_array_buffer_with_copy((void *)data, size);
}

size_t oriel_message_copies(const unsigned char *data, size_t size, cef_v8_value_t *buffers[2]) {
  if (!data || size < ORIEL_PACKET_MIN || size > ORIEL_PACKET_MAX)
    return 0;
  size_t cut = oriel_message_cut(data);
  if (cut >= size)
    return 0;
  buffers[0] = copied(data, cut ? cut : size);
  if (!buffers[0] || !cut)
    return buffers[0] != NULL;
  buffers[1] = copied(data + cut, size - cut);
  if (buffers[1])
    return 2;
  ORIEL_RELEASE(buffers[0]);
  return 0;
}

static cef_v8_value_t *copied_item(cef_list_value_t *list, size_t index) {
  if (list->get_size(list) <= index || list->get_type(list, index) != VTYPE_BINARY)
    return NULL;
  cef_binary_value_t *binary = list->get_binary(list, index);
  cef_v8_value_t *buffer = binary ? copied(binary->get_raw_data(binary), binary->get_size(binary)) : NULL;
  ORIEL_RELEASE(binary);
  return buffer;
}

size_t oriel_message_buffers(cef_process_message_t *message, cef_v8_value_t *buffers[2]) {
  size_t count = 0;
  cef_shared_memory_region_t *region = message->get_shared_memory_region(message);
  if (region) {
    if (region->is_valid(region))
      count = oriel_message_copies(region->memory(region), region->size(region), buffers);
    ORIEL_RELEASE(region);
    return count;
  }
  cef_list_value_t *list = message->get_argument_list(message);
  if (!list)
    return 0;
  while (count < 2 && (buffers[count] = copied_item(list, count)) != NULL)
    count++;
  ORIEL_RELEASE(list);
  return count;
}
