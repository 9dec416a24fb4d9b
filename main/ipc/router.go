package ipc

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/oriel-go/oriel/protocol"
)

// A Router knows the handlers and listeners of an app, of a window or of a frame. Its methods may be called from any goroutine.
type Router struct {
	parent *Router

	mu        sync.RWMutex
	handlers  map[string]*handler
	listeners map[string][]*listener
}

// A handler answers the requests of a channel.
type handler struct {
	call func(ctx context.Context, args *protocol.Args) (any, error)
	once bool
}

// A listener hears the messages of a channel.
type listener struct {
	call func(ctx context.Context, args *protocol.Args) error
	once bool
}

// NewRouter returns a router whose misses go to parent, which may be nil. An app and its windows bring their own: app.App.IPC,
// window.Window.IPC.
func NewRouter(parent *Router) *Router {
	return &Router{parent: parent, handlers: map[string]*handler{}, listeners: map[string][]*listener{}}
}

func (r *Router) handle(channel string, h *handler) {
	if err := protocol.ValidChannel(channel); err != nil {
		panic(fmt.Errorf("ipc: %w", err))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.handlers[channel] != nil {
		panic(fmt.Errorf("ipc: Attempted to register a second handler for '%s'", channel))
	}
	r.handlers[channel] = h
}

func (r *Router) on(channel string, l *listener) (remove func()) {
	if err := protocol.ValidChannel(channel); err != nil {
		panic(fmt.Errorf("ipc: %w", err))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.listeners[channel] = append(slices.Clip(r.listeners[channel]), l)
	return func() { r.remove(channel, l) }
}

// remove takes l off the channel's list and reports whether it was still there. Lists are replaced, never changed: readers hold them
// without a lock.
func (r *Router) remove(channel string, l *listener) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.listeners[channel]
	rest := slices.DeleteFunc(slices.Clone(old), func(x *listener) bool { return x == l })
	if len(rest) == 0 {
		delete(r.listeners, channel)
	} else {
		r.listeners[channel] = rest
	}
	return len(rest) < len(old)
}

// RemoveHandler removes the channel's handler. Without one it does nothing.
func (r *Router) RemoveHandler(channel string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.handlers, channel)
}

// RemoveAllListeners removes the channel's listeners.
func (r *Router) RemoveAllListeners(channel string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.listeners, channel)
}

// handlerFor finds the nearest handler of a channel and takes it away if it is for one call only.
func (r *Router) handlerFor(channel string) *handler {
	for ; r != nil; r = r.parent {
		r.mu.RLock()
		h := r.handlers[channel]
		r.mu.RUnlock()
		if h == nil {
			continue
		}
		if !h.once {
			return h
		}
		r.mu.Lock()
		mine := r.handlers[channel] == h
		if mine {
			delete(r.handlers, channel)
		}
		r.mu.Unlock()
		if mine {
			return h
		}
	}
	return nil
}

// listenersFor collects the listeners of a channel, nearest first, and takes away those that are for one message only.
func (r *Router) listenersFor(channel string) []*listener {
	var all []*listener
	for ; r != nil; r = r.parent {
		r.mu.RLock()
		ls := r.listeners[channel]
		r.mu.RUnlock()
		for _, l := range ls {
			if l.once && !r.remove(channel, l) {
				continue // another message took it
			}
			all = append(all, l)
		}
	}
	return all
}
