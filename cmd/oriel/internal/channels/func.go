package channels

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
	"unicode"
	"unicode/utf8"
)

const notAHandler = "its function is not func([context.Context,] arguments…) ([result,] [error]), or func([context.Context,] ipc.Args) …"

// registration reads the types of a handler or listener off its function.
func (f *finder) registration(c *Channel, form form, id *ast.Ident, call *ast.CallExpr) (problem string) {
	arg := call.Args[form.f]
	sig, ok := f.pkg.TypesInfo.TypeOf(arg).Underlying().(*types.Signature)
	if !ok {
		return "its function has no type here: pass the function itself"
	}
	if c.Doc == "" {
		c.Doc = f.source.ofFunc(f.pkg, arg)
	}
	if form.typed {
		types := f.pkg.TypesInfo.Instances[id].TypeArgs
		if types.Len() == 0 {
			return "its types are not known here"
		}
		c.Params = single(types.At(0), sig.Params())
		if types.Len() > 1 {
			c.Result = Whole(types.At(1))
		}
		return ""
	}
	params := sig.Params()
	first := 0
	if params.Len() > 0 && isNamed(params.At(0).Type(), "context", "Context") {
		first = 1
	}
	for i := first; i < params.Len(); i++ {
		p := params.At(i)
		switch {
		case isNamed(p.Type(), "context", "Context"), isArgs(p.Type()) && params.Len() > first+1:
			return notAHandler
		case isArgs(p.Type()) && params.Len() == first+1:
			c.Params = append(c.Params, Param{Name: paramName(p), Rest: true})
		case sig.Variadic() && i == params.Len()-1:
			c.Params = append(c.Params, Param{Name: paramName(p), Types: []types.Type{p.Type().(*types.Slice).Elem()}, Rest: true})
		default:
			c.Params = append(c.Params, Param{Name: paramName(p), Types: []types.Type{p.Type()}})
		}
	}
	return results(c, sig)
}

// results reads what a function returns besides its error.
func results(c *Channel, sig *types.Signature) (problem string) {
	n := sig.Results().Len()
	if n > 0 && isError(sig.Results().At(n-1).Type()) {
		n--
	}
	if n > 1 || sig.Results().Len() > 2 {
		return notAHandler
	}
	if n == 1 && c.Kind == Invoke {
		c.Result = Whole(sig.Results().At(0).Type())
	}
	return ""
}

// Whole is the type of what Go says, not of a part of it: an error is an Error then, whatever it is made of.
func Whole(t types.Type) types.Type {
	e := types.Universe.Lookup("error").Type()
	if types.IsInterface(t) || !types.Implements(t, e.Underlying().(*types.Interface)) {
		return t
	}
	return e
}

// single makes the parameters of a function that takes a context and one argument. One that the function does not look at is none.
func single(in types.Type, params *types.Tuple) []Param {
	p := params.At(params.Len() - 1)
	if isArgs(in) {
		return []Param{{Name: paramName(p), Rest: true}}
	}
	s, isStruct := in.Underlying().(*types.Struct)
	return []Param{{Name: paramName(p), Types: []types.Type{in}, ignored: p.Name() == "_" || isStruct && s.NumFields() == 0}}
}

// message reads the types of what Go sends off the arguments.
func (f *finder) message(c *Channel, form form, id *ast.Ident, call *ast.CallExpr) (problem string) {
	info := f.pkg.TypesInfo
	if call.Ellipsis != token.NoPos {
		c.Params = []Param{{Rest: true}}
	} else {
		for _, arg := range call.Args[form.f:] {
			c.Params = append(c.Params, Param{Name: argName(arg), Types: []types.Type{Whole(types.Default(info.TypeOf(arg)))}})
		}
	}
	switch {
	case form.typed:
		args := info.Instances[id].TypeArgs
		if args.Len() == 0 {
			return "its types are not known here"
		}
		c.Result = args.At(0)
	case form.result > 0:
		t := info.TypeOf(call.Args[form.result])
		if b, ok := t.(*types.Basic); ok && b.Kind() == types.UntypedNil {
			return ""
		}
		p, ok := t.Underlying().(*types.Pointer)
		if !ok {
			return "where its result goes is no pointer here, so the result's type is not known"
		}
		c.Result = p.Elem()
	}
	return ""
}

// argName finds a name for an argument in how it is written: now, note.ID, e.Name().
func argName(e ast.Expr) string {
	switch x := ast.Unparen(e).(type) {
	case *ast.Ident:
		if x.Name == "nil" || x.Name == "true" || x.Name == "false" || x.Name == "_" {
			return ""
		}
		return x.Name
	case *ast.SelectorExpr:
		return lower(x.Sel.Name)
	case *ast.UnaryExpr:
		return argName(x.X)
	case *ast.StarExpr:
		return argName(x.X)
	}
	return ""
}

// lower is an exported name as a variable would have it.
func lower(name string) string {
	if name == strings.ToUpper(name) {
		return strings.ToLower(name)
	}
	r, n := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(r)) + name[n:]
}

func paramName(v *types.Var) string {
	if v.Name() == "_" {
		return ""
	}
	return v.Name()
}

func isNamed(t types.Type, path, name string) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == path && n.Obj().Name() == name
}

// isArgs says whether t is ipc.Args, a pointer to protocol.Args.
func isArgs(t types.Type) bool {
	p, ok := types.Unalias(t).(*types.Pointer)
	return ok && isNamed(p.Elem(), module+"/protocol", "Args")
}

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }
