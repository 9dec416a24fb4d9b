// Package argvtest lets Go test renderer/argv.c, which a _test.go file could not: it cannot use cgo.
package argvtest

// #cgo CFLAGS: -std=c11 -Wall -Wextra -Werror
// #include <stdlib.h>
// #include "../../argv.c"
import "C"

import "unsafe"

// Switch is oriel_switch of a command line, and whether it found the switch.
func Switch(argv []string, name string) (string, bool) {
	pointers := (*[1 << 16]*C.char)(C.calloc(C.size_t(len(argv)+1), C.size_t(unsafe.Sizeof(uintptr(0)))))
	defer C.free(unsafe.Pointer(pointers))
	for i, arg := range argv {
		pointers[i] = C.CString(arg)
		defer C.free(unsafe.Pointer(pointers[i]))
	}
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	value := C.oriel_switch(C.int(len(argv)), &pointers[0], cname)
	if value == nil {
		return "", false
	}
	return C.GoString(value), true
}

// A Scheme is one entry of a list of custom schemes.
type Scheme struct {
	Name    string
	Options int
}

// Schemes reads a whole list with oriel_scheme_next; ok is false if it is malformed.
func Schemes(list string) (schemes []Scheme, ok bool) {
	text := C.CString(list)
	defer C.free(unsafe.Pointer(text))
	cursor := text
	for {
		var s C.struct_oriel_scheme
		switch C.oriel_scheme_next(&cursor, &s) {
		case 0:
			return schemes, true
		case 1:
			schemes = append(schemes, Scheme{C.GoStringN(s.name, C.int(s.length)), int(s.options)})
		default:
			return schemes, false
		}
	}
}
