package typescript

import (
	"go/types"
	"reflect"
	"slices"
	"strings"
)

// field is a field of an object, as protocol's structFields would list it.
type field struct {
	name     string
	typ      types.Type
	optional bool
	never    bool            // never null: what would be is left out
	owner    *types.TypeName // the struct it is declared in, nil for one without a name
	goName   string
	tagged   bool // the name is a tag's
	depth    int  // of the embedding
	at       int  // among all fields found
}

// fieldsOf lists the fields of t that travel. Of several with one name the nearest does; of equally near ones the only one with a tag, else none.
func fieldsOf(t types.Type) []field {
	var w walker
	w.walk(t, 0, false)
	return slices.DeleteFunc(slices.Clone(w.fields), func(f field) bool {
		return slices.ContainsFunc(w.fields, func(g field) bool { return g.name == f.name && f.yields(g) })
	})
}

// yields says whether another field with the same name keeps f from travelling.
func (f field) yields(other field) bool {
	switch {
	case f.at == other.at:
		return false
	case f.depth != other.depth:
		return f.depth > other.depth
	}
	return other.tagged || !f.tagged
}

// walker goes through a struct and the structs embedded in it.
type walker struct {
	fields []field
	open   []types.Type // those that the one being walked through is embedded in
}

// walk adds the fields of t, which is embedded that deep, somewhere by a pointer if optional.
func (w *walker) walk(t types.Type, depth int, optional bool) {
	if slices.ContainsFunc(w.open, func(u types.Type) bool { return types.Identical(t, u) }) {
		return
	}
	w.open = append(w.open, t)
	defer func() { w.open = w.open[:len(w.open)-1] }()
	s := t.Underlying().(*types.Struct)
	var owner *types.TypeName
	if n, ok := types.Unalias(t).(*types.Named); ok {
		owner = n.Origin().Obj()
	}
	for i := range s.NumFields() {
		v := s.Field(i)
		name, options, tagged := wireName(v, s.Tag(i))
		switch {
		case name == "-" && !tagged:
		case v.Anonymous() && !tagged && embeds(v.Type()):
			if !isPointer(v.Type()) || v.Exported() { // another one could not be filled
				w.walk(pointee(v.Type()), depth+1, optional || isPointer(v.Type()))
			}
		case v.Exported():
			f := field{name: name, typ: v.Type(), optional: optional, owner: owner, goName: v.Name(), tagged: tagged, depth: depth, at: len(w.fields)}
			f.leftOut(options)
			w.fields = append(w.fields, f)
		}
	}
}

// leftOut finds out when the field is not written.
func (f *field) leftOut(options []string) {
	if slices.Contains(options, "omitzero") {
		f.optional, f.never = true, true
	}
	if slices.Contains(options, "omitempty") {
		switch u := f.typ.Underlying().(type) {
		case *types.Struct:
		case *types.Array:
			f.optional = f.optional || u.Len() == 0
		default:
			f.optional, f.never = true, true
		}
	}
}

// wireName is the field's name by its msgpack tag, else its json tag, else its own, as protocol's fieldTag has it.
func wireName(v *types.Var, text string) (name string, options []string, tagged bool) {
	tag := reflect.StructTag(text).Get("msgpack")
	if tag == "" {
		tag = reflect.StructTag(text).Get("json")
	}
	if tag == "-" {
		return "-", nil, false
	}
	name, rest, _ := strings.Cut(tag, ",")
	options = strings.Split(rest, ",")
	if name == "" {
		return v.Name(), options, false
	}
	return name, options, true
}

// embeds says whether the fields of an embedded type take its place.
func embeds(t types.Type) bool {
	t = pointee(t)
	return isStruct(t) && nativeOf(t) == ""
}

func pointee(t types.Type) types.Type {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

func isPointer(t types.Type) bool { _, ok := types.Unalias(t).(*types.Pointer); return ok }

func isStruct(t types.Type) bool { _, ok := t.Underlying().(*types.Struct); return ok }
