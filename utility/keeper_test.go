package utility_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/utility"
)

// parent returns the parent of a process.
func parent(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	n, _ := strconv.Atoi(strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))[1])
	return n
}

// Whoever kills the keeper ends the utility processes, and nothing else: the app is told, nothing is left, and the next process starts.
func TestKeeperKilled(t *testing.T) {
	round := func() {
		free := utility.Options{Sandbox: utility.Sandbox{Off: true}, Args: []string{mark(6)}}
		family, echo := fork(t, "family", free), fork(t, "echo", utility.Options{Sandbox: utility.Sandbox{Off: true}})
		next(t, messages(family))
		eventually(t, "5 sleep", func() bool { return len(sleepers(mark(6))) == 5 })
		if err := echo.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		told := make(chan utility.Exit, 1)
		echo.OnExit(func(e utility.Exit) { told <- e })
		pids := []int{family.PID(), echo.PID()}
		keeper := parent(t, echo.PID())
		if err := unix.Kill(keeper, unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
		for i, p := range []*utility.Process{echo, family} {
			e := wait(t, p)
			if e.Reason != utility.Killed || e.Signal != unix.SIGKILL || e.Code != -1 || e.Asked || e.Err == nil || !strings.Contains(e.Err.Error(), "keeps utility processes was killed") {
				t.Errorf("%d: %+v", i, e)
			}
			if err := p.Post("x"); !errors.Is(err, utility.ErrGone) && !errors.Is(err, utility.ErrClosed) {
				t.Error("to a process that has ended:", err)
			}
			p.Kill() // says nothing to anybody
		}
		if e := next(t, told); e.PID != pids[1] {
			t.Errorf("told of %+v", e)
		}
		for _, pid := range append(pids, keeper) {
			eventually(t, fmt.Sprintf("process %d has ended", pid), func() bool { return !alive(pid) })
		}
		// Those that have left the session are beyond reach without a sandbox, by the documentation.
		eventually(t, "the session's have ended", func() bool { return len(sleepers(mark(6))) <= 3 })
		for _, pid := range sleepers(mark(6)) {
			n, _ := strconv.Atoi(pid)
			_ = unix.Kill(n, unix.SIGKILL)
		}
		again := fork(t, "echo", utility.Options{})
		if got := next(t, echoOf(t, again, "again")); got != "again" {
			t.Errorf("the next process says %v", got)
		}
		again.Kill()
		wait(t, again)
	}
	round()
	fds, goroutines, _ := held(t)
	for range 3 {
		round()
	}
	eventually(t, "nothing is left", func() bool {
		f, g, _ := held(t)
		return f <= fds && g <= goroutines
	})
	if n := len(utility.Processes()); n > 0 {
		t.Errorf("%d processes are listed still", n)
	}
}

// alive says that a process runs; a zombie whose parent does not look does not.
func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(text), ") Z ")
}

func echoOf(t *testing.T, p *utility.Process, v any) <-chan any {
	t.Helper()
	said := messages(p)
	if err := p.Post(v); err != nil {
		t.Fatal(err)
	}
	return said
}

// Who forks while the keeper dies gets a process, or an error, or one whose end is told; never nothing.
func TestForkWhileKeeperDies(t *testing.T) {
	first := fork(t, "echo", utility.Options{})
	keeper := parent(t, first.PID())
	ends := make(chan bool, 20)
	for i := range cap(ends) {
		if i == cap(ends)/2 {
			if err := unix.Kill(keeper, unix.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
		go func() {
			p, err := utility.Fork(context.Background(), "echo", utility.Options{})
			if err == nil {
				p.Kill()
				p.Wait()
			}
			ends <- true
		}()
	}
	for range cap(ends) {
		next(t, ends)
	}
	wait(t, first)
}

func init() {
	utility.Register("lingering", func(ctx context.Context, p *utility.Port) error {
		c := exec.Command("sleep", utility.Args()[0])
		c.Stdout, c.SysProcAttr = os.Stdout, &syscall.SysProcAttr{Setsid: true}
		if err := c.Start(); err != nil {
			return err
		}
		return p.Serve(ctx)
	})
}

// What has left a process and holds its output keeps nobody waiting for its end.
func TestOutputOutlivesProcess(t *testing.T) {
	core, _ := observer.New(zap.InfoLevel)
	p := fork(t, "lingering", utility.Options{Sandbox: utility.Sandbox{Off: true}, Args: []string{mark(7)}, Log: zap.New(core),
		Stdio: utility.Stdio{Stdout: utility.Log}})
	eventually(t, "one sleeps", func() bool { return len(sleepers(mark(7))) == 1 })
	if err := unix.Kill(parent(t, p.PID()), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	wait(t, p)
	if len(sleepers(mark(7))) == 0 {
		t.Error("nobody is left that could hold the output")
	}
	for _, pid := range sleepers(mark(7)) {
		n, _ := strconv.Atoi(pid)
		_ = unix.Kill(n, unix.SIGKILL)
	}
}
