package protocol

import (
	"io"
	"reflect"
)

// maxReaderSteps is how deep Readers looks: more steps from value to value than what can be encoded takes.
const maxReaderSteps = 4 * MaxDepth

// Readers calls f with each io.Reader in the values of which a [Writer] would
// make a stream. It goes on where a Writer fails, so that who owns them can close
// those that were not reached. What encodes itself is not looked into.
func Readers(f func(io.Reader), values ...any) {
	s := search{found: f, seen: map[identity]bool{}}
	for _, v := range values {
		s.any(reflect.ValueOf(v), 0)
	}
}

// A search for readers.
type search struct {
	found func(io.Reader)
	seen  map[identity]bool // pointers, slices and maps
}

// any looks into what an interface holds.
func (s *search) any(v reflect.Value, steps int) {
	if !v.IsValid() {
		return
	}
	if info := typeOf(v.Type()); !info.isError { // which travels as a text
		s.value(v, info, steps+1)
	}
}

// isNew reports whether v has not been looked into yet.
func (s *search) isNew(v reflect.Value) bool {
	id := identity{p: v.Pointer(), t: v.Type()}
	if v.Kind() == reflect.Slice {
		id.len = v.Len()
	}
	known := s.seen[id]
	s.seen[id] = true
	return !known
}

func (s *search) value(v reflect.Value, info *typeInfo, steps int) {
	if steps > maxReaderSteps || isNilAny(v) {
		return
	}
	switch info.out {
	case shapeStream:
		s.stream(v)
	case shapeAny, shapeInterface:
		s.any(v.Elem(), steps)
	case shapePointer:
		if s.isNew(v) {
			s.value(v.Elem(), info.elem, steps+1)
		}
	case shapeSlice:
		if s.isNew(v) {
			s.elements(v, info, steps)
		}
	case shapeArray:
		s.elements(v, info, steps)
	case shapeMap:
		if s.isNew(v) && holds(info.elem) {
			for entry := v.MapRange(); entry.Next(); {
				s.value(entry.Value(), info.elem, steps+1)
			}
		}
	case shapeStruct:
		for i := range info.fields {
			if field, err := v.FieldByIndexErr(info.fields[i].index); err == nil {
				s.value(field, info.fields[i].info, steps+1)
			}
		}
	case shapeNative:
		s.native(v, steps)
	}
}

func (s *search) stream(v reflect.Value) {
	if v.Kind() == reflect.Pointer && !s.isNew(v) {
		return
	}
	if r := sourceOf(v).Reader; r != nil {
		s.found(r)
	}
}

func (s *search) elements(v reflect.Value, info *typeInfo, steps int) {
	if holds(info.elem) {
		for i := range v.Len() {
			s.value(v.Index(i), info.elem, steps+1)
		}
	}
}

// native looks into the types of types.go, whose fields and elements are exported.
func (s *search) native(v reflect.Value, steps int) {
	if v.Kind() != reflect.Struct {
		return
	}
	for i := range v.NumField() {
		s.value(v.Field(i), typeOf(v.Field(i).Type()), steps+1)
	}
}

// holds says whether what is in a value of this type may be a reader.
func holds(info *typeInfo) bool {
	switch info.out {
	case shapeBool, shapeInt, shapeUint, shapeFloat, shapeString, shapeBytes, shapeTime, shapeBigInt, shapeJSON, shapeText:
		return false
	}
	return true
}

// isNilAny is IsNil for values of any kind.
func isNilAny(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Chan, reflect.Func, reflect.Interface, reflect.Map, reflect.Pointer, reflect.Slice:
		return v.IsNil()
	}
	return false
}
