// Package typescript writes Go types as TypeScript sees their values: what protocol makes of them on the way to a page and back.
package typescript

import (
	"fmt"
	"go/types"
	"slices"
	"strings"

	"github.com/oriel-go/oriel/cmd/oriel/internal/channels"
)

// Direction is the way that values of a type go.
type Direction uint8

// The directions, as Go sees them. They can be joined.
const (
	In  Direction = 1 << iota // from a page
	Out                       // to a page
)

// A Set is the types of one declaration file. Types are added, then named, then written.
type Set struct {
	source  *channels.Source
	seen    map[string]Direction    // every type added, by key
	uneven  map[string]Direction    // those that travel differently in and out
	decls   map[string]*declaration // types with a name of their own, by key
	generic map[string]*declaration // instances of generic types, by key
	params  map[*types.TypeParam]string
}

// A declaration is one exported type of the file.
type declaration struct {
	obj  *types.TypeName
	typ  *types.Named // the generic type itself, or an instance that needs a declaration of its own
	args []types.Type // of such an instance
	name string
}

// NewSet returns an empty set. Comments come from the source.
func NewSet(source *channels.Source) *Set {
	return &Set{
		source: source, seen: map[string]Direction{}, uneven: map[string]Direction{},
		decls: map[string]*declaration{}, generic: map[string]*declaration{}, params: map[*types.TypeParam]string{},
	}
}

// Add adds a type and all it is made of. The error says what in it cannot travel.
func (s *Set) Add(t types.Type, d Direction) error { return s.add(t, d, "") }

// key tells types apart. Types declared within functions may share their name.
func (s *Set) key(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string { return p.Path() }) + s.local(t)
}

// local tells where a type that is declared within a function is.
func (s *Set) local(t types.Type) string {
	var where strings.Builder
	var visit func(t types.Type)
	visit = func(t types.Type) {
		if n, ok := types.Unalias(t).(*types.Named); ok {
			if o := n.Obj(); o.Pkg() != nil && o.Parent() != nil && o.Parent() != o.Pkg().Scope() {
				fmt.Fprintf(&where, "@%s", s.source.Position(o))
			}
			for a := range n.TypeArgs().Types() {
				visit(a)
			}
		}
	}
	visit(t)
	return where.String()
}

func (s *Set) add(t types.Type, d Direction, path string) error {
	t = types.Unalias(t)
	if basic, ok := t.(*types.Basic); ok && basic.Kind() == types.Invalid {
		return fmt.Errorf("%sits type is not known", path)
	}
	key := s.key(t)
	if s.seen[key]&d != 0 {
		return nil
	}
	s.seen[key] |= d
	in, out := shapeOf(t, In), shapeOf(t, Out)
	if in != out {
		if s.uneven[key] |= d; s.uneven[key] == In|Out {
			return fmt.Errorf("%s%s goes to the page as something else than comes back: give it both methods, as MarshalText and UnmarshalText, or neither", path, short(t))
		}
	}
	shape := out
	if d == In {
		shape = in
	}
	if shape == shapeNone {
		return fmt.Errorf("%s%s cannot travel", path, short(t))
	}
	if shape == shapePort {
		return fmt.Errorf("%sa message port does not cross contextBridge: hide the call with //oriel:hidden, and hand the port to the page in a preload of your own, by window.postMessage", path)
	}
	if n, ok := t.(*types.Named); ok && declared(n, shape) {
		s.declare(n)
		for a := range n.TypeArgs().Types() {
			if err := s.add(a, d, path); err != nil {
				return err
			}
		}
	}
	return s.addParts(t, shape, d, path)
}

// addParts adds what a type is made of.
func (s *Set) addParts(t types.Type, shape shape, d Direction, path string) error {
	switch shape {
	case shapeValues:
		if chunk := chunkOf(t, d); !holdsStream(chunk, d, new([]types.Type)) {
			return s.add(chunk, d, path)
		}
		return fmt.Errorf("%sa stream cannot be in another one", path)
	case shapeStruct:
		for _, f := range fieldsOf(t) {
			if err := s.add(f.typ, d, fmt.Sprintf("%sfield %s of %s: ", path, f.goName, short(t))); err != nil {
				return err
			}
		}
	case shapeMap:
		m := t.Underlying().(*types.Map)
		if _, ok := s.keyType(m.Key(), d); !ok {
			return fmt.Errorf("%s%s cannot be the key of an object", path, short(m.Key()))
		}
		if enumOf(s.source, m.Key()) != nil {
			if err := s.add(m.Key(), d, path); err != nil {
				return err
			}
		}
		return s.add(m.Elem(), d, path)
	case shapeSlice, shapeArray, shapePointer:
		if e, ok := t.Underlying().(interface{ Elem() types.Type }); ok {
			return s.add(e.Elem(), d, path)
		}
	}
	return nil
}

// declared says whether a named type gets a declaration. One that is a class there, or travels as what it does not look like, does not.
func declared(n *types.Named, shape shape) bool {
	switch shape {
	case shapeUnknown, shapeError, shapeNative, shapeReader, shapeValues:
		return false
	case shapeString:
		return kindShape(n.Underlying()) == shapeString
	case shapeBytes: // lent or not is the app's business
		return n.Obj().Pkg().Path() != routerPath || n.Obj().Name() != "Lent"
	}
	return true
}

// declare notes that a named type needs a declaration; for an instance of a generic type, that of the generic one.
func (s *Set) declare(n *types.Named) {
	if n.TypeArgs().Len() > 0 {
		s.generic[s.key(n)] = &declaration{obj: n.Obj(), typ: n, args: slices.Collect(n.TypeArgs().Types())}
		n = n.Origin()
	}
	if key := s.key(n); s.decls[key] == nil {
		s.decls[key] = &declaration{obj: n.Obj(), typ: n}
	}
}

// short is a type as a reader of the app's source would write it.
func short(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string { return p.Name() })
}
