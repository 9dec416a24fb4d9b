package utility_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/utility"
	"github.com/oriel-go/oriel/utility/internal/keeper"
)

// stopKeeper stops the keeper of a process.
func stopKeeper(t *testing.T, p *utility.Process) (pid int) {
	t.Helper()
	pid = parent(t, p.PID())
	if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the keeper is stopped", func() bool { return strings.Contains(status(pid), "T (stopped)") })
	return pid
}

// A keeper that somebody has stopped holds up nobody for ever: not who forks, nor who kills and waits, nor the end of an app.
func TestKeeperStopped(t *testing.T) {
	before := keeper.Patience
	t.Cleanup(func() { keeper.Patience = before })
	for name, box := range map[string]utility.Sandbox{"sandboxed": {}, "free": {Off: true}} {
		t.Run(name, func(t *testing.T) {
			keeper.Patience = before
			o := utility.Options{Sandbox: box, KillAfter: 10 * time.Millisecond}
			p, other := fork(t, "echo", o), fork(t, "echo", o)
			pid := stopKeeper(t, p)
			late := make(chan error, 1)
			go func() {
				p, err := utility.Fork(context.Background(), "echo", o)
				if err == nil {
					p.Kill()
					p.Wait()
				}
				late <- err
			}()
			if err := unix.Kill(pid, unix.SIGCONT); err != nil {
				t.Fatal(err)
			}
			if err := next(t, late); err != nil {
				t.Error("of a keeper that goes on:", err)
			}

			keeper.Patience = 100 * time.Millisecond
			stopKeeper(t, p)
			if _, err := utility.Fork(context.Background(), "echo", o); err == nil || !strings.Contains(err.Error(), "did not answer") {
				t.Error(err)
			}
			for _, p := range []*utility.Process{p, other} {
				if e := wait(t, p); e.Asked || e.Reason != utility.Killed || e.Err == nil || !strings.Contains(e.Err.Error(), "did not answer") {
					t.Errorf("%+v", e)
				}
			}

			p = fork(t, "deaf", o)
			next(t, messages(p))
			stopKeeper(t, p)
			over := make(chan bool)
			go func() { utility.KillAll(); close(over) }()
			next(t, over)
			if e := wait(t, p); !e.Asked || e.Reason != utility.Killed {
				t.Errorf("%+v", e)
			}
		})
	}
}

// A keeper that was stopped when its app is killed ends everything all the same.
func TestKeeperStoppedWhenAppDies(t *testing.T) {
	app := exec.Command("/proc/self/exe")
	app.Env = append(os.Environ(), "ORIEL_TEST_PARENT="+mark(9))
	out, err := app.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "there\n" {
		t.Fatal(line, err)
	}
	eventually(t, "20 sleep", func() bool { return len(sleepers(mark(9))) == 20 })
	all := tree(app.Process.Pid)
	for _, pid := range all[1:] {
		if parent(t, pid) == app.Process.Pid {
			if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			eventually(t, "it is stopped", func() bool { return strings.Contains(status(pid), "T (stopped)") })
		}
	}
	if err := app.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = app.Wait()
	eventually(t, "nobody sleeps", func() bool { return len(sleepers(mark(9))) == 0 })
	for _, pid := range all {
		eventually(t, "it has ended", func() bool { return !alive(pid) })
	}
}

func status(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	return string(text)
}
