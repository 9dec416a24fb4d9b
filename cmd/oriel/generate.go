package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/oriel-go/oriel/cmd/oriel/internal/channels"
	"github.com/oriel-go/oriel/cmd/oriel/internal/files"
	"github.com/oriel-go/oriel/cmd/oriel/internal/preload"
)

const generateUsage = `usage: oriel generate [-o DIR] [-check] [-tags LIST] [PACKAGES]

Writes preload.js and preload.d.ts for the channels of the packages (the current one, if none is named) and of the packages of the same
module, or of a workspace's, that they import. In Go source: //go:generate go run github.com/oriel-go/oriel/cmd/oriel generate

`

// generate is the command of that name.
func generate(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("oriel generate", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), generateUsage)
		flags.PrintDefaults()
	}
	dir := flags.String("o", ".", "the `folder` for the files")
	check := flags.Bool("check", false, "write nothing; exit with status 1 if a file is not up to date")
	tags := flags.String("tags", "", "build tags, a `list` with commas")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return ok
	case err != nil:
		return usage
	}
	app, err := channels.Find(channels.Options{Patterns: flags.Args(), Tags: *tags})
	var result *preload.Result
	if err == nil {
		result, err = preload.Write(app)
	}
	if err == nil {
		err = put(*dir, *check, result)
	}
	if err != nil {
		fmt.Fprintln(stderr, explain(err))
		return fault
	}
	return ok
}

// put writes the files, or compares them.
func put(dir string, check bool, result *preload.Result) error {
	all := []files.File{
		{Name: filepath.Join(dir, "preload.js"), Text: result.Preload},
		{Name: filepath.Join(dir, "preload.d.ts"), Text: result.Declarations},
	}
	if check {
		return files.Compare(all)
	}
	return files.Replace(all, preload.Header)
}

// explain is the error's text, with paths as seen from here.
func explain(err error) string {
	var faults channels.Faults
	if !errors.As(err, &faults) {
		return "oriel generate: " + err.Error()
	}
	here, _ := os.Getwd() // without it paths stay whole
	lines := make([]string, len(faults))
	for i, f := range faults {
		if rel, err := filepath.Rel(here, f.At.Filename); err == nil && !strings.HasPrefix(rel, "../..") {
			f.At.Filename = rel
		}
		lines[i] = f.Error()
		if f.At.Filename == "" {
			lines[i] = "oriel generate: " + lines[i]
		}
	}
	return strings.Join(lines, "\n")
}
