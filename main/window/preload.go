package window

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/cef/distribution"
	"github.com/oriel-go/oriel/main/internal/devtools"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/renderer"
)

// blank is the document a browser begins with. The page is loaded when the preload is registered: DevTools does not answer while a first
// navigation is held, and a page that is faster than the registration would run without its preload.
const blank = "about:blank"

func (w *Window) fillExtraInfo(extra *cef.DictionaryValue) {
	extra.SetString(renderer.KeyToken, w.token)
	extra.SetBool(renderer.KeySubframes, w.o.PreloadInSubFrames)
}

// rules say who may use which channel in this window.
func (w *Window) rules() []protocol.Rule {
	if w.o.Allow != nil {
		return w.o.Allow
	}
	return w.host.Allow
}

func (w *Window) allowed(origin, channel string) bool {
	return protocol.Allowed(w.rules(), origin, channel)
}

// register puts runtime and preload in front of every document to come. UI thread; the rest goes on when the browser has answered.
func (w *Window) register() {
	source, err := w.source("")
	if err != nil {
		w.registered(err)
		return
	}
	w.session.Start("Page.enable", struct{}{}, func(_ json.RawMessage, err error) {
		if err != nil {
			w.registered(err)
		}
	})
	script := map[string]any{"source": source, "worldName": renderer.WorldName}
	w.session.Start("Page.addScriptToEvaluateOnNewDocument", script, func(_ json.RawMessage, err error) { w.registered(err) })
}

// source is the script for the frames of the main frame's process, or of the target of that name.
func (w *Window) source(target string) (string, error) {
	return renderer.Source(renderer.Config{
		Token: w.token, Preload: w.o.Preload, PreloadPath: w.o.PreloadName, Argv: w.o.PreloadArgs, Allow: w.rules(), Versions: versions(), Arch: arch(), Target: target,
	})
}

// versions are process.versions of the preload.
func versions() map[string]string {
	v, chromium, _ := strings.Cut(distribution.Version, "+chromium-")
	return map[string]string{"cef": v, "chrome": chromium}
}

// arch is process.arch of the preload, by Node's names.
func arch() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x64"
	case "386":
		return "ia32"
	}
	return runtime.GOARCH
}

// registered runs on the UI thread, once.
func (w *Window) registered(err error) {
	select {
	case <-w.prepared:
		return
	default:
	}
	if err != nil {
		w.prepareErr = fmt.Errorf("window %d: the preload cannot be registered: %w", w.id, err)
		if !errors.Is(err, devtools.ErrClosed) { // a window that was closed at once
			w.log.Error("preload not registered", zap.Error(err))
		}
	}
	close(w.prepared)
	if err == nil && w.load == nil && w.browser != nil {
		w.navigate(&load{url: w.o.URL})
	}
}

// A PreloadError is what a preload threw.
type PreloadError struct {
	Name    string // Options.PreloadName
	Message string
	Stack   string
}

// reserved hears what the runtime itself has to say.
func (w *Window) reserved(_ ipc.Sender, channel string, args ipc.Args) {
	e := PreloadError{Name: w.o.PreloadName}
	switch {
	case channel != protocol.ReservedPrefix+"preload-error":
		w.violated(fmt.Errorf("a message on the channel %q", channel))
		return
	case args.Decode(0, &e.Message) != nil || args.Len() > 1 && args.Decode(1, &e.Stack) != nil:
		w.violated(errors.New("a preload error that cannot be read"))
		return
	case w.guard.preloadErrors.Add(1) > maxPreloadErrors:
		w.violated(errors.New("another error of the preload in one document"))
		return
	}
	w.log.Error("the preload failed", zap.String("preload", e.Name), zap.String("error", e.Message), zap.String("stack", e.Stack))
	offer(w, "preload error", &w.events.preloadError, e)
}
