// Package app is the life of an Oriel app: its start, its readiness, its end. It is what the module app is in Electron.
//
//	a := app.New(app.Options{Name: "notes", Pages: pages.FS(ui)})
//	a.OnReady(func(ctx context.Context) error {
//		_, err := window.New(a, window.Options{Title: "Notes"})
//		return err
//	})
//	if err := a.Run(context.Background()); err != nil {
//		log.Fatal(err)
//	}
//
// Importing this package makes the program's executable the one that Chromium starts for its other processes as well: in those, C code
// takes over before the Go runtime starts, and main is never reached.
package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/cef/distribution"
	"github.com/oriel-go/oriel/internal/heap"
	"github.com/oriel-go/oriel/main/internal/engine"
	"github.com/oriel-go/oriel/main/internal/host"
	"github.com/oriel-go/oriel/main/internal/processes"
	"github.com/oriel-go/oriel/main/internal/sandbox"
	"github.com/oriel-go/oriel/main/internal/scheme"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/pages"
	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
	"github.com/oriel-go/oriel/utility"
)

// An App is the program as Chromium's main process. There is one per process. Its methods may be called from any goroutine, except Run.
type App struct {
	o       Options
	invalid error
	log     *zap.Logger
	host    *host.Host
	queue   host.Queue

	mu      sync.Mutex
	onReady []func(context.Context) error
	failure error
	cancel  context.CancelCauseFunc

	allClosed host.Event[struct{}]
	childGone host.Event[ChildGone]

	lastMetrics time.Time // of the last call of Metrics; mu
	lastCPU     map[processes.Key]time.Duration
	keep        bool
}

// ErrQuit is the cause of the app's context after Quit.
var ErrQuit = errors.New("the app quits")

// Kinds of errors that Run returns.
var (
	// ErrSandbox says that Chromium's sandbox cannot work here and Options.Sandbox wants it; the text tells why, and what to do.
	ErrSandbox = sandbox.ErrUnusable
	// ErrAlreadyRunning says that another process runs with the same Options.DataDir.
	ErrAlreadyRunning = engine.ErrNotified
	// ErrStarted says that this process has run an app before.
	ErrStarted = engine.ErrStarted
)

// New prepares an app. What is wrong with o is told by Run. In a utility process it runs that, and does not return; see package utility.
func New(o Options) *App {
	utility.Main()
	a := &App{o: o, keep: o.KeepRunning}
	a.invalid = a.o.complete()
	a.log = a.o.Log
	a.queue.Log = a.log
	origins := []string{pages.Origin(a.o.Name), pages.SecureOrigin(a.o.Name)}
	a.host = &host.Host{
		Name: a.o.Name, Dev: a.o.Development, Log: a.log, Router: ipc.NewRouter(nil), Origins: origins,
		Allow:     []protocol.Rule{{Channels: []string{"*"}, Origins: origins}},
		AllClosed: a.windowsClosed,
	}
	return a
}

// IPC returns the app's router: its handlers and listeners serve every window.
func (a *App) IPC() *ipc.Router { return a.host.Router }

// Log returns the app's log.
func (a *App) Log() *zap.Logger { return a.log }

// Name returns Options.Name.
func (a *App) Name() string { return a.o.Name }

// Development reports whether the app runs in development mode.
func (a *App) Development() bool { return a.o.Development }

// Origin returns the origin of the app's pages, "app://<name>".
func (a *App) Origin() string { return pages.Origin(a.o.Name) }

// SecureOrigin returns the https-like origin that serves the same pages if Options.Secure is set.
func (a *App) SecureOrigin() string { return pages.SecureOrigin(a.o.Name) }

// DataDir returns the folder of the app's data; Chromium's profile is in it.
func (a *App) DataDir() string { return a.o.DataDir }

// Host is for Oriel's own packages.
func (a *App) Host() *host.Host { return a.host }

