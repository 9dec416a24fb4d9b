package typescript

import (
	"fmt"
	"slices"
	"strings"
)

// Declarations writes the exported types, by name.
func (s *Set) Declarations() string {
	all := make([]*declaration, 0, len(s.decls))
	for _, d := range s.decls {
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b *declaration) int { return strings.Compare(a.name, b.name) })
	var b strings.Builder
	for _, d := range all {
		b.WriteString(Comment("", s.source.Type(d.obj).Doc))
		name := d.name + s.parameters(d)
		if s.shape(d.typ) == shapeStruct {
			fmt.Fprintf(&b, "export interface %s %s\n\n", name, s.members(d.typ, nil, "  "))
		} else {
			fmt.Fprintf(&b, "export type %s = %s;\n\n", name, s.body(d.typ, nil))
		}
	}
	return b.String()
}

// parameters are those of a generic declaration.
func (s *Set) parameters(d *declaration) string {
	if d.args != nil || d.typ.TypeParams().Len() == 0 {
		return ""
	}
	var names []string
	for p := range d.typ.TypeParams().TypeParams() {
		names = append(names, s.params[p])
	}
	return "<" + strings.Join(names, ", ") + ">"
}

// Comment writes a Go comment as TSDoc. A paragraph that begins with "Deprecated: " becomes the tag.
func Comment(indent, doc string) string {
	doc = strings.TrimSpace(strings.ReplaceAll(doc, "*/", "*\\/"))
	if doc == "" {
		return ""
	}
	lines := strings.Split(doc, "\n")
	for i, line := range lines {
		if rest, ok := strings.CutPrefix(line, "Deprecated: "); ok {
			lines[i] = "@deprecated " + rest
		} else if strings.HasPrefix(line, "@") {
			lines[i] = "\\" + line
		}
	}
	if len(lines) == 1 {
		return indent + "/** " + lines[0] + " */\n"
	}
	var b strings.Builder
	b.WriteString(indent + "/**\n")
	for _, line := range lines {
		b.WriteString(strings.TrimRight(indent+" * "+line, " \t") + "\n")
	}
	return b.String() + indent + " */\n"
}

// Quote writes a JavaScript string.
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range s {
		switch {
		case r == '\'' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r < 0x20 || r == 0x7f || r == 0x2028 || r == 0x2029 || r == 0xfeff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// property is the name of a property, quoted where it has to be.
func property(name string) string {
	if IsIdentifier(name) {
		return name
	}
	return Quote(name)
}
