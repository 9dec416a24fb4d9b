package main

import (
	"fmt"
	"strings"
)

// A gen holds what the writers of the single files ask about the table.
type gen struct {
	t         *table
	side      map[string]*object    // by C name: structs that get a wrapper
	plain     map[string]*structDef // by C name: structs of values that get a Go mirror
	takenBack map[string]bool       // handlers that CEF hands back to Go
}

func newGen(t *table) (*gen, error) {
	g := &gen{t: t, side: map[string]*object{}, plain: map[string]*structDef{}, takenBack: map[string]bool{}}
	for i, o := range objects {
		name := "cef_" + o.Name + "_t"
		if t.structs[name] == nil {
			return nil, fmt.Errorf("lists.go: the table has no %s", name)
		}
		g.side[name] = &objects[i]
	}
	for _, s := range t.Structs {
		switch {
		case g.side[s.Name] != nil || s.Name == rootType || s.Name == scopedType || strings.HasPrefix(s.Name, "cef_string_") || s.Name == "cef_main_args_t":
		case t.counted(s) || s.Members[0].Type == scopedType:
			return nil, fmt.Errorf("lists.go: %s is in no list", s.Name)
		default:
			g.plain[s.Name] = s
		}
	}
	g.findTakenBack()
	return g, g.check()
}

// findTakenBack looks for handlers that come back from CEF, as results of calls or through callbacks.
func (g *gen) findTakenBack() {
	mark := func(typ string) {
		if o := g.side[bare(typ)]; o != nil && o.Side == handler {
			g.takenBack[bare(typ)] = true
		}
	}
	for _, s := range g.t.Structs {
		o := g.side[s.Name]
		if o == nil {
			continue
		}
		for _, m := range s.Members {
			if m.Method && o.Side == library {
				mark(m.Type)
			}
			if m.Method && o.Side == handler {
				for _, p := range m.Params[1:] {
					mark(p.Type)
				}
			}
		}
	}
}

const preamble = heading + "package cef\n\n/*\n#include \"calls_gen.h\"\n#include \"handlers_gen.h\"\n*/\nimport \"C\"\n\nimport \"unsafe\"\n\n"

// files returns every generated file by its name under cef/.
func (g *gen) files() map[string]string {
	out := map[string]string{"include/cef_capi.h": declarations(g.t), "enums_gen.go": g.enumsFile(), "internal/layout/layout_gen.c": g.layoutFile()}
	bodies := map[string]*strings.Builder{}
	body := func(file string) *strings.Builder {
		if bodies[file] == nil {
			bodies[file] = &strings.Builder{}
		}
		return bodies[file]
	}
	var callsC, callsH, handlersC, handlersH strings.Builder
	for _, o := range objects {
		s := g.t.structs["cef_"+o.Name+"_t"]
		if o.Side == handler {
			g.vtable(&handlersC, s)
			handlersH.WriteString(g.constructor(s, g.callbacks(s)) + ";\n")
			g.goHandler(body(o.File), s)
			continue
		}
		g.goObject(body(o.File), s)
		for _, m := range s.Members {
			if m.Method {
				c := g.methodCall(s, m)
				g.trampoline(&callsC, c)
				callsH.WriteString(g.prototype(c) + ";\n")
				g.goCall(body(o.File), c, methodName(m.Name))
			}
		}
	}
	for _, f := range g.t.Functions {
		if isByHand(f.Name) {
			continue
		}
		c := g.functionCall(f)
		g.trampoline(&callsC, c)
		callsH.WriteString(g.prototype(c) + ";\n")
		g.goCall(body("functions"), c, camel(strings.TrimPrefix(f.Name, "cef_")))
	}
	for _, s := range g.t.Structs {
		if g.plain[s.Name] != nil {
			g.goStruct(body("structs"), s)
		}
	}
	for name, b := range bodies {
		out[name+"_gen.go"] = preamble + b.String()
	}
	out["kinds_gen.go"] = g.kindsFile()
	out["calls_gen.h"] = heading + "// Trampolines into libcef: cgo cannot call through a function pointer. They also add the references that CEF takes over.\n" +
		"#ifndef ORIEL_CEF_CALLS_GEN_H\n#define ORIEL_CEF_CALLS_GEN_H\n\n#include \"include/cef_capi.h\"\n\n" + callsH.String() + "\n#endif\n"
	out["calls_gen.c"] = heading + "#include \"calls_gen.h\"\n\n#include <string.h>\n\n#include \"handler.h\"\n#include \"loader.h\"\n\n" + callsC.String()
	out["handlers_gen.h"] = heading + "// Constructors of the objects through which CEF calls Go. Bit n of set: callback n is wanted.\n" +
		"#ifndef ORIEL_CEF_HANDLERS_GEN_H\n#define ORIEL_CEF_HANDLERS_GEN_H\n\n#include \"include/cef_capi.h\"\n\n" + handlersH.String() + "\n#endif\n"
	out["handlers_gen.c"] = heading + "#include \"handlers_gen.h\"\n\n#include \"_cgo_export.h\"\n#include \"handler.h\"\n\n" + handlersC.String()
	return out
}

