package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"slices"
)

// portNames are the figures of utility processes; bench/ports measures them, each beside what it is made of.
var portNames = []string{"utility-spawn", "port-16B", "port-1MiB", "port-1MiB-lent", "port-push", relayName}

// relayName is the figure of bench/relay.
const relayName = "port-page-utility-1KiB"

// relay measures a port between a page and a utility process.
func (s *stage) relay(checkout string) ([]byte, error) {
	built := filepath.Join(checkout, "build", "bench", "relay")
	if err := run(checkout, "go", "build", "-o", built, "./bench/relay"); err != nil {
		return nil, err
	}
	program, err := s.take(built)
	if err != nil {
		return nil, err
	}
	home, err := s.home("relay-home")
	if err != nil {
		return nil, err
	}
	return s.command(program, home).Output()
}

// ports measures utility processes and their ports, if any of that is wanted.
func (s *stage) ports(checkout string, wanted func(name string) bool) (results []result, err error) {
	if !slices.ContainsFunc(portNames, wanted) {
		return nil, nil
	}
	var programs []string
	for _, name := range []string{"ports", "ports/empty"} {
		built := filepath.Join(checkout, "build", "bench", filepath.Base(name))
		if err := run(checkout, "go", "build", "-o", built, "./bench/"+name); err != nil {
			return nil, err
		}
		staged, err := s.take(built)
		if err != nil {
			return nil, err
		}
		programs = append(programs, staged)
	}
	out, err := s.command(programs[0], programs[1]).Output()
	if err != nil {
		return nil, err
	}
	if wanted(relayName) {
		carried, err := s.relay(checkout)
		if err != nil {
			return nil, err
		}
		out = append(out, carried...)
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var f struct {
			Name, Unit      string
			Rate            bool
			Value, Baseline []float64
		}
		if err := d.Decode(&f); errors.Is(err, io.EOF) {
			return results, nil
		} else if err != nil {
			return nil, err
		}
		if wanted(f.Name) {
			results = append(results, newResult(f.Name, f.Unit, f.Rate, f.Value, f.Baseline))
		}
	}
}
