package main

import (
	"fmt"
	"strings"
)

// enumsFile writes the Go types of the enumerations.
func (g *gen) enumsFile() string {
	var b strings.Builder
	b.WriteString(heading + "package cef\n\n")
	for _, e := range g.t.Enums {
		typ, under := goType(e.Name), "int32"
		for _, v := range e.Values {
			if v.Value > 1<<31-1 {
				under = "uint32"
			}
		}
		fmt.Fprintf(&b, "// %s is %s.\ntype %s %s\n\n// Values of %s.\nconst (\n", typ, e.Name, typ, under, typ)
		for i, n := range enumNames(e) {
			fmt.Fprintf(&b, "\t%s %s = %d // %s\n", n, typ, e.Values[i].Value, e.Values[i].Name)
		}
		b.WriteString(")\n\n")
	}
	return b.String()
}

// fields are the members of a plain struct that Go sees: all but the leading size.
func (g *gen) fields(s *structDef) []member {
	var fs []member
	for i, m := range s.Members {
		if i == 0 && m.Name == "size" && m.Type == "size_t" || m.Method {
			continue
		}
		fs = append(fs, m)
	}
	return fs
}

func (g *gen) sized(s *structDef) bool {
	return s.Members[0].Name == "size" && s.Members[0].Type == "size_t"
}

func array(typ string) (elem string, n string, ok bool) {
	i := strings.Index(typ, " [")
	if i < 0 {
		return typ, "", false
	}
	return typ[:i], typ[i+2 : len(typ)-1], true
}

func (g *gen) fieldType(m member) string {
	elem, n, isArray := array(m.Type)
	typ := "unsafe.Pointer"
	switch {
	case m.Type == "cef_string_t":
		typ = "string"
	case m.Type == "int" && boolFields[m.Name]:
		typ = "bool"
	case scalars[elem] != "":
		typ = scalars[elem]
	case g.t.enums[elem] != nil || g.plain[elem] != nil:
		typ = goType(elem)
	}
	if isArray {
		return "[" + n + "]" + typ
	}
	return typ
}

// hasText reports whether the C struct owns strings that must be cleared.
func (g *gen) hasText(name string) bool {
	for _, m := range g.t.structs[name].Members {
		elem, _, _ := array(m.Type)
		if m.Type == "cef_string_t" || g.plain[elem] != nil && g.hasText(elem) {
			return true
		}
	}
	return false
}

// goStruct writes the Go mirror of a plain struct and its conversions.
func (g *gen) goStruct(b *strings.Builder, s *structDef) {
	typ := goType(s.Name)
	fmt.Fprintf(b, "// %s is %s.\ntype %s struct {\n", typ, s.Name, typ)
	for _, m := range g.fields(s) {
		fmt.Fprintf(b, "\t%s %s // %s\n", fieldName(m), g.fieldType(m), m.Name)
	}
	fmt.Fprintf(b, "}\n\nfunc (v *%s) toC(c *C.%s) {\n", typ, s.Name)
	if g.sized(s) {
		fmt.Fprintf(b, "\tc.size = C.sizeof_%s\n", s.Name)
	}
	for _, m := range g.fields(s) {
		fmt.Fprintf(b, "\t%s\n", g.storeField(m))
	}
	fmt.Fprintf(b, "}\n\nfunc (v *%s) fromC(c *C.%s) {\n", typ, s.Name)
	for _, m := range g.fields(s) {
		fmt.Fprintf(b, "\t%s\n", g.loadField(m))
	}
	fmt.Fprintf(b, "}\n\nfunc from%s(c C.%s) (v %s) {\n\tv.fromC(&c)\n\treturn v\n}\n\n", typ, s.Name, typ)
	if !g.hasText(s.Name) {
		return
	}
	fmt.Fprintf(b, "func clear%s(c *C.%s) {\n", typ, s.Name)
	for _, m := range g.fields(s) {
		elem, _, _ := array(m.Type)
		switch {
		case m.Type == "cef_string_t":
			fmt.Fprintf(b, "\tclearString(&c.%s)\n", cgoField(m.Name))
		case g.plain[elem] != nil && g.hasText(elem):
			fmt.Fprintf(b, "\tclear%s(&c.%s)\n", goType(elem), cgoField(m.Name))
		}
	}
	b.WriteString("}\n\n")
}

