package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// result is one line of the table. Baseline is the raw host's figure. Ratio is Oriel's cost in terms of the raw host's: above 1, Oriel is
// the slower one, also where the figures are rates.
type result struct {
	Name     string  `json:"name"`
	Unit     string  `json:"unit"`
	Value    float64 `json:"value"`
	Baseline float64 `json:"baseline"`
	Ratio    float64 `json:"ratio"`
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

func newResult(name, unit string, rate bool, app, raw []float64) result {
	r := result{Name: name, Unit: unit, Value: median(app), Baseline: median(raw)}
	switch {
	case r.Baseline <= 0 || r.Value <= 0:
	case rate:
		r.Ratio = r.Baseline / r.Value
	default:
		r.Ratio = r.Value / r.Baseline
	}
	return r
}

// printResults prints the table, without the Oriel columns if only the raw host ran.
func printResults(results []result, rawOnly bool) {
	if rawOnly {
		fmt.Printf("%-28s %12s\n", "", "raw host")
		for _, r := range results {
			fmt.Printf("%-28s %12.2f %s\n", r.Name, r.Baseline, r.Unit)
		}
		return
	}
	fmt.Printf("%-28s %12s %12s %-4s %7s\n", "", "Oriel", "raw host", "", "ratio")
	for _, r := range results {
		fmt.Printf("%-28s %12.2f %12.2f %-4s %6.2f×\n", r.Name, r.Value, r.Baseline, r.Unit, r.Ratio)
	}
}

// writeResults writes the list beside its final place first, so that a reader never sees half of it.
func writeResults(results []result, path string) error {
	text, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