// OnReady adds a function to be run, on a goroutine of its own, when windows can be opened; ctx ends with the app. If it returns an error,
// panics or ends its goroutine, the app ends and Run returns an error that says so. Functions run one after the other. Added after the app is ready, f runs at once.
func (a *App) OnReady(f func(ctx context.Context) error) {
	a.mu.Lock()
	ready := a.host.Context() != nil
	if !ready {
		a.onReady = append(a.onReady, f)
	}
	a.mu.Unlock()
	if ready {
		a.start(f)
	}
}

// OnAllWindowsClosed adds a function that runs when the last window has closed. Without one, and without Options.KeepRunning, the app then
// quits; with one it goes on.
func (a *App) OnAllWindowsClosed(f func()) (remove func()) {
	a.mu.Lock()
	a.keep = true
	a.mu.Unlock()
	return a.allClosed.On(func(struct{}) { f() })
}

func (a *App) windowsClosed() {
	a.mu.Lock()
	keep := a.keep
	a.mu.Unlock()
	if !keep {
		a.host.Quit(false)
		return
	}
	a.allClosed.Emit(&a.queue, struct{}{})
}

// Send sends a message to the page of every window. The error joins those of single windows. Streams cannot be sent to all, since each is
// read once.
func (a *App) Send(channel string, args ...any) error {
	peers := a.host.Peers()
	errs := make([]error, 0, len(peers)+1)
	if len(peers) == 0 {
		errs = append(errs, router.CheckMessage(channel, args...))
	}
	for _, p := range peers {
		errs = append(errs, p.Broadcast(channel, args...))
	}
	err := errors.Join(errs...)
	if err != nil {
		router.CloseReaders(args...)
	}
	return err
}

// Quit closes every window and then ends the app. A page may refuse by its beforeunload handler, and the app goes on.
func (a *App) Quit() { a.host.Quit(false) }

// fail ends the app with an error; pages are not asked.
func (a *App) fail(err error) {
	a.mu.Lock()
	if a.failure == nil {
		a.failure = err
	}
	a.mu.Unlock()
	a.host.Quit(true)
}

// start runs f off the UI thread, after those before it, unless one of them has failed.
func (a *App) start(f func(context.Context) error) {
	a.queue.Add(func() {
		a.mu.Lock()
		failed := a.failure != nil
		a.mu.Unlock()
		if failed {
			return
		}
		ctx := a.host.Context()
		err := a.guard(ctx, f)
		if ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx)) || errors.Is(err, host.ErrNotRunning)) {
			return // it was interrupted by the end of the app
		}
		if err != nil {
			a.fail(err)
		}
	})
}

var errGoexit = errors.New("a function given to OnReady has ended its goroutine")

// guard makes a panic of f an error: an app that is not set up cannot go on.
func (a *App) guard(ctx context.Context, f func(context.Context) error) (err error) {
	returned := false
	defer func() {
		if v := recover(); v != nil {
			a.log.Error("panic in a function given to OnReady", zap.Any("panic", v), zap.ByteString("stack", debug.Stack()))
			err = fmt.Errorf("panic in a function given to OnReady: %v", v)
		} else if !returned {
			a.fail(errGoexit)
		}
	}()
	err = f(ctx)
	returned = true
	return err
}

