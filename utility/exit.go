package utility

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/oriel-go/oriel/utility/internal/keeper"
)

// A Reason says in a word how a process ended. The words are Electron's.
type Reason string

// The reasons.
const (
	CleanExit    Reason = "clean-exit"    // with code 0
	AbnormalExit Reason = "abnormal-exit" // with another code
	Killed       Reason = "killed"        // by SIGTERM, SIGKILL or the like, from here or elsewhere
	Crashed      Reason = "crashed"       // by a signal that speaks of a fault
	OutOfMemory  Reason = "oom"           // it had reached Limits.Memory
	LaunchFailed Reason = "launch-failed" // it never opened its port
)

// An Exit tells how a process ended.
type Exit struct {
	Name, ServiceName string
	PID               int
	Reason            Reason
	Code              int            // -1 if a signal ended it
	Signal            syscall.Signal // 0 if it ended itself
	Asked             bool           // Kill was called, or the context given to Fork ended
	Err               error          // what the process said of it, or why it was killed; may be nil
	CPU               time.Duration  // processor time used
	MaxMemory         int64          // the most memory it had, in bytes
}

// String says it in a line.
func (e Exit) String() string {
	s := fmt.Sprintf("%s (process %d): %s", e.ServiceName, e.PID, e.Reason)
	if e.Signal != 0 {
		s += fmt.Sprintf(", %v", e.Signal)
	} else {
		s += fmt.Sprintf(", code %d", e.Code)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// An Error is what a process said of its end: the error of its function, or a panic.
type Error struct {
	Message string
	Stack   string // of a panic or of a script's error; else ""
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// errOutlived is about a process that goes on without its port.
var errOutlived = errors.New("killed, because it did not end when its port had closed")

// errUnopened is about a process that says nothing of why it has ended.
var errUnopened = errors.New("the process ended without having opened its port")

// codes of the Go runtime and of setup.
const panicCode = 2

// told is what nobody has said of an end and the limits explain, or the keeper's.
func (l Limits) told(s keeper.State, up, asked bool) error {
	switch {
	case s.Lost != nil:
		return fmt.Errorf("%w, and this one with it", s.Lost)
	case l.CPU > 0 && !asked && (s.Signal == syscall.SIGKILL || s.Signal == syscall.SIGXCPU) && s.CPU >= l.CPU:
		return fmt.Errorf("killed, because it had used %v of processor time, and Limits.CPU is %v", s.CPU.Round(time.Millisecond), l.CPU)
	case l.Memory > 0 && !up && (s.Signal == syscall.SIGSEGV || s.Code == panicCode):
		return fmt.Errorf("it ended before it began, and Limits.Memory is %d bytes, of which a Go program needs some 100 MiB", l.Memory)
	}
	return nil
}

func (p *Process) exit(s keeper.State) Exit {
	e := Exit{Name: p.name, ServiceName: p.o.ServiceName, PID: p.child.PID, Code: s.Code, Signal: s.Signal, CPU: s.CPU, MaxMemory: s.MaxRSS}
	p.mu.Lock()
	e.Asked, e.Err = p.asked, p.failure
	p.mu.Unlock()
	up := isClosed(p.ready)
	if e.Err == nil || s.Lost != nil && e.Err == errOutlived { // its port went with the keeper
		e.Err = p.o.Limits.told(s, up, e.Asked)
	}
	switch {
	case !up && !e.Asked:
		e.Reason = LaunchFailed
		if e.Err == nil {
			e.Err = errUnopened
		}
	case s.Signal == 0 && s.Code == 0:
		e.Reason = CleanExit
	case s.Signal == 0 && s.Code == panicCode && p.o.Limits.Memory > 0 && uint64(s.MaxRSS) > p.o.Limits.Memory/2:
		e.Reason = OutOfMemory
	case s.Signal == 0:
		e.Reason = AbnormalExit
	default:
		e.Reason = reasonOf(s.Signal)
	}
	return e
}

func reasonOf(s syscall.Signal) Reason {
	switch s {
	case syscall.SIGSEGV, syscall.SIGABRT, syscall.SIGBUS, syscall.SIGILL, syscall.SIGFPE, syscall.SIGTRAP, syscall.SIGSYS, syscall.SIGQUIT:
		return Crashed
	}
	return Killed
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
