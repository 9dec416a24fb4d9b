package channels

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// A Source gives the comments and declarations behind types, by reading the files they are declared in when they are asked for.
type Source struct {
	fset   *token.FileSet
	app    []*types.Package
	own    map[string]bool // packages whose comments are worth carrying: those of a module
	parsed map[string]*ast.File
	lines  map[string][]string
	set    *token.FileSet // of parsed
}

func newSource(pkgs []*packages.Package) *Source {
	s := &Source{parsed: map[string]*ast.File{}, lines: map[string][]string{}, own: map[string]bool{}, set: token.NewFileSet()}
	packages.Visit(pkgs, nil, func(p *packages.Package) {
		s.fset = p.Fset
		s.own[p.PkgPath] = p.Module != nil
	})
	for _, p := range pkgs {
		s.own[p.PkgPath] = true
		if p.Types != nil {
			s.app = append(s.app, p.Types)
		}
	}
	return s
}

// Packages are those of the app, in the order of their paths.
func (s *Source) Packages() []*types.Package {
	slices.SortFunc(s.app, func(a, b *types.Package) int { return strings.Compare(a.Path(), b.Path()) })
	return s.app
}

// Position tells where an object is declared.
func (s *Source) Position(obj types.Object) token.Position { return s.fset.Position(obj.Pos()) }

// A Decl is how a type is written in the source. Its fields are nil where the source is not at hand.
type Decl struct {
	Doc    string
	Fields map[string]string // comments on fields, by the field's name
}

// Type finds the declaration of a type. Types of the standard library have none: their comments differ from one Go to the next.
func (s *Source) Type(obj *types.TypeName) (d Decl) {
	if obj.Pkg() == nil || !s.own[obj.Pkg().Path()] {
		return d
	}
	at := s.Position(obj)
	file := s.file(at.Filename)
	if file == nil {
		return d
	}
	ast.Inspect(file, func(n ast.Node) bool {
		g, ok := n.(*ast.GenDecl)
		if !ok || g.Tok != token.TYPE {
			return true
		}
		for _, spec := range g.Specs {
			t := spec.(*ast.TypeSpec)
			if t.Name.Name != obj.Name() || s.set.Position(t.Pos()).Line != at.Line {
				continue
			}
			d.Doc = t.Doc.Text()
			if d.Doc == "" && !g.Lparen.IsValid() {
				d.Doc = g.Doc.Text()
			}
			d.Fields = fieldComments(t.Type)
		}
		return true
	})
	return d
}

// Shifted says whether the constant is declared in a group that counts in powers of two, as flags are.
func (s *Source) Shifted(obj *types.Const) (shifted bool) {
	at := s.Position(obj)
	file := s.file(at.Filename)
	if file == nil {
		return false
	}
	ast.Inspect(file, func(n ast.Node) bool {
		g, ok := n.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST || s.set.Position(g.Pos()).Line > at.Line || s.set.Position(g.End()).Line < at.Line {
			return true
		}
		ast.Inspect(g, func(n ast.Node) bool {
			if b, ok := n.(*ast.BinaryExpr); ok && b.Op == token.SHL {
				shifted = true
			}
			return true
		})
		return false
	})
	return shifted
}

func fieldComments(t ast.Expr) map[string]string {
	st, ok := t.(*ast.StructType)
	if !ok {
		return nil
	}
	docs := map[string]string{}
	for _, f := range st.Fields.List {
		doc := f.Doc.Text()
		if doc == "" {
			doc = f.Comment.Text()
		}
		for _, n := range f.Names {
			docs[n.Name] = doc
		}
		if id := callee(embeddedName(f.Type)); len(f.Names) == 0 && id != nil {
			docs[id.Name] = doc
		}
	}
	return docs
}

func embeddedName(t ast.Expr) ast.Expr {
	if star, ok := t.(*ast.StarExpr); ok {
		return star.X
	}
	return t
}

// ofFunc is the comment on the function that an expression names.
func (s *Source) ofFunc(pkg *packages.Package, e ast.Expr) string {
	id := callee(e)
	if id == nil {
		return ""
	}
	fn, ok := pkg.TypesInfo.Uses[id].(*types.Func)
	if !ok || fn.Pkg() == nil || !s.own[fn.Pkg().Path()] {
		return ""
	}
	at := s.Position(fn)
	file := s.file(at.Filename)
	if file == nil {
		return ""
	}
	for _, d := range file.Decls {
		if d, ok := d.(*ast.FuncDecl); ok && d.Name.Name == fn.Name() && s.set.Position(d.Name.Pos()).Line == at.Line {
			return d.Doc.Text()
		}
	}
	return ""
}

// above is the comment that ends in the line above a call.
func (s *Source) above(pkg *packages.Package, call *ast.CallExpr) string {
	at := pkg.Fset.Position(call.Pos())
	for _, file := range pkg.Syntax {
		if file.FileStart > call.Pos() || call.Pos() > file.FileEnd {
			continue
		}
		for _, group := range file.Comments {
			if pkg.Fset.Position(group.End()).Line == at.Line-1 && !s.trailing(pkg.Fset.Position(group.Pos())) {
				return group.Text()
			}
		}
	}
	return ""
}

// trailing says whether something precedes the position in its line.
func (s *Source) trailing(at token.Position) bool {
	lines, ok := s.lines[at.Filename]
	if !ok {
		text, _ := os.ReadFile(at.Filename) // without the text no comment trails
		lines = strings.Split(string(text), "\n")
		s.lines[at.Filename] = lines
	}
	if at.Line < 1 || at.Line > len(lines) || at.Column-1 > len(lines[at.Line-1]) {
		return false
	}
	return strings.TrimSpace(lines[at.Line-1][:at.Column-1]) != ""
}

// file parses a file once; nil if it is not there, as that of a binary package.
func (s *Source) file(name string) *ast.File {
	file, ok := s.parsed[name]
	if !ok {
		file, _ = parser.ParseFile(s.set, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		s.parsed[name] = file
	}
	return file
}
