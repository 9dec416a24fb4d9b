package main

import (
	"fmt"
	"slices"
	"strings"
)

// A call is one method of a library object or one exported function, as the generator writes it down: a C trampoline that makes the
// call and keeps the reference rules, and the Go method or function on top.
type call struct {
	symbol  string // name of the C trampoline
	target  string // what it calls, as a C expression
	self    string // C struct of the receiver, "" for a function
	member  string // the table's name of what is called, for comments
	result  string
	args    []arg
	get     bool // collections are filled in by the call
	boolean bool // an int result is a truth value
}

// methodCall describes method m of the library struct s.
func (g *gen) methodCall(s *structDef, m member) call {
	key := short(s.Name) + "." + m.Name
	args := g.group(m.Params[1:])
	if m.Name == "set_bool" {
		args[len(args)-1].boole = true
	}
	return call{
		symbol: "oriel_" + short(s.Name) + "_" + m.Name, target: "self->" + m.Name, self: s.Name, member: s.Name + "." + m.Name,
		result: m.Type, args: args, get: strings.HasPrefix(m.Name, "get_"), boolean: isBool(key, m.Name),
	}
}

func (g *gen) functionCall(f function) call {
	return call{
		symbol: "oriel_" + f.Name, target: "oriel_cef." + f.Name, member: f.Name, result: f.Result,
		args: g.group(f.Params), get: strings.Contains(f.Name, "_get_"), boolean: f.Name != "cef_get_exit_code" && f.Name != "cef_api_version",
	}
}

func isBool(key, method string) bool {
	if strings.HasPrefix(method, "get_") {
		return boolResults[key]
	}
	return !intResults[key]
}

func isByHand(name string) bool {
	return slices.ContainsFunc(byHand, func(p string) bool { return strings.HasPrefix(name, p) })
}

// prototype is the trampoline's C signature.
func (g *gen) prototype(c call) string {
	var ps []string
	if c.self != "" {
		ps = append(ps, c.self+" *self")
	}
	for _, a := range c.args {
		switch a.kind {
		case text:
			ps = append(ps, "const char16_t *"+a.c[0].Name, "size_t "+a.c[0].Name+"_length")
		case raw:
			ps = append(ps, "void *"+a.c[0].Name)
		case objects2:
			ps = append(ps, "size_t "+a.c[0].Name, a.elem+" **"+a.c[1].Name)
		default:
			for _, p := range a.c {
				ps = append(ps, cParam(p))
			}
		}
	}
	if len(ps) == 0 {
		ps = []string{"void"}
	}
	return fmt.Sprintf("%s%s(%s)", spaced(cType(c.result)), c.symbol, strings.Join(ps, ", "))
}

// trampoline writes the C function that makes the call: strings get their header, references that CEF takes over are added first.
func (g *gen) trampoline(b *strings.Builder, c call) {
	fmt.Fprintf(b, "%s {\n", g.prototype(c))
	var before, otherwise, args []string
	if c.self != "" {
		args = append(args, "self")
	}
	for _, a := range c.args {
		n := a.c[0].Name
		switch {
		case a.kind == text:
			before = append(before, fmt.Sprintf("cef_string_t %s_string = {(char16_t *)%s, %s_length, NULL};", n, n, n))
			args = append(args, "&"+n+"_string")
		case a.kind == object1 && g.side[a.elem].Side == library:
			before = append(before, fmt.Sprintf("oriel_add_ref(%s);", n))
			args = append(args, n)
		case a.kind == object1:
			otherwise = append(otherwise, fmt.Sprintf("oriel_release(%s);", n))
			args = append(args, n)
		case a.kind == objects2:
			before = append(before, fmt.Sprintf("for (size_t i = 0; i < %s; i++)\n      oriel_add_ref(%s[i]);", n, a.c[1].Name))
			args = append(args, n, fmt.Sprintf("(%s)%s", a.c[1].Type, a.c[1].Name))
		case a.kind == raw:
			args = append(args, fmt.Sprintf("(%s)%s", cType(a.c[0].Type), n))
		default:
			for _, p := range a.c {
				args = append(args, p.Name)
			}
		}
	}
	invoke := fmt.Sprintf("%s(%s);", c.target, strings.Join(args, ", "))
	if c.result != "void" {
		fmt.Fprintf(b, "  %sresult;\n  memset(&result, 0, sizeof result);\n", spaced(cType(c.result)))
		invoke = "result = " + invoke
	}
	condition := c.target
	if c.self != "" {
		condition = "self && " + condition
	}
	fmt.Fprintf(b, "  if (%s) {\n", condition)
	for _, l := range append(before, invoke) {
		fmt.Fprintf(b, "    %s\n", l)
	}
	if len(otherwise) > 0 {
		b.WriteString("  } else {\n")
		for _, l := range otherwise {
			fmt.Fprintf(b, "    %s\n", l)
		}
	}
	b.WriteString("  }\n")
	if c.result != "void" {
		b.WriteString("  return result;\n")
	}
	b.WriteString("}\n\n")
}

