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
	ptr   unsafe.Pointer // nil when the reference is given back or the loan is over; atomic
	kind  kind
	owned bool // false for what a callback lent
}

// pointer is what calls use: nil makes them answer with zero.
func (o *object) pointer() unsafe.Pointer {
	if down.Load() {
		return nil
	}
	return atomic.LoadPointer(&o.ptr)
}

// release gives an owned reference back, once, however many goroutines call it.
func (o *object) release() {
	if !o.owned {
		return
	}
	if p := atomic.SwapPointer(&o.ptr, nil); p != nil {
		count(o.kind, -1)
		releaseC(p)
	}
}

// give hands the reference over to CEF, in the place of was, and leaves the wrapper as after a release. Of a lent object CEF gets a new one.
func (o *object) give(was unsafe.Pointer) unsafe.Pointer {
	p := o.pointer()
	if p == nil {
		return nil
	}
	if o.owned {
		p = atomic.SwapPointer(&o.ptr, nil)
		count(o.kind, -1)
	} else {
		addRefC(p)
	}
	if p == was {
		releaseC(p) // CEF sees no change and takes nothing over
	}
	return p
}

// invalidate ends a loan: an object passed to a callback answers with zero once the callback has returned.
func (o *object) invalidate() { atomic.StorePointer(&o.ptr, nil) }

func addRefC(p unsafe.Pointer) { C.oriel_add_ref(p) }

// libcef must not be called any more when Shutdown has begun, not even to give a reference back. The program's end frees what is left.
var (
	closing   atomic.Bool  // Shutdown has begun
	down      atomic.Bool  // Shutdown has returned
	releasing atomic.Int64 // calls of releaseC that may still touch libcef
)

func releaseC(p unsafe.Pointer) {
	releasing.Add(1)
	if !closing.Load() {
		C.oriel_release(p)
	}
	releasing.Add(-1)
}

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

// forget drops the handlers that libcef never gave back: it ends without running its destructors, such as those of tasks posted for later.
func forget() {
	for id := range handles.Range {
		goHandlerFreed(C.uint64_t(id.(uint64)))
	}
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
	return append([]byte{}, unsafe.Slice((*byte)(p), n)...) // not cleared first
}

func cBool(b bool) C.int {
	if b {
		return 1
	}
	return 0
}
