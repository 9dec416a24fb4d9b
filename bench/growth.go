package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// A curve is calls a second over a number that grows.
type curve struct {
	title, axis string
	points      []point
	period      bool // the figures are the time of a call, in µs
}

// A point is a figure's name and its place on the curve.
type point struct {
	name string
	at   float64
}

var curves = []curve{
	{"Calls a second, 100 in flight in each window", "windows", []point{{"invoke-1window", 1}, {"invoke-10windows", 10}, {"invoke-100windows", 100}}, false},
	{"Calls a second, one after another", "channels with handlers and listeners",
		[]point{{"invoke-1handler", 1}, {"invoke-100handlers", 100}, {"invoke-10000handlers", 10000}}, true},
}

const (
	graphWidth, graphHeight = 520, 320 // of one curve
	graphLeft, graphBottom  = 70, 270
)

// drawGrowth draws the curves that were measured, of both sides, as an SVG.
func drawGrowth(results []result, path string) error {
	byName := map[string]result{}
	for _, r := range results {
		byName[r.Name] = r
	}
	var b strings.Builder
	drawn := 0
	for _, c := range curves {
		if c.draw(&b, byName, drawn*graphHeight) {
			drawn++
		}
	}
	if drawn == 0 {
		return nil
	}
	text := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n"+
		`<rect width="100%%" height="100%%" fill="white"/>`+"\n%s</svg>\n", graphWidth, drawn*graphHeight, b.String())
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// rate is a figure as calls a second.
func (c curve) rate(value float64) float64 {
	if c.period && value > 0 {
		return 1e6 / value
	}
	return value
}

// draw draws the curve at that height, unless a point of it was not measured.
func (c curve) draw(b *strings.Builder, byName map[string]result, down int) bool {
	top := 0.0
	for _, p := range c.points {
		r, measured := byName[p.name]
		if !measured {
			return false
		}
		top = max(top, c.rate(r.Value), c.rate(r.Baseline))
	}
	step := math.Pow(10, math.Floor(math.Log10(top)))
	top = step * math.Ceil(top/step)
	scale := 400 / math.Log10(c.points[len(c.points)-1].at)
	x := func(at float64) float64 { return graphLeft + math.Log10(at)*scale }
	y := func(rate float64) float64 { return graphBottom - rate/top*230 }
	fmt.Fprintf(b, `<g transform="translate(0 %d)">`+"\n"+`<text x="%d" y="20" font-size="14">%s</text>`+"\n", down, graphLeft, c.title)
	for i := range 6 {
		rate := top * float64(i) / 5
		fmt.Fprintf(b, `<path d="M%d %.0fH%d" stroke="#ddd"/><text x="%d" y="%.0f" text-anchor="end">%.0f</text>`+"\n",
			graphLeft, y(rate), graphWidth-20, graphLeft-8, y(rate)+4, rate)
	}
	for _, p := range c.points {
		fmt.Fprintf(b, `<text x="%.0f" y="%d" text-anchor="middle">%.0f</text>`+"\n", x(p.at), graphBottom+20, p.at)
	}
	fmt.Fprintf(b, `<text x="%d" y="%d">%s</text>`+"\n", graphLeft+170, graphBottom+40, c.axis)
	line := func(label, colour string, of func(result) float64) {
		var points []string
		last := 0.0
		for _, p := range c.points {
			last = c.rate(of(byName[p.name]))
			points = append(points, fmt.Sprintf("%.0f,%.0f", x(p.at), y(last)))
		}
		fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.Join(points, " "), colour)
		fmt.Fprintf(b, `<text x="%d" y="%.0f" text-anchor="end" fill="%s">%s</text>`+"\n", graphWidth-22, y(last)-6, colour, label)
	}
	line("Oriel", "#0b62c4", func(r result) float64 { return r.Value })
	line("raw host", "#888", func(r result) float64 { return r.Baseline })
	b.WriteString("</g>\n")
	return true
}
