package rules

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"strings"
	"testing"
)

var (
	goSample = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")
	code     = regexp.MustCompile("(?ms)^```.*?^```$|`[^`\n]+`")
	apiName  = regexp.MustCompile(`(?:^|[^\w."/])(app|child|ipc|oteltrace|pages|protocol|router|script|utility|window)\.([A-Z]\w*)`)
	link     = regexp.MustCompile(`\]\(([^)\s#]*)(?:#([^)\s]+))?\)`)
	heading  = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// publicPackages are those that texts for users speak of by their last name.
var publicPackages = map[string]string{"app": "main/app", "child": "utility/child", "ipc": "main/ipc", "oteltrace": "main/ipc/oteltrace", "pages": "main/pages",
	"protocol": "protocol", "router": "router", "script": "utility/script", "utility": "utility", "window": "main/window"}

// samplesParse finds Go in the documentation that is none: a file, declarations, statements or fields. "…" stands for what is left out.
func samplesParse(files []file) (faults []string) {
	for _, f := range files {
		if !f.is(".md") {
			continue
		}
		for _, m := range goSample.FindAllStringSubmatchIndex(f.text, -1) {
			if err := parseSample(strings.ReplaceAll(f.text[m[2]:m[3]], "…", "")); err != nil {
				faults = append(faults, fmt.Sprintf("%s:%d: %v", f.name, 1+strings.Count(f.text[:m[2]], "\n"), err))
			}
		}
	}
	return faults
}

func parseSample(text string) (err error) {
	var declarations, statements []string
	for part := range strings.SplitSeq(text, "\n\n") {
		if _, err := parser.ParseFile(token.NewFileSet(), "", "package x\n"+part, 0); err == nil {
			declarations = append(declarations, part)
		} else {
			statements = append(statements, part)
		}
	}
	for _, try := range []string{text, "package x\n" + text, "package x\nvar _ = T{" + text + "}",
		"package x\n" + strings.Join(declarations, "\n") + "\nfunc _() {\n" + strings.Join(statements, "\n") + "\n}"} {
		if _, err = parser.ParseFile(token.NewFileSet(), "", try, parser.SkipObjectResolution); err == nil {
			return nil
		}
	}
	return err
}

// exportsOf lists what packages export, by folder and name.
func exportsOf(files []file) map[string]bool {
	all := map[string]bool{}
	for _, f := range files {
		if !f.is(".go") || f.test() {
			continue
		}
		_, tree := f.parse()
		if tree == nil {
			continue
		}
		for _, d := range tree.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					all[f.folder()+"."+d.Name.Name] = true
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						all[f.folder()+"."+s.Name.Name] = true
					case *ast.ValueSpec:
						for _, n := range s.Names {
							all[f.folder()+"."+n.Name] = true
						}
					}
				}
			}
		}
	}
	return all
}

// docsNameExports finds names like ipc.Handle in the documentation's code that the package does not have.
func docsNameExports(files []file) (faults []string) {
	exports := exportsOf(files)
	for _, f := range files {
		if !f.is(".md") {
			continue
		}
		for _, text := range code.FindAllString(f.text, -1) {
			for _, m := range apiName.FindAllStringSubmatch(strings.Trim(text, "`"), -1) {
				if !exports[publicPackages[m[1]]+"."+m[2]] {
					faults = append(faults, fmt.Sprintf("%s names %s.%s: there is no such thing", f.name, m[1], m[2]))
				}
			}
		}
	}
	return faults
}

// linksLead finds links within the documentation that lead to no file, or to no heading of it.
func linksLead(files []file) (faults []string) {
	headings, folders := map[string]map[string]bool{}, map[string]bool{}
	for _, f := range files {
		headings[f.name] = map[string]bool{}
		for dir := f.folder(); dir != "."; dir = path.Dir(dir) {
			folders[dir] = true
		}
		for _, m := range heading.FindAllStringSubmatch(f.text, -1) {
			headings[f.name][anchor(m[1])] = true
		}
	}
	for _, f := range files {
		if !f.is(".md") {
			continue
		}
		for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(f.text, "code"), -1) {
			if strings.Contains(m[1], ":") {
				continue // elsewhere
			}
			to := f.name
			if m[1] != "" {
				to = path.Join(f.folder(), m[1])
			}
			if headings[to] == nil && !folders[to] || m[2] != "" && !headings[to][m[2]] {
				faults = append(faults, fmt.Sprintf("%s: the link %s leads nowhere", f.name, m[0]))
			}
		}
	}
	return faults
}

// anchor is the name that a heading can be reached by.
func anchor(title string) string {
	title = regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(title), "")
	return strings.ReplaceAll(title, " ", "-")
}

func TestSamplesParse(t *testing.T) {
	holds(t, samplesParse)
	for _, good := range []string{"package a\n\nfunc f() {}", "func f() { … }", "x := f(…)\n", "Allow: []R{{A: 1}},", "func f() {}\n\n// Then:\nx, err := f()"} {
		passes(t, samplesParse, file{"docs/x.md", "```go\n" + good + "\n```\n"})
	}
	finds(t, samplesParse, "docs/x.md:4", file{"docs/x.md", "# X\n\n```go\nx := f(]\n```\n"})
}

func TestDocsNameExports(t *testing.T) {
	holds(t, docsNameExports)
	ipc := file{"main/ipc/x.go", "package ipc\n\nfunc Handle() {}\n"}
	passes(t, docsNameExports, ipc, file{"docs/x.md", "`ipc.Handle(r)`, a.ipc.Gone, `main/ipc`\n\n```go\nipc.Handle(r)\n```\n"})
	finds(t, docsNameExports, "ipc.Gone", file{"docs/x.md", "`x(ipc.Gone())`"}, ipc)
	finds(t, docsNameExports, "ipc.Gone", file{"docs/x.md", "```go\nipc.Gone(r)\n```\n"}, ipc)
}

func TestLinksLead(t *testing.T) {
	holds(t, linksLead)
	to := file{"docs/to.md", "# To\n\n## What `it` is, said plainly\n"}
	passes(t, linksLead, to, file{"docs/x.md", "[a](to.md#what-it-is-said-plainly), [b](https://example.org/x), [c](../docs), `[d](gone)`"})
	finds(t, linksLead, "gone.md", file{"docs/x.md", "[a](gone.md)"}, to)
	finds(t, linksLead, "#gone", file{"docs/x.md", "[a](to.md#gone)"}, to)
}
