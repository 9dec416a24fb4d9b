package utility_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/utility"
)

func init() {
	// A family has children of every kind: in its session, in one of their own, orphaned, and one that hears no signal.
	utility.Register("family", func(ctx context.Context, p *utility.Port) error {
		sh := func(line string, own bool) {
			c := exec.Command("/bin/sh", "-c", line)
			c.SysProcAttr = &syscall.SysProcAttr{Setsid: own}
			if err := c.Start(); err != nil {
				_ = p.Post(err.Error())
			}
		}
		mark := utility.Args()[0]
		sh("exec sleep "+mark, false)
		sh("exec sleep "+mark, true)
		sh("sleep "+mark+" & exit", false)
		sh("setsid sh -c 'trap \"\" TERM HUP INT; sleep "+mark+" & sleep "+mark+"' & exit", true)
		_ = p.Post("there")
		return p.Serve(ctx)
	})
	utility.Register("deaf", func(_ context.Context, p *utility.Port) error {
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
		_ = p.Post("deaf")
		select {}
	})
	utility.Register("busy", func(_ context.Context, p *utility.Port) error {
		_ = p.Post("busy")
		for n := 0; ; n++ { // without a call, so nothing but the kernel can stop it
			if n < 0 {
				n = 0
			}
		}
	})
	// A parent is an app that is killed; it tells its children's numbers.
	if os.Getenv("ORIEL_TEST_PARENT") != "" {
		beginParent = func() {
			for i := range 4 {
				p, err := utility.Fork(context.Background(), "family", utility.Options{Args: []string{os.Getenv("ORIEL_TEST_PARENT")},
					Sandbox: utility.Sandbox{Off: i%2 == 0, Exec: true}, Stdio: utility.Stdio{Stdout: utility.Ignore}})
				if err != nil {
					panic(err)
				}
				there := make(chan any, 1)
				utility.OnMessage(p.Port(), func(_ context.Context, v any) { there <- v })
				p.Port().Start()
				<-there
			}
			fmt.Println("there")
			select {}
		}
	}
}

var beginParent func()

// sleepers lists the processes that sleep for so many seconds, which nobody else does.
func sleepers(mark string) (pids []string) {
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, line := range lines {
		if text, _ := os.ReadFile(line); strings.HasPrefix(string(text), "sleep\x00"+mark) {
			pids = append(pids, filepath.Base(filepath.Dir(line)))
		}
	}
	return pids
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not so: %s", what)
		}
	}
}

// mark makes a number of seconds that no other process sleeps for.
func mark(n int) string { return strconv.Itoa(1e6 + os.Getpid()*10 + n) }

func TestDiesWithItsParent(t *testing.T) {
	parent := exec.Command("/proc/self/exe")
	parent.Env = append(os.Environ(), "ORIEL_TEST_PARENT="+mark(1))
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "there\n" {
		t.Fatal(line, err)
	}
	eventually(t, "20 sleep", func() bool { return len(sleepers(mark(1))) == 20 })
	all := tree(parent.Process.Pid)
	if len(all) < 4 {
		t.Fatalf("found only %v", all)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	eventually(t, "nobody sleeps", func() bool { return len(sleepers(mark(1))) == 0 })
	for _, pid := range all {
		eventually(t, "process "+strconv.Itoa(pid)+" has ended", func() bool { return unix.Kill(pid, 0) != nil })
	}
}

// tree lists a process and all below it.
func tree(pid int) []int {
	all := []int{pid}
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for _, child := range strings.Fields(string(text)) {
			n, _ := strconv.Atoi(child)
			all = append(all, tree(n)...)
		}
	}
	return all
}

func TestItsChildrenDieWithIt(t *testing.T) {
	t.Run("free", func(t *testing.T) { dieWithIt(t, utility.Options{Sandbox: utility.Sandbox{Off: true}}) })
	t.Run("confined", func(t *testing.T) { dieWithIt(t, utility.Options{Sandbox: utility.Sandbox{Exec: true}}) })
}

