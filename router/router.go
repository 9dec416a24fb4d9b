package router

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oriel-go/oriel/protocol"
)

// A Router knows handlers and listeners: those of an app, of a window, of a session. Its methods may be called from any goroutine.
type Router struct {
	parent *Router
	stats  *stats // of the root, for all below it

	mu         sync.RWMutex
	handlers   map[string]*target
	listeners  map[string][]*target
	last       *interceptor
	lastAsking *asking

	first  atomic.Pointer[interceptor]
	asking atomic.Pointer[asking]
}

// A target is a handler or listener: a function of the app that messages on a channel are for.
type target struct {
	// call decodes the arguments, calls r.begin and then the function.
	call    func(r *request) (any, error)
	once    func() bool   // takes it away and reports whether it was still there; nil if it stays
	timeout time.Duration // of a handler; 0 means none
}

// take reports whether the target may be called.
func (t *target) take() bool { return t.once == nil || t.once() }

// NewRouter returns a router whose misses go to parent, which may be nil.
func NewRouter(parent *Router) *Router {
	r := &Router{parent: parent, handlers: map[string]*target{}, listeners: map[string][]*target{}}
	if parent != nil {
		r.stats = parent.stats
	} else {
		r.stats = newStats()
	}
	return r
}

// mustBeValid panics if an app cannot use the channel.
func mustBeValid(channel string) {
	if err := protocol.ValidChannel(channel); err != nil {
		panic(fmt.Errorf("ipc: %w", err))
	}
}

// reserved tells channels that are Oriel's own.
func reserved(channel string) bool { return strings.HasPrefix(channel, protocol.ReservedPrefix) }

func (r *Router) handle(channel string, once bool, call func(*request) (any, error), options []Option) {
	mustBeValid(channel)
	t := &target{call: call}
	for _, o := range options {
		o(t)
	}
	if once {
		t.once = func() bool { return r.removeHandler(channel, t) }
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.handlers[channel] != nil {
		panic(fmt.Sprintf("Attempted to register a second handler for '%s'", channel))
	}
	r.handlers[channel] = t
	r.stats.named(channel)
}

func (r *Router) removeHandler(channel string, t *target) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.handlers[channel] != t {
		return false
	}
	delete(r.handlers, channel)
	return true
}

func (r *Router) on(channel string, once bool, call func(*request) (any, error)) (remove func()) {
	mustBeValid(channel)
	t := &target{call: call}
	if once {
		t.once = func() bool { return r.removeListener(channel, t) }
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.listeners[channel] = append(slices.Clip(r.listeners[channel]), t)
	r.stats.named(channel)
	return func() { r.removeListener(channel, t) }
}

// removeListener takes t off the channel's list and reports whether it was still there. Lists are replaced, never changed: readers hold
// them without a lock.
func (r *Router) removeListener(channel string, t *target) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.listeners[channel]
	rest := slices.DeleteFunc(slices.Clone(old), func(x *target) bool { return x == t })
	if len(rest) == 0 {
		delete(r.listeners, channel)
	} else {
		r.listeners[channel] = rest
	}
	return len(rest) < len(old)
}

// RemoveHandler removes the channel's handler. Without one it does nothing. Requests that are being handled go on.
func (r *Router) RemoveHandler(channel string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.handlers, channel)
}

// RemoveAllListeners removes the listeners of the channels named, or of all if none is.
func (r *Router) RemoveAllListeners(channels ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(channels) == 0 {
		clear(r.listeners)
	}
	for _, channel := range channels {
		delete(r.listeners, channel)
	}
}

// handlerFor finds the nearest handler of a channel.
func (r *Router) handlerFor(channel string) *target {
	for ; r != nil; r = r.parent {
		r.mu.RLock()
		t := r.handlers[channel]
		r.mu.RUnlock()
		if t != nil {
			return t
		}
	}
	return nil
}

// listenersFor collects the listeners of a channel, nearest first.
func (r *Router) listenersFor(channel string) []*target {
	var all []*target
	for ; r != nil; r = r.parent {
		r.mu.RLock()
		ts := r.listeners[channel]
		r.mu.RUnlock()
		if all == nil {
			all = slices.Clip(ts)
		} else {
			all = append(all, ts...)
		}
	}
	return all
}
