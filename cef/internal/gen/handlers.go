package main

import (
	"fmt"
	"strings"
)

// A callback is one method of a handler struct: a C function that CEF calls, and the Go function behind it.
type callback struct {
	path   string // where the member lies in the struct: "base.base."
	owner  *structDef
	m      member
	child  string // for a method that only hands out another handler: that handler's C struct
	args   []arg
	bool   bool
	truely bool // the default is true
}

// callbacks lists the methods of handler struct s, those of the structs it begins with first.
func (g *gen) callbacks(s *structDef) []callback {
	var cs []callback
	chain := append([]*structDef{s}, g.t.bases(s)...)
	for i := len(chain) - 1; i >= 0; i-- {
		owner := chain[i]
		for _, m := range owner.Members {
			if !m.Method {
				continue
			}
			key := short(owner.Name) + "." + m.Name
			c := callback{path: strings.Repeat("base.", i), owner: owner, m: m, args: g.group(m.Params[1:]), bool: isBool(key, m.Name), truely: trueByDefault[key]}
			if o := g.side[bare(m.Type)]; o != nil && o.Side == handler && len(m.Params) == 1 {
				c.child = bare(m.Type)
			}
			cs = append(cs, c)
		}
	}
	return cs
}

func (c callback) goName() string { return camel(c.m.Name) }

// fieldName is what the Go struct calls a child handler: GetLoadHandler is LoadHandler.
func (c callback) fieldName() string { return strings.TrimPrefix(c.goName(), "Get") }

// export is the name of the exported Go function behind callback c; structs that share a base share it too.
func (g *gen) export(s *structDef, c callback) string {
	return "go" + goType(s.Name) + c.goName()
}

// vtable writes the C side of handler struct s: one function per callback, and the constructor.
func (g *gen) vtable(b *strings.Builder, s *structDef) {
	cs := g.callbacks(s)
	name := short(s.Name)
	for i, c := range cs {
		if c.child != "" {
			g.childGetter(b, s, c, g.childIndex(cs, i))
		} else {
			g.cCallback(b, s, c)
		}
	}
	fmt.Fprintf(b, "%s {\n  %s *object = oriel_handler_new(sizeof *object, id, %d);\n", g.constructor(s, cs), s.Name, g.children(cs))
	for i, c := range cs {
		if c.child != "" {
			continue
		}
		fmt.Fprintf(b, "  if (set >> %d & 1)\n    object->%s%s = %s_%s;\n", i, c.path, c.m.Name, name, c.m.Name)
		if c.truely {
			fmt.Fprintf(b, "  else\n    object->%s%s = %s_%s_default;\n", c.path, c.m.Name, name, c.m.Name)
		}
	}
	for i, c := range cs {
		if c.child != "" {
			fmt.Fprintf(b, "  if (%s) {\n    oriel_handler_set_child(object, %d, %s);\n    object->%s%s = %s_%s;\n  }\n",
				c.m.Name, g.childIndex(cs, i), c.m.Name, c.path, c.m.Name, name, c.m.Name)
		}
	}
	if !g.used(cs) {
		b.WriteString("  (void)set;\n")
	}
	b.WriteString("  return object;\n}\n\n")
}

func (g *gen) used(cs []callback) bool {
	for _, c := range cs {
		if c.child == "" {
			return true
		}
	}
	return false
}

func (g *gen) children(cs []callback) int {
	n := 0
	for _, c := range cs {
		if c.child != "" {
			n++
		}
	}
	return n
}

func (g *gen) childIndex(cs []callback, i int) int { return g.children(cs[:i]) }

func (g *gen) constructor(s *structDef, cs []callback) string {
	ps := []string{"uint64_t id", "uint64_t set"}
	for _, c := range cs {
		if c.child != "" {
			ps = append(ps, c.child+" *"+c.m.Name)
		}
	}
	return fmt.Sprintf("%s *oriel_new_%s(%s)", s.Name, short(s.Name), strings.Join(ps, ", "))
}

// childGetter answers get_x_handler from what the constructor was given, without entering Go: CEF asks again and again, on any thread.
func (g *gen) childGetter(b *strings.Builder, s *structDef, c callback, index int) {
	fmt.Fprintf(b, "static %s%s_%s(%s) {\n  return oriel_handler_child(self, %d);\n}\n\n",
		spaced(c.m.Type), short(s.Name), c.m.Name, cParams(c.m.Params), index)
}

