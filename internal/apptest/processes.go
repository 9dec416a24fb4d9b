package apptest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Until waits for a condition that no event tells of: what the kernel, the X server and Chromium settle between themselves.
func Until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	limit := Context(t)
	for !ok() {
		select {
		case <-tick.C:
		case <-limit.Done():
			t.Fatalf("it did not come to this: %s", what)
		}
	}
}

// Descendants lists the processes below this one.
func Descendants(t *testing.T) []int {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	children := map[int][]int{}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has just ended
		}
		_, rest, _ := strings.Cut(string(text[strings.LastIndexByte(string(text), ')'):]), " ")
		parent, _ := strconv.Atoi(strings.Fields(rest)[1])
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		children[parent] = append(children[parent], pid)
	}
	all := slices.Clone(children[os.Getpid()])
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

// Renderers lists the renderer processes below this one that have these words in their command lines.
func Renderers(t *testing.T, words ...string) []int {
	t.Helper()
	return slices.DeleteFunc(Descendants(t), func(pid int) bool {
		cmdline, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		// Chromium's zygotes give their children a command line that is parted by blanks.
		has := strings.FieldsFunc(string(cmdline), func(r rune) bool { return r == 0 || r == ' ' })
		return slices.ContainsFunc(append(words, "--type=renderer"), func(word string) bool { return !slices.Contains(has, word) })
	})
}

// Shared counts the regions of that many bytes which this process shares with others.
func Shared(t *testing.T, size int64) (n int) {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(maps)) {
		var from, to int64
		var rights string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &rights); err == nil && to-from == size && rights == "rw-s" {
			n++
		}
	}
	return n
}
