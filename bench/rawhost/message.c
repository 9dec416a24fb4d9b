// The two carrying forms of a process message, the same in both processes.
#include "host.h"

void host_send(cef_frame_t *frame, cef_process_id_t target, const void *data, size_t size, int shared) {
  cef_process_message_t *message;
  if (shared) {
    cef_shared_process_message_builder_t *builder = oriel_cef.cef_shared_process_message_builder_create(TEXT(MESSAGE), size);
    if (!builder)
      return;
    memcpy(builder->memory(builder), data, size);
    message = builder->build(builder);
    RELEASE(builder);
  } else {
    message = oriel_cef.cef_process_message_create(TEXT(MESSAGE));
    cef_list_value_t *list = message->get_argument_list(message);
    list->set_binary(list, 0, oriel_cef.cef_binary_value_create(data, size));
    RELEASE(list);
  }
  frame->send_process_message(frame, target, message);
}

struct host_message host_message_open(cef_process_message_t *message) {
  struct host_message bytes = {.message = message};
  bytes.region = message->get_shared_memory_region(message);
  if (bytes.region) {
    bytes.data = bytes.region->memory(bytes.region);
    bytes.size = bytes.region->size(bytes.region);
    return bytes;
  }
  cef_list_value_t *list = message->get_argument_list(message);
  if (list) {
    bytes.binary = list->get_binary(list, 0);
    RELEASE(list);
  }
  if (bytes.binary) {
    bytes.data = bytes.binary->get_raw_data(bytes.binary);
    bytes.size = bytes.binary->get_size(bytes.binary);
  }
  return bytes;
}

void host_message_done(struct host_message *bytes) {
  RELEASE(bytes->region);
  RELEASE(bytes->binary);
  RELEASE(bytes->message);
}
