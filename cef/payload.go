package cef

/*
#include "payload.h"

// The pieces one by one: a struct of Go's may not hold pointers to Go memory on its way to C.
static cef_process_message_t *oriel_payload_pieces(const char16_t *name, size_t length, const void *data, size_t size, const void *tail,
                                                   size_t tail_size, size_t shared_from) {
  struct oriel_parts parts = {data, size, tail, tail_size};
  return oriel_payload_message(name, length, &parts, shared_from);
}
*/
import "C"

import "unsafe"

// A MessageName is a process message's name in the form that sending wants, made once.
type MessageName struct{ w wideString }

// NewMessageName prepares a name for [NewBytesMessage].
func NewMessageName(name string) MessageName { return MessageName{wide(name)} }

// Bytes copies the payload of a message made by NewBytesMessage, or by the twin of it in C: one binary argument or shared memory. A message with
// another shape, or more than limit bytes, gives nil.
func (o *ProcessMessage) Bytes(limit int) []byte {
	if o.cef() == nil {
		return nil
	}
	var p C.struct_oriel_payload
	C.oriel_payload_open(o.cef(), &p)
	defer C.oriel_payload_close(&p)
	if p.data == nil || uint64(p.size) > uint64(limit) {
		return nil
	}
	return copyBytes(unsafe.Pointer(p.data), int(p.size))
}

// NewBytesMessage makes a message that carries a copy of data, in shared memory from sharedFrom bytes up, else in a binary value. It may be
// called on any thread. It returns nil for no data and where CEF has no memory. The result is the caller's to Release, also after it
// has been sent.
func NewBytesMessage(name MessageName, data []byte, sharedFrom int) *ProcessMessage {
	return NewTailMessage(name, data, nil, sharedFrom)
}

// NewTailMessage is [NewBytesMessage] for data in two pieces: tail comes behind data in shared memory, else in a binary value of its own.
func NewTailMessage(name MessageName, data, tail []byte, sharedFrom int) *ProcessMessage {
	if len(data) == 0 {
		return nil
	}
	return ownProcessMessage(C.oriel_payload_pieces(name.w.ptr(), C.size_t(len(name.w)), unsafe.Pointer(unsafe.SliceData(data)),
		C.size_t(len(data)), unsafe.Pointer(unsafe.SliceData(tail)), C.size_t(len(tail)), C.size_t(sharedFrom)))
}

// NewSharedMessage makes a message that carries size bytes of memory, all zero, which the process that gets it shares with whoever holds the
// region. It returns nil twice where there is no such memory. Both are the caller's to Release, the message also after it has been sent.
func NewSharedMessage(name MessageName, size int) (*ProcessMessage, *SharedMemoryRegion) {
	message := ownProcessMessage(C.oriel_payload_memory(name.w.ptr(), C.size_t(len(name.w)), C.size_t(size)))
	if message == nil {
		return nil, nil
	}
	region := message.GetSharedMemoryRegion()
	if region.Memory() == nil || region.Size() < size {
		region.Release()
		message.Release()
		return nil, nil
	}
	return message, region
}

// Bytes is the memory itself, for as long as the region is held.
func (o *SharedMemoryRegion) Bytes() []byte {
	return unsafe.Slice((*byte)(o.Memory()), o.Size())
}
