package app_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/window"
)

// catchStderr leads all that this process and its children write to standard error into a file, from the start of the app on. What is
// there at the end is given to check.
func catchStderr(t *testing.T, check func(text string)) {
	t.Helper()
	if apptest.Dir() == "" {
		return
	}
	f, err := os.Create(filepath.Join(apptest.Dir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Dup3(int(f.Fd()), 2, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // after the app's end
		text, err := os.ReadFile(f.Name())
		if err != nil {
			t.Error(err)
		}
		check(string(text))
	})
}

func pipes(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(apptest.Dir(), "data/chromium/log.*"))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func TestReleaseIsSilent(t *testing.T) {
	o := site()
	o.Log = zap.NewNop() // as it is without ORIEL_LOG
	catchStderr(t, func(text string) {
		if text != "" {
			t.Errorf("standard error has %s", text)
		}
		if p := pipes(t); len(p) != 0 {
			t.Errorf("left behind: %v", p)
		}
	})
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		open(t, a, "index.html")
		cef.Log("here.cc", 1, cef.LogSeverityError, "an error that nobody wants to hear of")
	})
}

func TestLogShowsEverything(t *testing.T) {
	// "2026-11-22T22:20:23.278Z	ERROR	cef	Failed …	{…}", and the app's own.
	form := regexp.MustCompile(`^\d{4}-\d\d-\d\dT\S+\t(DEBUG|INFO|WARN|ERROR)\t`)
	catchStderr(t, func(text string) {
		for line := range strings.Lines(text) {
			if !form.MatchString(line) {
				t.Errorf("this line did not go through the app's log: %s", line)
			}
		}
		own := fmt.Sprintf("\tcef\tsaid by libcef\t{\"pid\": \"%d\", \"at\": \"here.cc:7\"}", os.Getpid())
		if n := strings.Count(text, own); n != 1 {
			t.Errorf("%q is there %d times:\n%s", own, n, text)
		}
		for _, m := range regexp.MustCompile(`\tcef\t.*"pid": "(\d+)"`).FindAllStringSubmatch(text, -1) {
			if m[1] != itoa(os.Getpid()) {
				return
			}
		}
		t.Errorf("nothing is heard from other processes:\n%s", text)
	})
	o := site()
	apptest.InAppWith(t, apptest.Process{Env: []string{"ORIEL_LOG=debug"}}, o, func(t *testing.T, a *app.App) {
		open(t, a, "index.html")
		cef.Log("here.cc", 7, cef.LogSeverityInfo, "said by libcef")
	})
}

func TestLogLinesAreWholeAndBounded(t *testing.T) {
	o, logs := observed(site(), zapcore.InfoLevel)
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		open(t, a, "index.html")
		pipe, err := os.OpenFile(pipes(t)[0], os.O_WRONLY, 0) // as a process of Chromium has it
		if err != nil {
			t.Fatal(err)
		}
		defer pipe.Close()
		var all sync.WaitGroup
		for n := range 4 {
			all.Go(func() {
				for i := range 50 {
					cef.Log("own.cc", n, cef.LogSeverityWarning, fmt.Sprintf("own %d %d %s end", n, i, strings.Repeat("o", 900)))
				}
			})
			all.Go(func() {
				for i := range 50 {
					fmt.Fprintf(pipe, "[77:1122/220924.514542:WARNING:other.cc:%d] other %d %d %s end\n", n, n, i, strings.Repeat("x", 900))
				}
			})
		}
		all.Wait()
		cef.Log("own.cc", 1, cef.LogSeverityWarning, "giant"+strings.Repeat("g", 1<<20))
		pipe.Write(append(bytes.Repeat([]byte("w"), 1<<20), '\n'))
		pipe.Write([]byte("last \x1b[31mline\n"))
		eventually(t, "the last line is logged", func() bool { return logs.FilterMessage("last \uFFFD[31mline").Len() == 1 })
		whole := regexp.MustCompile(`^(own \d \d+ o{900}|other \d \d+ x{900}) end$`)
		others := 0
		for _, e := range logs.All() {
			if len(e.Message) > 8192 {
				t.Errorf("a line of %d bytes: %.40s…", len(e.Message), e.Message)
			}
			if strings.HasPrefix(e.Message, "other") {
				others++
			}
			if m := e.Message; (strings.HasPrefix(m, "o") || strings.Contains(m, " end")) && !whole.MatchString(m) {
				t.Errorf("this line is not whole: %.40s…", m)
			}
		}
		if others != 200 {
			t.Errorf("%d of the other process's 200 lines arrived", others)
		}
	})
}

func TestStalePipesGo(t *testing.T) {
	if apptest.Dir() != "" {
		dir := filepath.Join(apptest.Dir(), "data/chromium")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"log.1.pipe", "log.99999999.pipe"} { // process 1 lives, the other one cannot
			if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		var names []string
		for _, p := range pipes(t) {
			names = append(names, filepath.Base(p))
		}
		if got, want := strings.Join(names, " "), fmt.Sprintf("log.1.pipe log.%d.pipe", os.Getpid()); got != want {
			t.Errorf("there are the pipes %s, want %s", got, want)
		}
	})
}

// The last words of a process that dies cannot wait for anybody to log them.
func TestFatalLinesReachStderr(t *testing.T) {
	o := site()
	o.Log = zap.NewNop()
	if apptest.Dir() == "" {
		output, err := apptest.Start(t, self(t, apptest.Process{}))
		if err == nil || !strings.Contains(output, ":FATAL:here.cc:1] these are the last words") {
			t.Errorf("the process ended with %v, its output is %s", err, output)
		}
		return
	}
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		cef.Log("here.cc", 1, cef.LogSeverityFatal, "these are the last words")
	})
}

// Standard error stays the app's own: libcef's is led away, and nobody else's.
func TestStderrStaysTheApps(t *testing.T) {
	catchStderr(t, func(text string) {
		if text != "said by Go\n" {
			t.Errorf("standard error has %q", text)
		}
	})
	o := site()
	o.Log = zap.NewNop()
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		if _, err := window.New(a, window.Options{URL: "about:blank"}); err != nil {
			t.Fatal(err)
		}
		w := bufio.NewWriter(os.Stderr)
		io.WriteString(w, "said by Go\n")
		w.Flush()
	})
}
