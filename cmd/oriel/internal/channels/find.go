package channels

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/oriel-go/oriel/protocol"
)

// A form is how a function of Oriel's is called.
type form struct {
	kind    Kind
	channel int  // which argument is the channel
	f       int  // which argument is the function; for what Go says, the first one that is sent
	typed   bool // the function's types are type arguments
	result  int  // which argument is where the answer goes; 0 for none
	router  bool // the first argument is a router
}

// forms are by the name that go/types gives, without the module's.
var forms = map[string]form{
	"main/ipc.Handle":              {kind: Invoke, channel: 1, f: 2, typed: true, router: true},
	"main/ipc.HandleOnce":          {kind: Invoke, channel: 1, f: 2, typed: true, router: true},
	"main/ipc.HandleFunc":          {kind: Invoke, channel: 1, f: 2, router: true},
	"main/ipc.On":                  {kind: Send, channel: 1, f: 2, typed: true, router: true},
	"main/ipc.Once":                {kind: Send, channel: 1, f: 2, typed: true, router: true},
	"main/ipc.OnFunc":              {kind: Send, channel: 1, f: 2, router: true},
	"main/ipc.Reply":               {kind: On, channel: 1, f: 2},
	"main/ipc.NewBlock":            {kind: Block, channel: 1},
	"(*main/ipc.Frame).Send":       {kind: On, channel: 0, f: 1},
	"(*main/app.App).Send":         {kind: On, channel: 0, f: 1},
	"(*main/window.Window).Send":   {kind: On, channel: 0, f: 1},
	"main/ipc.Invoke":              {kind: Handle, channel: 2, f: 3, typed: true},
	"(*main/ipc.Frame).Invoke":     {kind: Handle, channel: 1, f: 3, result: 2},
	"(*main/window.Window).Invoke": {kind: Handle, channel: 1, f: 3, result: 2},
	"(router.Invoker).Invoke":      {kind: Handle, channel: 1, f: 3, result: 2}, // what ipc.Invoker is
}

// finder looks through one package.
type finder struct {
	pkg    *packages.Package
	source *Source
	found  []found
	faults Faults
	called map[*ast.Ident]bool
	hidden map[string]map[int]bool // lines with a comment //oriel:hidden
	// portRouters are variables that hold the router of a utility process's port.
	portRouters map[types.Object]bool
}

const hiddenMark = "//oriel:hidden"

func (f *finder) find() {
	f.called = map[*ast.Ident]bool{}
	f.hidden = map[string]map[int]bool{}
	f.portRouters = map[types.Object]bool{}
	for _, file := range f.pkg.Syntax {
		for _, group := range file.Comments {
			for _, c := range group.List {
				if c.Text == hiddenMark || strings.HasPrefix(c.Text, hiddenMark+" ") {
					f.hide(f.at(c), f.at(group.List[len(group.List)-1]).Line)
				}
			}
		}
		f.notePortRouters(file)
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				f.call(call)
			}
			return true
		})
	}
	for id, obj := range f.pkg.TypesInfo.Uses {
		if _, ok := forms[name(obj)]; ok && !f.called[id] && !f.isHidden(f.at(id)) {
			f.fault(id, "%s is used without being called here, so its channel cannot be seen: call it, or hide it with %s", obj.Name(), hiddenMark)
		}
	}
}

// hide notes that the mark holds for its own line and for the one below its comment.
func (f *finder) hide(at token.Position, last int) {
	lines := f.hidden[at.Filename]
	if lines == nil {
		lines = map[int]bool{}
		f.hidden[at.Filename] = lines
	}
	lines[at.Line] = true
	if !f.source.trailing(at) {
		lines[last+1] = true
	}
}

func (f *finder) isHidden(at token.Position) bool { return f.hidden[at.Filename][at.Line] }

func (f *finder) at(n ast.Node) token.Position { return f.pkg.Fset.Position(n.Pos()) }

func (f *finder) fault(n ast.Node, format string, args ...any) {
	f.faults = append(f.faults, Fault{f.at(n), fmt.Sprintf(format, args...)})
}

// name is the key in forms of a function.
func name(obj types.Object) string {
	fn, ok := obj.(*types.Func)
	if !ok || fn.Pkg() == nil || !strings.HasPrefix(fn.Pkg().Path(), module+"/") {
		return ""
	}
	return strings.Replace(fn.Origin().FullName(), module+"/", "", 1)
}

// call notes a call if it is one of those looked for.
func (f *finder) call(call *ast.CallExpr) {
	id := callee(call.Fun)
	if id == nil {
		return
	}
	key := name(f.pkg.TypesInfo.Uses[id])
	form, ok := forms[key]
	if !ok {
		return
	}
	f.called[id] = true
	if f.isHidden(f.at(call)) || f.ofPort(key, call) {
		return
	}
	short := key[strings.LastIndex(key, "/")+1:]
	if strings.HasPrefix(key, "(") {
		short = "(*" + short
	}
	if len(call.Args) <= form.channel {
		f.fault(call, "%s takes its arguments from another call here, so its channel cannot be seen", short)
		return
	}
	channel := f.pkg.TypesInfo.Types[call.Args[form.channel]].Value
	if channel == nil || channel.Kind() != constant.String {
		f.fault(call.Args[form.channel], "the channel of %s is not a constant: make it one, or hide the call with %s", short, hiddenMark)
		return
	}
	c := Channel{Name: constant.StringVal(channel), Kind: form.kind, At: f.at(call)}
	if err := protocol.ValidChannel(c.Name); err != nil {
		f.fault(call.Args[form.channel], "%v", err)
		return
	}
	c.Doc = f.source.above(f.pkg, call)
	var problem string
	switch form.kind {
	case Invoke, Send:
		problem = f.registration(&c, form, id, call)
	case On, Handle:
		problem = f.message(&c, form, id, call)
	}
	if problem == "" && c.isGeneric() {
		problem = "its types depend on the type parameters of the function that it is in: call it where they are known"
	}
	if problem != "" {
		f.fault(call, "%s(%q): %s", short, c.Name, problem)
		return
	}
	f.found = append(f.found, found{c, short})
}

// callee is the name of what is called, without type arguments.
func callee(fun ast.Expr) *ast.Ident {
	switch x := ast.Unparen(fun).(type) {
	case *ast.Ident:
		return x
	case *ast.SelectorExpr:
		return x.Sel
	case *ast.IndexExpr:
		return callee(x.X)
	case *ast.IndexListExpr:
		return callee(x.X)
	}
	return nil
}