// goObject writes the Go type of a library object: an owned or borrowed reference.
func (g *gen) goObject(b *strings.Builder, s *structDef) {
	typ := goType(s.Name)
	chain := g.t.bases(s)
	embedded := "object"
	if len(chain) > 0 {
		embedded = goType(chain[0].Name)
	}
	fmt.Fprintf(b, "// %s is a reference to a %s. A nil or released %s answers every method with zero.\ntype %s struct{ %s }\n\n", typ, s.Name, typ, typ, embedded)
	fmt.Fprintf(b, "func (o *%s) cef() *C.%s {\n\tif o == nil {\n\t\treturn nil\n\t}\n\treturn (*C.%s)(o.pointer())\n}\n\n", typ, s.Name, s.Name)
	literal := "object{ptr: unsafe.Pointer(p), kind: kind" + typ + ", owned: %s}"
	for i := len(chain) - 1; i >= 0; i-- {
		literal = goType(chain[i].Name) + "{" + literal + "}"
	}
	make := func(owned string) string { return "&" + typ + "{" + fmt.Sprintf(literal, owned) + "}" }
	fmt.Fprintf(b, "func borrow%s(p *C.%s) *%s {\n\tif p == nil {\n\t\treturn nil\n\t}\n\treturn %s\n}\n\n", typ, s.Name, typ, make("false"))
	if !g.t.counted(s) {
		return
	}
	fmt.Fprintf(b, "func own%s(p *C.%s) *%s {\n\tif p == nil {\n\t\treturn nil\n\t}\n\tcount(kind%s, 1)\n\treturn %s\n}\n\n", typ, s.Name, typ, typ, make("true"))
	fmt.Fprintf(b, "// Retain returns a reference of its own, which the caller must Release.\nfunc (o *%s) Retain() *%s {\n\tp := o.cef()\n\tif p == nil {\n\t\treturn nil\n\t}\n\taddRefC(unsafe.Pointer(p))\n\treturn own%s(p)\n}\n\n", typ, typ, typ)
	fmt.Fprintf(b, "// Release gives the reference back. Further calls, and calls on a nil or lent object, do nothing.\nfunc (o *%s) Release() {\n\tif o != nil {\n\t\to.release()\n\t}\n}\n\n", typ)
}

// kindsFile numbers the wrapped types for counting.
func (g *gen) kindsFile() string {
	var consts, names strings.Builder
	for _, o := range objects {
		typ := camel(o.Name)
		fmt.Fprintf(&consts, "\tkind%s\n", typ)
		fmt.Fprintf(&names, "\tkind%s: %q,\n", typ, typ)
	}
	first := strings.Replace(consts.String(), "\n", " kind = iota\n", 1)
	return heading + "package cef\n\n// A kind numbers the types that are counted.\ntype kind uint16\n\nconst (\n" + first + "\tkinds\n)\n\nvar kindNames = [kinds]string{\n" + names.String() + "}\n"
}
