package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// echoes are the round trips: the size in bytes, how many, and the carrying forms that the raw host tries. The faster is the baseline.
var echoes = []struct {
	name        string
	size, count int
	forms       []string
}{
	{"invoke-16B", 16, 4000, []string{"list"}},
	{"invoke-1KiB", 1 << 10, 4000, []string{"list"}},
	{"invoke-64KiB", 64 << 10, 2000, []string{"list", "shared"}},
	{"invoke-1MiB", 1 << 20, 200, []string{"list", "shared"}},
}

const (
	burstJob = "burst:10000"
	emptyJob = "empty:1000000"
)

// measure runs both sides in turns, the raw one first; memory comes first, as it ends a bench of unlike sides early. With one side alone its figures are the baselines.
func measure(sides []*host, starts, rounds int) ([]result, error) {
	rest, err := measureRest(sides, rounds)
	if err != nil {
		return nil, err
	}
	loads, err := measureStart(sides, starts)
	if err != nil {
		return nil, err
	}
	figures, err := measureJobs(sides, rounds)
	if err != nil {
		return nil, err
	}
	last := len(sides) - 1
	results := []result{newResult("start", "ms", loads[last], loads[0]), newResult("memory", "MiB", rest[last], rest[0])}
	for _, e := range echoes {
		raw := figures[0][echoJob(e.size, e.count, e.forms[0])]
		for _, form := range e.forms[1:] {
			if other := figures[0][echoJob(e.size, e.count, form)]; median(other) < median(raw) {
				raw = other
			}
		}
		results = append(results, newResult(e.name, "µs", figures[last][echoJob(e.size, e.count, e.forms[0])], raw))
	}
	return append(results,
		newResult("invoke-10k", "ms", figures[last][burstJob], figures[0][burstJob]),
		newResult("bridge-empty", "µs", figures[last][emptyJob], figures[0][emptyJob])), nil
}

func echoJob(size, count int, form string) string {
	return fmt.Sprintf("echo:%d:%d:%s", size, count, form)
}

// measureStart starts each side once to warm caches and profiles, then in turns.
func measureStart(sides []*host, starts int) ([][]float64, error) {
	loads := make([][]float64, len(sides))
	for round := range starts + 1 {
		progress("start", round, starts)
		for n, side := range sides {
			ms, err := side.load()
			if err != nil {
				return nil, err
			}
			if round > 0 {
				loads[n] = append(loads[n], ms)
			}
		}
	}
	return loads, nil
}

func measureRest(sides []*host, rounds int) ([][]float64, error) {
	memory := make([][]float64, len(sides))
	for round := range rounds {
		progress("memory", round+1, rounds)
		var switches [][]string
		for n, side := range sides {
			r, err := side.rest()
			if err != nil {
				return nil, err
			}
			memory[n] = append(memory[n], r.pssMiB)
			switches = append(switches, normalized(r.switches))
		}
		if last := len(sides) - 1; !slices.Equal(switches[0], switches[last]) {
			return nil, fmt.Errorf("the sides do not run with the same switches:\n%s: %s\n%s: %s",
				sides[0].name, strings.Join(switches[0], " "), sides[last].name, strings.Join(switches[last], " "))
		}
	}
	return memory, nil
}

// normalized leaves out what differs by nature (paths, logging) and puts the rest in order, lists of features too.
func normalized(switches []string) []string {
	var list []string
	for _, s := range switches {
		name, value, _ := strings.Cut(s, "=")
		switch name {
		case "--enable-logging", "--log-file", "--log-severity", "--log-items", "--lang", "--user-data-dir":
			continue
		case "--disable-features", "--enable-features":
			features := strings.Split(value, ",")
			slices.Sort(features)
			s = name + "=" + strings.Join(slices.Compact(features), ",")
		}
		list = append(list, s)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func measureJobs(sides []*host, rounds int) ([]map[string][]float64, error) {
	figures := make([]map[string][]float64, len(sides))
	for round := range rounds {
		progress("calls", round+1, rounds)
		for n, side := range sides {
			values, err := side.jobs(jobList(n == 0))
			if err != nil {
				return nil, err
			}
			if figures[n] == nil {
				figures[n] = map[string][]float64{}
			}
			for job, value := range values {
				figures[n][job] = append(figures[n][job], value)
			}
		}
	}
	return figures, nil
}

// jobList is what the page does on one side; only the raw host has two carrying forms to choose from.
func jobList(raw bool) []string {
	var list []string
	for _, e := range echoes {
		for _, form := range e.forms {
			list = append(list, echoJob(e.size, e.count, form))
			if !raw {
				break
			}
		}
	}
	return append(list, burstJob, emptyJob)
}

func progress(what string, round, rounds int) {
	fmt.Fprintf(os.Stderr, "\r%-8s %d/%d ", what, round, rounds)
	if round == rounds {
		fmt.Fprintln(os.Stderr)
	}
}
