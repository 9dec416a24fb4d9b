// Command bench measures an Oriel app against a raw CEF host in C: same runtime, same page, same Chromium switches, the same
// user with the sandbox on, in turns within one run. It prints one table and writes build/bench.json.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

//go:embed switches.txt
var switchList string

func main() {
	starts := flag.Int("n", 9, "starts of each side, after one to warm up")
	rounds := flag.Int("rounds", 3, "rounds of the other measurements")
	raw := flag.Bool("raw", false, "measure the raw host alone, write nothing")
	names := flag.String("only", ".", "measure only what this `expression` matches; build/bench.json is left as it is then")
	variants := flag.String("study", "", "measure the raw host with each line of this `file` as its switches, -n rounds")
	flag.Parse()
	wanted, err := regexp.Compile(*names)
	if err == nil {
		err = bench(*starts, *rounds, *raw, *variants, wanted)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(starts, rounds int, rawOnly bool, variants string, wanted *regexp.Regexp) error {
	checkout, err := moduleDir()
	if err != nil {
		return err
	}
	s, err := openStage()
	if err != nil {
		return err
	}
	defer s.close()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupted
		s.close()
		os.Exit(130)
	}()
	rawProgram, appProgram, err := s.build(checkout, !rawOnly && variants == "")
	if err != nil {
		return err
	}
	if variants != "" {
		return study(s, rawProgram, variants, starts)
	}
	raw, err := newHost(s, "raw", rawProgram, switches()...)
	if err != nil {
		return err
	}
	sides := []*host{raw}
	if !rawOnly {
		app, err := newHost(s, "oriel", appProgram)
		if err != nil {
			return err
		}
		sides = append(sides, app)
	}
	results, err := measure(sides, starts, rounds, wanted.MatchString)
	if err != nil {
		return err
	}
	if !rawOnly {
		ports, err := s.ports(checkout, wanted.MatchString)
		if err != nil {
			return err
		}
		results = append(results, ports...)
	}
	printResults(results, rawOnly)
	if rawOnly {
		return nil
	}
	if err := drawGrowth(results, filepath.Join(checkout, "build", "bench-growth.svg")); err != nil {
		return err
	}
	if wanted.String() != "." {
		return nil
	}
	return writeResults(results, filepath.Join(checkout, "build", "bench.json"))
}

// moduleDir finds the checkout from any folder in it.
func moduleDir() (string, error) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("go list -m: %w", err)
	}
	return strings.TrimSpace(string(dir)), nil
}

// switches reads the shared list.
func switches() []string {
	var list []string
	for line := range strings.Lines(switchList) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "--") {
			list = append(list, line)
		}
	}
	return list
}
