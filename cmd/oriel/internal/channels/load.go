package channels

import (
	"cmp"
	"errors"
	"fmt"
	"go/token"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// module is Oriel's own.
const module = "github.com/oriel-go/oriel"

// rooms are the folders of Oriel's module that are library, not app.
var rooms = []string{"cef", "gpu", "main", "protocol", "renderer", "router", "utility"}

// Options say where the app is.
type Options struct {
	Dir      string   // the patterns start here; "" is the current folder
	Patterns []string // as for go build; none is "."
	Tags     string   // build tags, with commas between
}

// An App is what was found.
type App struct {
	Channels []Channel
	Source   *Source
}

// Find loads the packages that the patterns name, and what they import of modules being worked on, and finds their channels. What is wrong with
// the source comes as [Faults]; nothing else is to be used then.
func Find(o Options) (*App, error) {
	if len(o.Patterns) == 0 {
		o.Patterns = []string{"."}
	}
	roots, err := load(o, packages.NeedName|packages.NeedImports|packages.NeedDeps|packages.NeedModule, o.Patterns)
	if err != nil {
		return nil, err
	}
	whole, err := load(o, packages.LoadSyntax|packages.NeedModule, append(slices.Clip(o.Patterns), within(roots)...))
	if err != nil {
		return nil, err
	}
	app := &App{Source: newSource(whole)}
	if faults := broken(whole); len(faults) > 0 {
		return nil, faults.Sorted()
	}
	var calls []found
	var faults Faults
	for _, p := range whole {
		f := finder{pkg: p, source: app.Source}
		f.find()
		calls, faults = append(calls, f.found...), append(faults, f.faults...)
	}
	var conflicts Faults
	app.Channels, conflicts = merge(calls)
	if faults = append(faults, conflicts...); len(faults) > 0 {
		return nil, faults.Sorted()
	}
	return app, nil
}

func load(o Options, mode packages.LoadMode, patterns []string) ([]*packages.Package, error) {
	c := &packages.Config{Mode: mode, Dir: o.Dir, Fset: token.NewFileSet()}
	if o.Tags != "" {
		c.BuildFlags = []string{"-tags=" + o.Tags}
	}
	pkgs, err := packages.Load(c, patterns...)
	if err != nil {
		run, said, _ := strings.Cut(err.Error(), ": stderr: ") // the command, or why it did not run, and what it said
		return nil, errors.New(oneLine(cmp.Or(said, strings.TrimPrefix(run, "err: "))))
	}
	if len(pkgs) == 0 {
		return nil, fmt.Errorf("%s names no package", strings.Join(patterns, " "))
	}
	return pkgs, nil
}

// within lists what the packages import, at any remove, of their own modules and of those that are worked on with them, by a go.work.
func within(roots []*packages.Package) (paths []string) {
	ours := map[string]bool{}
	for _, p := range roots {
		if p.Module != nil {
			ours[p.Module.Path] = true
		}
	}
	packages.Visit(roots, nil, func(p *packages.Package) {
		if p.Module != nil && (ours[p.Module.Path] || p.Module.Main) && !slices.Contains(roots, p) && !isLibrary(p.PkgPath) {
			paths = append(paths, p.PkgPath)
		}
	})
	slices.Sort(paths)
	return paths
}

func isLibrary(path string) bool {
	folder, ours := strings.CutPrefix(path, module+"/")
	room, _, _ := strings.Cut(folder, "/")
	return ours && slices.Contains(rooms, room)
}

// broken lists why the packages cannot be used. A file that is to be embedded may be missing: it is mostly the one to be generated. What the
// compiler says comes twice, the second time without a position; that an import cannot be had, as an error of the package that is not there, too.
func broken(pkgs []*packages.Package) (faults Faults) {
	for _, p := range pkgs {
		checked := slices.ContainsFunc(p.Errors, func(e packages.Error) bool { return e.Kind == packages.TypeError || e.Kind == packages.ParseError })
		for _, e := range p.Errors {
			missing := strings.HasPrefix(e.Msg, "pattern ") && strings.HasSuffix(e.Msg, ": no matching files found")
			if e.Kind == packages.ListError && (missing || checked && strings.HasPrefix(e.Msg, "# ")) || notImported(p, e) {
				continue
			}
			faults = append(faults, Fault{position(e.Pos), oneLine(e.Msg)})
		}
	}
	packages.Visit(pkgs, nil, func(p *packages.Package) {
		for _, e := range p.Errors {
			if e.Kind == packages.ListError && !slices.Contains(pkgs, p) {
				faults = append(faults, Fault{position(e.Pos), oneLine(e.Msg)})
			}
		}
	})
	return faults
}

// notImported says whether the error is about a package that has told itself why it cannot be imported.
func notImported(p *packages.Package, e packages.Error) bool {
	text, ok := strings.CutPrefix(e.Msg, "could not import ")
	path, _, _ := strings.Cut(text, " ")
	imported := p.Imports[path]
	return ok && e.Kind == packages.TypeError && imported != nil &&
		slices.ContainsFunc(imported.Errors, func(e packages.Error) bool { return e.Kind == packages.ListError })
}

// oneLine is what go list says, without the heading that names the package.
func oneLine(text string) string {
	if first, rest, more := strings.Cut(text, "\n"); more && strings.HasPrefix(first, "# ") {
		text = rest
	}
	return strings.Join(strings.Fields(text), " ")
}

// position reads "file:line:column", "-" or "".
func position(s string) (p token.Position) {
	if s == "" || s == "-" {
		return p
	}
	parts := strings.Split(s, ":")
	p.Filename = parts[0]
	if abs, err := filepath.Abs(p.Filename); err == nil {
		p.Filename = abs
	}
	if len(parts) > 1 {
		_, _ = fmt.Sscan(parts[1], &p.Line)
	}
	if len(parts) > 2 {
		_, _ = fmt.Sscan(parts[2], &p.Column)
	}
	return p
}
