// Command gen writes package cef's declarations, trampolines, vtables and wrappers from the table of CEF's C API in cef/api.
//
// It is run by go generate in the folder cef.
package main

import (
	"flag"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	api := flag.String("api", "api", "folder of the table")
	out := flag.String("out", ".", "folder of package cef, to write to")
	flag.Parse()
	if err := generate(*api, *out); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// generate writes every generated file below the folder out.
func generate(api, out string) error {
	files, err := generated(api)
	if err != nil {
		return err
	}
	for name, text := range files {
		path := filepath.Join(out, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generated returns every generated file by its path in package cef.
func generated(api string) (map[string][]byte, error) {
	t, err := readTable(api)
	if err != nil {
		return nil, err
	}
	g, err := newGen(t)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for name, text := range g.files() {
		files[name] = []byte(text)
		if strings.HasSuffix(name, ".go") {
			if files[name], err = format.Source([]byte(text)); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return files, nil
}
