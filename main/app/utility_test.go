package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/utility"
)

func init() {
	utility.Register("worker", func(ctx context.Context, p *utility.Port) error { return p.Serve(ctx) })
}

// An app knows its utility processes: how they end, and what they take, beside Chromium's.
func TestUtilityProcesses(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		gone := make(chan app.ChildGone, 4)
		a.OnChildProcessGone(func(g app.ChildGone) { gone <- g })
		if _, err := window.New(a, window.Options{URL: a.Origin() + "/"}); err != nil {
			t.Fatal(err)
		}
		p, err := utility.Fork(t.Context(), "worker", utility.Options{ServiceName: "Thumbnails"})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		types, services := map[app.ProcessType]int{}, map[string]int{}
		for _, m := range a.Metrics() {
			types[m.Type]++
			services[m.ServiceName] = m.PID
			if m.WorkingSet <= 0 || m.PeakWorking < m.WorkingSet || m.Created.IsZero() || m.PercentCPU != 0 {
				t.Errorf("%+v", m)
			}
		}
		if types[app.ProcessBrowser] != 1 || types[app.ProcessTab] < 1 || types[app.ProcessGPU] > 1 || types[app.ProcessZygote] < 1 ||
			services["Thumbnails"] != p.PID() || services["network.mojom.NetworkService"] == 0 {
			t.Errorf("types %v, services %v", types, services)
		}
		for _, m := range a.Metrics() {
			if m.PercentCPU < 0 {
				t.Errorf("%+v", m)
			}
		}
		pid := p.PID()
		for who, loaded := range map[int]bool{os.Getpid(): true, pid: false} {
			maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", who))
			if err != nil || bytes.Contains(maps, []byte("/libcef.so")) != loaded {
				t.Errorf("process %d: %v, with libcef is to be %v", who, err, loaded)
			}
		}
		if err := unix.Kill(pid, unix.SIGSEGV); err != nil {
			t.Fatal(err)
		}
		g := <-gone
		if g.Err = nil; g != (app.ChildGone{Type: app.ProcessUtility, Name: "worker", ServiceName: "Thumbnails", PID: pid, Reason: g.Reason, ExitCode: g.ExitCode}) ||
			g.Reason == utility.CleanExit || g.ExitCode == 0 {
			t.Errorf("%+v", g)
		}
		if len(utility.Processes()) > 0 {
			t.Error("a process that has gone is listed")
		}
	})
}

// The end of the app is no failure of the processes that end with it: a supervisor starts none anew.
func TestSupervisorQuits(t *testing.T) {
	life(t, apptest.Process{}, func(t *testing.T, a *app.App) {
		core, lines := observer.New(zap.WarnLevel)
		var s *utility.Supervisor
		a.OnReady(func(ctx context.Context) error {
			s = utility.Supervise(ctx, "worker", utility.Options{Log: zap.New(core)}, utility.Restart{}, nil)
			p, err := s.Current(ctx)
			if err == nil {
				err = p.Ready(ctx)
			}
			a.Quit()
			return err
		})
		if err := run(t, a); err != nil {
			t.Error(err)
		}
		<-s.Done()
		if err := s.Err(); !errors.Is(err, app.ErrQuit) {
			t.Error(err)
		}
		if again := lines.FilterMessage("utility process starts again").All(); len(again) > 0 {
			t.Error(again)
		}
	})
}