// goCall writes the Go method or function that uses the trampoline.
func (g *gen) goCall(b *strings.Builder, c call, goName string) {
	var sig, pre, args, post []string
	receiver := ""
	if c.self != "" {
		receiver = fmt.Sprintf("(o *%s) ", goType(c.self))
		args = append(args, "o.cef()")
	}
	for _, a := range c.args {
		get := c.get && (a.kind == list || a.kind == stringMap || a.kind == multimap)
		sig = append(sig, a.name+" "+g.goArgType(a, get))
		p, ar, po := g.toC(a, get)
		pre, args, post = append(pre, p...), append(args, ar...), append(post, po...)
	}
	typ, convert, note := g.goResult(c)
	fmt.Fprintf(b, "// %s calls %s.%s\nfunc %s%s(%s) %s {\n", goName, c.member, note, receiver, goName, strings.Join(sig, ", "), typ)
	for _, l := range pre {
		b.WriteString("\t" + l + "\n")
	}
	invoke := fmt.Sprintf("C.%s(%s)", c.symbol, strings.Join(args, ", "))
	switch {
	case typ == "":
		fmt.Fprintf(b, "\t%s\n", invoke)
		writeLines(b, post)
	case len(post) == 0:
		fmt.Fprintf(b, "\treturn %s\n", fmt.Sprintf(convert, invoke))
	default:
		fmt.Fprintf(b, "\tr := %s\n", fmt.Sprintf(convert, invoke))
		writeLines(b, post)
		b.WriteString("\treturn r\n")
	}
	b.WriteString("}\n\n")
}

func writeLines(b *strings.Builder, lines []string) {
	for _, l := range lines {
		b.WriteString("\t" + l + "\n")
	}
}

// goResult tells the Go type of a call's result, the expression that converts it, and what to say about its ownership.
func (g *gen) goResult(c call) (typ, convert, note string) {
	elem := bare(c.result)
	switch {
	case c.result == "void":
		return "", "", ""
	case c.result == "int" && c.boolean:
		return "bool", "%s != 0", ""
	case scalars[c.result] != "":
		return scalars[c.result], scalars[c.result] + "(%s)", ""
	case g.t.enums[c.result] != nil:
		return goType(c.result), goType(c.result) + "(%s)", ""
	case c.result == "cef_string_userfree_t":
		return "string", "takeString(%s)", ""
	case g.side[elem] != nil && g.side[elem].Side == library:
		return "*" + goType(elem), "own" + goType(elem) + "(%s)", " The result is the caller's to Release."
	case g.side[elem] != nil:
		return "*" + goType(elem), "takeBack" + goType(elem) + "(%s)", " The result is nil unless it is a handler made by this program."
	case g.plain[c.result] != nil:
		return goType(c.result), "from" + goType(c.result) + "(%s)", ""
	}
	return "unsafe.Pointer", "unsafe.Pointer(%s)", ""
}

