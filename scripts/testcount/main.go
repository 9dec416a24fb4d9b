// Command testcount reads the output of go test -json, shows it in a form for people and counts the tests.
//
//	go test -json ./... | testcount [-checks-passed N] [-checks-failed N]
//
// A test with subtests counts as its subtests. A package that fails without a failing test (it does not build, dies or hangs)
// counts as one failure. A skipped test is a failure too: what is skipped is not tested. Lines that are no JSON pass through. The
// last line is "N passed, N failed", and the exit code is 1 if anything failed or nothing ran.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
)

func main() {
	passed := flag.Int("checks-passed", 0, "checks other than tests that passed")
	failed := flag.Int("checks-failed", 0, "checks other than tests that failed")
	flag.Parse()
	c := newCounter(os.Stdout)
	if err := c.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testcount:", err)
		os.Exit(1)
	}
	if !c.finish(*passed, *failed) {
		os.Exit(1)
	}
}

// wholeRun is the package that a caller reports as failed when the command that should have run all tests failed.
const wholeRun = "make test"

// event is one line of go test -json.
type event struct {
	Action, Package, Test, Output, ImportPath string
	Elapsed                                   float64
}

type counter struct {
	w        io.Writer
	results  map[string]string           // package and test → pass, fail or skip
	parents  map[string]bool             // tests that have subtests
	output   map[string]*strings.Builder // what each test said, until it has passed
	failures []string                    // in the order they came
	broken   map[string]bool             // packages with a failed test
}

func newCounter(w io.Writer) *counter {
	return &counter{w: w, results: map[string]string{}, parents: map[string]bool{}, output: map[string]*strings.Builder{}, broken: map[string]bool{}}
}

func (c *counter) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		var e event
		if strings.HasPrefix(line, "{") && json.Unmarshal([]byte(line), &e) == nil && e.Action != "" {
			c.event(e)
		} else if line != "" {
			fmt.Fprint(c.w, line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (c *counter) event(e event) {
	key := e.Package + "\x00" + e.Test
	switch e.Action {
	case "build-output":
		fmt.Fprint(c.w, e.Output)
	case "run":
		if i := strings.LastIndexByte(e.Test, '/'); i >= 0 {
			c.parents[e.Package+"\x00"+e.Test[:i]] = true
		}
	case "output":
		if c.output[key] == nil {
			c.output[key] = &strings.Builder{}
		}
		c.output[key].WriteString(e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			c.endPackage(e, key)
			return
		}
		c.results[key] = e.Action
		if e.Action != "pass" {
			c.broken[e.Package] = true
			fmt.Fprintf(c.w, "--- %s %s %s\n%s", strings.ToUpper(e.Action), e.Package, e.Test, c.said(key))
		}
		delete(c.output, key)
	}
}

func (c *counter) said(key string) string {
	if c.output[key] == nil {
		return ""
	}
	return c.output[key].String()
}

func (c *counter) endPackage(e event, key string) {
	switch {
	case e.Action == "skip": // it has no tests
		return
	case e.Action == "fail" && !c.broken[e.Package]:
		c.results[key] = "fail"
		c.broken[e.Package] = true
		// A test that was running when the package died has no result, but what it said tells why.
		for running, said := range c.output {
			if strings.HasPrefix(running, e.Package+"\x00") {
				fmt.Fprint(c.w, said)
			}
		}
	}
	fmt.Fprintf(c.w, "%-4s %s (%.1f s)\n", e.Action, e.Package, e.Elapsed)
}

// finish writes the list of what failed and the last line, and tells whether all is well.
func (c *counter) finish(passed, failed int) bool {
	tests := 0
	if len(c.broken) > 1 || len(c.broken) == 1 && !c.broken[wholeRun] {
		delete(c.results, wholeRun+"\x00") // it failed because they did
	}
	for key, result := range c.results {
		pkg, test, _ := strings.Cut(key, "\x00")
		if c.parents[key] && (result == "pass" || c.childFailed(key)) {
			continue // counted by its subtests
		}
		if test != "" {
			tests++
		}
		if result == "pass" {
			passed++
			continue
		}
		failed++
		c.failures = append(c.failures, strings.TrimSpace(fmt.Sprintf("%s %s %s", result, pkg, test)))
	}
	sort.Strings(c.failures)
	for _, f := range c.failures {
		fmt.Fprintln(c.w, f)
	}
	if tests == 0 {
		fmt.Fprintln(c.w, "no test ran")
		failed = max(failed, 1)
	}
	fmt.Fprintf(c.w, "%d passed, %d failed\n", passed, failed)
	return failed == 0
}

func (c *counter) childFailed(parent string) bool {
	for key, result := range c.results {
		if result != "pass" && strings.HasPrefix(key, parent+"/") {
			return true
		}
	}
	return false
}