// cCallback enters Go and then releases the references that came with the arguments.
func (g *gen) cCallback(b *strings.Builder, s *structDef, c callback) {
	name := short(s.Name) + "_" + c.m.Name
	sig := fmt.Sprintf("%s%s(%s)", spaced(cType(c.m.Type)), name, cParams(c.m.Params))
	args := []string{"oriel_handler_id(self)"}
	var before, after []string
	for _, a := range c.args {
		for _, p := range a.c {
			t := cType(p.Type)
			if isConst(t) || stars(t) > 0 {
				args = append(args, fmt.Sprintf("(%s)%s", exportCType(t), p.Name))
			} else {
				args = append(args, p.Name)
			}
		}
		switch {
		case a.kind == object1 && g.countedName(a.elem):
			after = append(after, fmt.Sprintf("oriel_release(%s);", a.c[0].Name))
		case a.kind == objectOut:
			// The old value comes with a reference, whether the callback puts another in its place or not.
			n := a.c[0].Name
			before = append(before, fmt.Sprintf("void *%s_was = *%s;", n, n))
			after = append(after, fmt.Sprintf("oriel_release(%s_was);", n))
		case a.kind == objects2:
			after = append(after, fmt.Sprintf("for (size_t i = 0; i < %s; i++)\n    oriel_release(%s[i]);", a.c[0].Name, a.c[1].Name))
		}
	}
	invoke := fmt.Sprintf("%s(%s);", g.export(s, c), strings.Join(args, ", "))
	fmt.Fprintf(b, "static %s {\n", sig)
	for _, l := range before {
		fmt.Fprintf(b, "  %s\n", l)
	}
	if c.m.Type != "void" {
		fmt.Fprintf(b, "  %sresult = %s\n", spaced(cType(c.m.Type)), invoke)
	} else {
		fmt.Fprintf(b, "  %s\n", invoke)
	}
	for _, l := range after {
		fmt.Fprintf(b, "  %s\n", l)
	}
	if c.m.Type != "void" {
		b.WriteString("  return result;\n")
	}
	b.WriteString("}\n\n")
	if c.truely {
		g.defaultCallback(b, s, c)
	}
}

// defaultCallback answers true, as CEF's C++ API does when nobody overrides the method.
func (g *gen) defaultCallback(b *strings.Builder, s *structDef, c callback) {
	fmt.Fprintf(b, "static int %s_%s_default(%s) {\n", short(s.Name), c.m.Name, cParams(c.m.Params))
	for _, p := range c.m.Params {
		if g.countedName(bare(p.Type)) && p.Name != "self" && stars(p.Type) == 1 {
			fmt.Fprintf(b, "  oriel_release(%s);\n", p.Name)
		} else {
			fmt.Fprintf(b, "  (void)%s;\n", p.Name)
		}
	}
	b.WriteString("  return 1;\n}\n\n")
}

// countedName reports whether the struct of that name carries references (scoped objects do not).
func (g *gen) countedName(name string) bool {
	s := g.t.structs[name]
	return s != nil && g.t.counted(s)
}

// exportCType is the C type that cgo gives an exported Go function's parameter.
func exportCType(t string) string {
	if goCType(t) == "unsafe.Pointer" {
		return "void *"
	}
	return bare(t) + " " + strings.Repeat("*", stars(t))
}