func fieldName(m member) string { return camel(m.Name) }

// cgoField is how Go names a C field that is a Go keyword.
func cgoField(n string) string {
	if n == "type" || n == "range" || n == "func" {
		return "_" + n
	}
	return n
}

func (g *gen) storeField(m member) string {
	n, c := "v."+fieldName(m), "c."+cgoField(m.Name)
	elem, _, isArray := array(m.Type)
	switch {
	case m.Type == "cef_string_t":
		return fmt.Sprintf("setString(&%s, %s)", c, n)
	case isArray:
		return fmt.Sprintf("for i := range %s {\n%s[i].toC(&%s[i])\n}", n, n, c)
	case g.plain[elem] != nil:
		return fmt.Sprintf("%s.toC(&%s)", n, c)
	case m.Type == "int" && boolFields[m.Name]:
		return fmt.Sprintf("%s = cBool(%s)", c, n)
	case stars(m.Type) > 0 || cType(m.Type) == "void *":
		return fmt.Sprintf("%s = (%s)(%s)", c, goFieldCType(m.Type), n)
	}
	return fmt.Sprintf("%s = %s(%s)", c, goCType(m.Type), n)
}

func goFieldCType(t string) string {
	if bare(t) == "char" {
		return strings.Repeat("*", stars(t)) + "C.char"
	}
	return goCType(t)
}

func (g *gen) loadField(m member) string {
	n, c := "v."+fieldName(m), "c."+cgoField(m.Name)
	elem, _, isArray := array(m.Type)
	switch {
	case m.Type == "cef_string_t":
		return fmt.Sprintf("%s = goString(&%s)", n, c)
	case isArray:
		return fmt.Sprintf("for i := range %s {\n%s[i].fromC(&%s[i])\n}", n, n, c)
	case g.plain[elem] != nil:
		return fmt.Sprintf("%s.fromC(&%s)", n, c)
	case m.Type == "int" && boolFields[m.Name]:
		return fmt.Sprintf("%s = %s != 0", n, c)
	}
	return fmt.Sprintf("%s = %s(%s)", n, g.fieldType(m), c)
}

// layoutFile writes what the C compiler makes of every struct, for the test that compares it with the table.
func (g *gen) layoutFile() string {
	var b strings.Builder
	b.WriteString(heading + "#include \"layout.h\"\n\nconst struct oriel_layout oriel_layouts[] = {\n")
	for _, s := range g.t.Structs {
		fmt.Fprintf(&b, "    {%q, \"\", sizeof(%s), 0},\n", s.Name, s.Name)
		for _, m := range s.Members {
			fmt.Fprintf(&b, "    {%q, %q, sizeof(%s), offsetof(%s, %s)},\n", s.Name, m.Name, s.Name, s.Name, m.Name)
		}
	}
	b.WriteString("    {NULL, NULL, 0, 0},\n};\n")
	return b.String()
}

// boolFields lists int fields of plain structs that are truth values.
var boolFields = set("no_sandbox multi_threaded_message_loop external_message_pump windowless_rendering_enabled command_line_args_disabled " +
	"persist_session_cookies cookieable_schemes_exclude_defaults disable_signal_handlers use_views_default_popup shared_texture_enabled " +
	"external_begin_frame_enabled secure httponly has_expires draggable is_monochrome is_system_key focus_on_editable_field xSet ySet " +
	"widthSet heightSet isPopup landscape print_background prefer_css_page_size display_header_footer generate_tagged_pdf " +
	"generate_document_outline horizontal is_killable is_gpu_memory_inflated thick_underline")
