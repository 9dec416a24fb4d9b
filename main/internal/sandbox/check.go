package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// helperName is what Chromium calls its setuid helper.
const helperName = "chrome-sandbox"

// host is the machine as Check sees it; tests make one up.
type host struct {
	euid    int
	proc    string       // where /proc is
	exe     string       // this executable, links followed
	helper  string       // HelperEnv as it is set
	clone   func() error // makes a process in namespaces of its own
	inspect func(path string) (file, error)
}

// file is what decides whether a helper can serve.
type file struct {
	uid    uint32
	mode   fs.FileMode
	nosuid bool // its file system gives no rights to setuid files
}

// Check tells whether Chromium's sandbox can work for this process, and by what means. runtimeDir is the folder of the CEF runtime.
func Check(runtimeDir string) Report {
	exe, err := os.Executable()
	if err == nil {
		if real, err := filepath.EvalSymlinks(exe); err == nil {
			exe = real
		}
	}
	h := host{
		euid: os.Geteuid(), proc: "/proc", exe: exe, helper: os.Getenv(HelperEnv), clone: cloneNamespaces, inspect: inspect,
	}
	return h.check(runtimeDir)
}

func (h *host) check(runtimeDir string) Report {
	if h.euid == 0 {
		return Report{
			Why:  "the app was started by root, and Chromium runs no sandbox for root",
			Mend: "Start it as an ordinary user: setpriv --reuid=UID --regid=GID --clear-groups COMMAND, su USER -c COMMAND, or USER in a Dockerfile. In Oriel's checkout, scripts/run.sh does it.",
		}
	}
	cloned := h.clone()
	if cloned == nil {
		return Report{Means: Namespace}
	}
	path, set := h.findHelper(runtimeDir)
	bad, mendHelper := h.badHelper(path, runtimeDir)
	if bad == "" {
		report := Report{Means: Setuid}
		if set {
			report.Helper = path
		}
		return report
	}
	why, mend := h.whyNoNamespace(cloned)
	report := Report{Why: why + "; and " + bad, Mend: "To mend it: " + mend}
	if mendHelper != "" {
		report.Mend += "\nor: " + mendHelper
	}
	return report
}

// whyNoNamespace turns the kernel's refusal into its cause, and the command that undoes it where there is one.
func (h *host) whyNoNamespace(err error) (why, mend string) {
	switch {
	case h.sysctl("kernel/unprivileged_userns_clone") == "0":
		return "user namespaces are switched off (kernel.unprivileged_userns_clone = 0)", "sudo sysctl -w kernel.unprivileged_userns_clone=1"
	case h.sysctl("user/max_user_namespaces") == "0":
		return "user namespaces are switched off (user.max_user_namespaces = 0)", "sudo sysctl -w user.max_user_namespaces=15000"
	case h.sysctl("kernel/apparmor_restrict_unprivileged_userns") == "1":
		return "AppArmor forbids user namespaces to programs without a profile (kernel.apparmor_restrict_unprivileged_userns = 1, as on Ubuntu)",
			"give the app an AppArmor profile that allows userns"
	}
	return fmt.Sprintf("user namespaces are forbidden (%v), as containers often do", err), "allow the container clone with CLONE_NEWUSER in its seccomp profile"
}

func (h *host) sysctl(name string) string {
	text, err := os.ReadFile(filepath.Join(h.proc, "sys", name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// findHelper finds the helper that Chromium would take. Chromium's own rule: the one beside the executable, whatever it is like; if
// there is none, the one that HelperEnv names, but only for an executable that belongs to the user. With set, HelperEnv must be set
// to path.
func (h *host) findHelper(runtimeDir string) (path string, set bool) {
	path = filepath.Join(filepath.Dir(h.exe), helperName)
	if _, err := h.inspect(path); err == nil {
		return path, false
	}
	if exe, err := h.inspect(h.exe); err != nil || int(exe.uid) != h.euid {
		return path, false
	}
	if h.helper != "" {
		return h.helper, false
	}
	return filepath.Join(runtimeDir, helperName), true
}

// badHelper says why a setuid helper cannot serve, and what mends that, if anything does. It returns "" for one that can.
func (h *host) badHelper(path, runtimeDir string) (bad, mend string) {
	f, err := h.inspect(path)
	own := fmt.Sprintf("sudo chown root:root '%s' && sudo chmod 4755 '%s'", path, path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Sprintf("the setuid helper %s is missing", path),
			fmt.Sprintf("sudo install -o root -g root -m 4755 '%s' '%s'", filepath.Join(runtimeDir, helperName), path)
	case err != nil:
		return fmt.Sprintf("the setuid helper cannot be looked at: %v", err), ""
	case f.uid != 0:
		return fmt.Sprintf("the setuid helper %s has the wrong owner: uid %d, and it must be root", path, f.uid), own
	case f.mode&fs.ModeSetuid == 0 || f.mode.Perm()&0o001 == 0:
		return fmt.Sprintf("the setuid helper %s has the wrong mode: %s, and it must be 4755", path, octal(f.mode)), own
	case f.nosuid:
		return fmt.Sprintf("the setuid helper %s lies on a file system that is mounted nosuid", path), ""
	case h.noNewPrivs():
		return "this process may not gain privileges (no_new_privs), so that no setuid helper can work", ""
	}
	return "", ""
}

func (h *host) noNewPrivs() bool {
	status, err := os.ReadFile(filepath.Join(h.proc, "self/status"))
	return err == nil && strings.Contains(string(status), "\nNoNewPrivs:\t1\n")
}

// octal writes a mode as chmod takes it.
func octal(mode fs.FileMode) string {
	bits := uint32(mode.Perm())
	if mode&fs.ModeSetuid != 0 {
		bits |= syscall.S_ISUID
	}
	if mode&fs.ModeSetgid != 0 {
		bits |= syscall.S_ISGID
	}
	return fmt.Sprintf("%04o", bits)
}