// goHandler writes the Go struct of handler s, its way into C, and the exported functions.
func (g *gen) goHandler(b *strings.Builder, s *structDef) {
	cs := g.callbacks(s)
	typ := goType(s.Name)
	fmt.Fprintf(b, "// %s implements %s. A nil field keeps CEF's default.\n//\n", typ, s.Name)
	b.WriteString("// Objects passed to a field are valid during the call; Retain keeps one.\n")
	fmt.Fprintf(b, "type %s struct {\n", typ)
	for _, c := range cs {
		if c.child != "" {
			fmt.Fprintf(b, "\t%s *%s // %s\n", c.fieldName(), goType(c.child), c.m.Name)
			continue
		}
		fmt.Fprintf(b, "\t%s func(%s) %s // %s\n", c.goName(), g.goSignature(c), g.callbackResult(c), c.m.Name)
	}
	b.WriteString("}\n\n")
	fmt.Fprintf(b, "// take makes a C object for h with one reference, which goes to whoever gets it.\nfunc (h *%s) take() *C.%s {\n\tif h == nil {\n\t\treturn nil\n\t}\n\tvar set uint64\n", typ, s.Name)
	args := []string{fmt.Sprintf("C.uint64_t(track(kind%s, h))", typ), "C.uint64_t(set)"}
	for i, c := range cs {
		if c.child != "" {
			args = append(args, fmt.Sprintf("h.%s.take()", c.fieldName()))
			continue
		}
		fmt.Fprintf(b, "\tif h.%s != nil {\n\t\tset |= 1 << %d\n\t}\n", c.goName(), i)
	}
	fmt.Fprintf(b, "\treturn C.oriel_new_%s(%s)\n}\n\n", short(s.Name), strings.Join(args, ", "))
	if g.takenBack[s.Name] {
		fmt.Fprintf(b, "func lookUp%s(p *C.%s) *%s {\n\th, _ := lookUp(unsafe.Pointer(p)).(*%s)\n\treturn h\n}\n\n", typ, s.Name, typ, typ)
		fmt.Fprintf(b, "func takeBack%s(p *C.%s) *%s {\n\th := lookUp%s(p)\n\treleaseC(unsafe.Pointer(p))\n\treturn h\n}\n\n", typ, s.Name, typ, typ)
	}
	for _, c := range cs {
		if c.child == "" {
			g.goExport(b, s, c)
		}
	}
}

func (g *gen) goSignature(c callback) string {
	var ps []string
	for _, a := range c.args {
		ps = append(ps, a.name+" "+g.goArgType(a, false))
	}
	return strings.Join(ps, ", ")
}

func (g *gen) callbackResult(c callback) string {
	elem := bare(c.m.Type)
	switch {
	case c.m.Type == "void":
		return ""
	case c.m.Type == "int" && c.bool:
		return "bool"
	case scalars[c.m.Type] != "":
		return scalars[c.m.Type]
	case g.t.enums[c.m.Type] != nil || g.plain[c.m.Type] != nil:
		return goType(c.m.Type)
	case g.side[elem] != nil:
		return "*" + goType(elem)
	}
	return "unsafe.Pointer"
}

// goExport writes the Go function that C enters: look up, convert, call, convert back. A panic is reported and answered with zero.
func (g *gen) goExport(b *strings.Builder, s *structDef, c callback) {
	name, typ := g.export(s, c), goType(s.Name)
	params := []string{"self C.uint64_t"}
	var pre, args, post []string
	for _, a := range c.args {
		for _, p := range a.c {
			params = append(params, goParam(p.Name)+" "+goCType(p.Type))
		}
		p, ar, po := g.fromC(a)
		pre, args, post = append(pre, p...), append(args, ar), append(post, po...)
	}
	result := ""
	if c.m.Type != "void" {
		result = "(ret " + goCType(c.m.Type) + ")"
	}
	fmt.Fprintf(b, "//export %s\nfunc %s(%s) %s {\n", name, name, strings.Join(params, ", "), result)
	fmt.Fprintf(b, "\tdefer recovered(%q)\n\tthis, found := tracked(uint64(self)).(*%s)\n\tif !found {\n\t\tstale.Add(1)\n\t\treturn\n\t}\n", typ+"."+c.goName(), typ)
	writeLines(b, pre)
	invoke := fmt.Sprintf("this.%s(%s)", c.goName(), strings.Join(args, ", "))
	elem := bare(c.m.Type)
	switch {
	case c.m.Type == "void":
		fmt.Fprintf(b, "\t%s\n", invoke)
	case c.m.Type == "int" && c.bool:
		fmt.Fprintf(b, "\tret = cBool(%s)\n", invoke)
	case g.plain[c.m.Type] != nil:
		fmt.Fprintf(b, "\tanswer := %s\n\tanswer.toC(&ret)\n", invoke)
	case g.side[elem] != nil && g.side[elem].Side == library:
		fmt.Fprintf(b, "\tif answer := %s; answer != nil {\n\t\tret = (%s)(answer.give(nil))\n\t}\n", invoke, goCType(c.m.Type))
	case g.side[elem] != nil:
		fmt.Fprintf(b, "\tret = %s.take()\n", invoke)
	case goCType(c.m.Type) == "unsafe.Pointer":
		fmt.Fprintf(b, "\tret = %s\n", invoke)
	default:
		fmt.Fprintf(b, "\tret = %s(%s)\n", goCType(c.m.Type), invoke)
	}
	writeLines(b, post)
	if result != "" {
		b.WriteString("\treturn ret\n")
	}
	b.WriteString("}\n\n")
}