func dieWithIt(t *testing.T, free utility.Options) {
	free.Args = []string{mark(2)}
	stays := fork(t, "family", free)
	next(t, messages(stays))
	for i, end := range []func(*utility.Process){
		func(p *utility.Process) { p.Kill() },
		func(p *utility.Process) { _ = unix.Kill(p.PID(), unix.SIGKILL) },
	} {
		free.Args = []string{mark(3 + i)}
		p := fork(t, "family", free)
		next(t, messages(p))
		eventually(t, "5 sleep", func() bool { return len(sleepers(mark(3+i))) == 5 })
		end(p)
		e := wait(t, p)
		if i == 0 && (e.Reason != utility.CleanExit || !e.Asked) || i == 1 && (e.Reason != utility.Killed || e.Signal != unix.SIGKILL || e.Asked) {
			t.Errorf("%d: %+v", i, e)
		}
		eventually(t, "nobody sleeps", func() bool { return len(sleepers(mark(3+i))) == 0 })
	}
	if n := len(sleepers(mark(2))); n < 3 { // those that have left both parent and session go with the first that ends
		t.Errorf("%d of another process's children are left", n)
	}
}

func TestKill(t *testing.T) {
	for _, name := range []string{"deaf", "busy", "stopped"} {
		o := utility.Options{KillAfter: 50 * time.Millisecond}
		stopped := name == "stopped"
		if stopped {
			name = "echo"
		}
		p := fork(t, name, o)
		if stopped {
			if err := p.Ready(context.Background()); err != nil {
				t.Fatal(err)
			}
			_ = unix.Kill(p.PID(), unix.SIGSTOP)
		} else {
			next(t, messages(p))
		}
		p.Kill()
		p.Kill()
		if e := wait(t, p); e.Asked != true || name == "deaf" && (e.Reason != utility.Killed || e.Signal != unix.SIGKILL || e.Code != -1) {
			t.Errorf("%s: %+v", name, e)
		}
		if p.PID() != 0 {
			t.Error("a process that has ended has a number")
		}
	}
}

func TestEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	p, err := utility.Fork(ctx, "echo", utility.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	if e := wait(t, p); e.Reason != utility.CleanExit || !e.Asked {
		t.Errorf("%+v", e)
	}
	if _, err := utility.Fork(ctx, "echo", utility.Options{}); err == nil {
		t.Error("a process was made although its time was over")
	}
}

// held are the descriptors, goroutines and descendants of this process.
func held(t *testing.T) (fds, goroutines, processes int) {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list), runtime.NumGoroutine(), len(tree(os.Getpid()))
}

// footprint is how much this process has on its heap, and how much this one and the keeper have in memory, after what can be given back was.
func footprint(t *testing.T, keeper int) (heap, resident, keepers int) {
	t.Helper()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc), rss(t, os.Getpid()), rss(t, keeper)
}

// rss is how many bytes of a process are in memory.
func rss(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Fatal(err)
	}
	pages, _ := strconv.Atoi(strings.Fields(string(text))[1])
	return pages * os.Getpagesize()
}

func TestNothingIsLeft(t *testing.T) {
	keeper := 0
	round := func(n int) {
		var all []*utility.Process
		for i := range n {
			p, err := utility.Fork(context.Background(), "echo", utility.Options{Stdio: utility.Stdio{Stdout: utility.Log, Stderr: utility.Ignore}})
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Post(make([]byte, 100<<10)); err != nil {
				t.Fatal(err)
			}
			if i%2 == 0 {
				said := messages(p)
				next(t, said)
				if err := p.Post(make([]byte, 1<<20)); err != nil {
					t.Fatal(err)
				}
				next(t, said)
				keeper = parent(t, p.PID())
			}
			all = append(all, p)
			if len(all) == 20 || i == n-1 {
				for _, p := range all {
					p.Kill()
				}
				for _, p := range all {
					wait(t, p)
				}
				all = nil
			}
		}
	}
	round(20)
	fds, goroutines, processes := held(t)
	heap, resident, keepers := footprint(t, keeper)
	round(200)
	eventually(t, "nothing is left", func() bool {
		f, g, p := held(t)
		return f <= fds && g <= goroutines && p <= processes && regions(t, os.Getpid()) == 0
	})
	eventually(t, "no memory is left", func() bool { // Go lets go of what a stopped timer refers to a while after it was stopped
		h, r, k := footprint(t, keeper)
		t.Logf("heap %d → %d KiB, resident %d → %d KiB, the keeper's %d → %d KiB", heap>>10, h>>10, resident>>10, r>>10, keepers>>10, k>>10)
		return h <= heap+512<<10 && r <= resident+8<<20 && k <= keepers+8<<20
	})
	if len(utility.Processes()) > 0 {
		t.Errorf("%d processes are listed still", len(utility.Processes()))
	}
}
