package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// study measures variants of the raw host's switches against the first one. Each round runs every variant once, so that
// whatever else the machine does falls on all of them. The file has one variant a line: its switches, or "-" for none.
func study(s *stage, program, file string, rounds int) error {
	variants, err := readVariants(file)
	if err != nil {
		return err
	}
	hosts := make([]*host, len(variants))
	for n, variant := range variants {
		var switches []string
		if variant != "-" {
			switches = strings.Fields(variant)
		}
		if hosts[n], err = newHost(s, fmt.Sprintf("variant-%d", n), program, switches...); err != nil {
			return err
		}
		if _, err := hosts[n].load(); err != nil {
			return err
		}
	}
	all := make([][]settled, len(variants))
	for round := range rounds {
		for n, h := range hosts {
			result, err := h.rest()
			if err != nil {
				return err
			}
			all[n] = append(all[n], result)
		}
		fmt.Fprintf(os.Stderr, "round %d of %d\n", round+1, rounds)
		printStudy(variants, all)
	}
	return nil
}

func readVariants(name string) ([]string, error) {
	in, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var variants []string
	for lines := bufio.NewScanner(in); lines.Scan(); {
		if line := strings.TrimSpace(lines.Text()); line != "" && line[0] != '#' {
			variants = append(variants, line)
		}
	}
	if len(variants) == 0 {
		return nil, fmt.Errorf("%s names no variant", name)
	}
	return variants, nil
}

// printStudy prints the fastest start (what a busy machine hides least), medians, and the median of each round's difference from the first variant.
func printStudy(variants []string, all [][]settled) {
	columns := []func(settled) float64{
		func(r settled) float64 { return r.loadMS },
		func(r settled) float64 { return r.pssMiB },
		func(r settled) float64 { return r.anonMiB },
		func(r settled) float64 { return r.cpuMS },
	}
	fmt.Printf("%8s %9s %8s %9s %8s %9s %8s %9s %8s %5s  switches\n", "fastest", "start ms", "±", "PSS MiB", "±", "anonymous", "±", "CPU ms", "±", "procs")
	for n, variant := range variants {
		fastest := all[n][0].loadMS
		for _, r := range all[n] {
			fastest = min(fastest, r.loadMS)
		}
		fmt.Printf("%8.1f ", fastest)
		for _, column := range columns {
			var values, differences []float64
			for round, r := range all[n] {
				values = append(values, column(r))
				differences = append(differences, column(r)-column(all[0][round]))
			}
			fmt.Printf("%9.1f %+8.1f ", median(values), median(differences))
		}
		fmt.Printf("%5d  %s\n", all[n][len(all[n])-1].processes, variant)
	}
}
