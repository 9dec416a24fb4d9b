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
	depth    int
}

// step is a field of a struct on the way to a promoted one.
type step struct {
	v   *types.Var
	tag string
}

// visible is a field that can be named from the outside, as reflect.VisibleFields has it.
type visible struct {
	way   []step
	owner *types.TypeName
	gone  bool // another one with its name hides it
}

func (f visible) last() step { return f.way[len(f.way)-1] }

// fieldsOf lists the fields of t that travel.
func fieldsOf(t types.Type) []field {
	w := walker{byName: map[string]int{}, open: map[types.Type]bool{}}
	w.walk(t)
	var fields []field
	index := map[string]int{}
	for _, v := range w.fields {
		last := v.last()
		name, options, tagged := wireName(last)
		if v.gone || name == "-" && !tagged || last.v.Anonymous() && !tagged && embeds(last.v.Type()) || !last.v.Exported() || !reachable(v.way) {
			continue
		}
		f := field{name: name, typ: last.v.Type(), owner: v.owner, goName: last.v.Name(), depth: len(v.way)}
		f.leftOut(options)
		f.optional = f.optional || slices.ContainsFunc(v.way[:len(v.way)-1], func(s step) bool { return isPointer(s.v.Type()) })
		if i, ok := index[name]; ok {
			if f.depth < fields[i].depth {
				fields[i] = f
			}
			continue
		}
		index[name] = len(fields)
		fields = append(fields, f)
	}
	return fields
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

// walker goes through a struct and the structs embedded in it.
type walker struct {
	fields []visible
	byName map[string]int
	open   map[types.Type]bool
	way    []step
}

func (w *walker) walk(t types.Type) {
	s := t.Underlying().(*types.Struct)
	if w.open[s] {
		return
	}
	w.open[s] = true
	defer delete(w.open, s)
	var owner *types.TypeName
	if n, ok := types.Unalias(t).(*types.Named); ok {
		owner = n.Origin().Obj()
	}
	for i := range s.NumFields() {
		w.way = append(w.way, step{s.Field(i), s.Tag(i)})
		w.add(owner)
		if v := s.Field(i); v.Anonymous() {
			if inner := pointee(v.Type()); isStruct(inner) {
				w.walk(inner)
			}
		}
		w.way = w.way[:len(w.way)-1]
	}
}

// add notes the field at the end of the way, unless one with its name is nearer. Equally near ones hide each other.
func (w *walker) add(owner *types.TypeName) {
	name := w.way[len(w.way)-1].v.Name()
	if i, ok := w.byName[name]; ok {
		old := &w.fields[i]
		old.gone = old.gone || len(w.way) <= len(old.way)
		if len(w.way) >= len(old.way) {
			return
		}
	}
	w.byName[name] = len(w.fields)
	w.fields = append(w.fields, visible{way: slices.Clone(w.way), owner: owner})
}

// wireName is the field's name by its msgpack tag, else its json tag, else its own, as protocol's fieldTag has it.
func wireName(s step) (name string, options []string, tagged bool) {
	tag := reflect.StructTag(s.tag).Get("msgpack")
	if tag == "" {
		tag = reflect.StructTag(s.tag).Get("json")
	}
	if tag == "-" {
		return "-", nil, false
	}
	name, rest, _ := strings.Cut(tag, ",")
	options = strings.Split(rest, ",")
	if name == "" {
		return s.v.Name(), options, false
	}
	return name, options, true
}

// embeds says whether the fields of an embedded type take its place.
func embeds(t types.Type) bool {
	t = pointee(t)
	return isStruct(t) && nativeOf(t) == ""
}

// reachable says whether every struct on the way is embedded without a name of its own and without being left out.
func reachable(way []step) bool {
	for _, s := range way[:len(way)-1] {
		name, _, tagged := wireName(s)
		if tagged || name == "-" || isPointer(s.v.Type()) && !s.v.Exported() {
			return false
		}
	}
	return true
}

func pointee(t types.Type) types.Type {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

func isPointer(t types.Type) bool { _, ok := types.Unalias(t).(*types.Pointer); return ok }

func isStruct(t types.Type) bool { _, ok := t.Underlying().(*types.Struct); return ok }
