package cef

/*
#cgo CFLAGS: -std=gnu11
#cgo LDFLAGS: -ldl -lpthread
#include <stdlib.h>
#include "loader.h"
*/
import "C"

import (
	"fmt"
	"path/filepath"
	"sync"
	"unsafe"
)

// APIVersion is the version of CEF's API that this package speaks, and APIHash what a libcef that offers it answers on Linux.
const (
	APIVersion = C.ORIEL_CEF_API_VERSION
	APIHash    = C.ORIEL_CEF_API_HASH
)

// A LoadError says which libcef was refused and why.
type LoadError struct {
	Path   string
	Reason string
}

func (e *LoadError) Error() string { return fmt.Sprintf("cef: %s: %s", e.Path, e.Reason) }

var loading struct {
	sync.Mutex
	path string
}

// Load opens libcef.so in dir, an absolute path, and checks that it speaks APIVersion before anything else of it runs. libcef stays
// loaded for the life of the process; loading the same one again does nothing, another one is an error.
func Load(dir string) error {
	loading.Lock()
	defer loading.Unlock()
	path := filepath.Join(dir, "libcef.so")
	switch {
	case !filepath.IsAbs(path):
		return &LoadError{path, "the path of libcef must be absolute"}
	case loading.path == path:
		return nil
	case loading.path != "":
		return &LoadError{path, "this process has already loaded " + loading.path}
	}
	cPath := C.CString(path)
	defer C.free(unsafe.Pointer(cPath))
	var reason [512]C.char
	if C.oriel_cef_load(cPath, &reason[0], C.size_t(len(reason))) != 0 {
		return &LoadError{path, C.GoString(&reason[0])}
	}
	loading.path = path
	return nil
}
