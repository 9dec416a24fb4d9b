package channels

import (
	"go/ast"
	"go/types"
)

// portRouter is the method that gives a utility process's router, on either side of its port.
const portRouter = "(*utility/port.Port).IPC"

// notePortRouters notes the variables that are declared as the router of a port.
func (f *finder) notePortRouters(file *ast.File) {
	note := func(names []*ast.Ident, values []ast.Expr) {
		for i, v := range values {
			if len(names) == len(values) && names[i] != nil && f.isPortRouter(v) {
				f.portRouters[f.pkg.TypesInfo.Defs[names[i]]] = true
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			names := make([]*ast.Ident, len(n.Lhs))
			for i, x := range n.Lhs {
				if id, ok := x.(*ast.Ident); ok && f.pkg.TypesInfo.Defs[id] != nil {
					names[i] = id
				}
			}
			note(names, n.Rhs)
		case *ast.ValueSpec:
			note(n.Names, n.Values)
		}
		return true
	})
}

func (f *finder) isPortRouter(x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		return f.portRouters[f.pkg.TypesInfo.Uses[x]]
	case *ast.CallExpr:
		id := callee(x.Fun)
		return id != nil && name(f.pkg.TypesInfo.Uses[id]) == portRouter
	}
	return false
}

// ofPort tells that a call is between the app and a utility process, so that no page has to do with it.
func (f *finder) ofPort(key string, call *ast.CallExpr) bool {
	switch {
	case forms[key].router && len(call.Args) > 0:
		return f.isPortRouter(call.Args[0])
	case key == "main/ipc.Invoke" && len(call.Args) > 1:
		p, ok := types.Unalias(f.pkg.TypesInfo.TypeOf(call.Args[1])).(*types.Pointer)
		return ok && isNamed(p.Elem(), module+"/utility/port", "Port")
	}
	return false
}
