package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// process is one of a host's processes, by its number in our own PID namespace.
type process struct {
	pid     int
	command []string
}

// tree lists a process and all that descend from it.
func tree(root int) ([]process, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if fields := stat(pid); fields != nil {
			parent, _ := strconv.Atoi(fields[1])
			children[parent] = append(children[parent], pid)
		}
	}
	var processes []process
	for open := []int{root}; len(open) > 0; open = open[1:] {
		line, err := os.ReadFile(file(open[0], "cmdline"))
		if err != nil {
			continue
		}
		// Chromium writes its children's line anew with blanks in place of NULs.
		words := strings.FieldsFunc(string(line), func(r rune) bool { return r == 0 || r == ' ' })
		processes = append(processes, process{open[0], words})
		open = append(open, children[open[0]]...)
	}
	if len(processes) == 0 {
		return nil, fmt.Errorf("process %d is gone", root)
	}
	return processes, nil
}

func file(pid int, name string) string { return filepath.Join("/proc", strconv.Itoa(pid), name) }

// stat returns the fields of /proc/PID/stat after the name: state, parent and so on.
func stat(pid int) []string {
	text, err := os.ReadFile(file(pid, "stat"))
	if err != nil {
		return nil
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 13 {
		return nil
	}
	return fields
}

// pss sums the proportional set size in MiB. The kernel shows it to the same user, for sandboxed processes too: their user
// namespace belongs to that user. Where it does not, there is no figure, rather than another one under the same name.
// anonymous is the part of it that no other program of the machine can share, and so make smaller.
func pss(processes []process) (all, anonymous float64, err error) {
	for _, p := range processes {
		text, err := os.ReadFile(file(p.pid, "smaps_rollup"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, 0, fmt.Errorf("PSS of %s: %w", p.kind(), err)
		}
		all += float64(number(text, "Pss:")) / 1024
		anonymous += float64(number(text, "Pss_Anon:")) / 1024
	}
	return all, anonymous, nil
}

// number reads the first number after a label at the start of a line.
func number(text []byte, label string) int {
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == label {
			n, _ := strconv.Atoi(fields[1])
			return n
		}
	}
	return 0
}

// cpu sums the time that the processes spent so far, in ms (the kernel counts in hundredths of a second).
func cpu(processes []process) float64 {
	var ticks int
	for _, p := range processes {
		if fields := stat(p.pid); fields != nil {
			user, _ := strconv.Atoi(fields[11])
			system, _ := strconv.Atoi(fields[12])
			ticks += user + system
		}
	}
	return float64(ticks) * 10
}

func (p process) kind() string {
	for _, word := range p.command {
		if kind, found := strings.CutPrefix(word, "--type="); found {
			return kind
		}
	}
	return "browser"
}

// sandboxed checks that a figure was not bought by leaving the sandbox out.
func sandboxed(processes []process) error {
	renderers := 0
	for _, p := range processes {
		for _, forbidden := range []string{"--no-sandbox", "--no-zygote", "--single-process", "--in-process-gpu"} {
			if slices.Contains(p.command, forbidden) {
				return fmt.Errorf("process %d (%s) runs with %s", p.pid, p.kind(), forbidden)
			}
		}
		if p.kind() != "renderer" {
			continue
		}
		renderers++
		status, err := os.ReadFile(file(p.pid, "status"))
		if err != nil {
			return err
		}
		if number(status, "Seccomp:") != 2 {
			return fmt.Errorf("renderer %d runs without a seccomp filter", p.pid)
		}
	}
	if renderers == 0 {
		return errors.New("no renderer was found")
	}
	return nil
}
