package cef

/*
#include "handler.h"
*/
import "C"

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// An object is one reference to something that libcef implements. The wrapper types embed it.
type object struct {
	ptr   unsafe.Pointer
	kind  kind
	owned bool
}

// Release gives the reference back. Further calls, and calls on an object that a callback lent, do nothing.
func (o *object) Release() {
	if !o.owned {
		return
	}
	p := o.ptr
	o.ptr, o.owned = nil, false
	count(o.kind, -1)
	releaseC(p)
}

// invalidate ends a loan: an object passed to a callback answers with zero once the callback has returned.
func (o *object) invalidate() {
	if o != nil && !o.owned {
		o.ptr = nil
	}
}

func addRefC(p unsafe.Pointer) { C.oriel_add_ref(p) }

// releaseC does nothing after Shutdown: libcef must not be called any more, and its objects are gone.
func releaseC(p unsafe.Pointer) {
	if !down.Load() {
		C.oriel_release(p)
	}
}

// down is set when Shutdown begins to return.
var down atomic.Bool

// handles maps the numbers that C knows to the handlers of this program. Numbers are never used twice.
var (
	handles    sync.Map // uint64 → *tracking
	lastHandle atomic.Uint64
	stale      atomic.Uint64
)

type tracking struct {
	kind    kind
	handler any
}

// StaleCalls counts calls by CEF to a handler that was already gone. They are answered with zero.
func StaleCalls() uint64 { return stale.Load() }

func track(k kind, h any) uint64 {
	id := lastHandle.Add(1)
	handles.Store(id, &tracking{k, h})
	count(k, 1)
	return id
}

func tracked(id uint64) any {
	if v, ok := handles.Load(id); ok {
		return v.(*tracking).handler
	}
	return nil
}

func lookUp(p unsafe.Pointer) any { return tracked(uint64(C.oriel_handler_id(p))) }

func copyBytes(p unsafe.Pointer, n int) []byte {
	b := make([]byte, n)
	copy(b, unsafe.Slice((*byte)(p), n))
	return b
}

func cBool(b bool) C.int {
	if b {
		return 1
	}
	return 0
}
