package apptest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/oriel-go/oriel/cef/distribution"
)

// nobody is the user that root starts apps as: it owns nothing.
const nobody = 65534

// EnvStage names a folder that the ordinary user can reach, for copies of test binaries and what the tests write.
const EnvStage = "ORIEL_STAGE"

// stage makes a folder for one test process, owned by the user it runs as.
func stage(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(os.Getenv(EnvStage), "oriel-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("the test's folder stays behind: %v", err)
		}
	})
	if os.Getuid() == 0 {
		if err := os.Chown(dir, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// asOrdinaryUser makes cmd run as nobody if this is root.
func asOrdinaryUser(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if os.Getuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
}

// asRoot makes cmd run with the user id 0.
func asRoot(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if uid, gid := os.Getuid(), os.Getgid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: gid, Size: 1}}
	}
}

// environment is what an app needs and nothing else, so that tests do not depend on whose machine this is.
func environment(t *testing.T, dir string) []string {
	t.Helper()
	runtimeDir, err := distribution.Locate("")
	if err != nil {
		t.Fatal(err)
	}
	env := []string{
		childEnv + "=" + dir, "HOME=" + dir, "TMPDIR=" + dir, "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", distribution.EnvDir + "=" + runtimeDir,
		"DISPLAY=" + display(t),
	}
	for _, name := range []string{"XAUTHORITY", "CHROME_DEVEL_SANDBOX", "ORIEL_LOG", soakEnv, "GOTRACEBACK", "GOCOVERDIR"} {
		if v := os.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}

var binary struct {
	sync.Once
	path string
	err  error
}

// testBinary is the running test binary where the ordinary user can start it: go test keeps it in a folder of its own user's.
func testBinary(t *testing.T) string {
	t.Helper()
	binary.Do(func() {
		binary.path, binary.err = os.Executable()
		if binary.err != nil || os.Getuid() != 0 {
			return
		}
		var dir string
		if dir, binary.err = os.MkdirTemp(os.Getenv(EnvStage), "oriel-bin-"); binary.err != nil {
			return
		}
		atExit(func() { os.RemoveAll(dir) })
		if binary.err = os.Chmod(dir, 0o755); binary.err == nil {
			binary.path, binary.err = copyFile(binary.path, filepath.Join(dir, filepath.Base(binary.path)))
		}
	})
	if binary.err != nil {
		t.Fatalf("stage the test binary: %v", binary.err)
	}
	return binary.path
}

func copyFile(from, to string) (string, error) {
	in, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return "", err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return "", err
	}
	return to, out.Close()
}

var exits []func()

func atExit(f func()) { exits = append(exits, f) }

// stopDisplay ends what was started for the package's tests.
func stopDisplay() {
	for _, f := range exits {
		f()
	}
}

var xvfb struct {
	sync.Once
	display string
	err     error
}

// display is the display there is, or an Xvfb started for this package's tests.
func display(t *testing.T) string {
	t.Helper()
	if d := os.Getenv("DISPLAY"); d != "" {
		return d
	}
	xvfb.Do(func() { xvfb.display, xvfb.err = startXvfb() })
	if xvfb.err != nil {
		t.Fatalf("no display, and Xvfb does not start (make setup installs it): %v", xvfb.err)
	}
	return xvfb.display
}

// startXvfb starts an X server on the first free display; it writes the number when it is ready to serve.
func startXvfb() (string, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer r.Close()
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp", "-noreset")
	cmd.ExtraFiles = []*os.File{w}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		w.Close()
		return "", err
	}
	w.Close()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		cmd.Wait()
		return "", fmt.Errorf("it ended before it served: %v", cmd.ProcessState)
	}
	atExit(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	})
	return ":" + strings.TrimSpace(line), nil
}