// toC converts a Go argument for a call into CEF: statements before, the C arguments, statements after.
func (g *gen) toC(a arg, get bool) (pre, args, post []string) {
	n, c := a.name, "c"+strings.ToUpper(a.name[:1])+a.name[1:]
	typ := goCType(bareScalar(a))
	f := func(format string, v ...any) string { return fmt.Sprintf(format, v...) }
	switch a.kind {
	case scalar:
		if a.boole {
			return nil, []string{f("cBool(%s)", n)}, nil
		}
		return nil, []string{f("%s(%s)", typ, n)}, nil
	case enumValue:
		return nil, []string{f("C.%s(%s)", a.elem, n)}, nil
	case scalarOut, enumOut:
		in, out := f("%s(*%s)", typ, n), f("%s(%s)", strings.TrimPrefix(g.goArgType(a, false), "*"), c)
		if a.boole {
			in, out = f("cBool(*%s)", n), c+" != 0"
		}
		return []string{f("var %s %s", c, typ), f("if %s != nil {\n%s = %s\n}", n, c, in)}, []string{"&" + c},
			[]string{f("if %s != nil {\n*%s = %s\n}", n, n, out)}
	case text:
		return []string{f("%s := wide(%s)", c, n)}, []string{c + ".ptr()", f("C.size_t(len(%s))", c)}, nil
	case textOut:
		return []string{f("var %s C.cef_string_t", c), f("if %s != nil {\nsetString(&%s, *%s)\n}", n, c, n)}, []string{"&" + c},
			[]string{f("if %s != nil {\n*%s = goString(&%s)\n}", n, n, c), f("clearString(&%s)", c)}
	case list, stringMap, multimap:
		kind := map[kind]string{list: "StringList", stringMap: "StringMap", multimap: "StringMultimap"}[a.kind]
		if get {
			return []string{f("%s := new%s(nil)", c, kind), f("defer free%s(%s)", kind, c)}, []string{c},
				[]string{f("if %s != nil {\n*%s = go%s(%s)\n}", n, n, kind, c)}
		}
		return []string{f("%s := new%s(%s)", c, kind, n), f("defer free%s(%s)", kind, c)}, []string{c}, nil
	case object1:
		if g.side[a.elem].Side == library {
			return nil, []string{n + ".cef()"}, nil
		}
		return nil, []string{n + ".take()"}, nil
	case objectOut:
		return []string{f("var %s *C.%s", c, a.elem)}, []string{"&" + c},
			[]string{f("if got := own%s(%s); %s != nil {\n*%s = got\n} else {\ngot.Release()\n}", goType(a.elem), c, n, n)}
	case objects2:
		return []string{f("%s := make([]*C.%s, len(%s))", c, a.elem, n), f("for i, v := range %s {\n%s[i] = v.cef()\n}", n, c)},
			[]string{f("C.size_t(len(%s))", c), f("unsafe.SliceData(%s)", c)}, nil
	case objectsOut:
		return []string{f("%s := make([]*C.%s, len(*%s))", c, a.elem, n), f("count%s := C.size_t(len(%s))", c, c)},
			[]string{"&count" + c, f("unsafe.SliceData(%s)", c)},
			[]string{f("*%s = (*%s)[:0]", n, n), f("for _, v := range %s[:min(len(%s), int(count%s))] {\n*%s = append(*%s, own%s(v))\n}", c, c, c, n, n, goType(a.elem))}
	case plain, plainOut:
		pre = []string{f("var store%s C.%s", c, a.elem), f("var %s *C.%s", c, a.elem), f("if %s != nil {\n%s.toC(&store%s)\n%s = &store%s\n}", n, n, c, c, c)}
		if g.hasText(a.elem) {
			pre = append(pre, f("defer clear%s(&store%s)", goType(a.elem), c))
		}
		if a.kind == plainOut {
			post = []string{f("if %s != nil {\n%s.fromC(%s)\n}", n, n, c)}
		}
		return pre, []string{c}, post
	case plainValue:
		return []string{f("var %s C.%s", c, a.elem), f("%s.toC(&%s)", n, c)}, []string{c}, nil
	case plains:
		return []string{f("%s := make([]C.%s, len(%s))", c, a.elem, n), f("for i := range %s {\n%s[i].toC(&%s[i])\n}", n, n, c)},
			[]string{f("C.size_t(len(%s))", c), f("unsafe.SliceData(%s)", c)}, nil
	case plainsOut:
		move := f("(*%s)[i].fromC(&%s[i])", n, c)
		if a.elem == "int64_t" {
			move = f("(*%s)[i] = int64(%s[i])", n, c)
		}
		return []string{f("%s := make([]C.%s, len(*%s))", c, a.elem, n), f("count%s := C.size_t(len(%s))", c, c)},
			[]string{"&count" + c, f("unsafe.SliceData(%s)", c)},
			[]string{f("*%s = (*%s)[:min(len(%s), int(count%s))]", n, n, c, c), f("for i := range *%s {\n%s\n}", n, move)}
	case bytesIn, bytesOut:
		return nil, []string{f("unsafe.Pointer(unsafe.SliceData(%s))", n), f("%s(len(%s))", goCType(a.c[1].Type), n)}, nil
	}
	return nil, []string{n}, nil
}

// bareScalar is the C type of the number that a scalar argument is or points to.
func bareScalar(a arg) string { return bare(a.c[0].Type) }

// goCType spells a C type as cgo does.
func goCType(c string) string {
	c = cType(c)
	n := stars(c)
	switch b := bare(c); {
	case b == "void" || b == "char" || b == "float" && n > 1:
		return "unsafe.Pointer"
	case b == "long long":
		return "C.longlong"
	default:
		return strings.Repeat("*", n) + "C." + b
	}
}
