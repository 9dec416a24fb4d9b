package window

import (
	"errors"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/main/internal/engine"
	"github.com/oriel-go/oriel/main/internal/host"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/protocol"
)

// maxPreloadErrors is how many errors of its preload one document may tell of.
const maxPreloadErrors = 16

// A guard counts what the page's process sends although nobody does who keeps to the protocol: only a process that has been taken over.
type guard struct {
	noise         *zap.Logger
	violations    atomic.Int32 // of this process
	preloadErrors atomic.Int32 // of this document
	killed        bool         // UI thread
}

// offer is Emit for an event that the page can bring about as often as it likes.
func offer[T any](w *Window, name string, event *host.Event[T], v T) {
	if !event.Offer(&w.queue, v) {
		w.guard.noise.Warn("event dropped: too many wait", zap.String("event", name))
	}
}

// newProcess forgets what the one before has done, and reports whether it was killed for it. UI thread.
func (g *guard) newProcess() (killed bool) {
	killed, g.killed = g.killed, false
	g.violations.Store(0)
	return killed
}

// dropped tells why a packet was not taken, and violated if that was no mistake.
func (w *Window) dropped(err error, violated func(error)) {
	switch {
	case err == nil:
	case errors.Is(err, ipc.ErrStale):
		w.log.Debug("packet dropped", zap.Error(err))
	case errors.Is(err, ipc.ErrUnexpected) || errors.As(err, new(*protocol.CheckError)):
		violated(err)
	default: // too much of what is right
		w.guard.noise.Warn("packet dropped", zap.Error(err))
	}
}

// violated notes a violation of the protocol. Any goroutine.
func (w *Window) violated(err error) {
	n := w.guard.violations.Add(1)
	w.guard.noise.Warn("the page's process violates the protocol", zap.Error(err), zap.Int32("times", n))
	if n == protocol.MaxViolations {
		engine.Post(w.killRenderer)
	}
}

// damaged notes what no process does by mistake as if it had gone on with it for as long as it could.
func (w *Window) damaged(err error, violated func(error)) {
	for range protocol.MaxViolations {
		violated(err)
	}
}

// killRenderer ends the page's process, whatever that would like to do about it. OnRenderProcessTerminated follows. UI thread.
func (w *Window) killRenderer() {
	if w.browser == nil {
		return
	}
	w.log.Error("killing the page's process: it violates the protocol", zap.Int("violations", protocol.MaxViolations))
	w.guard.killed = true
	tasks := cef.TaskManagerGet()
	defer tasks.Release()
	if !tasks.KillTask(tasks.GetTaskIDForBrowserID(w.browser.GetIdentifier())) {
		w.log.Error("the page's process cannot be killed")
	}
}
