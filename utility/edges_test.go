package utility_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/utility"
)

func init() {
	utility.Register("descriptors", func(_ context.Context, p *utility.Port) error {
		entries, err := os.ReadDir("/proc/self/fd")
		var open []string
		for _, e := range entries {
			if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil {
				open = append(open, target)
			}
		}
		return errors.Join(err, p.Post(open))
	})
	utility.Register("nested", func(ctx context.Context, p *utility.Port) error {
		_, err := utility.Fork(ctx, "echo", utility.Options{})
		s := utility.Supervise(ctx, "echo", utility.Options{}, utility.Restart{Limit: 1}, nil)
		<-s.Done()
		return p.Post([]bool{errors.Is(err, utility.ErrInUtility), errors.Is(s.Err(), utility.ErrInUtility)})
	})
	utility.Register("without a port", func(_ context.Context, p *utility.Port) error {
		p.Close()
		select {}
	})
	utility.Register("complains", func(context.Context, *utility.Port) error {
		fmt.Println("\x1b[2Ja\rforged \xff\tä\u202e")
		return errors.New(strings.Repeat("e", 1<<20))
	})
}

// The folder that a process has unless it is told another one is the app's, wherever that has gone; others are seen from there.
func TestFolderOfToday(t *testing.T) {
	wait(t, fork(t, "surroundings", utility.Options{})) // its keeper stays here
	dir := t.TempDir()
	t.Chdir(dir)
	if err := errors.Join(os.Mkdir("sub", 0o700), os.WriteFile("tool", []byte("#!/bin/sh\nexit 3\n"), 0o700)); err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"", "sub"} {
		said := next(t, messages(fork(t, "surroundings", utility.Options{Dir: sub}))).(map[string]any)
		if want := filepath.Join(dir, sub); said["dir"] != want {
			t.Errorf("the folder is %v, not %s", said["dir"], want)
		}
	}
	for _, s := range []utility.Sandbox{{Off: true}, {Exec: true}} {
		if e := wait(t, fork(t, "tool", utility.Options{Program: "./tool", Dir: "sub", Sandbox: s})); e.Code != 3 {
			t.Errorf("a program beside the app: %v", e)
		}
	}
}

// A process has no descriptors but its own, whatever libraries in C or its parent have left open in the app.
func TestNoForeignDescriptors(t *testing.T) {
	name := filepath.Join(t.TempDir(), "secret")
	fd, err := unix.Open(name, unix.O_CREAT|unix.O_RDWR, 0o600) // not to be closed when a program is executed
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	for _, s := range []utility.Sandbox{{}, {Off: true}} {
		before := fork(t, "echo", utility.Options{Sandbox: s})
		if err := before.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		_ = unix.Kill(parent(t, before.PID()), unix.SIGKILL) // the next keeper starts with what is open now
		wait(t, before)
		open := next(t, messages(fork(t, "descriptors", utility.Options{Sandbox: s}))).([]any)
		if len(open) < 4 || slices.Contains(open, any(name)) {
			t.Errorf("%+v: %v are open", s, open)
		}
	}
}

// Only the app starts utility processes; one that tries is told so.
func TestForkInUtilityProcess(t *testing.T) {
	if said := fmt.Sprint(next(t, messages(fork(t, "nested", utility.Options{})))); said != "[true true]" {
		t.Error(said)
	}
}

// A process that goes on without its port is killed, and the exit says why.
func TestOutlivesItsPort(t *testing.T) {
	e := wait(t, fork(t, "without a port", utility.Options{KillAfter: 10 * time.Millisecond}))
	if e.Err == nil || !strings.Contains(e.Err.Error(), "when its port had closed") || e.Signal != unix.SIGKILL || e.Asked {
		t.Errorf("%+v", e)
	}
}

// What a process says cannot steer the terminal that the log is on, nor fill the log at one go.
func TestOutputIsTame(t *testing.T) {
	core, logs := observer.New(zap.DebugLevel)
	e := wait(t, fork(t, "complains", utility.Options{Log: zap.New(core), Stdio: utility.Stdio{Stdout: utility.Log, Stderr: utility.Ignore}}))
	if e.Err == nil || len(e.Err.Error()) > 20<<10 || !strings.HasPrefix(e.Err.Error(), "eee") {
		t.Errorf("an error of %d bytes", len(fmt.Sprint(e.Err)))
	}
	if all := logs.FilterField(zap.String("stream", "stdout")).All(); len(all) != 1 || all[0].Message != `\x1b[2Ja\rforged \xff`+"\tä"+`\u202e` {
		t.Errorf("%v", all)
	}
}

