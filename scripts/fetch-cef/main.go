// Command fetch-cef puts the CEF runtime that Oriel needs into the per-user cache, or where --dir says.
//
//	go run github.com/oriel-go/oriel/scripts/fetch-cef@latest
//
// The last line on its standard output is the runtime's folder; everything else goes to standard error. It ends with 0 when the
// runtime is in place, 1 when it is not, 2 when it was called wrongly, and 3 when installing mvn would open one more source.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/oriel-go/oriel/scripts/fetch"
)

func main() {
	os.Exit(run())
}

func run() int {
	var o fetch.Options
	flag.StringVar(&o.Dir, "dir", "", "folder to make (default: in the per-user cache)")
	flag.StringVar(&o.From, "from", "", "file or URL of an archive to take instead of the usual sources")
	flag.StringVar(&o.Source, "source", "", "the only network source to try: builds or maven")
	flag.BoolVar(&o.Offline, "offline", false, "never open a connection")
	mvnFollows := flag.Bool("mvn-follows", false, "the caller installs mvn on status 3: no error text then")
	quiet := flag.Bool("quiet", false, "say nothing but errors")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "fetch-cef: unexpected argument %q\n", flag.Arg(0))
		return 2
	}
	if !*quiet {
		o.Output = os.Stderr
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	dir, err := fetch.CEF(ctx, o)
	switch {
	case err == nil:
		fmt.Println(dir)
		return 0
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "fetch-cef: interrupted, nothing is left behind")
	case errors.Is(err, fetch.ErrNoMaven) && *mvnFollows: // the line about each source has been written
	default:
		fmt.Fprintln(os.Stderr, "fetch-cef:", err)
	}
	if errors.Is(err, fetch.ErrNoMaven) {
		return 3
	}
	return 1
}
