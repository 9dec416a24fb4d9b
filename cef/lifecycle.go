package cef

/*
#include <stdlib.h>
#include "lifecycle.h"
*/
import "C"

import (
	"errors"
	"runtime"
	"unsafe"
)

// ErrInitialize is returned when libcef refuses to start; [GetExitCode] then tells the reason.
var ErrInitialize = errors.New("cef: cef_initialize failed")

// Initialize starts libcef with the process's arguments. It must run on the thread that will run [RunMessageLoop], locked to its
// goroutine, once per process. Signal handlers are afterwards what they were before: Go's.
func Initialize(args []string, settings *Settings, app *App) error {
	argv := make([]*C.char, len(args)+1)
	block := (**C.char)(C.calloc(C.size_t(len(argv)), C.size_t(unsafe.Sizeof(argv[0]))))
	// libcef keeps argv for good; it is never freed.
	for i, a := range args {
		unsafe.Slice(block, len(argv))[i] = C.CString(a)
	}
	var s C.cef_settings_t
	settings.toC(&s)
	defer clearSettings(&s)
	if C.oriel_initialize(C.int(len(args)), block, &s, app.take()) == 0 {
		return ErrInitialize
	}
	return nil
}

// RunMessageLoop runs the UI thread's loop until QuitMessageLoop.
func RunMessageLoop() { C.oriel_run_message_loop() }

// Shutdown ends libcef, on the thread that called Initialize, after every browser is closed. Afterwards every call on an object answers
// with zero and Release does nothing; functions of the package must not be called any more.
func Shutdown() {
	closing.Store(true)
	for releasing.Load() != 0 {
		runtime.Gosched()
	}
	C.oriel_shutdown()
	down.Store(true)
	forget()
}
