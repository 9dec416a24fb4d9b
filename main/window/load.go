package window

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/main/internal/engine"
	"github.com/oriel-go/oriel/main/ipc"
)

// A LoadError says that a page did not load: the network's code, as in -105 ERR_NAME_NOT_RESOLVED, and the URL.
type LoadError struct {
	Code int
	Text string
	URL  string
}

func (e *LoadError) Error() string { return fmt.Sprintf("loading %s: %s (%d)", e.URL, e.Text, e.Code) }

// errAborted is cef_errorcode_t ERR_ABORTED: another navigation, or Stop, came between.
const errAborted = int(cef.ErrorCodeAborted)

// A load is a navigation that the app asked for. Those of the page itself, and reloads, come between; Chromium tells of all of them alike.
type load struct {
	url       string
	at        string     // where Chromium has it, after redirects; "" until it tells, which it does not of some schemes
	committed bool       // its document is there, or another that this one led to
	done      chan error // nil if nobody waits
}

// idleAfter is how long Chromium may load nothing while a load is under way: some addresses lead nowhere, and it tells nothing of those.
const idleAfter = time.Second

// errorPage is the address of Chromium's page about a load that failed, where that is aborted in its turn.
const errorPage = "chrome-error://chromewebdata/"

// LoadURL leads the window to url, relative to the app's origin if it has no scheme, and waits until the page's load event. A page that
// cannot be loaded gives a *[LoadError]; an HTTP status of 400 and more is a page like any other. For the URL of [Options], while that still
// loads, it waits for that. ctx ends the waiting only.
func (w *Window) LoadURL(ctx context.Context, url string) error {
	url, err := resolve(w.app.Origin(), url)
	if err != nil {
		return fmt.Errorf("window %d: %w", w.id, err)
	}
	select {
	case <-w.prepared:
	case <-w.closed:
		return fmt.Errorf("window %d: %w", w.id, ErrClosed)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	l := &load{url: url, done: make(chan error, 1)}
	if err := w.do(func() {
		if w.prepareErr != nil {
			l.done <- w.prepareErr
			return
		}
		w.navigate(l)
	}); err != nil {
		return err
	}
	select {
	case err := <-l.done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// navigate runs on the UI thread. The window's first load is not begun again by an app that wants to wait for it.
func (w *Window) navigate(l *load) {
	if w.load != nil && w.load.url == l.url && w.load.done == nil {
		w.load.done = l.done
		return
	}
	w.finishLoad(&LoadError{errAborted, "ERR_ABORTED", ""})
	w.load, w.failed = l, nil
	w.log.Debug("load", zap.String("url", l.url))
	frame := w.browser.GetMainFrame()
	defer frame.Release()
	w.beginning = true
	frame.LoadURL(l.url)
	w.beginning = false
	if !w.browser.IsLoading() {
		w.expectLoading()
	}
}

// finishLoad tells whoever waits for the current load how it ended.
func (w *Window) finishLoad(err error) {
	l := w.load
	if l == nil {
		return
	}
	w.load = nil
	if e, ok := err.(*LoadError); ok && e.URL == "" {
		e.URL = l.url
	}
	if l.done != nil {
		l.done <- err
	} else if e, ok := err.(*LoadError); ok && e.Code != errAborted {
		w.log.Error("page not loaded", zap.Error(err))
	}
}

// loadStarted hears that a new document is there.
func (w *Window) loadStarted(f *cef.Frame, transition cef.TransitionType) {
	if !f.IsMain() {
		return
	}
	url := f.GetURL()
	w.log.Debug("document begins", zap.String("url", url))
	if l := w.load; l != nil && explicit(transition) && (l.at == url || l.at == "") {
		l.committed = true
	}
}

// explicit reports whether the app has asked for a navigation by LoadURL. A page cannot pass its own off as such.
func explicit(transition cef.TransitionType) bool {
	return transition&cef.TransitionTypeForwardBackFlag == 0 && transition&cef.TransitionTypeSourceMask == cef.TransitionTypeExplicit
}

func (w *Window) loadEnded(f *cef.Frame, status int) {
	if !f.IsMain() {
		return
	}
	if err := w.failed; err != nil {
		w.failedToLoad(err)
		return
	}
	url, l := f.GetURL(), w.load
	if url == blank && (l == nil || l.url != blank) {
		return
	}
	w.log.Debug("page loaded", zap.String("url", url), zap.Int("status", status))
	w.forgetBlank()
	w.readyToShow()
	w.events.loaded.Emit(&w.queue, Loaded{URL: url, Status: status})
	if l != nil && l.committed {
		w.finishLoad(nil)
	}
}

// failedToLoad tells of a failure when Chromium's page about it is there.
func (w *Window) failedToLoad(err *LoadError) {
	w.failed = nil
	w.readyToShow()
	w.events.loadFailed.Emit(&w.queue, err)
	if w.load == nil { // the page's own doing
		w.load = &load{url: err.URL}
	}
	w.finishLoad(err)
}

func (w *Window) loadFailed(f *cef.Frame, code cef.ErrorCode, text, url string) {
	if !f.IsMain() {
		return
	}
	w.log.Debug("load failed", zap.String("url", url), zap.String("error", text))
	l := w.load
	switch {
	case w.beginning: // of what came before
	case int(code) != errAborted:
		w.failed = &LoadError{int(code), text, url}
	case w.failed != nil && url == errorPage:
		w.failedToLoad(w.failed)
	case l == nil:
	case url == l.at, l.at == "" && url == l.url, l.committed && url == f.GetURL():
		w.finishLoad(&LoadError{int(code), text, url})
	}
}

// loadingChanged finishes loads that have no load event of their own, because they stayed within their document or came to nothing.
func (w *Window) loadingChanged(loading bool) {
	w.log.Debug("loading state", zap.Bool("loading", loading))
	if loading || w.load == nil || w.load.url == blank {
		return
	}
	if w.arrived() {
		w.finishLoad(nil)
	} else {
		w.expectLoading()
	}
}

// arrived reports whether the window is where the current load leads.
func (w *Window) arrived() bool {
	frame := w.browser.GetMainFrame()
	defer frame.Release()
	url := frame.GetURL()
	return url == w.load.url || url == w.load.at
}

// expectLoading ends the current load if Chromium is not at it any more. It may be between two steps of it.
func (w *Window) expectLoading() {
	l := w.load
	time.AfterFunc(idleAfter, func() {
		engine.Post(func() {
			if w.browser == nil || w.load != l || w.browser.IsLoading() {
				return
			}
			if w.arrived() {
				w.finishLoad(nil)
			} else {
				w.finishLoad(&LoadError{errAborted, "ERR_ABORTED", ""})
			}
		})
	})
}

// showAfter is how long a window waits to be shown for a page that does not finish loading, as one does not while one of its pictures is awaited.
const showAfter = 3 * time.Second

// showInTime shows the window without its page if that takes too long.
func (w *Window) showInTime() {
	time.AfterFunc(showAfter, func() {
		engine.Post(func() {
			if w.browser != nil && w.win != nil {
				w.readyToShow()
			}
		})
	})
}

// readyToShow shows the window the first time there is something to see in it.
func (w *Window) readyToShow() {
	if w.loadedOnce {
		return
	}
	w.loadedOnce = true
	if !w.hidden && !w.shown {
		w.show()
	}
	w.events.readyToShow.Emit(&w.queue, struct{}{})
}

// Reload loads the page again; with bypassCache, all of it from its source.
func (w *Window) Reload(bypassCache bool) error {
	return w.do(func() {
		if bypassCache {
			w.browser.ReloadIgnoreCache()
		} else {
			w.browser.Reload()
		}
	})
}

// Stop stops loading.
func (w *Window) Stop() error { return w.do(func() { w.browser.StopLoad() }) }

// URL returns the address of the window's document.
func (w *Window) URL() (url string, err error) {
	err = w.do(func() {
		frame := w.browser.GetMainFrame()
		defer frame.Release()
		url = frame.GetURL()
	})
	return url, err
}

func (w *Window) titleChanged(title string) {
	if title != "" && w.win != nil {
		w.win.SetTitle(title)
	}
	offer(w, "title", &w.events.title, title)
}

// rendererGone hears that the process of the page has ended without being asked to. Reload starts another one.
func (w *Window) rendererGone(status cef.TerminationStatus, code int, text string) {
	reasons := map[cef.TerminationStatus]string{
		cef.TerminationStatusAbnormalTermination: "abnormal-exit", cef.TerminationStatusProcessWasKilled: "killed",
		cef.TerminationStatusProcessCrashed: "crashed", cef.TerminationStatusProcessOOM: "oom",
		cef.TerminationStatusLaunchFailed: "launch-failed", cef.TerminationStatusIntegrityFailure: "integrity-failure",
	}
	reason := reasons[status]
	if status != cef.TerminationStatusLaunchFailed && status != cef.TerminationStatusIntegrityFailure {
		code = exitCode(code)
	}
	if w.guard.newProcess() {
		reason = ReasonViolations
	}
	w.drain()
	w.peer.End(ipc.ErrRendererGone)
	for _, s := range w.subFrames {
		s.peer.End(ipc.ErrRendererGone)
	}
	w.log.Error("the page's process is gone", zap.String("reason", reason), zap.Int("exit code", code), zap.String("text", text))
	w.crashed = true
	w.registered(ipc.ErrRendererGone) // if it has gone before it knew: DevTools' answer comes when the page is loaded, which waits for that
	if w.session != nil {
		w.session.ProcessGone(ipc.ErrRendererGone)
	}
	w.finishLoad(&LoadError{errAborted, "the page's process is gone: " + reason, ""})
	w.events.rendererGone.Emit(&w.queue, RendererGone{Reason: reason, ExitCode: code})
	if w.forced {
		w.closeBrowser() // nobody is left whose answer Chromium could wait for
	}
}

// exitCode is what a wait status says: libcef hands that on as it is.
func exitCode(status int) int {
	s := syscall.WaitStatus(status)
	if s.Signaled() {
		return int(s.Signal())
	}
	return s.ExitStatus()
}
