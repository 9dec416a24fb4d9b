package utility_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/router"
	"github.com/oriel-go/oriel/utility"
)

// envNoNamespaces makes a test process one whose kernel lets it have no namespaces.
const envNoNamespaces = "ORIEL_TEST_NO_NAMESPACES"

func init() {
	if os.Getenv(envNoNamespaces) != "" {
		if err := seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync, Policy: seccomp.Policy{
			DefaultAction: seccomp.ActionAllow,
			Syscalls: []seccomp.SyscallGroup{{NamesWithCondtions: []seccomp.NameWithConditions{{Name: "clone",
				Conditions: []seccomp.Condition{{Argument: 0, Operation: seccomp.BitsSet, Value: unix.CLONE_NEWUSER}}}}, Action: seccomp.ActionErrno}},
		}}); err != nil {
			panic(err)
		}
	}
	utility.Register("apart", func(ctx context.Context, p *utility.Port) error {
		router.Handle(p.IPC(), "numbers", func(context.Context, any) ([]int, error) {
			link, err := os.Readlink("/proc/self")
			n, _ := strconv.Atoi(link)
			return []int{os.Getpid(), n, os.Getppid(), os.Getuid(), os.Getgid()}, err
		})
		router.Handle(p.IPC(), "signal", func(_ context.Context, pid int) (string, error) {
			return fmt.Sprint(unix.Kill(pid, 0)), nil
		})
		return p.Serve(ctx)
	})
}

// confined has every kind of child, as far as a sandbox lets it.
func confined(n int) utility.Options {
	return utility.Options{Args: []string{mark(n)}, Sandbox: utility.Sandbox{Exec: true}}
}

func numbers(t *testing.T, p *utility.Process) (own, shown, parent, user, group int) {
	t.Helper()
	all, err := router.Invoke[[]int](t.Context(), p.Port(), "numbers")
	if err != nil {
		t.Fatal(err)
	}
	return all[0], all[1], all[2], all[3], all[4]
}

// With its keeper, everything of a sandboxed process ends, whatever it has left: parent, group, session.
func TestApartKeeperKilled(t *testing.T) {
	for range 3 {
		family, echo := fork(t, "family", confined(20)), fork(t, "echo", utility.Options{})
		free := fork(t, "echo", utility.Options{Sandbox: utility.Sandbox{Off: true}})
		next(t, messages(family))
		if err := echo.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		eventually(t, "5 sleep", func() bool { return len(sleepers(mark(20))) == 5 })
		strayed := 0
		for _, pid := range sleepers(mark(20)) {
			n, _ := strconv.Atoi(pid)
			if parent(t, n) == parent(t, family.PID()) {
				strayed++
			}
		}
		if strayed == 0 {
			t.Error("nobody has left the process that started it")
		}
		if err := unix.Kill(parent(t, family.PID()), unix.SIGKILL); err != nil {
			t.Fatal(err)
		}
		for _, p := range []*utility.Process{family, echo} {
			if e := wait(t, p); e.Reason != utility.Killed || e.Err == nil || !strings.Contains(e.Err.Error(), "keeps utility processes was killed") {
				t.Errorf("%+v", e)
			}
		}
		if n := len(sleepers(mark(20))); n > 0 { // gone when the app is told, not some time later
			t.Errorf("%d of its children are left", n)
		}
		if got := next(t, echoOf(t, free, "free")); got != "free" {
			t.Errorf("a process with another keeper says %v", got)
		}
	}
}

// A sandboxed process has the user's rights to files and the app's number for it in /proc, but cannot name anybody outside.
func TestApart(t *testing.T) {
	o := utility.Options{Sandbox: utility.Sandbox{Exec: true}}
	p, q := fork(t, "apart", o), fork(t, "apart", o)
	own, shown, above, user, group := numbers(t, p)
	if shown != p.PID() || own == shown || above != 1 || user != os.Getuid() || group != os.Getgid() {
		t.Errorf("process %d says %d, %d, below %d, of user %d and group %d", p.PID(), own, shown, above, user, group)
	}
	for _, pid := range []int{os.Getpid(), os.Getppid(), parent(t, p.PID()), p.PID(), q.PID()} {
		if said, err := router.Invoke[string](t.Context(), p.Port(), "signal", pid); err != nil || said == "<nil>" {
			t.Errorf("a signal to %d: %v, %v", pid, said, err)
		}
	}
	if said, err := router.Invoke[string](t.Context(), p.Port(), "signal", own); err != nil || said != "<nil>" {
		t.Errorf("a signal to itself: %v, %v", said, err)
	}
	pid := p.PID()
	p.Kill()
	if e := wait(t, p); e.PID != pid || e.Reason != utility.CleanExit {
		t.Errorf("%d: %+v", pid, e)
	}
}

// An ordinary user may have the namespace, too.
func TestApartForOrdinaryUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Log("this is one")
		return
	}
	self, err := os.Open("/proc/self/exe") // which that user may run, but not find in the folder of root's where it is
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	c := exec.Command("/proc/self/fd/3", "-test.run=^(TestApart|TestApartKeeperKilled|TestExit|TestDiesWithItsParent)$", "-test.count=1")
	c.Dir, c.ExtraFiles = "/", []*os.File{self}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := c.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("PASS")) {
		t.Errorf("%v\n%s", err, out)
	}
}

// Where there are no namespaces, there is a process all the same, and a line in the log for each keeper.
func TestNoNamespaces(t *testing.T) {
	if os.Getenv(envNoNamespaces) == "" {
		c := exec.Command(os.Args[0], "-test.run=^(TestNoNamespaces|TestKeeperKilled|TestSandbox)$", "-test.count=1", "-test.v")
		c.Env = append(os.Environ(), envNoNamespaces+"=1")
		if out, err := c.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("--- PASS: TestNoNamespaces")) {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	core, logs := observer.New(zap.WarnLevel)
	o := utility.Options{ServiceName: "Apart", Log: zap.New(core)}
	for range 2 {
		p, q := fork(t, "apart", o), fork(t, "apart", o)
		if own, shown, _, _, _ := numbers(t, p); own != shown || shown != p.PID() {
			t.Errorf("process %d says %d, %d", p.PID(), own, shown)
		}
		_ = unix.Kill(parent(t, q.PID()), unix.SIGKILL)
		wait(t, p)
		wait(t, q)
	}
	lines := logs.All()
	if len(lines) != 2 || lines[0].ContextMap()["service"] != "Apart" || !strings.Contains(fmt.Sprint(lines[0].ContextMap()["error"]), "PID namespace") {
		t.Errorf("the log says %v", lines)
	}
}
