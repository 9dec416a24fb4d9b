package typescript

import (
	"fmt"
	"go/types"
	"slices"
	"strings"
)

// maxTuple is the longest Go array that is written as a tuple.
const maxTuple = 8

// env says what type parameters stand for; those that are not in it stand for themselves.
type env map[*types.TypeParam]string

// union is a type that may be one of several.
type union []string

func (u union) with(members ...string) union {
	for _, m := range members {
		if !slices.Contains(u, m) {
			u = append(slices.Clip(u), m)
		}
	}
	return u
}

func (u union) text() string {
	if slices.Contains(u, "unknown") {
		return "unknown"
	}
	return strings.Join(u, " | ")
}

// tight is text that may be followed by [].
func (u union) tight() string {
	if len(u) > 1 {
		return "(" + u.text() + ")"
	}
	return u.text()
}

// Text writes a type. It is for types that were added to the set.
func (s *Set) Text(t types.Type) string { return s.union(t, nil).text() }

// Union writes what may be any of the types.
func (s *Set) Union(ts []types.Type) string {
	if len(ts) == 0 {
		return "unknown"
	}
	var u union
	for _, t := range ts {
		u = u.with(s.union(t, nil)...)
	}
	return u.text()
}

// Accepted writes what a page may pass for a type. Null is not among it where it comes from Go's nil slices and maps only, and whatever has
// bytes will do for a reader.
func (s *Set) Accepted(t types.Type) string {
	u := s.union(t, nil)
	switch s.shape(t) {
	case shapeSlice, shapeBytes, shapeMap, shapeString:
		u = u.without("null")
	case shapeReader:
		u = u.with("Blob", "Uint8Array")
	}
	return u.text()
}

func (u union) without(member string) union {
	return slices.DeleteFunc(slices.Clone(u), func(m string) bool { return m == member })
}

// shape is how t travels in the direction that it was added for.
func (s *Set) shape(t types.Type) shape {
	if s.uneven[s.key(t)] == In {
		return shapeOf(t, In)
	}
	return shapeOf(t, Out)
}

func (s *Set) union(t types.Type, e env) union {
	t = types.Unalias(t)
	switch t := t.(type) {
	case *types.TypeParam:
		if text, ok := e[t]; ok {
			return union{text}
		}
		if name, ok := s.params[t]; ok {
			return union{name}
		}
		return union{t.Obj().Name()}
	case *types.Named:
		if declared(t, s.shape(t)) {
			return union{s.reference(t, e)}
		}
	}
	return s.unnamed(t, e)
}

// reference is the name of a declared type, with its type arguments.
func (s *Set) reference(n *types.Named, e env) string {
	if d := s.decls[s.key(n)]; d != nil {
		return d.name
	}
	origin := s.decls[s.key(n.Origin())]
	if origin == nil || n.TypeArgs().Len() == 0 {
		return s.key(n)
	}
	var args []string
	for a := range n.TypeArgs().Types() {
		args = append(args, s.union(a, e).text())
	}
	return origin.name + "<" + strings.Join(args, ", ") + ">"
}

// unnamed writes what a type is made of.
func (s *Set) unnamed(t types.Type, e env) union {
	switch s.shape(t) {
	case shapeBool:
		return union{"boolean"}
	case shapeNumber:
		return union{"number"}
	case shapeLarge:
		return union{"number", "bigint"}
	case shapeString:
		switch t.Underlying().(type) {
		case *types.Slice, *types.Map: // a nil one is not asked for its text
			return union{"string", "null"}
		}
		return union{"string"}
	case shapeBytes:
		return union{"Uint8Array", "null"}
	case shapeError:
		return union{"Error", "null"}
	case shapeNative:
		return union{nativeOf(t)}
	case shapeReader:
		return union{"ReadableStream<Uint8Array>"}
	case shapeValues:
		return union{"ReadableStream<" + s.union(chunkOf(t, s.seen[s.key(t)]), e).text() + ">"}
	case shapeSlice:
		return union{s.union(t.Underlying().(*types.Slice).Elem(), e).tight() + "[]", "null"}
	case shapeArray:
		return s.array(t.Underlying().(*types.Array), e)
	case shapeMap:
		return s.object(t.Underlying().(*types.Map), e)
	case shapeStruct:
		return union{s.members(t, e, "")}
	case shapePointer:
		if p, ok := t.Underlying().(*types.Pointer); ok {
			return s.union(p.Elem(), e).with("null")
		}
		return union{"null"}
	}
	return union{"unknown"}
}

func (s *Set) array(a *types.Array, e env) union {
	if isByte(a.Elem()) && s.shape(a.Elem()) == shapeNumber {
		return union{"Uint8Array"}
	}
	u := s.union(a.Elem(), e)
	if a.Len() > maxTuple {
		return union{u.tight() + "[]"}
	}
	return union{"[" + strings.Join(slices.Repeat([]string{u.text()}, int(a.Len())), ", ") + "]"}
}

// object writes a map. Index signatures, unlike Record, may lead back to the type they are in.
func (s *Set) object(m *types.Map, e env) union {
	key, _ := s.keyType(m.Key(), s.seen[s.key(m)])
	value := s.union(m.Elem(), e).text()
	if enumOf(s.source, m.Key()) != nil {
		return union{fmt.Sprintf("{ [key in %s]?: %s }", s.union(m.Key(), e).text(), value), "null"}
	}
	return union{fmt.Sprintf("{ [key: %s]: %s }", key, value), "null"}
}

// keyType is what the keys of a map are there, and whether they can be keys at all.
func (s *Set) keyType(t types.Type, d Direction) (string, bool) {
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		return "string", true
	}
	if d&Out != 0 && hasMethod(t, "MarshalText", "", "[]byte, error") || d&In != 0 && hasMethod(types.NewPointer(t), "UnmarshalText", "[]byte", "error") {
		return "string", true
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		if u.Info()&types.IsInteger != 0 && basicShape(u) == shapeNumber {
			return "number", true
		}
		return "string", u.Info()&(types.IsInteger|types.IsString) != 0
	case *types.Interface:
		return "string", true
	}
	return "", false
}

// members writes the fields of a struct between braces, each on a line of its own if there is an indent.
func (s *Set) members(t types.Type, e env, indent string) string {
	var lines []string
	for _, f := range fieldsOf(t) {
		u := s.union(f.typ, e)
		if p, ok := types.Unalias(f.typ).(*types.Pointer); ok && f.never {
			u = s.union(p.Elem(), e) // what it points to may be null all the same
		} else if f.never {
			u = u.without("null")
		}
		mark := ""
		if f.optional {
			mark = "?"
		}
		line := fmt.Sprintf("%s%s: %s;", property(f.name), mark, u.text())
		if indent != "" {
			line = Comment(indent, s.fieldComment(f)) + indent + line
		}
		lines = append(lines, line)
	}
	switch {
	case len(lines) == 0:
		return "{}"
	case indent == "":
		return "{ " + strings.TrimSuffix(strings.Join(lines, " "), ";") + " }"
	}
	return "{\n" + strings.Join(lines, "\n") + "\n}"
}

func (s *Set) fieldComment(f field) string {
	if f.owner == nil {
		return ""
	}
	return s.source.Type(f.owner).Fields[f.goName]
}