// Whatever keeps a process from starting stands in its exit, or Fork says it.
func TestLaunchFailures(t *testing.T) {
	odd := filepath.Join(t.TempDir(), "odd")
	if err := os.WriteFile(odd, []byte("echo no first line that says what runs it\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		o    utility.Options
		want string
		code int // 0 for an error of Fork
	}{
		{utility.Options{Sandbox: utility.Sandbox{Read: []string{"/nowhere/r"}}}, "/nowhere/r: no such file", 125},
		{utility.Options{Sandbox: utility.Sandbox{Write: []string{"/nowhere/w"}}}, "/nowhere/w: no such file", 125},
		{utility.Options{Program: odd}, odd + ": exec format error", 125},
		{utility.Options{Program: odd, Sandbox: utility.Sandbox{Off: true}}, "exec format error", 0},
		{utility.Options{Program: "true", Args: []string{"a\x00b"}}, "zero byte", 0},
		{utility.Options{Env: []string{"A=\x00"}}, "zero byte", 0},
		{utility.Options{Dir: "/nowhere/d"}, "Options.Dir: stat /nowhere/d: no such file", 0},
		{utility.Options{Limits: utility.Limits{CPU: -time.Hour}}, "Limits.CPU is -1h0m0s", 0},
		{utility.Options{Stdio: utility.Stdio{Stdout: utility.Log + 1}}, "stream 4, which is none", 0},
	} {
		c.o.Stdio.Stderr = utility.Ignore
		p, err := utility.Fork(t.Context(), "echo", c.o)
		if err == nil {
			e := wait(t, p)
			if err = e.Err; e.Reason != utility.LaunchFailed || e.Code != c.code {
				t.Errorf("%+v", e)
			}
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, not %s", err, c.want)
		}
	}
	tight := fork(t, "exit", utility.Options{Args: []string{"nil"}, Limits: utility.Limits{Memory: 1}, Stdio: utility.Stdio{Stderr: utility.Ignore}})
	if e := wait(t, tight); e.Reason != utility.CleanExit && (e.Err == nil || !strings.Contains(e.Err.Error(), "Limits.Memory is 1 bytes")) { // it has enough with the race detector
		t.Errorf("without memory: %v", e)
	}
	if e := wait(t, fork(t, "true", utility.Options{Program: "true"})); e.Reason != utility.LaunchFailed || e.Code != 0 || e.Err == nil || !strings.Contains(e.String(), "without having opened its port") {
		t.Errorf("a program that opens no port: %v", e)
	}
}

// A Fork that fails for want of descriptors leaves the app's own output as it is.
func TestOutputStays(t *testing.T) {
	wait(t, fork(t, "exit", utility.Options{Args: []string{"nil"}})) // the keeper runs
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer func(was *os.File) { os.Stdout = was }(os.Stdout)
	os.Stdout = f
	for _, free := range []int{1, 2, 3, 4} {
		if err := starved(t, free, func() error {
			_, err := utility.Fork(t.Context(), "exit", utility.Options{Stdio: utility.Stdio{Stderr: utility.Pipe}})
			return err
		}); !errors.Is(err, unix.EMFILE) {
			t.Errorf("with %d descriptors to be had: %v", free, err)
		}
	}
	if _, err := f.WriteString("still open"); err != nil {
		t.Error(err)
	}
}

// starved calls f while no more than so many descriptors are to be had.
func starved(t *testing.T, free int, f func() error) error {
	t.Helper()
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	const most = 256
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: most, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	var fill []int
	for range most {
		if fd, err := unix.Open(os.DevNull, unix.O_CLOEXEC, 0); err == nil {
			fill = append(fill, fd)
		}
	}
	for _, fd := range fill[:free] {
		_ = unix.Close(fd)
	}
	err := f()
	for _, fd := range fill[free:] {
		_ = unix.Close(fd)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	return err
}

// Waits before restarts do not make a supervisor forget failures, or long ones would let it go on for ever; a panic of the app's function is a failure.
func TestSuperviseForgetsNothing(t *testing.T) {
	r := utility.Restart{Limit: 2, Within: 300 * time.Millisecond, Delay: 310 * time.Millisecond}
	s := utility.Supervise(t.Context(), "x", utility.Options{Program: "/nowhere/x"}, r, nil)
	panics := utility.Supervise(t.Context(), "echo", utility.Options{}, utility.Restart{Limit: 1}, func(*utility.Process) error { panic("no") })
	for _, s := range []*utility.Supervisor{s, panics} {
		next(t, s.Done())
		if !errors.Is(s.Err(), utility.ErrGivenUp) {
			t.Error(s.Err())
		}
	}
}
