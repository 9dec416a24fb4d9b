package typescript

import (
	"cmp"
	"fmt"
	"go/types"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// taken are names that the generated text uses with their meaning in JavaScript.
var taken = []string{
	"AbortSignal", "ArrayBuffer", "ArrayBufferView", "Blob", "BlockChange", "CallContext", "CallOptions", "Date", "Error", "Map", "MessagePort",
	"Promise", "ReadableStream", "Record", "RegExp", "SendOptions", "Set", "Uint8Array", "Window",
}

// simple are the names of TypeScript's own types, which no type parameter may have.
var simple = strings.Fields("any bigint boolean never number object string symbol undefined unknown void")

// Reserved words cannot be the names of parameters, of values or types, and constants.
var Reserved = strings.Fields(`arguments await break case catch class const continue debugger default delete do else enum eval export extends
	false finally for function if implements import in instanceof interface let new null package private protected public return static super
	switch this throw true try typeof var void while with yield`)

// Name gives every declaration its name, when all types have been added: that of the Go type, with its package's before it where two would
// share one.
func (s *Set) Name() {
	s.provisional()
	s.unfold()
	for _, key := range slices.Sorted(maps.Keys(s.decls)) {
		if d := s.decls[key]; d.typ.TypeParams().Len() > 0 && d.args == nil && !s.used(d) {
			delete(s.decls, key)
		}
	}
	groups := map[string][]*declaration{}
	for _, key := range slices.Sorted(maps.Keys(s.decls)) {
		d := s.decls[key]
		groups[d.plain(0)] = append(groups[d.plain(0)], d)
	}
	used := map[string]bool{}
	for _, name := range taken {
		used[name] = true
	}
	for _, base := range slices.Sorted(maps.Keys(groups)) {
		group := groups[base]
		slices.SortStableFunc(group, func(a, b *declaration) int { return cmp.Compare(a.obj.Pkg().Path(), b.obj.Pkg().Path()) })
		s.nameGroup(group, used)
	}
	for _, d := range s.decls {
		if d.args == nil {
			s.nameParameters(d.typ, used)
		}
	}
}

// nameParameters names the parameters of a generic type as Go does, where that is no other type's name here.
func (s *Set) nameParameters(n *types.Named, used map[string]bool) {
	var names []string
	for p := range n.TypeParams().TypeParams() {
		name := p.Obj().Name()
		for used[name] || slices.Contains(simple, name) || slices.Contains(Reserved, name) || slices.Contains(names, name) {
			name += "_"
		}
		names = append(names, name)
		s.params[p] = name
	}
}

// nameGroup names declarations that would all have the same name.
func (s *Set) nameGroup(group []*declaration, used map[string]bool) {
	depth := 0
	for clash(group, used, depth) && depth < 4 {
		depth++
	}
	for _, d := range group {
		d.name = d.plain(depth)
		for i := 2; used[d.name]; i++ {
			d.name = fmt.Sprintf("%s%d", d.plain(depth), i)
		}
		used[d.name] = true
	}
}

// clash says whether two names would be equal, or one is used already.
func clash(group []*declaration, used map[string]bool, depth int) bool {
	names := map[string]bool{}
	for _, d := range group {
		name := d.plain(depth)
		if used[name] || names[name] {
			return true
		}
		names[name] = true
	}
	return false
}

// plain is the declaration's name with as many parts of its package's path before it as depth says, the nearest of them the package's name.
func (d *declaration) plain(depth int) string {
	name := upper(d.obj.Name())
	for _, a := range d.args {
		for _, word := range strings.FieldsFunc(short(a), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			name += upper(word)
		}
	}
	if depth == 0 || d.obj.Pkg() == nil {
		return name
	}
	name = upper(d.obj.Pkg().Name()) + name
	parts := strings.Split(d.obj.Pkg().Path(), "/")
	for i := 1; i < depth && len(parts)-1-i >= 0; i++ {
		name = identifier(parts[len(parts)-1-i]) + name
	}
	return name
}

// provisional names make texts comparable before there are proper ones.
func (s *Set) provisional() {
	for key, d := range s.decls {
		d.name = key
	}
}

// unfold gives an instance of a generic type a declaration of its own where the generic one does not say what it is, as for a []T whose T is
// byte. Such a one may make others that contain it differ.
func (s *Set) unfold() {
	keys := slices.Sorted(maps.Keys(s.generic))
	for again := true; again; {
		again = false
		for _, key := range keys {
			d := s.generic[key]
			if s.decls[key] == nil && !s.fits(d) {
				d.name = key
				s.decls[key] = d
				again = true
			}
		}
	}
}

// fits says whether the generic declaration is right for an instance.
func (s *Set) fits(d *declaration) bool {
	origin, e := d.typ.Origin(), env{}
	for i := range origin.TypeParams().Len() {
		e[origin.TypeParams().At(i)] = s.union(d.args[i], nil).tight()
	}
	loose := func(text string) string { return strings.NewReplacer("(", "", ")", "").Replace(text) }
	return loose(s.body(origin, e)) == loose(s.body(d.typ, nil))
}

// used says whether an instance of a generic type is written as one.
func (s *Set) used(d *declaration) bool {
	for key, g := range s.generic {
		if s.decls[key] == nil && g.obj == d.obj {
			return true
		}
	}
	return false
}

// upper is a name with its first letter in upper case.
func upper(name string) string {
	r, n := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(r)) + name[n:]
}

// identifier makes a part of an identifier of any text.
func identifier(text string) (id string) {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		id += upper(word)
	}
	return id
}

// body is what a declaration says of its type.
func (s *Set) body(n *types.Named, e env) string {
	if s.shape(n) == shapeStruct {
		return s.members(n, e, "")
	}
	if literals := enumOf(s.source, n); literals != nil {
		return strings.Join(literals, " | ")
	}
	return s.unnamed(n, e).text()
}

// IsIdentifier says whether a text can be a property's name as it is.
func IsIdentifier(text string) bool {
	for i, r := range text {
		if r != '_' && r != '$' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return text != ""
}
