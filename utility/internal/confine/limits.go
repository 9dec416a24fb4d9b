package confine

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// apply sets both limits of each kind, so that the process cannot raise them again.
func (l Limits) apply() error {
	memory := l.Memory
	if memory > 0 {
		memory = memoryWith(memory)
	}
	seconds := uint64((l.CPU + time.Second - 1) / time.Second)
	for _, limit := range []struct {
		name     string
		resource int
		soft     uint64
		hard     uint64
	}{
		{"memory", unix.RLIMIT_DATA, memory, memory},
		{"processor time", unix.RLIMIT_CPU, seconds, seconds + 1}, // SIGXCPU, and a second later SIGKILL
		{"open files", unix.RLIMIT_NOFILE, l.Files, l.Files},
	} {
		if limit.soft == 0 {
			continue
		}
		var now unix.Rlimit
		if err := unix.Getrlimit(limit.resource, &now); err != nil {
			return fmt.Errorf("limit of %s: %w", limit.name, err)
		}
		wanted := unix.Rlimit{Cur: min(limit.soft, now.Max), Max: min(limit.hard, now.Max)}
		if err := unix.Setrlimit(limit.resource, &wanted); err != nil {
			return fmt.Errorf("limit of %s: %w", limit.name, err)
		}
	}
	return nil
}
