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
	dir := flag.String("dir", ".", "folder of package cef")
	flag.Parse()
	if err := generate(*dir); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func generate(dir string) error {
	t, err := readTable(filepath.Join(dir, "api"))
	if err != nil {
		return err
	}
	g, err := newGen(t)
	if err != nil {
		return err
	}
	for name, text := range g.files() {
		if strings.HasSuffix(name, ".go") {
			src, err := format.Source([]byte(text))
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			text = string(src)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
