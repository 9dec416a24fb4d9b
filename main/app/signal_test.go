package app_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	ossignal "os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
)

// kill sends this process a signal.
func kill(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), s); err != nil {
		t.Error(err)
	}
}

func TestSignalsQuit(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(s.String(), func(t *testing.T) {
			life(t, apptest.Process{}, func(t *testing.T, a *app.App) {
				a.OnReady(func(context.Context) error {
					open(t, a, "index.html")
					kill(t, s)
					return nil
				})
				if err := run(t, a); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestSecondSignalInsists(t *testing.T) {
	life(t, apptest.Process{}, func(t *testing.T, a *app.App) {
		a.OnReady(func(context.Context) error {
			vetoed(t, a, func() { kill(t, syscall.SIGTERM) })
			kill(t, syscall.SIGTERM)
			return nil
		})
		if err := run(t, a); err != nil {
			t.Error(err)
		}
	})
}

func TestOwnSignals(t *testing.T) {
	o := site()
	o.OwnSignals = true
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		w := open(t, a, "index.html")
		signals := make(chan os.Signal, 1)
		ossignal.Notify(signals, syscall.SIGTERM)
		kill(t, syscall.SIGTERM)
		if s := <-signals; s != syscall.SIGTERM {
			t.Errorf("got %v", s)
		}
		for range 100 { // time enough for a quit, were there one
			if got := eval[int](t, w, "6 * 7"); got != 42 {
				t.Fatalf("the page counts %d", got)
			}
		}
	})
}

// Go's own use of signals survives libcef, which installs handlers of its own and would not let Go see a nil pointer's fault.
func TestSignalsStayGos(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		open(t, a, "index.html")
		t.Run("a nil pointer is a panic", func(t *testing.T) {
			defer func() {
				if err, _ := recover().(error); err == nil || !strings.Contains(err.Error(), "nil pointer dereference") {
					t.Errorf("recovered %v", err)
				}
			}()
			var p *process
			t.Log(p.pid)
		})
		t.Run("signals are heard", func(t *testing.T) {
			signals := make(chan os.Signal, 8)
			for _, s := range []syscall.Signal{syscall.SIGUSR2, syscall.SIGUSR1, syscall.SIGCHLD, syscall.SIGWINCH} {
				ossignal.Notify(signals, s)
				kill(t, s)
				if got := <-signals; got != s {
					t.Errorf("got %v instead of %v", got, s)
				}
			}
			ossignal.Reset()
		})
		t.Run("children are waited for", func(t *testing.T) {
			for range 20 {
				if err := exec.CommandContext(ctx(t), "true").Run(); err != nil {
					t.Error(err)
				}
			}
			output, err := exec.CommandContext(ctx(t), "grep", "^SigIgn", "/proc/self/status").Output()
			if err != nil {
				t.Fatal(err)
			}
			// The C library keeps signal 32 to itself.
			ignored, err := strconv.ParseUint(strings.TrimSpace(strings.TrimPrefix(string(output), "SigIgn:")), 16, 64)
			if err != nil || ignored&^inherited(t)&(1<<31-1) != 0 {
				t.Errorf("a child ignores signals: %s, %v", output, err)
			}
		})
		t.Run("a broken pipe is an error", func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			r.Close()
			if _, err := w.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
				t.Errorf("got %v", err)
			}
		})
		handlersAreGos(t)
	})
}

// handlersAreGos checks that no handler was put in place of Go's: all that Go catches at its start is still caught, but for SIGPIPE, which
// GLib ignores when it first opens a socket.
func handlersAreGos(t *testing.T) {
	t.Helper()
	p, err := readProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	ignored := inherited(t)
	for n := 1; n <= 31; n++ {
		switch syscall.Signal(n) {
		case syscall.SIGKILL, syscall.SIGSTOP, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGCONT, syscall.SIGPIPE:
			continue
		}
		if !p.caught(t, n) && ignored&(1<<(n-1)) == 0 {
			t.Errorf("%v has no handler", syscall.Signal(n))
		}
	}
}
