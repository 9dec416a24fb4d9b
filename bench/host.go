package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// A host is one side: a program that takes jobs, shows the bench page and prints what the page reports.
type host struct {
	name      string
	stage     *stage
	program   string
	home      string
	arguments []string // after the jobs
}

// event is one line that a host prints.
type event struct {
	Event   string
	EpochMS float64 `json:"epoch_ms"`
	Job     string
	Value   float64
	FrameMS float64 `json:"frame_ms"`
	Switch  string
	Message string
}

// instance is a host that runs.
type instance struct {
	host    *host
	command *exec.Cmd
	begun   time.Time
	input   io.Closer
	events  chan event
	log     string
}

// newHost makes a side with a profile of its own, so that the two never share a cache.
func newHost(s *stage, name, program string, arguments ...string) (*host, error) {
	home, err := s.home("home-" + name)
	return &host{name: name, stage: s, program: program, home: home, arguments: arguments}, err
}

// start runs the host. Its life ends with close.
func (h *host) start(jobs string, environment ...string) (*instance, error) {
	arguments := append([]string{jobs, filepath.Join(h.home, "profile")}, h.arguments...)
	i := &instance{host: h, command: h.stage.command(h.program, arguments...), events: make(chan event, 64)}
	i.log = filepath.Join(h.stage.dir, h.name+".log")
	i.command.Env = append(i.command.Env, "HOME="+h.home, "XDG_RUNTIME_DIR="+h.home)
	i.command.Env = append(i.command.Env, environment...)
	log, err := os.Create(i.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	i.command.Stderr = log
	output, err := i.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if i.input, err = i.command.StdinPipe(); err != nil {
		return nil, err
	}
	i.begun = time.Now()
	if err := i.command.Start(); err != nil {
		return nil, err
	}
	go i.read(output)
	return i, nil
}

func (i *instance) read(output io.Reader) {
	defer close(i.events)
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) == nil && e.Event != "" {
			i.events <- e
		}
	}
}

// wait returns the events up to the named one.
func (i *instance) wait(name string, limit time.Duration) ([]event, error) {
	var seen []event
	timeout := time.After(limit)
	for {
		select {
		case e, open := <-i.events:
			if !open {
				return seen, fmt.Errorf("%s ended before %q: %s", i.host.name, name, i.lastLog())
			}
			seen = append(seen, e)
			switch e.Event {
			case name:
				return seen, nil
			case "error":
				return seen, fmt.Errorf("%s: the page says: %s", i.host.name, e.Message)
			}
		case <-timeout:
			return seen, fmt.Errorf("%s: no %q within %v: %s", i.host.name, name, limit, i.lastLog())
		}
	}
}

func (i *instance) lastLog() string {
	text, _ := os.ReadFile(i.log)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}

// close asks the host to end, by the end of its input, and makes it end if it does not.
func (i *instance) close() error {
	_ = i.input.Close()
	ended := make(chan error, 1)
	go func() {
		for range i.events { // Wait may only be called when all output is read
		}
		ended <- i.command.Wait()
	}()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("%s: %w: %s", i.host.name, err, i.lastLog())
		}
		return nil
	case <-time.After(15 * time.Second):
		_ = syscall.Kill(-i.command.Process.Pid, syscall.SIGKILL)
		<-ended
		return fmt.Errorf("%s does not end when its input does", i.host.name)
	}
}

// load measures the time from exec to the page's load event, in ms.
func (h *host) load() (float64, error) {
	i, err := h.start("idle")
	if err != nil {
		return 0, err
	}
	seen, err := i.wait("load", time.Minute)
	if err := errors.Join(err, i.close()); err != nil {
		return 0, err
	}
	return seen[len(seen)-1].EpochMS - epochMS(i.begun), nil
}

func epochMS(t time.Time) float64 { return float64(t.UnixNano()) / 1e6 }

// jobs lets the page do its jobs and returns each one's figure.
func (h *host) jobs(list []string) (map[string]sample, error) {
	i, err := h.start(strings.Join(list, ","))
	if err != nil {
		return nil, err
	}
	seen, err := i.wait("done", 5*time.Minute)
	if err := errors.Join(err, i.close()); err != nil {
		return nil, err
	}
	values := map[string]sample{}
	for _, e := range seen {
		if e.Event == "job" {
			values[e.Job] = sample{e.Value, e.FrameMS}
		}
	}
	return values, nil
}

// settled is what a host takes with one window, at rest.
type settled struct {
	loadMS    float64
	pssMiB    float64
	anonMiB   float64
	cpuMS     float64
	processes int
	switches  []string
}

// rest loads the page, waits until memory is still, and measures it. It refuses a host without its sandbox.
func (h *host) rest() (settled, error) {
	i, err := h.start("idle", "ORIEL_BENCH_SWITCHES=1")
	if err != nil {
		return settled{}, err
	}
	result, err := i.rest()
	return result, errors.Join(err, i.close())
}

func (i *instance) rest() (settled, error) {
	seen, err := i.wait("load", time.Minute)
	if err != nil {
		return settled{}, err
	}
	result := settled{loadMS: seen[len(seen)-1].EpochMS - epochMS(i.begun)}
	for _, e := range seen {
		if e.Event == "switch" {
			result.switches = append(result.switches, e.Switch)
		}
	}
	time.Sleep(4 * time.Second)
	before := -1.0
	for range 30 {
		processes, err := tree(i.command.Process.Pid)
		if err != nil {
			return result, err
		}
		if result.pssMiB, result.anonMiB, err = pss(processes); err != nil {
			return result, err
		}
		result.processes = len(processes)
		if change := result.anonMiB - before; change < 0.5 && change > -0.5 {
			result.cpuMS = cpu(processes)
			return result, sandboxed(processes)
		}
		before = result.anonMiB
		time.Sleep(time.Second)
	}
	return result, fmt.Errorf("%s: memory does not settle", i.host.name)
}
