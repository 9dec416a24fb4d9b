// Package apptest runs tests inside a real app: real libcef, real windows, sandbox on.
//
// libcef starts once per process, so each test that needs it runs in a process of its own: the test binary again, told to run that one
// test. There, the test's function has an app that is running. Root cannot run Chromium sandboxed, so the process belongs to an ordinary
// user then. Where there is no display, the tests of a package share an Xvfb.
//
//	func TestMain(m *testing.M) { apptest.Main(m) }
//
//	func TestTitle(t *testing.T) {
//		apptest.InApp(t, app.Options{}, func(t *testing.T, a *app.App) { … })
//	}
package apptest

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/utility"
)

// childEnv tells a test process that it is the one with the app. Its value is the folder it may write to.
const childEnv = "ORIEL_APPTEST_DIR"

// soakEnv is how "make soak" tells endurance tests their length.
const soakEnv = "ORIEL_SOAK"

// Soak returns how long an endurance test is to go on, or 0 if it runs among all the others and is to be short.
func Soak(t *testing.T) time.Duration {
	t.Helper()
	s := os.Getenv(soakEnv)
	if s == "" {
		return 0
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		t.Fatalf("%s=%q is no duration such as 10m", soakEnv, s)
	}
	return d
}

// Timeout is how long one test process may take; an endurance test's has its length and ten minutes more. Chromium on a busy machine of two cores is slow to start, not that slow.
const Timeout = slowness * 2 * time.Minute

// mainThread carries the app's Run to the main thread, which is CEF's.
var mainThread = make(chan func())

func init() {
	if os.Getenv(childEnv) != "" {
		runtime.LockOSThread() // the main goroutine keeps the main thread
	}
}

// Main is a package's TestMain.
func Main(m *testing.M) {
	utility.Main()
	flag.Parse()
	if Dir() == "" {
		code := m.Run()
		stopDisplay()
		os.Exit(code)
	}
	code := make(chan int)
	go func() { code <- m.Run() }()
	for {
		select {
		case f := <-mainThread:
			f()
		case c := <-code:
			os.Exit(c)
		}
	}
}

// Dir is the folder a test in an app may write to; it is gone after the test. Outside of an app's process it is "".
func Dir() string { return os.Getenv(childEnv) }

// InApp runs f with a running app, in a process of its own. Options that f leaves empty get values fit for a test. When f returns, the app
// is ended without asking its pages; f fails the test by t as usual.
func InApp(t *testing.T, o app.Options, f func(t *testing.T, a *app.App)) {
	t.Helper()
	InAppWith(t, Process{}, o, f)
}

// A Process says how the test process is to be started.
type Process struct {
	Env  []string // in addition to the usual, KEY=value
	Args []string // in addition to those of the test
	// Root starts it as root: the user who runs the tests, if that is root, or else root of a user namespace.
	Root bool
	// Wait, if not nil, is called in the parent while the process runs, with its process number.
	Wait func(t *testing.T, pid int)
}

// InAppWith is InApp with a say in how the process is started.
func InAppWith(t *testing.T, p Process, o app.Options, f func(t *testing.T, a *app.App)) {
	t.Helper()
	if Dir() == "" {
		p.Args = append([]string{"-test.run=^" + regexp.QuoteMeta(t.Name()) + "$"}, p.Args...)
		Run(t, p)
		return
	}
	a := app.New(complete(o))
	ready := make(chan context.Context, 1)
	a.OnReady(func(ctx context.Context) error {
		ready <- ctx
		return nil
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	mainThread <- func() { ended <- a.Run(ctx) }
	select {
	case <-ready:
	case err := <-ended:
		t.Fatalf("the app did not start: %v", err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the app ended with %v", err)
		}
	})
	f(t, a)
}

// InProcess runs f in a process of its own, without an app; f can run one by RunApp.
func InProcess(t *testing.T, p Process, f func(t *testing.T)) {
	t.Helper()
	if Dir() != "" {
		f(t)
		return
	}
	p.Args = append([]string{"-test.run=^" + regexp.QuoteMeta(t.Name()) + "$"}, p.Args...)
	Run(t, p)
}

// RunApp runs an app on the main thread, as func main would, and returns what Run returns.
func RunApp(ctx context.Context, a *app.App) error {
	ended := make(chan error, 1)
	mainThread <- func() { ended <- a.Run(ctx) }
	return <-ended
}

// Options fills in what a test does not care about.
func Options(o app.Options) app.Options { return complete(o) }

func complete(o app.Options) app.Options {
	if o.Name == "" {
		o.Name = "test"
	}
	if o.DataDir == "" {
		o.DataDir = filepath.Join(Dir(), "data")
	}
	if o.Log == nil && os.Getenv(app.EnvLog) == "" {
		c := zap.NewDevelopmentConfig()
		c.Level = zap.NewAtomicLevelAt(zap.WarnLevel)
		if level, err := zap.ParseAtomicLevel(os.Getenv("ORIEL_LOG")); err == nil && os.Getenv("ORIEL_LOG") != "" {
			c.Level = level
		}
		c.DisableStacktrace = true
		o.Log, _ = c.Build()
	}
	o.KeepRunning = true
	return o
}

// Run starts the test binary as an ordinary user with a display and waits for its end. The test fails if the process does.
func Run(t *testing.T, p Process) {
	t.Helper()
	output, err := Start(t, p)
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if testing.Verbose() {
		t.Logf("%s", output)
	}
}

// Start is Run for tests that expect a failure: it returns the process's output and how it ended.
func Start(t *testing.T, p Process) (output string, err error) {
	t.Helper()
	dir := stage(t)
	limit := Timeout
	if soak := Soak(t); soak > 0 {
		limit += soak + 10*time.Minute
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	binary := testBinary(t)
	args := append([]string{"-test.v", "-test.timeout=" + limit.String()}, p.Args...)
	cmd := exec.CommandContext(ctx, binary, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Dir = dir
	cmd.Env = append(environment(t, dir), p.Env...)
	if p.Root {
		asRoot(cmd)
	} else {
		asOrdinaryUser(cmd)
	}
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatalf("start the test process: %v", err)
	}
	if p.Wait != nil {
		p.Wait(t, cmd.Process.Pid)
	}
	err = cmd.Wait()
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("the test process took more than %v: %w", limit, err)
	}
	return tidy(out.String()), err
}

// noise are lines of Chromium's that every run without a desktop has.
var noise = regexp.MustCompile(`(?m)^.*(dbus/(bus|object_proxy)\.cc|shared_memory_switch\.cc|ALSA lib|gl_surface_presentation_helper|viz_main_impl).*\n?`)

func tidy(s string) string { return strings.TrimSpace(noise.ReplaceAllString(s, "")) }
