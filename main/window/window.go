// Package window opens windows with a page in them: what BrowserWindow and webContents are in Electron, in one.
//
// Every method may be called from any goroutine. Functions that listen to events run on a goroutine of the window, one after the other.
package window

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/internal/devtools"
	"github.com/oriel-go/oriel/main/internal/engine"
	"github.com/oriel-go/oriel/main/internal/host"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/router"
)

// ErrClosed is returned by methods of a window that is closed.
var ErrClosed = errors.New("the window is closed")

// A Window is one window and the page in it.
type Window struct {
	id     int
	o      Options
	app    *app.App
	host   *host.Host
	log    *zap.Logger
	token  string
	router *ipc.Router
	peer   *ipc.Peer
	guard  guard
	queue  host.Queue
	events events
	asking atomic.Bool // a function of the app's has not yet said whether the page may lead elsewhere

	prepared chan struct{} // closed when the preload is in place, or that has failed with prepareErr
	closed   chan struct{} // closed when the window is gone

	// What follows belongs to the UI thread.
	win        *cef.Window
	view       *cef.BrowserView
	browser    *cef.Browser
	session    *devtools.Session
	subFrames  []*subFrame
	links      []*frameLink       // to its documents, and to some that have gone
	targets    map[string]*target // by the names that their processes are told
	prepareErr error
	load       *load
	beginning  bool        // Chromium is just told of load
	failed     *LoadError  // the network's word; the load ends when Chromium's error page has loaded in its place
	crashed    bool        // the page's process has gone, and no document has come since
	forced     bool        // close without asking the page
	asked      *time.Timer // for the page's answer whether it may be closed; nil if it has not been asked, or has refused
	hidden     bool        // Show has not been called and is not to be called for it
	shown      bool
	loadedOnce bool
	forgotten  bool // the history no longer has the first, blank document
}

// New opens a window. The app must be running; see app.App.OnReady. It returns when the window exists; the page loads on.
func New(a *app.App, o Options) (*Window, error) {
	if err := o.complete(a.Origin()); err != nil {
		return nil, fmt.Errorf("window: %w", err)
	}
	h := a.Host()
	id, err := h.NextID()
	if err != nil {
		return nil, fmt.Errorf("window: %w; open windows in a function given to OnReady", err)
	}
	secret := make([]byte, 32)
	rand.Read(secret) // never fails
	w := &Window{
		id: id, o: o, app: a, host: h, log: a.Log().With(zap.Int("window", id)), token: hex.EncodeToString(secret),
		router: ipc.NewRouter(a.IPC()), prepared: make(chan struct{}), closed: make(chan struct{}), hidden: o.Hidden,
	}
	w.queue.Log = w.log
	w.guard.noise = router.Quiet(w.log, 1)
	w.peer = ipc.NewPeer(w.peerOptions(w.violated))
	if err := engine.Do(w.create); err != nil {
		return nil, fmt.Errorf("window: %w", err)
	}
	if w.browser == nil {
		return nil, errors.New("window: Chromium did not create a browser")
	}
	return w, nil
}

func (w *Window) peerOptions(refused func(error)) ipc.PeerOptions {
	return ipc.PeerOptions{
		Context: w.host.Context(), Router: w.router, Allowed: w.allowed, Reserved: w.reserved, Refused: refused, Farewell: farewell, Log: w.log,
	}
}

// create runs on the UI thread.
func (w *Window) create() {
	w.host.Add(w, w.peer)
	client, delegate := w.client(), w.browserViewDelegate()
	extra := cef.DictionaryValueCreate()
	defer extra.Release()
	w.fillExtraInfo(extra)
	settings := &cef.BrowserSettings{BackgroundColor: argb(w.o.Background)}
	w.view = cef.BrowserViewCreate(client, blank, settings, extra, nil, delegate)
	cef.WindowCreateTopLevel(w.windowDelegate()).Release() // windowCreated has taken a reference
}

// do runs f on the UI thread if the window is still there.
func (w *Window) do(f func()) error {
	gone := true
	err := engine.Do(func() {
		if w.win != nil && w.browser != nil {
			gone = false
			f()
		}
	})
	if err != nil || gone {
		return fmt.Errorf("window %d: %w", w.id, ErrClosed)
	}
	return nil
}

// ID returns the window's number, which is its own in this run of the app.
func (w *Window) ID() int { return w.id }

// IPC returns the window's router: handlers and listeners that serve this window only, before the app's.
func (w *Window) IPC() *ipc.Router { return w.router }

// MainFrame returns the window's document as a party to talk to, or nil while there is none that has a preload. It ends with the document;
// after a navigation there is another one.
func (w *Window) MainFrame() *ipc.Frame { return w.peer.Frame() }

// Send sends a message to the page: ipcRenderer.on(channel, (event, ...args)) hears it. Sent before the page's preload runs, it waits for
// that. Messages arrive in the order sent. A stream in it goes to a page that is there; it cannot wait for one.
func (w *Window) Send(channel string, args ...any) error { return w.peer.Send(channel, args...) }

// PostMessage is Send for a value and ports, which the page's listener finds in event.ports. The ports move to the page; if it fails, they are
// still here.
func (w *Window) PostMessage(channel string, value any, ports ...*ipc.Port) error {
	return w.peer.PostMessage(channel, value, ports...)
}

// Invoke asks the handler that the page's preload registered with ipcRenderer.handle(channel, (event, ...args) => …), and decodes its answer
// into result, a pointer, unless that is nil. Before the page's preload has run, it waits for that. See [ipc.Frame.Invoke] for its errors,
// and [ipc.Invoke], which returns the answer.
func (w *Window) Invoke(ctx context.Context, channel string, result any, args ...any) error {
	return w.peer.Invoke(ctx, channel, result, args...)
}

// Closed is closed when the window is gone.
func (w *Window) Closed() <-chan struct{} { return w.closed }

// All returns the app's open windows, oldest first.
func All(a *app.App) []*Window {
	var ws []*Window
	for _, w := range a.Host().Windows() {
		ws = append(ws, w.(*Window))
	}
	return ws
}

// FromID returns the open window of that number, or nil.
func FromID(a *app.App, id int) *Window {
	for _, w := range All(a) {
		if w.id == id {
			return w
		}
	}
	return nil
}

// FromContext returns the window whose page a handler's or listener's call came from, or nil if it is gone.
func FromContext(ctx context.Context, a *app.App) *Window {
	return FromID(a, ipc.SenderFrom(ctx).WindowID)
}

// ended runs on the UI thread when the browser is gone: nothing of it may be used any more.
func (w *Window) ended() {
	w.drain()
	w.peer.Close(ipc.ErrClosed)
	w.closeSubFrames(ipc.ErrClosed)
	w.waitForLinks()
	w.finishLoad(ErrClosed)
	if w.session != nil {
		w.session.Close()
		w.session = nil
	}
	w.browser.Release()
	w.browser = nil
	w.gone()
}

// gone runs on the UI thread when browser and window are both closed.
func (w *Window) gone() {
	if w.browser != nil || w.win != nil {
		return
	}
	w.view.Release()
	w.host.Remove(w) // before anybody hears that it is closed
	close(w.closed)
	w.events.closed.Emit(&w.queue, struct{}{})
}
