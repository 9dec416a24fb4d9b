// Package processes reads from /proc which processes belong to this app, and what they take.
package processes

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A Type says what a process is for.
type Type string

// The types, by Electron's words.
const (
	Browser Type = "Browser"
	Tab     Type = "Tab"
	Utility Type = "Utility"
	Zygote  Type = "Zygote"
	GPU     Type = "GPU"
	Unknown Type = "Unknown"
)

// A Process is what /proc tells of one.
type Process struct {
	PID          int
	Type         Type
	Service      string // of one of Chromium's utility processes
	Created      time.Time
	CPU          time.Duration
	RSS, PeakRSS int64
}

// A Key tells a process from another that has had its number.
type Key struct {
	pid     int
	created time.Time
}

// Key returns the process's.
func (p Process) Key() Key { return Key{p.PID, p.Created} }

// second is how many of /proc's ticks there are in one; every Linux tells programs 100.
const second = 100

// List lists this process and all below it, as far as they can be read: without a descriptor to be had, nobody.
func List() []Process {
	self, boot := os.Getpid(), bootTime()
	var all []Process
	var add func(pid int)
	add = func(pid int) {
		if p, ok := read(pid, boot); ok {
			if pid == self {
				p.Type = Browser
			}
			all = append(all, p)
		}
		for _, child := range children(pid) {
			add(child)
		}
	}
	add(self)
	return all
}

// children lists those whose parent a process is. The kernel keeps a list for each thread.
func children(pid int) (pids []int) {
	lists, _ := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "task", "*", "children"))
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for _, field := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}

func bootTime() time.Time {
	text, _ := os.ReadFile("/proc/stat")
	_, rest, _ := strings.Cut(string(text), "\nbtime ")
	seconds, _, _ := strings.Cut(rest, "\n")
	n, _ := strconv.ParseInt(seconds, 10, 64)
	return time.Unix(n, 0)
}

// read reads one process; it is false if that has gone.
func read(pid int, boot time.Time) (p Process, ok bool) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return p, false
	}
	// The name, in brackets, may hold anything. The third field follows it.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 20 {
		return p, false
	}
	number := func(field int) int64 {
		n, _ := strconv.ParseInt(fields[field-3], 10, 64)
		return n
	}
	ticks := func(n int64) time.Duration { return time.Duration(n) * (time.Second / second) }
	p = Process{PID: pid, CPU: ticks(number(14) + number(15)), Created: boot.Add(ticks(number(22)))}
	p.RSS, p.PeakRSS = memory(dir)
	p.Type, p.Service = kind(dir)
	return p, true
}

func memory(dir string) (now, peak int64) {
	text, _ := os.ReadFile(filepath.Join(dir, "status"))
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		kib, _, _ := strings.Cut(strings.TrimSpace(value), " ")
		n, _ := strconv.ParseInt(kib, 10, 64)
		switch name {
		case "VmRSS":
			now = n << 10
		case "VmHWM":
			peak = n << 10
		}
	}
	return now, peak
}

// kind tells Chromium's processes by their switches. They write their arguments anew, with spaces between them.
func kind(dir string) (t Type, service string) {
	text, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
	t = Unknown
	for _, argument := range strings.FieldsFunc(string(text), func(r rune) bool { return r == 0 || r == ' ' }) {
		if name, found := strings.CutPrefix(argument, "--type="); found {
			t = map[string]Type{"renderer": Tab, "gpu-process": GPU, "zygote": Zygote, "utility": Utility}[name]
			if t == "" {
				t = Unknown
			}
		}
		if name, found := strings.CutPrefix(argument, "--utility-sub-type="); found {
			service = name
		}
	}
	return t, service
}
