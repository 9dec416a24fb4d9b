package app

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/main/internal/engine"
	"github.com/oriel-go/oriel/main/internal/sandbox"
	"github.com/oriel-go/oriel/main/pages"
)

// Options describe an app. Only Name is needed.
type Options struct {
	// Name is the app's short name: lower-case letters, digits and hyphens, a letter first. Its pages live at app://<Name>/, its data in a
	// folder of that name, and the window system knows its windows by it.
	Name string
	// Pages answers the requests for app://<Name>/…; see package pages for files. Any http.Handler will do.
	Pages http.Handler
	// Secure serves the same pages at an https-like origin of the app's own too ([App.SecureOrigin]), where service workers and cookies
	// work. Nothing of it touches a network.
	Secure bool
	// DataDir is where the app keeps its data, an absolute path. The default is $XDG_CONFIG_HOME/<Name> or ~/.config/<Name>. Two
	// running apps cannot share one.
	DataDir string
	// CEFDir is the folder of the CEF runtime. By default it is looked for in ORIEL_CEF_DIR, beside the executable and in the per-user cache.
	CEFDir string
	// Sandbox says what to do where Chromium's sandbox cannot work. The default is to refuse to start.
	Sandbox SandboxPolicy
	// KeepRunning keeps the app alive when its last window has closed.
	KeepRunning bool
	// OwnSignals leaves SIGINT, SIGTERM and SIGHUP to the app; by default they quit it. (Signals that the app asks for by signal.Notify reach it in
	// either case.)
	OwnSignals bool
	// Development switches on what helps developers and would be a danger to users: DevTools, Chromium's switches from the command line,
	// remote debugging by ORIEL_DEBUG_PORT. The environment variable ORIEL_DEV=1 sets it.
	Development bool
	// ChromiumSwitchesFromArgs lets Chromium obey switches on the app's command line, and variables meant for debugging it.
	ChromiumSwitchesFromArgs bool
	// ChromiumSwitches are more switches for Chromium, as in "lang=de" or "enable-features=X". Some weaken the sandbox; know them.
	ChromiumSwitches []string
	// Languages is the value of the pages' Accept-Language header, most wanted first: "de-DE,de,en". The default is the system's.
	Languages string
	// Log is where the app logs. The default is silent, but for the level that ORIEL_LOG names (debug, info, warn, error), to stderr;
	// in development that is warn.
	Log *zap.Logger
}

// A SandboxPolicy says what to do where Chromium's sandbox cannot work: for root, without user namespaces, behind Ubuntu's AppArmor rules.
type SandboxPolicy = sandbox.Policy

// The sandbox policies.
const (
	SandboxRequired SandboxPolicy = sandbox.Required // refuse to start, saying why and how to mend it; the default
	SandboxAuto     SandboxPolicy = sandbox.Auto     // go on without it, with a loud line in the log
	SandboxDisabled SandboxPolicy = sandbox.Disabled // never use it
)

// Environment variables that an app obeys.
const (
	EnvDevelopment = "ORIEL_DEV"        // "1" is Options.Development
	EnvDebugPort   = "ORIEL_DEBUG_PORT" // in development: remote debugging on that port of 127.0.0.1
	EnvLog         = "ORIEL_LOG"        // level of the default log
)

// complete fills in defaults and says what is wrong.
func (o *Options) complete() error {
	o.Development = o.Development || os.Getenv(EnvDevelopment) == "1"
	var err error
	if o.Log == nil {
		o.Log, err = defaultLog(o.Development)
	}
	if err := pages.CheckName(o.Name); err != nil {
		return fmt.Errorf("Options.Name: %w", err)
	}
	if o.DataDir == "" {
		config, err := os.UserConfigDir()
		if err != nil {
			return fmt.Errorf("no place for the app's data: %w; set Options.DataDir", err)
		}
		o.DataDir = filepath.Join(config, o.Name)
	}
	if !filepath.IsAbs(o.DataDir) {
		return fmt.Errorf("Options.DataDir is %q: it must be an absolute path", o.DataDir)
	}
	for _, s := range o.ChromiumSwitches {
		if s == "" || strings.HasPrefix(s, "-") {
			return fmt.Errorf("Options.ChromiumSwitches has %q: name switches without dashes", s)
		}
	}
	return errors.Join(err, o.checkDebugPort())
}

// defaultLog is silent unless ORIEL_LOG or development mode want otherwise.
func defaultLog(dev bool) (*zap.Logger, error) {
	level := os.Getenv(EnvLog)
	if level == "" {
		if !dev {
			return zap.NewNop(), nil
		}
		level = "warn"
	}
	l, err := zapcore.ParseLevel(level)
	if err != nil {
		return zap.NewNop(), fmt.Errorf("%s is %q: it must be debug, info, warn or error", EnvLog, level)
	}
	encoder := zap.NewDevelopmentEncoderConfig()
	return zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(encoder), zapcore.Lock(os.Stderr), l)), nil
}

func (o *Options) checkDebugPort() error {
	s := os.Getenv(EnvDebugPort)
	if s == "" || !o.Development {
		return nil
	}
	// The bounds are those of cef_settings_t.remote_debugging_port.
	if n, err := strconv.Atoi(s); err != nil || n < 1024 || n > 65535 {
		return fmt.Errorf("%s is %q: it must be a port from 1024 to 65535", EnvDebugPort, s)
	}
	return nil
}

func (o *Options) debugPort() int {
	if !o.Development {
		return 0
	}
	n, _ := strconv.Atoi(os.Getenv(EnvDebugPort))
	return n
}

func (o *Options) switches() []engine.Switch {
	var out []engine.Switch
	for _, s := range o.ChromiumSwitches {
		name, value, _ := strings.Cut(s, "=")
		out = append(out, engine.Switch{Name: name, Value: value})
	}
	return out
}

// severity is how much libcef is to tell: what the app's log would drop need not be written, but for errors, which say why it does not start.
func (o *Options) severity() cef.LogSeverity {
	switch {
	case o.Log.Core().Enabled(zapcore.DebugLevel):
		return cef.LogSeverityInfo
	case o.Log.Core().Enabled(zapcore.WarnLevel):
		return cef.LogSeverityWarning
	}
	return cef.LogSeverityError
}
