// Objects that the program implements and CEF calls: counted by CEF, known to Go by a number.
#ifndef ORIEL_CEF_HANDLER_H
#define ORIEL_CEF_HANDLER_H

#include "include/cef_capi.h"

// Makes a zeroed object of size bytes with one reference, which is the caller's. Go is told (goHandlerFreed) when the last one goes.
// children is how many other handlers it hands out. Ends the process when memory is out.
void *oriel_handler_new(size_t size, uint64_t id, size_t children);

// The number given to oriel_handler_new; 0 for NULL and for objects that were not made by it.
uint64_t oriel_handler_id(const void *object);

// Gives child n of object; takes over the reference. May be called once for each n, before CEF sees the object.
void oriel_handler_set_child(void *object, size_t n, void *child);

// Child n with one more reference for the caller, or NULL.
void *oriel_handler_child(void *object, size_t n);

// Count of any reference-counted object, CEF's or ours; NULL is allowed.
void oriel_add_ref(void *object);
void oriel_release(void *object);

#endif
