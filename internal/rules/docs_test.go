package rules

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

// wellKnown are methods that interfaces of the standard library describe; a comment would repeat those.
var wellKnown = map[string]bool{
	"Error": true, "String": true, "Unwrap": true, "Is": true, "As": true, "Read": true, "Write": true, "Close": true, "Seek": true,
	"ServeHTTP": true, "Len": true, "Less": true, "Swap": true, "MarshalJSON": true, "UnmarshalJSON": true, "MarshalText": true,
	"UnmarshalText": true, "EncodeMsgpack": true, "DecodeMsgpack": true, "Name": true, "Size": true, "Mode": true, "ModTime": true,
	"IsDir": true, "Sys": true, "Stat": true, "Open": true, "ReadDir": true, "Info": true, "Type": true,
}

func packagesAreDocumented(files []file) (faults []string) {
	documented, seen := map[string]bool{}, []string{}
	for _, f := range files {
		if !f.is(".go") || f.test() {
			continue
		}
		_, tree := f.parse()
		if tree == nil {
			continue
		}
		if _, ok := documented[f.folder()]; !ok {
			documented[f.folder()] = false
			seen = append(seen, f.folder())
		}
		if tree.Doc == nil {
			continue
		}
		if text := tree.Doc.Text(); strings.HasPrefix(text, "Package "+tree.Name.Name+" ") || tree.Name.Name == "main" && strings.HasPrefix(text, "Command ") {
			documented[f.folder()] = true
		}
	}
	for _, folder := range seen {
		if !documented[folder] {
			faults = append(faults, folder+" has no package comment: Package … or Command …")
		}
	}
	return faults
}

func exportedNamesAreDocumented(files []file) (faults []string) {
	for _, f := range files {
		if !f.is(".go") || f.test() {
			continue
		}
		set, tree := f.parse()
		if tree == nil || tree.Name.Name == "main" {
			continue
		}
		for _, name := range undocumented(tree) {
			faults = append(faults, fmt.Sprintf("%s: %s has no comment", set.Position(name.Pos()), name.Name))
		}
	}
	return faults
}

// undocumented lists the exported names at the top level of a file that no comment explains.
func undocumented(tree *ast.File) (names []*ast.Ident) {
	for _, d := range tree.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && d.Doc == nil && (d.Recv == nil || exportedReceiver(d) && !wellKnown[d.Name.Name]) {
				names = append(names, d.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				names = append(names, undocumentedSpec(d, s)...)
			}
		}
	}
	return names
}

// undocumentedSpec looks at one line of a declaration; a comment on a group explains all of it.
func undocumentedSpec(d *ast.GenDecl, s ast.Spec) (names []*ast.Ident) {
	switch s := s.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() && s.Doc == nil && (d.Doc == nil || d.Lparen.IsValid()) {
			names = append(names, s.Name)
		}
	case *ast.ValueSpec:
		for _, n := range s.Names {
			if n.IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
				names = append(names, n)
			}
		}
	}
	return names
}

func exportedReceiver(d *ast.FuncDecl) bool {
	typ := d.Recv.List[0].Type
	for {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ = t.X
		case *ast.IndexExpr:
			typ = t.X
		case *ast.IndexListExpr:
			typ = t.X
		case *ast.Ident:
			return token.IsExported(t.Name)
		default:
			return false
		}
	}
}

func TestPackagesAreDocumented(t *testing.T) {
	holds(t, packagesAreDocumented)
	passes(t, packagesAreDocumented, file{"a/x.go", "// Package a is.\npackage a"}, file{"a/y.go", "package a"}, file{"c/x.go", "// Command c does.\npackage main"})
	finds(t, packagesAreDocumented, "a has no package comment", file{"a/x.go", "package a"}, file{"a/y.go", "// Something.\n\npackage a"})
	finds(t, packagesAreDocumented, "a has no package comment", file{"a/x.go", "// A file of words.\npackage a"})
}

func TestExportedNamesAreDocumented(t *testing.T) {
	holds(t, exportedNamesAreDocumented)
	passes(t, exportedNamesAreDocumented, file{"a/x.go", "package a\n// F does.\nfunc F() {}\ntype t int\nfunc (t) M() {}\n// Both.\nconst (\nA = 1\nB = 2\n)\n" +
		"// E is.\ntype E[T any] struct{}\nfunc (*E[T]) Error() string { return \"\" }\nvar V int // V is."})
	for _, bad := range []string{"func Bad() {}", "type Bad int", "var Bad int", "const (\nBad = 1\n)", "// T is.\ntype T int\nfunc (*T) Bad() {}", "// Group.\ntype (\nBad int\n)"} {
		finds(t, exportedNamesAreDocumented, "Bad has no comment", file{"a/x.go", "package a\n" + bad})
	}
}
