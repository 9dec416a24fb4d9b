package typescript

import (
	"cmp"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/oriel-go/oriel/cmd/oriel/internal/channels"
)

// enumOf lists the constants of a named string or integer type as literals, in the order of their declarations; nil if it is not an
// enumeration. One has at least two constants in the package of the type, to which other packages of the app may add. Integers have to follow each
// other, too; flags and units do not.
func enumOf(source *channels.Source, t types.Type) []string {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.Obj().Pkg() == nil || shapeOf(n, In) != shapeOf(n, Out) || hasMethod(types.NewPointer(n), "MarshalText", "", "[]byte, error") {
		return nil
	}
	basic, ok := n.Underlying().(*types.Basic)
	if !ok || basic.Info()&(types.IsString|types.IsInteger) == 0 {
		return nil
	}
	consts := constantsOf(source, n, n.Obj().Pkg())
	if len(consts) < 2 {
		return nil
	}
	for _, p := range source.Packages() {
		if p != n.Obj().Pkg() {
			consts = append(consts, constantsOf(source, n, p)...)
		}
	}
	if basic.Info()&types.IsInteger != 0 && !consecutive(source, consts) {
		return nil
	}
	var literals []string
	for _, c := range consts {
		text := c.Val().ExactString()
		if c.Val().Kind() == constant.String {
			text = Quote(constant.StringVal(c.Val()))
		}
		if !slices.Contains(literals, text) {
			literals = append(literals, text)
		}
	}
	return literals
}

// constantsOf lists the constants of exactly this type in a package.
func constantsOf(source *channels.Source, n *types.Named, p *types.Package) (consts []*types.Const) {
	scope := p.Scope()
	at := map[*types.Const]token.Position{}
	for _, name := range scope.Names() {
		if c, ok := scope.Lookup(name).(*types.Const); ok && name != "_" && types.Identical(c.Type(), n) {
			consts = append(consts, c)
			at[c] = source.Position(c)
		}
	}
	slices.SortStableFunc(consts, func(a, b *types.Const) int {
		return cmp.Or(strings.Compare(at[a].Filename, at[b].Filename), cmp.Compare(at[a].Line, at[b].Line), cmp.Compare(at[a].Column, at[b].Column))
	})
	return consts
}

func consecutive(source *channels.Source, consts []*types.Const) bool {
	var values []int64
	for _, c := range consts {
		v, exact := constant.Int64Val(c.Val())
		if !exact || source.Shifted(c) {
			return false
		}
		values = append(values, v)
	}
	slices.Sort(values)
	values = slices.Compact(values)
	return values[len(values)-1]-values[0] == int64(len(values)-1)
}
