package main

import (
	"slices"
	"strings"
)

// A figure is one line of the table that the page's jobs give.
type figure struct {
	name, unit string
	jobs       []string // what the raw host does: of several forms the best is the baseline
	app        string   // what Oriel does, if it is not the first of jobs
	frame      bool     // the figure is the longest time between two frames meanwhile
	rate       bool     // more is better
}

var figures = []figure{
	{name: "invoke-16B", unit: "µs", jobs: []string{"echo:16:4000:list"}},
	{name: "invoke-1KiB", unit: "µs", jobs: []string{"echo:1024:4000:list"}},
	{name: "invoke-64KiB", unit: "µs", jobs: []string{"echo:65536:2000:list", "echo:65536:2000:shared"}},
	{name: "invoke-object-64KiB", unit: "µs", jobs: []string{"echo:65536:2000:list", "echo:65536:2000:shared"}, app: "records:400:500"},
	{name: "invoke-1MiB", unit: "µs", jobs: []string{"echo:1048576:200:list", "echo:1048576:200:shared"}},
	{name: "invoke-64KiB-closure", unit: "µs", jobs: []string{"echo:65536:2000:list", "echo:65536:2000:shared"}, app: "closure:echo:65536:2000:list"},
	{name: "invoke-object-64KiB-closure", unit: "µs", jobs: []string{"echo:65536:2000:list", "echo:65536:2000:shared"}, app: "closure:records:400:500"},
	{name: "invoke-1MiB-closure", unit: "µs", jobs: []string{"echo:1048576:200:list", "echo:1048576:200:shared"}, app: "closure:echo:1048576:200:list"},
	{name: "invoke-1handler", unit: "µs", jobs: []string{"echo:16:4000:list"}, app: "handlers:1:4000"},
	{name: "invoke-100handlers", unit: "µs", jobs: []string{"echo:16:4000:list"}, app: "handlers:100:4000"},
	{name: "invoke-10000handlers", unit: "µs", jobs: []string{"echo:16:4000:list"}, app: "handlers:10000:20000"},
	{name: "invoke-10k", unit: "ms", jobs: []string{"burst:10000"}},
	{name: "push-1KiB", unit: "/s", jobs: []string{"push:100000:1024:list"}, rate: true},
	{name: "push-1KiB-frame", unit: "ms", jobs: []string{"push:100000:1024:list"}, frame: true},
	{name: "push-1KiB-lent", unit: "/s", jobs: []string{"push:100000:1024:list"}, app: "lent:push:100000:1024:list", rate: true},
	{name: "bulk-256MiB", unit: "MB/s", jobs: []string{"push:256:1048576:shared"}, rate: true},
	{name: "bulk-256MiB-lent", unit: "MB/s", jobs: []string{"push:256:1048576:shared"}, app: "lent:push:256:1048576:shared", rate: true},
	{name: "push-1KiB-closure", unit: "/s", jobs: []string{"push:100000:1024:list"}, app: "closure:push:100000:1024:list", rate: true},
	{name: "bulk-256MiB-closure", unit: "MB/s", jobs: []string{"push:256:1048576:shared"}, app: "closure:push:256:1048576:shared", rate: true},
	{name: "bridge-empty", unit: "µs", jobs: []string{"empty:1000000"}},
	{name: "bridge-object", unit: "µs", jobs: []string{"object:300000"}},
	{name: "bridge-callback", unit: "µs", jobs: []string{"callback:300000"}},
	{name: "invoke-1window", unit: "/s", jobs: []string{"flight:1:100:2000"}, rate: true},
	{name: "invoke-10windows", unit: "/s", jobs: []string{"flight:10:100:2000"}, rate: true},
	{name: "invoke-100windows", unit: "/s", jobs: []string{"flight:100:100:8000"}, rate: true},
}

// A sample is what a page reports of one job.
type sample struct{ value, frame float64 }

// own is the job of Oriel's side.
func (f figure) own() string {
	if f.app != "" {
		return f.app
	}
	return f.jobs[0]
}

// result compares the samples of both sides.
func (f figure) result(raw, app map[string][]sample) result {
	var best []float64
	for _, job := range f.jobs {
		values := f.of(raw[job])
		if better := median(values) < median(best); best == nil || better != f.rate {
			best = values
		}
	}
	own := f.of(app[f.own()])
	if own == nil { // the raw host alone
		own = best
	}
	return newResult(f.name, f.unit, f.rate, own, best)
}

func (f figure) of(samples []sample) []float64 {
	var values []float64
	for _, s := range samples {
		if f.frame {
			values = append(values, s.frame)
		} else {
			values = append(values, s.value)
		}
	}
	return values
}

// alone says whether a job has a start of the host for itself: it opens windows, or registers what others are to be without.
func alone(job string) bool {
	return strings.HasPrefix(job, "flight:") || strings.HasPrefix(job, "handlers:")
}

// runs are the jobs of one side, by starts of the host.
func runs(list []figure, raw bool) [][]string {
	var together []string
	var all [][]string
	for _, f := range list {
		jobs := []string{f.own()}
		if raw {
			jobs = f.jobs
		}
		for _, job := range jobs {
			if alone(job) {
				all = append(all, []string{job})
			} else if !slices.Contains(together, job) {
				together = append(together, job)
			}
		}
	}
	if together != nil {
		all = append([][]string{together}, all...)
	}
	return all
}
