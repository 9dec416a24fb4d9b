package cef

// This file has declarations only in its preamble, as cgo demands of files that export functions.

// #include <stdint.h>
import "C"

import (
	"fmt"
	"os"
	"runtime/debug"
	"sync/atomic"
)

//export goHandlerFreed
func goHandlerFreed(id C.uint64_t) {
	if v, ok := handles.LoadAndDelete(uint64(id)); ok {
		count(v.(*tracking).kind, -1)
	}
}

// PanicHandler, if set, hears of every panic in a callback: the callback's name, the panic's value and the stack. The callback
// itself is answered with zero; no panic ever unwinds into C++. Set it before Initialize. Without one the panic goes to stderr.
var PanicHandler atomic.Pointer[func(callback string, value any, stack []byte)]

func recovered(callback string) {
	v := recover()
	if v == nil {
		return
	}
	stack := debug.Stack()
	defer func() {
		if again := recover(); again != nil {
			fmt.Fprintf(os.Stderr, "cef: panic in %s: %v\n%s\ncef: panic in PanicHandler: %v\n", callback, v, stack, again)
		}
	}()
	if f := PanicHandler.Load(); f != nil {
		(*f)(callback, v, stack)
		return
	}
	fmt.Fprintf(os.Stderr, "cef: panic in %s: %v\n%s", callback, v, stack)
}
