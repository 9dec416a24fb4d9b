// Package host is what an app's packages share about the running app: who it is, its windows, its router.
package host

import (
	"context"
	"errors"
	"slices"
	"sync"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/main/internal/engine"
	"github.com/oriel-go/oriel/main/internal/scheme"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/protocol"
)

// ErrNotRunning is returned when something needs a running app and there is none yet, or none any more.
var ErrNotRunning = errors.New("the app is not running")

// A Window is what the app has to know of one.
type Window interface {
	ID() int
	// Close asks the page whether it may go; Destroy does not. Both return at once.
	Close()
	Destroy()
}

// A Host is the running app.
type Host struct {
	Name    string
	Dev     bool // development mode
	Log     *zap.Logger
	Router  *ipc.Router
	Origins []string        // the app's own
	Allow   []protocol.Rule // what every window allows
	// Guard answers requests for the app's pages and keeps other origins away from them. Every browser's client must have it; it is nil
	// if the app has no pages. It is set before the first window is made.
	Guard scheme.Guard
	// AllClosed hears that the last window has closed.
	AllClosed func()

	mu       sync.Mutex
	ctx      context.Context
	windows  []Window
	peers    map[Window]*ipc.Peer
	browsers int
	last     int
	quitting bool
}

// Begin tells that the app runs; ctx ends with it.
func (h *Host) Begin(ctx context.Context) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ctx = ctx
}

// Context ends with the app. It is nil before the app runs.
func (h *Host) Context() context.Context {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ctx
}

// NextID numbers windows, from 1.
func (h *Host) NextID() (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ctx == nil || h.ctx.Err() != nil {
		return 0, ErrNotRunning
	}
	h.last++
	return h.last, nil
}

// Add notes a window, and whom messages for its page go to.
func (h *Host) Add(w Window, p *ipc.Peer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.peers == nil {
		h.peers = map[Window]*ipc.Peer{}
	}
	h.windows = append(h.windows, w)
	h.peers[w] = p
}

// Peers lists what messages for the pages of all windows go to, oldest window first.
func (h *Host) Peers() (all []*ipc.Peer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range h.windows {
		all = append(all, h.peers[w])
	}
	return all
}

// Remove forgets a window. It runs on the UI thread.
func (h *Host) Remove(w Window) {
	h.mu.Lock()
	h.windows = slices.DeleteFunc(h.windows, func(x Window) bool { return x == w })
	delete(h.peers, w)
	h.mu.Unlock()
	h.settle()
}

// Windows lists the open windows, oldest first.
func (h *Host) Windows() []Window {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.windows)
}

// BrowserOpened and BrowserClosed count browsers, DevTools' included: libcef may end only when there are none. UI thread.
func (h *Host) BrowserOpened() {
	h.mu.Lock()
	h.browsers++
	h.mu.Unlock()
}

// BrowserClosed is BrowserOpened's opposite.
func (h *Host) BrowserClosed() {
	h.mu.Lock()
	h.browsers--
	h.mu.Unlock()
	h.settle()
}

// settle acts when nothing is open any more.
func (h *Host) settle() {
	h.mu.Lock()
	empty, quitting := len(h.windows) == 0 && h.browsers == 0, h.quitting
	h.mu.Unlock()
	switch {
	case !empty:
	case quitting:
		engine.Quit()
	case h.AllClosed != nil:
		h.AllClosed()
	}
}

// Quit closes every window and then ends the engine. With force, pages are not asked. A page that refuses ends the attempt, see Refused.
func (h *Host) Quit(force bool) {
	engine.Post(func() {
		h.mu.Lock()
		h.quitting = true
		h.mu.Unlock()
		for _, w := range h.Windows() {
			if force {
				w.Destroy()
			} else {
				w.Close()
			}
		}
		h.settle()
	})
}

// Refused tells that a page vetoed its closing: a quit under way is off.
func (h *Host) Refused() {
	h.mu.Lock()
	h.quitting = false
	h.mu.Unlock()
}
