package sandbox

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const (
	setuid = fs.ModeSetuid | 0o755
	user   = 1000
)

// machine makes up a host: an ordinary user with an executable of their own, no namespaces, and the files given.
func machine(t *testing.T, files map[string]file) *host {
	if files == nil {
		files = map[string]file{}
	}
	if _, ok := files["/app/hello"]; !ok {
		files["/app/hello"] = file{uid: user, mode: 0o755}
	}
	return &host{
		euid: user, proc: t.TempDir(), exe: "/app/hello",
		clone: func() error { return syscall.EPERM },
		inspect: func(path string) (file, error) {
			if f, ok := files[path]; ok {
				return f, nil
			}
			return file{}, &fs.PathError{Op: "stat", Path: path, Err: fs.ErrNotExist}
		},
	}
}

// with writes files of the made-up /proc.
func (h *host) with(t *testing.T, name, text string) *host {
	t.Helper()
	path := filepath.Join(h.proc, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestNamespacesAreTakenFirst(t *testing.T) {
	h := machine(t, map[string]file{"/cef/chrome-sandbox": {uid: 0, mode: setuid}})
	h.clone = func() error { return nil }
	h.with(t, "sys/kernel/apparmor_restrict_unprivileged_userns", "1\n") // a profile allows it: what counts is that it works
	if got := h.check("/cef"); got != (Report{Means: Namespace}) {
		t.Errorf("%+v", got)
	}
}

func TestSetuidHelper(t *testing.T) {
	good := file{uid: 0, mode: setuid}
	for _, test := range []struct {
		name, env string
		files     map[string]file
		want      Report
	}{
		{"in the runtime's folder", "", map[string]file{"/cef/chrome-sandbox": good}, Report{Means: Setuid, Helper: "/cef/chrome-sandbox"}},
		{"beside the executable", "", map[string]file{"/app/chrome-sandbox": good}, Report{Means: Setuid}},
		{"beside another user's executable", "", map[string]file{"/app/chrome-sandbox": good, "/app/hello": {uid: 0}}, Report{Means: Setuid}},
		{"named by the environment", "/opt/helper", map[string]file{"/opt/helper": good}, Report{Means: Setuid}},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := machine(t, test.files)
			h.helper = test.env
			if got := h.check("/cef"); got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
		})
	}
}

func TestWhyNot(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]file
		proc  [2]string
		want  []string
	}{
		{"switched off the Debian way", nil, [2]string{"sys/kernel/unprivileged_userns_clone", "0\n"},
			[]string{"kernel.unprivileged_userns_clone = 0", "sudo sysctl -w kernel.unprivileged_userns_clone=1"}},
		{"switched off the kernel's way", nil, [2]string{"sys/user/max_user_namespaces", "0\n"},
			[]string{"user.max_user_namespaces = 0", "sudo sysctl -w user.max_user_namespaces="}},
		{"AppArmor", nil, [2]string{"sys/kernel/apparmor_restrict_unprivileged_userns", "1\n"},
			[]string{"AppArmor", "Ubuntu", "profile"}},
		{"a container", nil, [2]string{"sys/user/max_user_namespaces", "1000\n"}, []string{"operation not permitted", "seccomp"}},
		{"no helper", nil, [2]string{"x", ""}, []string{"/cef/chrome-sandbox is missing", "sudo install -o root -g root -m 4755 '/cef/chrome-sandbox'"}},
		{"helper of the wrong owner", map[string]file{"/cef/chrome-sandbox": {uid: user, mode: setuid}}, [2]string{"x", ""},
			[]string{"wrong owner: uid 1000", "sudo chown root:root '/cef/chrome-sandbox' && sudo chmod 4755 '/cef/chrome-sandbox'"}},
		{"helper of the wrong mode", map[string]file{"/cef/chrome-sandbox": {uid: 0, mode: 0o755}}, [2]string{"x", ""},
			[]string{"wrong mode: 0755", "must be 4755"}},
		{"helper that others may not execute", map[string]file{"/cef/chrome-sandbox": {uid: 0, mode: fs.ModeSetuid | 0o750}}, [2]string{"x", ""},
			[]string{"wrong mode: 4750"}},
		{"helper where setuid means nothing", map[string]file{"/cef/chrome-sandbox": {uid: 0, mode: setuid, nosuid: true}}, [2]string{"x", ""},
			[]string{"nosuid"}},
		{"no new privileges", map[string]file{"/cef/chrome-sandbox": {uid: 0, mode: setuid}}, [2]string{"self/status", "Name:\tx\nNoNewPrivs:\t1\nSeccomp:\t0\n"},
			[]string{"no_new_privs"}},
		// Chromium takes what lies beside the executable, and ignores a good one elsewhere.
		{"a bad helper before a good one", map[string]file{"/app/chrome-sandbox": {uid: user, mode: 0o755}, "/cef/chrome-sandbox": {uid: 0, mode: setuid}}, [2]string{"x", ""},
			[]string{"/app/chrome-sandbox has the wrong owner"}},
		{"another user's executable", map[string]file{"/app/hello": {uid: 0}, "/cef/chrome-sandbox": {uid: 0, mode: setuid}}, [2]string{"x", ""},
			[]string{"/app/chrome-sandbox is missing", "sudo install -o root -g root -m 4755 '/cef/chrome-sandbox' '/app/chrome-sandbox'"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			report := machine(t, test.files).with(t, test.proc[0], test.proc[1]).check("/cef")
			err := report.Err()
			if !errors.Is(err, ErrUnusable) || report.Means != None {
				t.Fatalf("%+v", report)
			}
			for _, want := range append(test.want, "mend") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in: %v", want, err)
				}
			}
		})
	}
}