// lent ends the loan of borrowed wrapper v when the callback is over, by whatever way.
func lent(v string) string {
	return fmt.Sprintf("if %s != nil {\ndefer %s.invalidate()\n}", v, v)
}

// fromC converts what CEF passes to a callback: statements before, the Go argument, statements after.
func (g *gen) fromC(a arg) (pre []string, goArg string, post []string) {
	n := goParam(a.c[0].Name)
	v := "g" + strings.ToUpper(n[:1]) + n[1:]
	f := func(format string, x ...any) string { return fmt.Sprintf(format, x...) }
	typ := g.goArgType(a, false)
	switch a.kind {
	case scalar:
		if a.boole {
			return nil, n + " != 0", nil
		}
		return nil, f("%s(%s)", typ, n), nil
	case enumValue:
		return nil, f("%s(%s)", typ, n), nil
	case scalarOut, enumOut:
		elem := typ[1:]
		in, out := f("%s(*%s)", elem, n), f("%s(%s)", goCType(bare(a.c[0].Type)), v)
		if a.boole {
			in, out = f("*%s != 0", n), f("cBool(%s)", v)
		}
		return []string{f("var %s %s", v, elem), f("if %s != nil {\n%s = %s\n}", n, v, in)}, "&" + v, []string{f("if %s != nil {\n*%s = %s\n}", n, n, out)}
	case text:
		return nil, f("goString(%s)", n), nil
	case textOut:
		return []string{f("%s := goString(%s)", v, n)}, "&" + v, []string{f("setString(%s, %s)", n, v)}
	case list:
		return nil, f("goStringList(%s)", n), nil
	case stringMap:
		return nil, f("goStringMap(%s)", n), nil
	case multimap:
		return nil, f("goStringMultimap(%s)", n), nil
	case object1:
		if g.side[a.elem].Side == handler {
			return nil, f("lookUp%s(%s)", goType(a.elem), n), nil
		}
		return []string{f("%s := borrow%s(%s)", v, goType(a.elem), n), lent(v)}, v, nil
	case objectOut:
		if g.side[a.elem].Side == handler {
			return []string{f("%s := lookUp%s(*%s)", v, goType(a.elem), n), f("was%s := %s", v, v)}, "&" + v,
				[]string{f("if %s != was%s {\n*%s = %s.take()\n}", v, v, n, v)}
		}
		return []string{f("was%s := borrow%s(*%s)", v, goType(a.elem), n), lent("was" + v), f("%s := was%s", v, v)}, "&" + v,
			[]string{f("if %s != was%s {\nwas := unsafe.Pointer(*%s)\n*%s = nil\nif %s != nil {\n*%s = (*C.%s)(%s.give(was))\n}\n}", v, v, n, n, v, n, a.elem, v)}
	case objects2:
		array := goParam(a.c[1].Name)
		return []string{f("%s := make([]*%s, int(%s))", v, goType(a.elem), n), f("for i, p := range unsafe.Slice(%s, int(%s)) {\n%s[i] = borrow%s(p)\n}", array, n, v, goType(a.elem)),
			f("defer func() {\nfor _, p := range %s {\nif p != nil {\np.invalidate()\n}\n}\n}()", v)}, v, nil
	case plain, plainOut:
		pre = []string{f("var %s *%s", v, goType(a.elem)), f("if %s != nil {\n%s = new(%s)\n%s.fromC(%s)\n}", n, v, goType(a.elem), v, n)}
		if a.kind == plainOut {
			post = []string{f("if %s != nil {\n%s.toC(%s)\n}", n, v, n)}
		}
		return pre, v, post
	case plainValue:
		return nil, f("from%s(%s)", goType(a.elem), n), nil
	case plains:
		array := goParam(a.c[1].Name)
		return []string{f("%s := make([]%s, int(%s))", v, goType(a.elem), n), f("for i := range %s {\n%s[i].fromC(&unsafe.Slice(%s, int(%s))[i])\n}", v, v, array, n)}, v, nil
	case bytesIn:
		return nil, f("copyBytes(%s, int(%s))", n, goParam(a.c[1].Name)), nil
	case bytesOut:
		return nil, f("unsafe.Slice((*byte)(%s), int(%s))", n, goParam(a.c[1].Name)), nil
	}
	return nil, f("unsafe.Pointer(%s)", n), nil
}
