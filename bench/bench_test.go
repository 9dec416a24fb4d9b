package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{5, 1, 3}, 3}, {[]float64{4, 1, 2, 3}, 2.5}} {
		if got := median(c.values); got != c.want {
			t.Errorf("median(%v) = %v, want %v", c.values, got, c.want)
		}
	}
}

// Order and paths do not make two command lines differ; a feature or a switch does.
func TestNormalized(t *testing.T) {
	a := normalized([]string{"--b", "--disable-features=Y,X", "--log-file=/one", "--a=1"})
	b := normalized([]string{"--a=1", "--disable-features=X,Y,X", "--b", "--log-file=/two"})
	if !slices.Equal(a, b) {
		t.Errorf("%v and %v should be equal", a, b)
	}
	if c := normalized([]string{"--a=1", "--disable-features=X", "--b"}); slices.Equal(a, c) {
		t.Errorf("%v and %v should differ", a, c)
	}
}

func TestSwitchesFile(t *testing.T) {
	for _, s := range switches() {
		if strings.ContainsAny(s, " \t") || strings.Contains(s, "sandbox") || strings.Contains(s, "zygote") {
			t.Errorf("%q has no place in a fair list", s)
		}
	}
}

// Whoever calls reads the memory of the processes that descend from it.
func TestTree(t *testing.T) {
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = child.Process.Kill(); _ = child.Wait() }()
	processes, err := tree(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	isChild := func(p process) bool { return p.pid == child.Process.Pid }
	if processes[0].pid != os.Getpid() || !slices.ContainsFunc(processes, isChild) {
		t.Errorf("the tree %v lacks this process or its child", processes)
	}
	if all, anonymous, err := pss(processes); err != nil || anonymous <= 0 || all < anonymous {
		t.Errorf("pss = %v, %v, %v", all, anonymous, err)
	}
}

// A figure of a host without its sandbox is refused.
func TestSandboxed(t *testing.T) {
	self := process{os.Getpid(), []string{"app", "--type=renderer"}}
	if sandboxed([]process{{self.pid, []string{"app", "--no-sandbox"}}, self}) == nil {
		t.Error("--no-sandbox passed")
	}
	if sandboxed(nil) == nil {
		t.Error("a host without a renderer passed")
	}
}

// Of several forms the raw host's best one is the baseline; of rates that is the higher.
func TestFigure(t *testing.T) {
	raw := map[string][]sample{"slow": {{4, 9}}, "fast": {{2, 7}}}
	app := map[string][]sample{"own": {{6, 14}}}
	for _, c := range []struct {
		f               figure
		value, baseline float64
		ratio           float64
	}{
		{figure{jobs: []string{"slow", "fast"}, app: "own"}, 6, 2, 3},
		{figure{jobs: []string{"fast", "slow"}, app: "own"}, 6, 2, 3},
		{figure{jobs: []string{"fast", "slow"}, app: "own", rate: true}, 6, 4, 4. / 6},
		{figure{jobs: []string{"fast"}, app: "own", frame: true}, 14, 7, 2},
	} {
		if r := c.f.result(raw, app); r.Value != c.value || r.Baseline != c.baseline || r.Ratio != c.ratio {
			t.Errorf("%+v: %+v", c.f, r)
		}
	}
}

// A job that two figures come from runs once; jobs of several windows and of many handlers run alone.
func TestRuns(t *testing.T) {
	list := []figure{{jobs: []string{"a", "b"}, app: "c"}, {jobs: []string{"a"}, frame: true}, {jobs: []string{"flight:9:1:1"}}, {jobs: []string{"a"}, app: "handlers:7:1"}}
	if got := runs(list, true); len(got) != 2 || !slices.Equal(got[0], []string{"a", "b"}) || !slices.Equal(got[1], []string{"flight:9:1:1"}) {
		t.Errorf("raw: %v", got)
	}
	if got := runs(list, false); len(got) != 3 || !slices.Equal(got[0], []string{"c", "a"}) || !slices.Equal(got[2], []string{"handlers:7:1"}) {
		t.Errorf("own: %v", got)
	}
}

// The picture has the curves of which every point was measured.
func TestGrowth(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "growth.svg")
	handlers := []result{{Name: "invoke-1handler", Value: 100, Baseline: 50}, {Name: "invoke-100handlers", Value: 125, Baseline: 50}, {Name: "invoke-10000handlers", Value: 200, Baseline: 50}}
	if err := drawGrowth(handlers[:2], path); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a picture of nothing")
	}
	if err := drawGrowth(append(handlers, result{Name: "invoke-1window", Value: 1, Baseline: 1}), path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// 10,000 calls a second at one handler, of 20,000 in all, are half of the height; 5,000 are a quarter.
	if !strings.Contains(string(text), `points="70,155 270,178 470,212"`) || strings.Contains(string(text), "windows") {
		t.Errorf("%s", text)
	}
}
