package utility_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/utility"
)

// envNoLandlock makes a test process one whose kernel has no Landlock: its value is what asking for it fails with.
const envNoLandlock = "ORIEL_TEST_NO_LANDLOCK"

func init() {
	errno, err := strconv.Atoi(os.Getenv(envNoLandlock))
	if err != nil {
		return
	}
	if err := seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync, Policy: seccomp.Policy{
		DefaultAction: seccomp.ActionAllow,
		Syscalls:      []seccomp.SyscallGroup{{Names: []string{"landlock_create_ruleset"}, Action: seccomp.ActionErrno | seccomp.Action(errno)}},
	}}); err != nil {
		panic(err)
	}
}

// Without Landlock there is no process, or, if the app says so, one in a weaker sandbox, and that is said.
func TestNoLandlock(t *testing.T) {
	if os.Getenv(envNoLandlock) == "" {
		for _, errno := range []unix.Errno{unix.ENOSYS, unix.EOPNOTSUPP} { // not built in, and switched off
			c := exec.Command(os.Args[0], "-test.run=^TestNoLandlock$", "-test.count=1")
			c.Env = append(os.Environ(), fmt.Sprintf("%s=%d", envNoLandlock, int(errno)))
			if out, err := c.CombinedOutput(); err != nil || !bytes.Contains(out, []byte(`utility process "burglar" runs in a weaker sandbox: the kernel cannot hold`)) {
				t.Errorf("%v: %v\n%s", errno, err, out)
			}
		}
		return
	}
	refused := func(o utility.Options) {
		t.Helper()
		p, err := utility.Fork(context.Background(), "burglar", o)
		if !errors.Is(err, utility.ErrSandbox) || !strings.Contains(err.Error(), "no Landlock") {
			t.Errorf("a process that cannot be confined runs: %v, %v", p != nil, err)
		}
	}
	refused(utility.Options{})
	refused(utility.Options{Program: "/bin/true"})
	if n := len(tree(os.Getpid())); n > 1 {
		t.Errorf("%d processes run", n)
	}
	core, logs := observer.New(zap.ErrorLevel)
	weak := utility.Sandbox{Weak: true}
	h := build(t)
	fresh := filepath.Join(h.open, "fresh")
	for _, c := range []struct {
		sandbox       utility.Sandbox
		log           *zap.Logger
		done, refused []string
	}{
		{weak, zap.New(core), []string{"read " + h.inside, "write " + fresh, "remove " + fresh, "pair", "privileges"},
			[]string{"tcp " + h.tcp, "unix " + h.unix, "run /bin/true", "kill", "chmod " + h.inside, "ptrace", "unshare"}},
		{utility.Sandbox{Weak: true, Network: true, Exec: true}, nil, []string{"tcp " + h.tcp, "run /bin/true", "write " + fresh},
			[]string{"unix " + h.unix, "chmod " + h.inside, "ptrace"}},
		{utility.Sandbox{Off: true}, zap.New(core), []string{"tcp " + h.tcp, "chmod " + h.inside}, nil},
	} {
		p := fork(t, "burglar", utility.Options{Sandbox: c.sandbox, Log: c.log, Args: []string{"self"}})
		said := messages(p)
		for want, list := range map[string][]string{"done": c.done, "refused": c.refused} {
			for _, attempt := range list {
				how, word, _ := strings.Cut(attempt, " ")
				if err := p.Port().Send("try", []string{how, word}); err != nil {
					t.Fatal(err)
				}
				if got := next(t, said); got != want {
					t.Errorf("%+v: %s: %v, want %s", c.sandbox, attempt, got, want)
				}
			}
		}
		p.Kill()
		wait(t, p)
	}
	if lines := logs.FilterMessage("a utility process runs in a weaker sandbox").All(); len(lines) != 1 || lines[0].ContextMap()["service"] != "burglar" {
		t.Errorf("the log says %v", logs.All())
	}
	e := wait(t, fork(t, "glutton", utility.Options{Sandbox: weak, Log: zap.New(core), Args: []string{"time"}, Limits: utility.Limits{CPU: time.Second}}))
	if e.Reason != utility.Killed {
		t.Errorf("a limit: %v", e)
	}
	p := fork(t, "sh", utility.Options{Program: "/bin/sh", Args: []string{"-c", "exec 3<&- ; : > " + fresh + "; chmod 600 " + fresh + " 2>/dev/null; echo $?"},
		Sandbox: weak, Log: zap.New(core), Stdio: utility.Stdio{Stdout: utility.Pipe}})
	var text bytes.Buffer
	if _, err := text.ReadFrom(p.Stdout()); err != nil || text.String() != "1\n" {
		t.Errorf("a program in a weaker sandbox says %q, %v", text.String(), err)
	}
	wait(t, p)
	if _, err := os.Stat(fresh); err != nil {
		t.Error("files are open to it:", err)
	}
}
