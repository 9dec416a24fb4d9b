// Package engine runs libcef in the main process: its start, its UI thread, its end. There is one per process.
package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/renderer"
)

// Options are what libcef is started with.
type Options struct {
	RuntimeDir string // folder of libcef.so, absolute
	DataDir    string // the profile and everything else that is kept; absolute, one running app each
	NoSandbox  bool
	// OwnSwitches lets Chromium see the command line of the app. Else it sees only Switches.
	OwnSwitches bool
	Switches    []Switch       // in addition to Defaults
	Schemes     map[string]int // custom schemes and their cef_scheme_options_t
	DebugPort   int            // remote debugging on 127.0.0.1, 0 for none
	Locale      string         // as in "de-DE", for Accept-Language; "" is the system's
	LogSeverity cef.LogSeverity
	Log         *zap.Logger
	// Ready runs on the UI thread when libcef is up.
	Ready func()
}

// Errors of the engine.
var (
	// ErrStopped is returned to calls that came after the end.
	ErrStopped = errors.New("the app has ended")
	// ErrStarted is returned to a second Run: libcef starts once per process.
	ErrStarted = errors.New("libcef can be started once per process only")
	// ErrNotified is returned when another process has this DataDir: it has been told of this one's start.
	ErrNotified = errors.New("another instance with the same data folder is running")
)

var (
	started atomic.Bool
	stopped = make(chan struct{})
	stop    sync.Once
)

// Run starts libcef, runs the UI thread's loop until Quit and ends libcef. It must be called on the main thread of the process and
// locked to it; it returns when everything is over.
func Run(o Options) error {
	if started.Swap(true) {
		return ErrStarted
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer closeQueue()
	if err := cef.Load(o.RuntimeDir); err != nil {
		return err
	}
	if !o.OwnSwitches {
		dropDebugVariables(o.Log)
	}
	completeLocale(o.Log)
	logs, err := openLog(o.DataDir, o.Log)
	if err != nil {
		return err
	}
	defer logs.close()
	report := func(callback string, value any, stack []byte) {
		o.Log.Error("panic in a callback", zap.String("callback", callback), zap.Any("panic", value), zap.ByteString("stack", stack))
	}
	cef.PanicHandler.Store(&report)
	args := os.Args[:1]
	if o.OwnSwitches {
		args = os.Args
	}
	schemes, err := renderer.FormatSchemes(o.Schemes)
	if err != nil {
		return err
	}
	if err := cef.Initialize(args, o.settings(), o.app(schemes, logs.path)); err != nil {
		logs.close() // and so has read them all
		return o.startError(err, logs.errors)
	}
	cef.RunMessageLoop()
	closeQueue()
	cef.Shutdown()
	return nil
}

// startError says why libcef has not started, which its log tells best.
func (o Options) startError(err error, told []string) error {
	code := cef.ResultCode(cef.GetExitCode())
	if code == cef.ResultCodeNormalExitProcessNotified {
		return fmt.Errorf("%w: %s", ErrNotified, o.DataDir)
	}
	why := strings.Join(told, " ")
	if why == "" {
		why = "no reason told"
	}
	return fmt.Errorf("%w, code %d: %s; libcef in %s, data in %s, DISPLAY is %q", err, code, why, o.RuntimeDir, o.DataDir, os.Getenv("DISPLAY"))
}

func (o Options) settings() *cef.Settings {
	return &cef.Settings{
		NoSandbox:                  o.NoSandbox,
		RootCachePath:              o.DataDir,
		CachePath:                  filepath.Join(o.DataDir, "Default"),
		CommandLineArgsDisabled:    !o.OwnSwitches,
		DisableSignalHandlers:      true,
		RemoteDebuggingPort:        o.DebugPort,
		LogSeverity:                o.LogSeverity,
		LogItems:                   cef.LogItemsFlagProcessID | cef.LogItemsFlagTimeStamp,
		AcceptLanguageList:         o.Locale,
		PersistSessionCookies:      true,
		UncaughtExceptionStackSize: 0,
	}
}

// app is what every process of Chromium must agree on, and the browser process's own callbacks.
func (o Options) app(schemes, log string) *cef.App {
	return &cef.App{
		OnBeforeCommandLineProcessing: func(processType string, line *cef.CommandLine) {
			if processType != "" {
				return
			}
			for _, s := range o.switches(line) {
				line.RemoveSwitch(s.Name) // children would get the old one and the new
				if s.Value == "" {
					line.AppendSwitch(s.Name)
				} else {
					line.AppendSwitchWithValue(s.Name, s.Value)
				}
			}
		},
		OnRegisterCustomSchemes: func(registrar *cef.SchemeRegistrar) {
			for name, options := range o.Schemes {
				registrar.AddCustomScheme(name, options)
			}
		},
		BrowserProcessHandler: &cef.BrowserProcessHandler{
			OnContextInitialized: func() {
				if o.Ready != nil {
					o.Ready()
				}
				openQueue()
			},
			OnBeforeChildProcessLaunch: func(line *cef.CommandLine) {
				line.AppendSwitchWithValue(renderer.SwitchCEFDir, o.RuntimeDir)
				line.AppendSwitchWithValue(renderer.SwitchSchemes, schemes)
				line.AppendSwitchWithValue(renderer.SwitchLog, log)
				line.AppendSwitchWithValue(enableLogging.Name, enableLogging.Value)
			},
			// Without an answer Chromium would open a browser window of its own for the second start.
			OnAlreadyRunningAppRelaunch: func(*cef.CommandLine, string) bool { return true },
		},
	}
}

// queue guards the UI thread's own against calls that come too early or too late.
var queue struct {
	sync.Mutex
	open  bool
	early []func() // posted before there was a UI thread
}

// Post runs f on the UI thread, soon; before the start, once libcef is up. After the end it does nothing.
func Post(f func()) {
	Publish()
	queue.Lock()
	defer queue.Unlock()
	select {
	case <-stopped:
	default:
		if queue.open {
			cef.PostTask(cef.ThreadIDUI, &cef.Task{Execute: f})
		} else {
			queue.early = append(queue.early, f)
		}
	}
}

// openQueue posts what had to wait.
func openQueue() {
	queue.Lock()
	queue.open = true
	early := queue.early
	queue.early = nil
	queue.Unlock()
	for _, f := range early {
		Post(f)
	}
}

// closeQueue makes sure that nobody is about to post: after it libcef may go.
func closeQueue() {
	queue.Lock()
	defer queue.Unlock()
	stop.Do(func() { close(stopped) })
}

// OnUI reports whether the caller is on the UI thread.
func OnUI() bool { return cef.CurrentlyOn(cef.ThreadIDUI) }

// Do runs f on the UI thread and waits for it. On the UI thread it runs f at once. It returns ErrStopped if f did not run because the
// engine ended.
func Do(f func()) error {
	select {
	case <-stopped:
		return ErrStopped
	default:
	}
	if OnUI() {
		f()
		return nil
	}
	done := make(chan struct{})
	Post(func() {
		select {
		case <-stopped: // libcef runs what was posted while it shuts down, and can make nothing any more
		default:
			defer close(done)
			f()
		}
	})
	select {
	case <-done:
		return nil
	case <-stopped:
		return ErrStopped
	}
}

// Quit ends the loop. It must be called on the UI thread, after every browser is closed.
func Quit() { cef.QuitMessageLoop() }

// Stopped is closed when the UI thread's loop has ended.
func Stopped() <-chan struct{} { return stopped }
