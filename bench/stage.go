package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/oriel-go/oriel/cef/distribution"
)

// nobody is who Chromium runs as when root calls: it cannot be sandboxed as root, and the sandbox stays on.
const nobody = 65534

// stage is a folder that the measured user can reach, with the programs, their homes and a display.
type stage struct {
	dir     string
	cef     string
	display string
	root    bool
	xvfb    *exec.Cmd
}

func openStage() (*stage, error) {
	s := &stage{root: os.Geteuid() == 0, dir: os.Getenv("ORIEL_STAGE")}
	cef, err := distribution.Locate("")
	if err != nil {
		return nil, err
	}
	if s.cef, err = filepath.Abs(cef); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp(s.dir, "oriel-bench-"); err != nil {
		return nil, err
	}
	if err := errors.Join(os.Chmod(s.dir, 0o755), s.own(s.dir)); err != nil {
		return nil, err
	}
	if err := s.reachable(filepath.Join(s.cef, distribution.Library)); err != nil {
		return nil, err
	}
	return s, s.openDisplay()
}

// close ends the display and removes the stage's folder.
func (s *stage) close() {
	if s.xvfb != nil {
		_ = s.xvfb.Process.Kill()
		_ = s.xvfb.Wait()
	}
	_ = os.RemoveAll(s.dir)
}

func (s *stage) own(path string) error {
	if !s.root {
		return nil
	}
	return os.Chown(path, nobody, nobody)
}

// command prepares a program that runs as the measured user, in a process group of its own.
func (s *stage) command(name string, arguments ...string) *exec.Cmd {
	command := exec.Command(name, arguments...)
	command.Dir = s.dir
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "ORIEL_CEF_DIR=" + s.cef}
	if s.root {
		command.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	} else if authority := os.Getenv("XAUTHORITY"); authority != "" {
		command.Env = append(command.Env, "XAUTHORITY="+authority)
	}
	if s.display != "" {
		command.Env = append(command.Env, "DISPLAY="+s.display)
	}
	return command
}

func (s *stage) reachable(path string) error {
	if out, err := s.command("test", "-r", path).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: the user that runs the hosts cannot read it: %w %s", path, err, out)
	}
	return nil
}

// openDisplay keeps the caller's display; root has none that the measured user may use, and gets one of its own.
func (s *stage) openDisplay() error {
	if s.display = os.Getenv("DISPLAY"); s.display != "" && !s.root {
		return nil
	}
	s.display = ""
	number, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	defer number.Close()
	s.xvfb = s.command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp", "-noreset")
	s.xvfb.ExtraFiles = []*os.File{theirs}
	err = s.xvfb.Start()
	_ = theirs.Close()
	if err != nil {
		s.xvfb = nil
		return fmt.Errorf("no display and no Xvfb: %w", err)
	}
	_ = number.SetReadDeadline(time.Now().Add(20 * time.Second))
	line, err := bufio.NewReader(number).ReadString('\n')
	if err != nil {
		s.close()
		return fmt.Errorf("no display number from Xvfb: %w", err)
	}
	s.display = ":" + strings.TrimSpace(line)
	return nil
}

// home makes a fresh home, owned by the measured user.
func (s *stage) home(name string) (string, error) {
	dir := filepath.Join(s.dir, name)
	return dir, errors.Join(os.MkdirAll(dir, 0o700), s.own(dir))
}

// build compiles both sides into build/bench of the checkout and copies them to the stage.
func (s *stage) build(checkout string, withApp bool) (raw, app string, err error) {
	out := filepath.Join(checkout, "build", "bench")
	if err := run(checkout, "make", "-s", "-C", "bench/rawhost", "OUT="+out); err != nil {
		return "", "", err
	}
	if raw, err = s.take(filepath.Join(out, "rawhost")); err != nil || !withApp {
		return raw, "", err
	}
	if err := run(checkout, "go", "build", "-o", filepath.Join(out, "app"), "./bench/app"); err != nil {
		return "", "", err
	}
	app, err = s.take(filepath.Join(out, "app"))
	return raw, app, err
}

func (s *stage) take(program string) (string, error) {
	in, err := os.Open(program)
	if err != nil {
		return "", err
	}
	defer in.Close()
	staged := filepath.Join(s.dir, filepath.Base(program))
	out, err := os.OpenFile(staged, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(out, in)
	return staged, errors.Join(err, out.Close(), os.Chmod(staged, 0o755))
}

func run(dir, name string, arguments ...string) error {
	command := exec.Command(name, arguments...)
	command.Dir = dir
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, strings.Join(arguments, " "), err)
	}
	return nil
}
