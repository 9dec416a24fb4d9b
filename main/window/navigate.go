package window

import (
	"runtime/debug"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/cef"
)

// answerWithin is how long Chromium waits for AllowNavigation, and with it everything else that needs the UI thread.
const answerWithin = 3 * time.Second

// mayNavigate decides where a page may lead its window. What the app asked for by LoadURL is not in question, nor is reloading and history:
// Chromium tells them apart, and a page cannot pass its own navigations off as them.
func (w *Window) mayNavigate(f *cef.Frame, r *cef.Request) bool {
	url, transition := r.GetURL(), r.GetTransitionType()
	switch {
	case !f.IsMain():
		return true
	case explicit(transition):
		if w.load != nil {
			w.load.at = url
		}
		return true
	case transition&cef.TransitionTypeForwardBackFlag != 0, transition&cef.TransitionTypeSourceMask == cef.TransitionTypeReload:
		return true
	}
	if slices.Contains(w.host.Origins, originOf(url)) {
		return true
	}
	if w.o.AllowNavigation != nil && w.appAllows(url) {
		return true
	}
	w.log.Warn("navigation denied", zap.String("url", url))
	return false
}

// appAllows asks AllowNavigation, on a goroutine of its own. What does not say yes in time says no: so does a function that panics, or that
// calls a method which waits for the UI thread. While one is out, no other is asked.
func (w *Window) appAllows(url string) bool {
	if w.asking.Swap(true) {
		return false
	}
	answer := make(chan bool, 1)
	go func() {
		yes := false
		defer func() {
			if v := recover(); v != nil {
				w.log.Error("panic in AllowNavigation", zap.Any("panic", v), zap.ByteString("stack", debug.Stack()))
			}
			w.asking.Store(false)
			answer <- yes
		}()
		yes = w.o.AllowNavigation(url)
	}()
	late := time.NewTimer(answerWithin)
	defer late.Stop()
	select {
	case yes := <-answer:
		return yes
	case <-late.C:
		w.log.Error("AllowNavigation does not answer; it must not wait for windows, which wait for it", zap.String("url", url))
		return false
	}
}
