package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
)

// observed makes the app's log one that the test can read.
func observed(o app.Options, level zapcore.Level) (app.Options, *observer.ObservedLogs) {
	core, logs := observer.New(level)
	o.Log = zap.New(core)
	return o, logs
}

// self makes a test process run the test that starts it.
func self(t *testing.T, p apptest.Process) apptest.Process {
	p.Args = append([]string{"-test.run=^" + t.Name() + "$"}, p.Args...)
	return p
}

func TestSandboxRequiredRefusesRoot(t *testing.T) {
	if apptest.Dir() == "" {
		output, err := apptest.Start(t, self(t, apptest.Process{Root: true}))
		if err == nil {
			t.Errorf("root got an app")
		}
		for _, want := range []string{"did not start: app: the sandbox of Chromium cannot be used here: the app was started by root", "Start it as an ordinary user:"} {
			if !strings.Contains(output, want) {
				t.Errorf("%q is not in the output:\n%s", want, output)
			}
		}
		return
	}
	t.Cleanup(func() {
		if files, err := os.ReadDir(filepath.Join(apptest.Dir(), "data")); err == nil {
			t.Errorf("files are left behind: %v", files)
		}
		if ps := tree(t, os.Getpid()); len(ps) != 1 {
			t.Errorf("processes are left behind: %v", ps)
		}
	})
	apptest.InApp(t, site(), func(t *testing.T, _ *app.App) { t.Error("root got an app") })
}

// checkUnsandboxed checks an app that goes on without a sandbox: it works, and says aloud what it does.
func checkUnsandboxed(t *testing.T, a *app.App, logs *observer.ObservedLogs, text string) {
	w := open(t, a, "index.html")
	if got := eval[int](t, w, "6 * 7"); got != 42 {
		t.Errorf("the page counts %d", got)
	}
	ps := tree(t, os.Getpid())
	for _, p := range ofKind(ps, "renderer") {
		if p.status["Seccomp"] != "0" || !p.has("--no-sandbox") {
			t.Errorf("%v: is there a sandbox? Seccomp %s, arguments %v", p, p.status["Seccomp"], p.args)
		}
	}
	loud := logs.FilterLevelExact(zapcore.ErrorLevel).Filter(func(e observer.LoggedEntry) bool { return strings.Contains(e.Message, text) })
	if loud.Len() != 1 {
		t.Errorf("%d lines of the log say %q: %v", loud.Len(), text, logs.All())
	}
}

func TestSandboxAutoGoesOnForRoot(t *testing.T) {
	o, logs := observed(site(), zapcore.ErrorLevel)
	o.Sandbox = app.SandboxAuto
	apptest.InAppWith(t, apptest.Process{Root: true}, o, func(t *testing.T, a *app.App) {
		checkUnsandboxed(t, a, logs, "going on WITHOUT the sandbox")
	})
}

func TestSandboxAutoUsesIt(t *testing.T) {
	o := site()
	o.Sandbox = app.SandboxAuto
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		open(t, a, "index.html")
		checkProcesses(t, os.Getpid())
	})
}

func TestSandboxDisabled(t *testing.T) {
	o, logs := observed(site(), zapcore.ErrorLevel)
	o.Sandbox = app.SandboxDisabled
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		checkUnsandboxed(t, a, logs, "the sandbox is switched off by the app")
	})
}

// The warning is loud even where the log is silent, as it is in release.
func TestSandboxAutoWarnsWithoutALog(t *testing.T) {
	catchStderr(t, func(text string) {
		if !strings.Contains(text, "test: going on WITHOUT the sandbox") {
			t.Errorf("standard error has %q", text)
		}
	})
	o := site()
	o.Log, o.Sandbox = zap.NewNop(), app.SandboxAuto
	apptest.InAppWith(t, apptest.Process{Root: true}, o, func(t *testing.T, a *app.App) { open(t, a, "index.html") })
}
