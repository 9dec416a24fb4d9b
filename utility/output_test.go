package utility_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/utility"
)

// envOutput makes a test process an app whose utility process talks; its value says where to.
const envOutput = "ORIEL_TEST_OUTPUT"

// What a process prints is in the app's own output if it inherits that, each stream by itself, and nowhere if it is to be ignored.
func TestOutputInherited(t *testing.T) {
	streams := map[string]utility.Stdio{
		"inherit": {}, "ignore": {Stdout: utility.Ignore, Stderr: utility.Ignore}, "out": {Stderr: utility.Ignore}, "err": {Stdout: utility.Ignore},
	}
	if where, app := os.LookupEnv(envOutput); app {
		if e := wait(t, fork(t, "talker", utility.Options{Stdio: streams[where]})); e.Reason != utility.CleanExit {
			t.Error(e)
		}
		return
	}
	for where, s := range streams {
		c := exec.Command("/proc/self/exe", "-test.run=^TestOutputInherited$", "-test.count=1")
		c.Env = append(os.Environ(), envOutput+"="+where)
		var out, wrong bytes.Buffer
		c.Stdout, c.Stderr = &out, &wrong
		if err := c.Run(); err != nil {
			t.Fatalf("%s: %v\n%s%s", where, err, &out, &wrong)
		}
		said := strings.HasPrefix(out.String(), "one\ntwo\n"+strings.Repeat("x", 20<<10)+"\nno end of line")
		if said != (s.Stdout == utility.Inherit) || strings.Contains(out.String(), "one") != said {
			t.Errorf("%s: the app's output begins with %.40q", where, &out)
		}
		if want := map[bool]string{true: "wrong\n"}[s.Stderr == utility.Inherit]; wrong.String() != want {
			t.Errorf("%s: the app's standard error is %.40q", where, &wrong)
		}
	}
}

// A pipe has what a process prints, each stream its own, to the last byte; other streams have none.
func TestOutputPiped(t *testing.T) {
	p := fork(t, "talker", utility.Options{Stdio: utility.Stdio{Stdout: utility.Pipe, Stderr: utility.Pipe}})
	out, err := io.ReadAll(p.Stdout())
	if err != nil || string(out) != "one\ntwo\n"+strings.Repeat("x", 20<<10)+"\nno end of line" {
		t.Errorf("%.40q, %v", out, err)
	}
	if wrong, err := io.ReadAll(p.Stderr()); err != nil || string(wrong) != "wrong\n" {
		t.Errorf("%q, %v", wrong, err)
	}
	wait(t, p)
	q := fork(t, "talker", utility.Options{Stdio: utility.Stdio{Stdout: utility.Ignore, Stderr: utility.Ignore}})
	if q.Stdout() != nil || q.Stderr() != nil {
		t.Error("there is a pipe that nobody asked for")
	}
	wait(t, q)
}
