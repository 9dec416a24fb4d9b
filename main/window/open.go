package window

import (
	"encoding/json"
	"slices"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/protocol"
)

// windowOpen answers window.open, and links to new windows: with a window of the app's own making or not at all. UI thread.
//
// The new window would not have the sandbox that its opener may be in, so that one gains an origin by it: none that has powers. A frame below
// the main one counts as sandboxed.
func (w *Window) windowOpen(opener *cef.Frame, url string) {
	switch {
	case w.o.WindowOpen == nil:
		w.openDenied(url, "the window opens none")
	case !w.hasPowers(originOf(url)):
		w.openWindow(url)
	case opener == nil || !opener.IsMain():
		w.openDenied(url, "the frame may be sandboxed")
	default:
		w.session.Start("Target.getTargetInfo", struct{}{}, func(result json.RawMessage, _ error) {
			var info struct{ TargetInfo struct{ TargetID string } }
			_ = json.Unmarshal(result, &info) // a frame of no name has no origin
			w.session.Start("Storage.getStorageKeyForFrame", map[string]any{"frameId": info.TargetInfo.TargetID}, func(_ json.RawMessage, err error) {
				if err != nil {
					w.openDenied(url, "the page is sandboxed")
					return
				}
				w.openWindow(url)
			})
		})
	}
}

func (w *Window) openDenied(url, why string) {
	w.log.Warn("window.open denied", zap.String("url", url), zap.String("because", why))
}

// hasPowers reports whether pages of the origin are the app's own, or may use any channel here.
func (w *Window) hasPowers(origin string) bool {
	return slices.Contains(w.host.Origins, origin) || slices.ContainsFunc(w.rules(), func(r protocol.Rule) bool {
		return len(r.Channels) > 0 && protocol.Allowed([]protocol.Rule{{Channels: []string{"*"}, Origins: r.Origins}}, origin, "any")
	})
}

// openWindow asks the app for a window.
func (w *Window) openWindow(url string) {
	w.queue.Add(func() {
		o := w.o.WindowOpen(w.context(), url)
		if o == nil {
			return
		}
		if o.URL == "" {
			o.URL = url
		}
		if _, err := New(w.app, *o); err != nil {
			w.log.Error("window.open failed", zap.String("url", url), zap.Error(err))
		}
	})
}
