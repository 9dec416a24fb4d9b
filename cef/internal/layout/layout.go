// Package layout tells how the C compiler lays out the structs of CEF's API, for the test that compares it with the table.
package layout

// #include "layout.h"
import "C"

import "unsafe"

// A Member is one struct, if Name is empty, or one of its members. Size is the struct's; both are in bytes.
type Member struct {
	Struct, Name string
	Size, Offset int
}

// Members lists every struct and member of the API.
func Members() []Member {
	var ms []Member
	for p := C.oriel_layouts_begin(); p.name != nil; p = (*C.struct_oriel_layout)(unsafe.Add(unsafe.Pointer(p), unsafe.Sizeof(*p))) {
		ms = append(ms, Member{C.GoString(p.name), C.GoString(p.member), int(p.size), int(p.offset)})
	}
	return ms
}
