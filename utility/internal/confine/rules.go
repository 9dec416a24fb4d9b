// Package confine takes rights away from a process, for good: by Landlock what it may do to files, by seccomp what it may ask of the kernel
// at all, and by resource limits how much of it.
//
// Landlock binds the thread that asks for it and what that thread starts. So it is not asked for where the process already has threads that
// must be caught: a first stage confines its main thread and executes the process anew, and everything after that is confined from its
// first instruction on.
package confine

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Rules say what a process may do.
type Rules struct {
	Off     bool // files, network and programs are left alone; limits hold all the same
	All     bool // it may read all files
	Read    []string
	Write   []string
	Network bool
	Exec    bool
	Program string // may be executed all the same: what the process is about to become; "" is this executable
	Weak    bool   // it may run on a kernel that cannot hold all rules, with those that it can
	Limits  Limits
}

// Limits bound what a process takes. Zero means no limit but the system's.
type Limits struct {
	Memory uint64        // bytes of its own writable memory
	CPU    time.Duration // of processor time, in whole seconds; then it is killed
	Files  uint64        // open descriptors
}

// Begin is the first stage: it confines this thread and what it executes. The caller has locked the goroutine to its thread.
func (r *Rules) Begin() error {
	if err := r.Limits.apply(); err != nil {
		return err
	}
	if r.Off {
		return nil
	}
	if err := Supported(); err != nil && !r.Weak {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no new privileges: %w", err)
	}
	if hasLandlock() {
		if err := r.confineFiles(); err != nil {
			return err
		}
	}
	if err := dropCapabilities(); err != nil {
		return err
	}
	if r.Program != "" {
		return r.filterCalls(true) // what it becomes has no second stage
	}
	return nil
}

// Finish is the second stage, after the execution that only the first one may do. It binds every thread.
func (r *Rules) Finish() error {
	if r.Off {
		return nil
	}
	return r.filterCalls(r.Exec)
}

// filterCalls is confineCalls where the kernel can do that. Begin has refused where it must.
func (r *Rules) filterCalls(exec bool) error {
	if r.Weak && !hasFilters() {
		return nil
	}
	return r.confineCalls(exec)
}

// dropCapabilities makes root a user like any other, for good: no new privileges may be gained. An ordinary user has none to drop.
func dropCapabilities() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData // that version wants two
	if err := unix.Capset(&header, &none[0]); err != nil {
		return fmt.Errorf("drop capabilities: %w", err)
	}
	return nil
}
