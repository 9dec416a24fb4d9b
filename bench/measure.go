package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// measure takes the figures that are wanted, both sides in turns, the raw one first. Memory comes first, as it ends a bench of unlike sides
// early. With one side alone its figures are the baselines.
func measure(sides []*host, starts, rounds int, wanted func(name string) bool) ([]result, error) {
	var results []result
	last := len(sides) - 1
	if wanted("memory") {
		rest, err := measureRest(sides, rounds)
		if err != nil {
			return nil, err
		}
		results = append(results, newResult("memory", "MiB", false, rest[last], rest[0]))
	}
	if wanted("start") {
		loads, err := measureStart(sides, starts)
		if err != nil {
			return nil, err
		}
		results = append(results, newResult("start", "ms", false, loads[last], loads[0]))
	}
	var list []figure
	for _, f := range figures {
		if wanted(f.name) {
			list = append(list, f)
		}
	}
	calls, err := measureJobs(sides, list, rounds)
	if err != nil {
		return nil, err
	}
	for _, f := range list {
		results = append(results, f.result(calls[0], calls[last]))
	}
	return results, nil
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

// measureJobs returns each side's samples of every job.
func measureJobs(sides []*host, list []figure, rounds int) ([]map[string][]sample, error) {
	samples := make([]map[string][]sample, len(sides))
	for n := range sides {
		samples[n] = map[string][]sample{}
	}
	for round := range rounds {
		for n, side := range sides {
			for _, jobs := range runs(list, n == 0) {
				progress("calls", round+1, rounds)
				values, err := side.jobs(jobs)
				if err != nil {
					return nil, err
				}
				for job, s := range values {
					samples[n][job] = append(samples[n][job], s)
				}
			}
		}
	}
	return samples, nil
}

func progress(what string, round, rounds int) {
	fmt.Fprintf(os.Stderr, "\r%-8s %d/%d ", what, round, rounds)
	if round == rounds {
		fmt.Fprintln(os.Stderr)
	}
}
