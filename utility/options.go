package utility

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/router"
	"github.com/oriel-go/oriel/utility/child"
	"github.com/oriel-go/oriel/utility/internal/confine"
)

// Options describe a utility process. The zero value is a sandboxed process of the app's own executable with the app's environment.
type Options struct {
	// Args are for the function, see [Args], some 90 KiB in all; for Program they follow its name.
	Args []string
	// Env replaces the environment, as in "NAME=value"; nil means the app's own.
	Env []string
	// Dir is the working directory, which must exist; "" means the app's own.
	Dir string
	// Stdio says where the process's output goes. Its input is empty.
	Stdio Stdio
	// ServiceName is what people read where processes are listed; the default is the name.
	ServiceName string
	// Limits bound what the process may take.
	Limits Limits
	// Sandbox says what the process may do. The zero value lets it read files, and no more.
	Sandbox Sandbox
	// Program is another executable to run, which speaks the port's protocol; see package utility/child and docs/utility.md. A name without a
	// slash is looked for as by a shell. "" means the app's own.
	Program string
	// Router is asked where the port's own router has no handler, and hears its messages too. May be nil.
	Router *router.Router
	// KillAfter is how long Kill waits for the process to end by itself; the default is two seconds.
	KillAfter time.Duration
	// StartWithin is how long the process may take until its port is up; then it is killed. The default is ten seconds.
	StartWithin time.Duration
	// Log is for the process's own lines ([Log]), and for what goes wrong. nil means none.
	Log *zap.Logger
}

// Limits bound what a process may take. Zero is no limit but the system's.
type Limits struct {
	// Memory is how many bytes of its own the process may have. A Go program ends at the limit; its last words are on its standard error.
	Memory uint64
	// CPU is how much processor time it may use, in whole seconds. Then it is killed.
	CPU time.Duration
	// Files is how many descriptors may be open at a time. The port and the Go runtime need some ten.
	Files uint64
}

// A Sandbox says what a process may do. It is applied before any function of the app's runs, and nothing takes it away again; processes
// that it starts, if it may, are in it too.
type Sandbox struct {
	// Off is no sandbox at all.
	Off bool
	// Read are the files and folders that may be read, besides what every program needs of the system. nil means all that the user may
	// read; an empty list that is not nil means none.
	Read []string
	// Write are files and folders that may be read, written, created and removed. They must exist.
	Write []string
	// Network allows the Internet protocols.
	Network bool
	// Exec allows other programs to be run. A Program may without it execute what it becomes, the dynamic linker and its own memory.
	Exec bool
	// Weak lets the process run where the kernel cannot hold all of these rules, under those that it can, with a line in the log. Without
	// Landlock the rules about files do not hold, nor, for a Program, the one about programs. The default is to refuse.
	Weak bool
}

// Stdio says where output goes.
type Stdio struct{ Stdout, Stderr Stream }

// A Stream is where one kind of output goes.
type Stream int

// The streams.
const (
	Inherit Stream = iota // to the app's own, as in Electron
	Ignore                // nowhere
	Pipe                  // to [Process.Stdout] and [Process.Stderr]
	Log                   // line by line into Options.Log, under the service's name
)

// Kinds of errors of [Fork].
var (
	// ErrSandbox says that this system cannot hold the sandbox's rules, and Sandbox.Weak is not set.
	ErrSandbox = confine.ErrUnsupported
	// ErrNotRegistered says that there is no function of that name.
	ErrNotRegistered = errors.New("no utility function of that name is registered")
)

func (o *Options) complete(name string) error {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.ServiceName == "" {
		o.ServiceName = name
	}
	if o.KillAfter <= 0 {
		o.KillAfter = 2 * time.Second
	}
	if o.StartWithin <= 0 {
		o.StartWithin = 10 * time.Second
	}
	if o.Env == nil {
		o.Env = os.Environ()
	}
	if o.Limits.CPU < 0 {
		return fmt.Errorf("Limits.CPU is %v", o.Limits.CPU)
	}
	for _, s := range []Stream{o.Stdio.Stdout, o.Stdio.Stderr} {
		if s < Inherit || s > Log {
			return fmt.Errorf("Stdio has the stream %d, which is none", s)
		}
	}
	for _, lists := range [][]string{o.Sandbox.Read, o.Sandbox.Write} {
		for _, path := range lists {
			if !filepath.IsAbs(path) {
				return fmt.Errorf("Sandbox has %q: it must be an absolute path", path)
			}
		}
	}
	if o.Dir != "" {
		dir, err := filepath.Abs(o.Dir)
		if err != nil {
			return err
		}
		if _, err := os.Stat(dir); err != nil { // what the kernel says of it later names no file
			return fmt.Errorf("Options.Dir: %w", err)
		}
		o.Dir = dir
	}
	if slices.ContainsFunc(o.Env, hasZero) || hasZero(o.Dir) || o.Program != "" && slices.ContainsFunc(o.Args, hasZero) {
		return errors.New("a zero byte in Env, Dir or a program's Args")
	}
	if o.Program == "" && lookup(name) == nil {
		return fmt.Errorf("%w: %q", ErrNotRegistered, name)
	}
	return o.checkSandbox()
}

func hasZero(text string) bool { return strings.IndexByte(text, 0) >= 0 }

// checkSandbox refuses a process that could not be confined, or says so.
func (o *Options) checkSandbox() error {
	if o.Sandbox.Off {
		return nil
	}
	err := confine.Supported()
	if err == nil || !o.Sandbox.Weak {
		return err
	}
	o.Log.Error("a utility process runs in a weaker sandbox", zap.String("service", o.ServiceName), zap.Error(err))
	if !o.Log.Core().Enabled(zap.ErrorLevel) {
		fmt.Fprintf(os.Stderr, "utility process %q runs in a weaker sandbox: %v\n", o.ServiceName, err) // a silent log does not silence this
	}
	return nil
}

func (o *Options) rules() confine.Rules {
	s := o.Sandbox
	return confine.Rules{Off: s.Off, All: s.Read == nil, Read: s.Read, Write: s.Write, Network: s.Network, Exec: s.Exec, Weak: s.Weak,
		Limits: confine.Limits(o.Limits)}
}

// environment is the process's: without what belongs to this one, with what it needs to find its port.
func (o *Options) environment(more ...string) []string {
	var env []string
	for _, e := range o.Env {
		if name, _, _ := strings.Cut(e, "="); name != child.EnvPort && name != variable {
			env = append(env, e)
		}
	}
	return append(env, append(more, child.EnvPort+"="+strconv.Itoa(portFD))...)
}
