package window

import (
	"context"
	"fmt"
	"slices"

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

// A load is a navigation that the app asked for.
type load struct {
	url     string
	done    chan error // nil if nobody waits
	aborted error      // set when a navigation has ended in ERR_ABORTED: this one, or one that it replaced
}

// LoadURL leads the window to url, relative to the app's origin if it has no scheme, and waits until the page's load event. A page that
// cannot be loaded gives a *[LoadError]; an HTTP status of 400 and more is a page like any other. ctx ends the waiting only.
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

// navigate runs on the UI thread.
func (w *Window) navigate(l *load) {
	w.finishLoad(&LoadError{errAborted, "ERR_ABORTED", ""})
	w.load = l
	frame := w.browser.GetMainFrame()
	defer frame.Release()
	frame.LoadURL(l.url)
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
func (w *Window) loadStarted(f *cef.Frame) {
	if f.IsMain() {
		w.frame = f.GetIdentifier()
	}
}

func (w *Window) loadEnded(f *cef.Frame, status int) {
	if !f.IsMain() || f.GetURL() == blank && (w.load == nil || w.load.url != blank) {
		return
	}
	w.finishLoad(nil)
	w.readyToShow()
	w.events.loaded.Emit(&w.queue, Loaded{URL: f.GetURL(), Status: status})
}

func (w *Window) loadFailed(f *cef.Frame, code cef.ErrorCode, text, url string) {
	if !f.IsMain() {
		return
	}
	err := &LoadError{int(code), text, url}
	if int(code) == errAborted {
		if w.load != nil {
			w.load.aborted = err
		}
		return
	}
	w.finishLoad(err)
	w.readyToShow()
	w.events.loadFailed.Emit(&w.queue, err)
}

// loadingChanged finishes loads that have no load event of their own: within a document, and those that were aborted. One that replaced
// another hears of the other's abortion too; a moment later it shows which of the two it was.
func (w *Window) loadingChanged(loading bool) {
	l := w.load
	if loading || l == nil {
		return
	}
	engine.Post(func() {
		if w.browser == nil || w.load != l || w.browser.IsLoading() {
			return
		}
		frame := w.browser.GetMainFrame()
		defer frame.Release()
		switch {
		case l.aborted != nil:
			w.finishLoad(l.aborted)
		case frame.GetURL() == l.url && l.url != blank:
			w.finishLoad(nil)
		}
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

// mayNavigate decides where a page may lead its window. What the app asked for by LoadURL is not in question, nor is reloading and history.
func (w *Window) mayNavigate(f *cef.Frame, r *cef.Request) bool {
	url := r.GetURL()
	if !f.IsMain() || w.load != nil && w.load.url == url {
		return true
	}
	transition := r.GetTransitionType()
	if transition&cef.TransitionType(0xFF) == cef.TransitionTypeReload || transition&cef.TransitionTypeForwardBackFlag != 0 {
		return true
	}
	if slices.Contains(w.host.Origins, originOf(url)) {
		return true
	}
	if w.o.AllowNavigation != nil && w.o.AllowNavigation(url) {
		return true
	}
	w.log.Warn("navigation denied", zap.String("url", url))
	return false
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

// CanGoBack reports whether the page has a past to go back to.
func (w *Window) CanGoBack() (yes bool) {
	_ = w.do(func() { yes = w.browser.CanGoBack() })
	return yes
}

// CanGoForward reports whether GoBack has left something to go forward to.
func (w *Window) CanGoForward() (yes bool) {
	_ = w.do(func() { yes = w.browser.CanGoForward() })
	return yes
}

// GoBack goes back in the page's history.
func (w *Window) GoBack() error { return w.do(func() { w.browser.GoBack() }) }

// GoForward goes forward in the page's history.
func (w *Window) GoForward() error { return w.do(func() { w.browser.GoForward() }) }

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
	w.events.title.Emit(&w.queue, title)
}

// rendererGone hears that the process of the page has ended without being asked to. Reload starts another one.
func (w *Window) rendererGone(status cef.TerminationStatus, code int, text string) {
	reasons := map[cef.TerminationStatus]string{
		cef.TerminationStatusAbnormalTermination: "abnormal-exit", cef.TerminationStatusProcessWasKilled: "killed",
		cef.TerminationStatusProcessCrashed: "crashed", cef.TerminationStatusProcessOOM: "oom",
		cef.TerminationStatusLaunchFailed: "launch-failed", cef.TerminationStatusIntegrityFailure: "integrity-failure",
	}
	w.peer.Gone(w.frame, ipc.ErrNavigated)
	w.log.Error("the page's process is gone", zap.String("reason", reasons[status]), zap.Int("exit code", code), zap.String("text", text))
	w.finishLoad(&LoadError{errAborted, "the page's process is gone: " + reasons[status], ""})
	w.events.rendererGone.Emit(&w.queue, RendererGone{Reason: reasons[status], ExitCode: code})
}
