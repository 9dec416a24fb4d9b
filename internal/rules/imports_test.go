package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/oriel-go/oriel"

// rooms says what the packages of a room may import of ours besides each other. The longest name that fits a folder is its room. Arrows
// point one way: main → gpu, utility, renderer → router → protocol, and to cef.
var rooms = map[string][]string{
	"cef":              {"cef/distribution"},
	"cef/distribution": {},
	"cef/internal/gen": {},
	"protocol":         {},
	"renderer":         {"cef", "protocol"},
	"gpu":              {"cef"},
	"router":           {"protocol"},
	"utility":          {"internal/heap", "protocol", "router"},
	"main":             {"cef", "cef/distribution", "internal/heap", "protocol", "renderer", "gpu", "router", "utility", "third_party"},
	"third_party":      {},
	"scripts":          {"cef/distribution", "third_party"},
	"cmd":              {"cef/distribution", "main", "protocol", "scripts", "third_party", "utility"},
	"examples":         {"main", "protocol", "utility"},
	"bench":            {"cef", "cef/distribution", "main", "protocol", "utility"},
	"internal/apptest": {"cef", "cef/distribution", "main", "utility"},
	"internal/heap":    {},
	"internal/rules":   {},
}

// alone are rooms whose tests keep to the room as well: they run where there is no libcef.
var alone = []string{"protocol", "router", "utility", "cef/distribution", "internal/rules"}

// cgo are the rooms that may use C and unsafe.
var cgo = []string{"cef", "renderer"}

// room is the room of a folder, "" if it has none.
func room(folder string) string {
	best := ""
	for r := range rooms {
		if (folder == r || strings.HasPrefix(folder, r+"/")) && len(r) > len(best) {
			best = r
		}
	}
	return best
}

func importsPointOneWay(files []file) (faults []string) {
	for _, f := range files {
		if !f.is(".go") || f.test() && !slices.Contains(alone, room(f.folder())) {
			continue
		}
		from := room(f.folder())
		if from == "" {
			faults = append(faults, f.name+" is in no room: add its folder to the table in imports_test.go")
			continue
		}
		for _, path := range f.imports() {
			folder, ours := strings.CutPrefix(path, module+"/")
			if to := room(folder); ours && to != from && !slices.Contains(rooms[from], to) {
				faults = append(faults, fmt.Sprintf("%s imports %s: %s may import %v", f.name, folder, from, rooms[from]))
			}
		}
	}
	return faults
}

// imports are the paths that a Go file imports.
func (f file) imports() (paths []string) {
	_, tree := f.parse()
	if tree == nil {
		return nil
	}
	for _, i := range tree.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		paths = append(paths, path)
	}
	return paths
}

func onlyBindingsUseC(files []file) (faults []string) {
	for _, f := range files {
		if slices.Contains(cgo, strings.Split(f.name, "/")[0]) || !f.is(".go") {
			continue
		}
		for _, path := range f.imports() {
			if path == "C" || path == "unsafe" || strings.HasPrefix(path, "runtime/cgo") {
				faults = append(faults, fmt.Sprintf("%s imports %s: only %v may", f.name, path, cgo))
			}
		}
	}
	return faults
}

func TestImportsPointOneWay(t *testing.T) {
	holds(t, importsPointOneWay)
	passes(t, importsPointOneWay, file{"renderer/x.go", "package renderer\nimport (\n\"" + module + "/cef\"\n\"fmt\"\n)"},
		file{"cef/x_test.go", "package cef_test\nimport \"" + module + "/main/app\""})
	finds(t, importsPointOneWay, "cef/x.go imports main/app", file{"cef/x.go", "package cef\nimport \"" + module + "/main/app\""})
	finds(t, importsPointOneWay, "protocol/x_test.go imports cef", file{"protocol/x_test.go", "package protocol\nimport \"" + module + "/cef\""})
	finds(t, importsPointOneWay, "imports cef:", file{"examples/hello/x.go", "package main\nimport \"" + module + "/cef\""})
	finds(t, importsPointOneWay, "is in no room", file{"misc/x.go", "package misc"})
}

func TestOnlyBindingsUseC(t *testing.T) {
	holds(t, onlyBindingsUseC)
	passes(t, onlyBindingsUseC, file{"cef/x.go", "package cef\nimport \"C\"\nimport \"unsafe\""}, file{"main/x.c", "#include <stdio.h>"})
	finds(t, onlyBindingsUseC, "imports C", file{"main/x.go", "package main\n// int x;\nimport \"C\""})
	finds(t, onlyBindingsUseC, "imports unsafe", file{"protocol/x_test.go", "package protocol\nimport _ \"unsafe\""})
}