func TestRoot(t *testing.T) {
	h := machine(t, nil)
	h.euid = 0
	h.clone = func() error { t.Error("root was probed for namespaces"); return nil }
	err := h.check("/cef").Err()
	if !errors.Is(err, ErrUnusable) || !strings.Contains(err.Error(), "root") || !strings.Contains(err.Error(), "as an ordinary user: ") {
		t.Errorf("%v", err)
	}
}

func TestPolicies(t *testing.T) {
	broken := Report{Why: "the moon", Mend: "wait"}
	works := Report{Means: Setuid, Helper: "/cef/chrome-sandbox"}
	if d, err := decide(Required, works); err != nil || d != (Decision{Sandbox: true, Helper: works.Helper}) {
		t.Errorf("Required, works: %+v, %v", d, err)
	}
	if d, err := decide(Required, broken); !errors.Is(err, ErrUnusable) || d.Sandbox {
		t.Errorf("Required, broken: %+v, %v", d, err)
	}
	if d, err := decide(Auto, works); err != nil || !d.Sandbox || d.Warning != "" {
		t.Errorf("Auto, works: %+v, %v", d, err)
	}
	if d, err := decide(Auto, broken); err != nil || d.Sandbox || !strings.Contains(d.Warning, "WITHOUT") || !strings.Contains(d.Warning, "the moon") {
		t.Errorf("Auto, broken: %+v, %v", d, err)
	}
	if d, err := Decide(Disabled, ""); err != nil || d.Sandbox || d.Warning == "" {
		t.Errorf("Disabled: %+v, %v", d, err)
	}
	var zero Policy
	if zero != Required || zero.String() != "Required" || Auto.String() != "Auto" || Disabled.String() != "Disabled" || Policy(9).String() != "Policy(9)" {
		t.Error("the policies' names")
	}
}

// On the machine that runs the tests, whatever it allows, the real probe must come to an answer that has its reason.
func TestThisMachine(t *testing.T) {
	report := Check(t.TempDir())
	err := report.Err()
	if os.Geteuid() == 0 && (err == nil || !strings.Contains(err.Error(), "root")) {
		t.Errorf("root: %v", err)
	}
	if (report.Means == None) != (err != nil) {
		t.Errorf("%+v: %v", report, err)
	}
	if err := cloneNamespaces(); err != nil && !errors.Is(err, syscall.EPERM) && !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EACCES) {
		t.Errorf("the probe failed of itself: %v", err)
	}
}

func TestInspect(t *testing.T) {
	path := filepath.Join(t.TempDir(), "helper")
	if err := os.WriteFile(path, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, setuid); err != nil {
		t.Fatal(err)
	}
	f, err := inspect(path)
	if err != nil || int(f.uid) != os.Geteuid() || octal(f.mode) != "4755" {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := inspect(path + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}
