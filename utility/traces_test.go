package utility_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/utility"
)

// nameless is what a process may have open: nothing of it can be found by another one. Go's runtime looks at its control group.
var nameless = []string{"anon_inode:", "pipe:[", "/memfd:", os.DevNull, "/sys/fs/cgroup/"}

// Nobody else can connect to a port or find its data: what a process and its app share has no name anywhere, and nothing listens.
func TestNoTraces(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	before := map[string]bool{}
	for _, what := range open(t, os.Getpid()) {
		before[what] = true
	}
	p := fork(t, "echo", utility.Options{Stdio: utility.Stdio{Stdout: utility.Pipe, Stderr: utility.Log}, Sandbox: utility.Sandbox{Write: []string{dir}}})
	got := messages(p)
	for _, size := range []int{100, 1 << 20, 5 << 20, 9 << 20} { // a datagram, a region, parts, sealed memory
		if !returns(t, p, got, patterned(size)) {
			t.Errorf("%d bytes do not come back", size)
		}
	}
	sockets := 0
	for _, pid := range []int{os.Getpid(), p.PID(), parent(t, p.PID())} {
		for _, what := range open(t, pid) {
			inode, isSocket := strings.CutPrefix(what, "socket:[")
			switch {
			case pid == os.Getpid() && before[what]:
			case isSocket:
				sockets++
				if line := unixSocket(t, strings.TrimSuffix(inode, "]")); line == "" || len(strings.Fields(line)) != 7 || strings.Fields(line)[3] != "00000000" {
					t.Errorf("a socket that is no nameless pair's: %q", line)
				}
			case !slices.ContainsFunc(nameless, func(prefix string) bool { return strings.HasPrefix(what, prefix) }):
				t.Errorf("process %d has %s open", pid, what)
			}
		}
	}
	if sockets < 4 { // the port's two ends and the keeper's
		t.Errorf("%d sockets", sockets)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

// open lists what a process has open beyond its standard streams.
func open(t *testing.T, pid int) (all []string) {
	t.Helper()
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil || len(links) == 0 {
		t.Fatalf("the descriptors of %d: %v", pid, err)
	}
	for _, link := range links {
		if n := filepath.Base(link); n == "0" || n == "1" || n == "2" {
			continue
		}
		if what, err := os.Readlink(link); err == nil { // else it has just been closed
			all = append(all, what)
		}
	}
	return all
}

// unixSocket returns the kernel's line about a socket: its number, references, protocol, flags, type, state, inode and, if it has one, name.
func unixSocket(t *testing.T, inode string) string {
	t.Helper()
	table, err := os.ReadFile("/proc/net/unix")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		if f := strings.Fields(line); len(f) > 6 && f[6] == inode {
			return line
		}
	}
	return ""
}
