package cef

/*
#include "payload.h"
*/
import "C"

import (
	"errors"
	"unsafe"
)

// ErrNotSent is returned when a message could not be handed to CEF: its frame is no more, or memory is out.
var ErrNotSent = errors.New("cef: the message could not be sent: its frame is gone")

// A MessageName is a process message's name in the form that sending wants, made once.
type MessageName struct{ w wideString }

// NewMessageName prepares a name for [Frame.SendBytes].
func NewMessageName(name string) MessageName { return MessageName{wide(name)} }

// Bytes copies the payload of a message made by SendBytes, or by the twin of it in C: one binary argument or shared memory. A message with
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

// SendBytes sends data to target in a message of that name: by shared memory from sharedFrom bytes up, else in a binary value. It may be
// called on any thread. CEF does not tell whether the message arrives.
func (o *Frame) SendBytes(target ProcessID, name MessageName, data []byte, sharedFrom int) error {
	if len(data) == 0 || C.oriel_payload_send(o.cef(), C.cef_process_id_t(target), name.w.ptr(), C.size_t(len(name.w)),
		unsafe.Pointer(unsafe.SliceData(data)), C.size_t(len(data)), C.size_t(sharedFrom)) == 0 {
		return ErrNotSent
	}
	return nil
}
