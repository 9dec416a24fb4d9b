package app_test

import (
	"flag"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
)

// Chromium's switches that the tests put on the command line, where package flag has to know them.
var debugPort = flag.String("remote-debugging-port", "", "for Chromium")

func init() {
	flag.String("user-agent", "", "for Chromium")
	flag.Bool("no-sandbox", false, "for Chromium")
	flag.String("enable-features", "", "for Chromium")
	flag.String("disable-features", "", "for Chromium")
	flag.String("ozone-platform", "", "for Chromium")
}

// freePort is a port that nobody listens at.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func listens(port string) bool {
	c, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err == nil {
		c.Close()
	}
	return err == nil
}

// meddled is a process whose user wants to tell Chromium what to do. Paths are relative to the test's folder.
func meddled(t *testing.T, env ...string) apptest.Process {
	p := apptest.Process{Env: append(env, "SSLKEYLOGFILE=keys", "chrome_headless=1", "CHROME_LOG_FILE=chrome.log")}
	if apptest.Dir() == "" {
		p.Args = []string{"--remote-debugging-port=" + freePort(t), "--no-sandbox", "--user-agent=Meddler", "--ozone-platform=x11",
			"--enable-features=MediaRouter,Wanted", "--disable-features=Unwanted"}
	}
	return p
}

// passedOn is the command line of a process that the app starts.
func passedOn(t *testing.T) []string {
	t.Helper()
	for _, p := range ofKind(tree(t, os.Getpid()), "utility") {
		if p.has("--utility-sub-type=network.mojom.NetworkService") {
			return p.args
		}
	}
	t.Fatal("there is no network process")
	return nil
}

func featuresOf(args []string, name string) []string {
	for _, a := range args {
		if value, ok := strings.CutPrefix(a, "--"+name+"="); ok {
			return strings.Split(value, ",")
		}
	}
	return nil
}

func TestMeddlingIsIgnored(t *testing.T) {
	apptest.InAppWith(t, meddled(t, "ORIEL_DEBUG_PORT="+freePort(t)), site(), func(t *testing.T, a *app.App) {
		w := open(t, a, "index.html")
		if ua := eval[string](t, w, "navigator.userAgent"); strings.Contains(ua, "Meddler") || !strings.Contains(ua, "Chrome/") {
			t.Errorf("the user agent is %q", ua)
		}
		for _, port := range []string{*debugPort, os.Getenv("ORIEL_DEBUG_PORT")} {
			if listens(port) {
				t.Errorf("somebody listens at the debugging port %s", port)
			}
		}
		checkMeddled(t, os.Getpid(), true)
		args := passedOn(t)
		for _, name := range []string{"SSLKEYLOGFILE", "chrome_headless", "CHROME_LOG_FILE"} {
			if _, ok := os.LookupEnv(name); ok {
				t.Errorf("%s is still in the environment", name)
			}
		}
		if f := featuresOf(args, "disable-features"); !slices.Contains(f, "BackForwardCache") || slices.Contains(f, "Unwanted") {
			t.Errorf("features are disabled: %v", f)
		}
		if f := featuresOf(args, "enable-features"); slices.Contains(f, "Wanted") {
			t.Errorf("features are enabled: %v", f)
		}
		noFile(t, "keys") // C's environment has lost the variable, too: the network process would have made the file
		noFile(t, "chrome.log")
	})
}

func noFile(t *testing.T, name string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(apptest.Dir(), name)); err == nil {
		t.Errorf("the file %s was made", name)
	}
}

// checkObeyed checks an app in which Chromium obeys its user.
func checkObeyed(t *testing.T, a *app.App) {
	w := open(t, a, "index.html")
	if ua := eval[string](t, w, "navigator.userAgent"); ua != "Meddler" {
		t.Errorf("the user agent is %q", ua)
	}
	eventually(t, "Chromium listens at --remote-debugging-port", func() bool { return listens(*debugPort) })
	for _, p := range ofKind(tree(t, os.Getpid()), "renderer") {
		if p.status["Seccomp"] != "0" {
			t.Errorf("%v: --no-sandbox has no effect", p)
		}
	}
	if _, err := os.Stat(filepath.Join(apptest.Dir(), "keys")); err != nil {
		t.Errorf("SSLKEYLOGFILE has no effect: %v", err)
	}
	args := passedOn(t)
	disabled, enabled := featuresOf(args, "disable-features"), featuresOf(args, "enable-features")
	if !slices.Contains(disabled, "BackForwardCache") || !slices.Contains(disabled, "Unwanted") || slices.Contains(disabled, "MediaRouter") {
		t.Errorf("features are disabled: %v; BackForwardCache and Unwanted should be, and not MediaRouter", disabled)
	}
	if !slices.Contains(enabled, "Wanted") || !slices.Contains(enabled, "MediaRouter") {
		t.Errorf("features are enabled: %v; Wanted and MediaRouter should be", enabled)
	}
}

func TestMeddlingByOption(t *testing.T) {
	o := site()
	o.ChromiumSwitchesFromArgs = true
	apptest.InAppWith(t, meddled(t), o, checkObeyed)
}

func TestMeddlingInDevelopment(t *testing.T) {
	apptest.InAppWith(t, meddled(t, "ORIEL_DEV=1"), site(), checkObeyed)
}

func TestChromiumSwitchesOption(t *testing.T) {
	o := site()
	o.ChromiumSwitches = []string{"user-agent=Chosen", "disable-features=Unwanted", "enable-features=Translate"}
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		w := open(t, a, "index.html")
		if ua := eval[string](t, w, "navigator.userAgent"); ua != "Chosen" {
			t.Errorf("the user agent is %q", ua)
		}
		args := passedOn(t)
		f := featuresOf(args, "disable-features")
		if !slices.Contains(f, "BackForwardCache") || !slices.Contains(f, "Unwanted") || slices.Contains(f, "Translate") {
			t.Errorf("features are disabled: %v", f)
		}
	})
}
