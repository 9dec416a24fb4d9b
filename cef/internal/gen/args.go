package main

import (
	"strings"
)

// A kind says how one parameter, or a group of them that Go takes as one, crosses the border.
type kind int

const (
	scalar     kind = iota // a number or truth value, by value
	scalarOut              // pointer to a number or truth value, in and out
	enumValue              // enumeration, by value
	enumOut                // pointer to one
	text                   // const cef_string_t *: a string going in
	textOut                // cef_string_t *: a string, in and out
	list                   // cef_string_list_t
	stringMap              // cef_string_map_t
	multimap               // cef_string_multimap_t
	object1                // a counted object
	objectOut              // pointer to a counted object, in and out
	objects2               // count and array of counted objects
	objectsOut             // count and array to fill with counted objects
	plain                  // const pointer to a plain struct
	plainOut               // pointer to a plain struct, in and out
	plainValue             // plain struct by value
	plains                 // count and const array of plain structs
	plainsOut              // count and array to fill with plain structs or int64
	bytesIn                // const data and its length
	bytesOut               // memory to be written, and its length
	raw                    // anything else, as unsafe.Pointer
)

// An arg is one Go parameter: one C parameter, or two (count and array, data and length).
type arg struct {
	kind  kind
	c     []param // the C parameters it stands for, in order
	name  string  // Go name
	elem  string  // C name of the struct or enum meant, if any
	boole bool    // an int that is a truth value
}

// scalars maps C number types to Go's.
var scalars = map[string]string{
	"int": "int", "int32_t": "int32", "int64_t": "int64", "uint32_t": "uint32", "uint64_t": "uint64", "size_t": "int", "float": "float32",
	"double": "float64", "cef_color_t": "uint32", "char16_t": "uint16", "uint16_t": "uint16", "uint8_t": "uint8",
	"cef_window_handle_t": "uint64", "cef_platform_thread_id_t": "int32", "long long": "int64", "cef_cursor_handle_t": "uint64",
}

// bare strips "struct _", "const" and pointers off a type: what is it a pointer to?
func bare(typ string) string {
	typ = strings.TrimPrefix(typ, "const ")
	typ = strings.TrimPrefix(typ, "struct _")
	typ = strings.TrimRight(typ, "* ")
	return strings.TrimSuffix(typ, " * const")
}

func stars(typ string) int { return strings.Count(typ, "*") }

func isConst(typ string) bool { return strings.HasPrefix(typ, "const ") }

// group turns C parameters, self already taken off, into Go's.
func (g *gen) group(ps []param) []arg {
	var args []arg
	for i := 0; i < len(ps); i++ {
		if i+1 < len(ps) {
			after := ""
			if i+2 < len(ps) {
				after = ps[i+2].Type
			}
			if a, ok := g.pair(ps[i], ps[i+1], after); ok {
				args = append(args, a)
				i++
				continue
			}
		}
		args = append(args, g.single(ps[i]))
	}
	return args
}

// pair recognises two parameters that belong together.
func (g *gen) pair(a, b param, after string) (arg, bool) {
	two := []param{a, b}
	elem := bare(b.Type)
	_, isPlain := g.plain[elem]
	switch {
	case a.Type == "const void *" && b.Type == "size_t" && after != "size_t":
		return arg{kind: bytesIn, c: two, name: goParam(a.Name)}, true
	case a.Type == "void *" && (b.Type == "size_t" && (after != "size_t" || b.Name == "buffer_size") || b.Name == "bytes_to_read"):
		return arg{kind: bytesOut, c: two, name: goParam(a.Name)}, true
	case !strings.HasSuffix(a.Name, "Count"):
		return arg{}, false
	case a.Type == "size_t" && strings.HasSuffix(b.Type, "* const *"):
		return arg{kind: objects2, c: two, name: goParam(b.Name), elem: elem}, true
	case a.Type == "size_t" && isPlain && isConst(b.Type):
		return arg{kind: plains, c: two, name: goParam(b.Name), elem: elem}, true
	case a.Type == "size_t *" && g.side[elem] != nil && stars(b.Type) == 2:
		return arg{kind: objectsOut, c: two, name: goParam(b.Name), elem: elem}, true
	case a.Type == "size_t *" && (isPlain || elem == "int64_t"):
		return arg{kind: plainsOut, c: two, name: goParam(b.Name), elem: elem}, true
	}
	return arg{}, false
}

func (g *gen) single(p param) arg {
	a := arg{kind: raw, c: []param{p}, name: goParam(p.Name), elem: bare(p.Type)}
	n := stars(p.Type)
	_, isPlain := g.plain[a.elem]
	switch {
	case p.Type == "const cef_string_t *":
		a.kind = text
	case p.Type == "cef_string_t *":
		a.kind = textOut
	case p.Type == "cef_string_list_t":
		a.kind = list
	case p.Type == "cef_string_map_t":
		a.kind = stringMap
	case p.Type == "cef_string_multimap_t":
		a.kind = multimap
	case n == 0 && scalars[p.Type] != "":
		a.kind, a.boole = scalar, p.Type == "int" && boolNames[p.Name]
	case n == 1 && scalars[a.elem] != "" && !isConst(p.Type):
		a.kind, a.boole = scalarOut, a.elem == "int" && boolNames[p.Name]
	case n == 0 && g.t.enums[a.elem] != nil:
		a.kind = enumValue
	case n == 1 && g.t.enums[a.elem] != nil && !isConst(p.Type):
		a.kind = enumOut
	case n == 1 && g.side[a.elem] != nil:
		a.kind = object1
	case n == 2 && g.side[a.elem] != nil:
		a.kind = objectOut
	case n == 0 && isPlain:
		a.kind = plainValue
	case n == 1 && isPlain && isConst(p.Type):
		a.kind = plain
	case n == 1 && isPlain:
		a.kind = plainOut
	}
	return a
}

// goArgType is the Go type of an argument; get says that a collection is filled in by the call.
func (g *gen) goArgType(a arg, get bool) string {
	pointer := ""
	if get {
		pointer = "*"
	}
	num := func() string {
		if a.boole {
			return "bool"
		}
		return scalars[bare(a.c[0].Type)]
	}
	switch a.kind {
	case scalar:
		return num()
	case scalarOut:
		return "*" + num()
	case enumValue, plainValue:
		return goType(a.elem)
	case enumOut, plain, plainOut, object1:
		return "*" + goType(a.elem)
	case text:
		return "string"
	case textOut:
		return "*string"
	case list:
		return pointer + "[]string"
	case stringMap:
		return pointer + "map[string]string"
	case multimap:
		return pointer + "map[string][]string"
	case objectOut:
		return "**" + goType(a.elem)
	case objects2:
		return "[]*" + goType(a.elem)
	case objectsOut:
		return "*[]*" + goType(a.elem)
	case plains:
		return "[]" + goType(a.elem)
	case plainsOut:
		if a.elem == "int64_t" {
			return "*[]int64"
		}
		return "*[]" + goType(a.elem)
	case bytesIn, bytesOut:
		return "[]byte"
	}
	return "unsafe.Pointer"
}
