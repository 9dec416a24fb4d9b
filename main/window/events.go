package window

import (
	"strings"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/main/internal/host"
)

type events struct {
	closed, readyToShow, unloadPrevented host.Event[struct{}]
	focus                                host.Event[bool]
	bounds                               host.Event[Rect]
	title                                host.Event[string]
	loaded                               host.Event[Loaded]
	loadFailed                           host.Event[*LoadError]
	rendererGone                         host.Event[RendererGone]
	preloadError                         host.Event[PreloadError]
	console                              host.Event[ConsoleMessage]
}

// Loaded tells that a document of the main frame has loaded.
type Loaded struct {
	URL    string
	Status int // of HTTP; 0 where there is none
}

// ReasonViolations is the reason of a [RendererGone] for a process that the window has killed itself, after protocol.MaxViolations packets
// that break the protocol: somebody has taken the process over.
const ReasonViolations = "killed: protocol violations"

// RendererGone tells how a page's process ended: the reasons are Electron's (crashed, killed, oom, …) and [ReasonViolations].
type RendererGone struct {
	Reason   string
	ExitCode int // of a process that a signal ended, as crashed ones, the signal's number
}

// maxConsoleText bounds one line of the console, as the queue bounds their number.
const maxConsoleText = 64 << 10

// A ConsoleMessage is what a page, or its preload, wrote to the console.
type ConsoleMessage struct {
	Level  string // debug, info, warning or error
	Text   string // cut after 64 KiB
	Source string // the script's URL
	Line   int    // in the script, from 1
}

// OnClosed adds a function that runs when the window is gone.
func (w *Window) OnClosed(f func()) (remove func()) {
	return w.events.closed.On(func(struct{}) { f() })
}

// OnReadyToShow adds a function that runs once, when the first page has loaded and showing the window would not flash, or has not loaded within
// three seconds.
func (w *Window) OnReadyToShow(f func()) (remove func()) {
	return w.events.readyToShow.On(func(struct{}) { f() })
}

// OnUnloadPrevented adds a function that runs when a page's beforeunload handler has kept the window from closing or navigating.
func (w *Window) OnUnloadPrevented(f func()) (remove func()) {
	return w.events.unloadPrevented.On(func(struct{}) { f() })
}

// OnFocus adds a function that runs when the window becomes the active one or ceases to be.
func (w *Window) OnFocus(f func(active bool)) (remove func()) { return w.events.focus.On(f) }

// OnBoundsChanged adds a function that runs when the window has moved or has another size.
func (w *Window) OnBoundsChanged(f func(Rect)) (remove func()) { return w.events.bounds.On(f) }

// OnTitle adds a function that runs when the page has another title.
func (w *Window) OnTitle(f func(title string)) (remove func()) { return w.events.title.On(f) }

// OnLoaded adds a function that runs at the load event of each document of the main frame.
func (w *Window) OnLoaded(f func(Loaded)) (remove func()) { return w.events.loaded.On(f) }

// OnLoadFailed adds a function that runs when a document of the main frame could not be loaded.
func (w *Window) OnLoadFailed(f func(*LoadError)) (remove func()) { return w.events.loadFailed.On(f) }

// OnRendererGone adds a function that runs when the page's process has ended without being asked to.
func (w *Window) OnRendererGone(f func(RendererGone)) (remove func()) {
	return w.events.rendererGone.On(f)
}

// OnPreloadError adds a function that runs when the preload has thrown. The page loads all the same.
func (w *Window) OnPreloadError(f func(PreloadError)) (remove func()) {
	return w.events.preloadError.On(f)
}

// OnConsole adds a function that hears what the page writes to the console.
func (w *Window) OnConsole(f func(ConsoleMessage)) (remove func()) { return w.events.console.On(f) }

// consoleMessage passes a line on, and keeps it off Chromium's own log.
func (w *Window) consoleMessage(_ *cef.Browser, level cef.LogSeverity, text, source string, line int) bool {
	names := map[cef.LogSeverity]string{
		cef.LogSeverityDebug: "debug", cef.LogSeverityInfo: "info", cef.LogSeverityWarning: "warning", cef.LogSeverityError: "error",
	}
	if len(text) > maxConsoleText {
		text = strings.ToValidUTF8(text[:maxConsoleText], "") + "…"
	}
	m := ConsoleMessage{names[level], text, source, line}
	w.log.Sugar().Debugw("console", "level", m.Level, "text", m.Text, "source", m.Source, "line", m.Line)
	offer(w, "console", &w.events.console, m)
	return true
}
