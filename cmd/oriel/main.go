// Command oriel is the developer's tool: it writes the preload of an app, and its types, from the app's Go source.
package main

import (
	"fmt"
	"io"
	"os"
)

// A command is one of the things that oriel does. Its arguments come without its name; what it returns is the exit status.
type command struct {
	name, does string
	run        func(args []string, stdout, stderr io.Writer) int
}

var commands = []command{
	{"generate", "write preload.js and preload.d.ts for an app's channels", generate},
}

// Exit statuses.
const (
	ok    = 0
	fault = 1 // something is wrong with the app, or a file is not up to date
	usage = 2 // something is wrong with the command line
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		help(stderr)
		return usage
	}
	for _, c := range commands {
		if c.name == args[0] {
			return c.run(args[1:], stdout, stderr)
		}
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		help(stdout)
		return ok
	}
	fmt.Fprintf(stderr, "oriel: there is no command %q\n", args[0])
	help(stderr)
	return usage
}

func help(w io.Writer) {
	fmt.Fprintln(w, "usage: oriel COMMAND [arguments]; oriel COMMAND -h tells more")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-10s %s\n", c.name, c.does)
	}
}
