package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// growth are the figures of the curve, by the number of windows.
var growth = []struct {
	name    string
	windows float64
}{{"invoke-1window", 1}, {"invoke-10windows", 10}, {"invoke-100windows", 100}}

// drawGrowth draws calls a second over windows, of both sides, as an SVG, if they were measured.
func drawGrowth(results []result, path string) error {
	const width, height, left, bottom = 520, 320, 70, 270
	top := 0.0
	byName := map[string]result{}
	for _, r := range results {
		byName[r.Name] = r
	}
	for _, g := range growth {
		top = max(top, byName[g.name].Value, byName[g.name].Baseline)
	}
	if top == 0 { // not measured
		return nil
	}
	step := math.Pow(10, math.Floor(math.Log10(top)))
	top = step * math.Ceil(top/step)
	x := func(windows float64) float64 { return left + math.Log10(windows)*200 }
	y := func(rate float64) float64 { return bottom - rate/top*230 }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", width, height)
	fmt.Fprintf(&b, `<text x="%d" y="20" font-size="14">Calls a second, 100 in flight in each window</text>`+"\n", left)
	for i := range 6 {
		rate := top * float64(i) / 5
		fmt.Fprintf(&b, `<path d="M%d %.0fH%d" stroke="#ddd"/><text x="%d" y="%.0f" text-anchor="end">%.0f</text>`+"\n",
			left, y(rate), width-20, left-8, y(rate)+4, rate)
	}
	for _, g := range growth {
		fmt.Fprintf(&b, `<text x="%.0f" y="%d" text-anchor="middle">%.0f</text>`+"\n", x(g.windows), bottom+20, g.windows)
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d">windows</text>`+"\n", left+170, bottom+40)
	line := func(label, colour string, of func(result) float64) {
		var points []string
		for _, g := range growth {
			points = append(points, fmt.Sprintf("%.0f,%.0f", x(g.windows), y(of(byName[g.name]))))
		}
		last := of(byName[growth[len(growth)-1].name])
		fmt.Fprintf(&b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.Join(points, " "), colour)
		fmt.Fprintf(&b, `<text x="%d" y="%.0f" text-anchor="end" fill="%s">%s</text>`+"\n", width-22, y(last)-6, colour, label)
	}
	line("Oriel", "#0b62c4", func(r result) float64 { return r.Value })
	line("raw host", "#888", func(r result) float64 { return r.Baseline })
	b.WriteString("</svg>\n")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(b.String()), 0o644)
}