// Run runs the app until it has quit: by Quit, by the last window, or by the end of ctx, which closes windows without asking their pages.
// SIGINT, SIGTERM and SIGHUP, which says that its terminal has gone, quit it, too (Options.OwnSignals): the first as Quit does, a second one without asking.
//
// It must be called from the main goroutine before that has been moved to another thread, which is so in func main, and once per process.
// It returns nil after a regular end, else what went wrong.
func (a *App) Run(ctx context.Context) error {
	if a.invalid != nil {
		return fmt.Errorf("app: %w", a.invalid)
	}
	if err := a.run(ctx); err != nil {
		return fmt.Errorf("app: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failure
}

// heapFloor is how large a heap Go's collector takes for granted: that of an app whose windows talk to it is small, but has much that lives
// briefly. Beside Chromium's processes it does not count.
const heapFloor = 16 << 20

func (a *App) run(ctx context.Context) error {
	reserve := heap.Reserve(heapFloor)
	defer runtime.KeepAlive(reserve)
	runtimeDir, err := distribution.Locate(a.o.CEFDir)
	if err != nil {
		return err
	}
	decision, err := sandbox.Decide(a.o.Sandbox, runtimeDir)
	if err != nil {
		return err
	}
	if decision.Warning != "" {
		a.log.Error(decision.Warning)
		if a.o.Sandbox == SandboxAuto && !a.log.Core().Enabled(zap.ErrorLevel) {
			fmt.Fprintf(os.Stderr, "%s: %s\n", a.o.Name, decision.Warning) // a silent log does not silence this
		}
	}
	if decision.Helper != "" {
		if err := os.Setenv(sandbox.HelperEnv, decision.Helper); err != nil {
			return err
		}
	}
	ctx, a.cancel = context.WithCancelCause(ctx)
	defer a.watchUtilities()()
	defer utility.KillAll()
	defer a.cancel(ErrQuit) // before KillAll, or supervisors would take that for failures
	if !a.o.OwnSignals {
		defer a.quitOnSignal()()
	}
	return engine.Run(engine.Options{
		RuntimeDir: runtimeDir, DataDir: filepath.Join(a.o.DataDir, "chromium"), NoSandbox: !decision.Sandbox,
		OwnSwitches: a.o.ChromiumSwitchesFromArgs || a.o.Development, Switches: a.o.switches(), Schemes: schemes,
		DebugPort: a.o.debugPort(), Locale: a.o.Languages, LogSeverity: a.o.severity(), Log: a.log,
		Ready: func() { a.ready(ctx) },
	})
}

// quitOnSignal listens to the signals by which a terminal or a session asks a program to end. One that the process was told to ignore, as
// by nohup, stays ignored.
func (a *App) quitOnSignal() (stop func()) {
	signals := make(chan os.Signal, 2)
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	done := make(chan struct{})
	go func() {
		force := false
		for {
			select {
			case s := <-signals:
				a.log.Info("quits on a signal", zap.Stringer("signal", s), zap.Bool("force", force))
				a.host.Quit(force)
				force = true
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
	}
}

// schemes are the app's own: a standard, secure scheme that fetch takes, subject to the rules of CORS.
var schemes = map[string]int{
	pages.Scheme: int(cef.SchemeOptionsStandard | cef.SchemeOptionsSecure | cef.SchemeOptionsCORSEnabled | cef.SchemeOptionsFetchEnabled),
}

// ready runs on the UI thread when libcef is up.
func (a *App) ready(ctx context.Context) {
	a.servePages(ctx)
	a.mu.Lock()
	fs := a.onReady
	a.onReady = nil
	a.host.Begin(ctx)
	a.mu.Unlock()
	for _, f := range fs {
		a.start(f)
	}
	context.AfterFunc(ctx, func() { a.host.Quit(true) })
}

func (a *App) servePages(ctx context.Context) {
	handler := a.o.Pages
	if handler == nil {
		return
	}
	origins := []string{pages.Origin(a.o.Name)}
	if a.o.Secure {
		origins = append(origins, pages.SecureOrigin(a.o.Name))
	}
	server := scheme.New(handler, scheme.Options{Origins: origins, Context: ctx, Log: a.log.Named("pages"), OpenFile: nil})
	a.host.Guard = server.Guard
	cef.RegisterSchemeHandlerFactory(pages.Scheme, a.o.Name, server.Factory())
	if a.o.Secure {
		cef.RegisterSchemeHandlerFactory("https", pages.SecureHost(a.o.Name), server.Factory())
	}
}
