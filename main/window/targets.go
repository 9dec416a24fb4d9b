package window

import (
	"crypto/rand"
	"encoding/json"
	"errors"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/main/internal/devtools"
	"github.com/oriel-go/oriel/main/internal/engine"
	"github.com/oriel-go/oriel/renderer"
)

// A target is a frame in a process of its own, which DevTools knows as a page beside the window's. Frames below it that share its process
// belong to it.
type target struct {
	session string
	frameID string // DevTools'
	process string // as processOf tells it; "" until a frame has shown that it knows the target's name
}

// attachTargets puts the preload into frames in other processes, too: each is held before its first document until it has it.
func (w *Window) attachTargets() {
	w.targets = map[string]*target{}
	w.session.Subscribe("Target.attachedToTarget", w.targetAttached)
	w.session.Subscribe("Target.detachedFromTarget", w.targetDetached)
	w.session.SubscribeTargets(func(_, event string, params json.RawMessage) {
		switch event {
		case "Target.attachedToTarget":
			w.targetAttached(params)
		case "Target.detachedFromTarget":
			w.targetDetached(params)
		}
	})
	w.session.Start("Target.setAutoAttach", autoAttach, w.attached)
}

var autoAttach = map[string]any{
	"autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true, "filter": []any{map[string]any{"type": "iframe"}},
}

// attached hears the result of a call on a target. It may have gone since.
func (w *Window) attached(_ json.RawMessage, err error) {
	if err != nil && !errors.Is(err, devtools.ErrClosed) {
		w.log.Debug("frame of another process", zap.Error(err))
	}
}

func (w *Window) targetAttached(params json.RawMessage) {
	var event struct {
		SessionID  string
		TargetInfo struct{ TargetID string }
	}
	if err := json.Unmarshal(params, &event); err != nil {
		w.log.Error("frame of another process without a name", zap.Error(err))
		return
	}
	t := &target{session: event.SessionID, frameID: event.TargetInfo.TargetID}
	engine.Post(func() { // not from within the event: the target would wait for good
		if w.session != nil {
			w.prepare(t)
		}
	})
}

// prepare registers the preload in a target and lets it go on. The script has a name that only this target's process is told, so a document
// that knows it is in that process.
func (w *Window) prepare(t *target) {
	name := rand.Text()
	source, err := w.source(name)
	if err != nil {
		w.log.Error("preload not registered", zap.Error(err))
		return
	}
	w.targets[name] = t
	start := func(method string, params any) { w.session.StartIn(t.session, method, params, w.attached) }
	start("Page.enable", struct{}{})
	start("Page.addScriptToEvaluateOnNewDocument", map[string]any{"source": source, "worldName": renderer.WorldName})
	start("Target.setAutoAttach", autoAttach)
	start("Runtime.runIfWaitingForDebugger", struct{}{})
}

func (w *Window) targetDetached(params json.RawMessage) {
	var event struct{ SessionID string }
	if json.Unmarshal(params, &event) != nil {
		return
	}
	for name, t := range w.targets {
		if t.session == event.SessionID {
			delete(w.targets, name)
		}
	}
}
