package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/cef/distribution"
	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/internal/sandbox"
)

func itoa(n int) string { return strconv.Itoa(n) }

// A process is what /proc tells of one.
type process struct {
	pid    int
	args   []string
	status map[string]string
}

func (p process) String() string { return fmt.Sprintf("process %d (%s)", p.pid, p.kind()) }

// kind is the value of --type, "" for the app itself.
func (p process) kind() string {
	for _, a := range p.args {
		if kind, ok := strings.CutPrefix(a, "--type="); ok {
			return kind
		}
	}
	return ""
}

func (p process) has(arg string) bool { return slices.Contains(p.args, arg) }

func (p process) read(name string) (string, error) {
	text, err := os.ReadFile(filepath.Join("/proc", itoa(p.pid), name))
	return string(text), err
}

func (p process) namespace(t *testing.T, name string) string {
	t.Helper()
	link, err := os.Readlink(filepath.Join("/proc", itoa(p.pid), "ns", name))
	if err != nil {
		t.Fatalf("%v: %v", p, err)
	}
	return link
}

// caught reports whether the process has a handler for the signal.
func (p process) caught(t *testing.T, signal int) bool {
	t.Helper()
	return p.signals(t, "SigCgt")&(1<<(signal-1)) != 0
}

// signals returns a set of signals that /proc tells of the process.
func (p process) signals(t *testing.T, set string) uint64 {
	t.Helper()
	mask, err := strconv.ParseUint(p.status[set], 16, 64)
	if err != nil {
		t.Fatalf("%v: %s: %v", p, set, err)
	}
	return mask
}

// inherited returns the signals that this process ignores since it began, as whoever started the tests did: nohup, or a shell in the background.
func inherited(t *testing.T) uint64 {
	t.Helper()
	p, err := readProcess(os.Getppid())
	if err != nil {
		t.Fatal(err)
	}
	return p.signals(t, "SigIgn")
}

func readProcess(pid int) (process, error) {
	p := process{pid: pid, status: map[string]string{}}
	cmdline, err := p.read("cmdline")
	if err != nil {
		return p, err
	}
	// A process that the zygote forked has its arguments in one string: it writes them over those of the zygote.
	p.args = strings.FieldsFunc(cmdline, func(r rune) bool { return r == 0 || r == ' ' })
	status, err := p.read("status")
	for line := range strings.Lines(status) {
		key, value, _ := strings.Cut(line, ":")
		p.status[key] = strings.TrimSpace(value)
	}
	return p, err
}

// all lists every process.
func all(t *testing.T) (ps []process) {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil {
			if p, err := readProcess(n); err == nil { // it may have gone
				ps = append(ps, p)
			}
		}
	}
	return ps
}

// tree is the process and all that descend from it.
func tree(t *testing.T, pid int) []process {
	t.Helper()
	var found []process
	children := map[string][]process{}
	for _, p := range all(t) {
		if p.pid == pid {
			found = append(found, p)
		}
		children[p.status["PPid"]] = append(children[p.status["PPid"]], p)
	}
	if found == nil {
		t.Fatalf("there is no process %d", pid)
	}
	for i := 0; i < len(found); i++ {
		found = append(found, children[itoa(found[i].pid)]...)
	}
	return found
}

func ofKind(ps []process, kind string) []process {
	return slices.DeleteFunc(slices.Clone(ps), func(p process) bool { return p.kind() != kind })
}

// goStarted tells whether the Go runtime has started in a process. The first thing it does is to catch every signal there is, also those
// that Chromium has no use for: SIGURG, by which Go interrupts its threads, SIGWINCH, SIGIO.
func goStarted(t *testing.T, p process) bool {
	t.Helper()
	return p.caught(t, 23) || p.caught(t, 28) || p.caught(t, 29)
}

// checkProcesses checks a live app with a loaded window, from inside or outside, as its user or as root.
func checkProcesses(t *testing.T, pid int) { checkMeddled(t, pid, false) }

// checkMeddled is checkProcesses for an app whose own command line may hold what Chromium must not see.
func checkMeddled(t *testing.T, pid int, meddling bool) {
	ps := tree(t, pid)
	browser, renderers := ps[0], ofKind(ps, "renderer")
	if !goStarted(t, browser) {
		t.Error("the app's own process shows no Go runtime: this test cannot see one")
	}
	if len(ofKind(ps, "zygote")) < 2 || len(renderers) == 0 || len(ofKind(ps, "gpu-process")) == 0 || len(ofKind(ps, "utility")) == 0 {
		t.Errorf("zygotes, a renderer, a GPU and a utility process are expected: %v", ps)
	}
	for _, p := range ps {
		if p.pid != pid || !meddling {
			checkSwitches(t, p)
		}
		if p.pid == pid {
			continue
		}
		if goStarted(t, p) {
			t.Errorf("%v has started Go", p)
		}
		if p.kind() == "zygote" && p.status["Threads"] != "1" {
			t.Errorf("%v has %s threads: it cannot fork safely", p, p.status["Threads"])
		}
	}
	checkRenderers(t, browser, renderers)
}

func checkSwitches(t *testing.T, p process) {
	for _, bad := range []string{"--no-sandbox", "--no-zygote", "--disable-setuid-sandbox", "--disable-namespace-sandbox", "--disable-seccomp-filter-sandbox"} {
		if p.has(bad) {
			t.Errorf("%v has %s", p, bad)
		}
	}
}

func checkRenderers(t *testing.T, browser process, renderers []process) {
	dir, err := distribution.Locate("")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]process{}
	for _, p := range renderers {
		if p.status["Seccomp"] != "2" || p.status["NoNewPrivs"] != "1" {
			t.Errorf("%v: Seccomp %s, NoNewPrivs %s", p, p.status["Seccomp"], p.status["NoNewPrivs"])
		}
		if caps := p.status["CapEff"]; strings.Trim(caps, "0") != "" {
			t.Errorf("%v has capabilities: %s", p, caps)
		}
		// The setuid helper makes no user namespace: it has root's rights.
		if sandbox.Check(dir).Means != sandbox.Setuid && p.namespace(t, "user") == browser.namespace(t, "user") {
			t.Errorf("%v has the app's user namespace", p)
		}
		ns := p.namespace(t, "pid")
		if other, taken := seen[ns]; taken || ns == browser.namespace(t, "pid") {
			t.Errorf("%v shares its PID namespace with %v", p, other)
		}
		seen[ns] = p
		if ids := strings.Fields(p.status["NSpid"]); len(ids) < 2 || ids[len(ids)-1] != "1" {
			t.Errorf("%v is not the first process of its own PID namespace: %v", p, ids)
		}
	}
}

func TestProcesses(t *testing.T) {
	watched := apptest.Process{Wait: func(t *testing.T, pid int) {
		dir := dirOf(t, pid)
		await(t, dir, "loaded")
		checkProcesses(t, pid)
		signal(t, dir, "checked")
	}}
	apptest.InAppWith(t, watched, site(), func(t *testing.T, a *app.App) {
		open(t, a, "index.html")
		open(t, a, "index.html")
		checkProcesses(t, os.Getpid())
		signal(t, apptest.Dir(), "loaded")
		await(t, apptest.Dir(), "checked")
	})
}
