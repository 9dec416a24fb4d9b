//go:build cefdebug

package cef_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/internal/apptest"
)

// A census counts what a process holds.
type census map[string]int64

// count takes a census: references and handlers by type (with the tag cefdebug), and what the system knows of.
func count(t *testing.T) census {
	t.Helper()
	c := census{"goroutines": goroutines(), "processes": int64(len(apptest.Descendants(t)))}
	fds, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	c["file descriptors"] = int64(len(fds))
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	c["shared memory regions"] = regions(string(maps))
	for name, n := range cef.LiveObjects() {
		c[name] = n
	}
	return c
}

// keptByChromium is the size of what the browser process keeps mapped for each renderer process it ever had, its statistics. Of them one
// page is in memory: docs/cef.md.
const keptByChromium = 2 << 20

// regions counts the shared memory in a list of mappings.
func regions(maps string) (n int64) {
	for line := range strings.Lines(maps) {
		var from, to uint64
		if _, err := fmt.Sscanf(line, "%x-%x", &from, &to); err != nil || to-from == keptByChromium {
			continue
		}
		if strings.Contains(line, "/dev/shm/") || strings.Contains(line, "/memfd:") {
			n++
		}
	}
	return n
}

// goroutines counts those that run Go code. A thread of Chromium's that has called Go once keeps an empty one for as long as it lives.
func goroutines() (n int64) {
	records := make([]runtime.StackRecord, 1000)
	total, _ := runtime.GoroutineProfile(records)
	for _, r := range records[:min(total, len(records))] {
		if len(r.Stack()) > 1 {
			n++
		}
	}
	return n
}

// slack is what Chromium may start late, of its own accord. A window that leaves something behind exceeds it fifty times.
var slack = census{"file descriptors": 10, "processes": 1, "shared memory regions": 10}

// more names what there is more of than there was before.
func (c census) more(before census) []string {
	var faults []string
	for name, n := range c {
		if n > before[name]+slack[name] {
			faults = append(faults, fmt.Sprintf("%s: %d, and %d before", name, n, before[name]))
		}
	}
	slices.Sort(faults)
	return faults
}
