package router

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/oriel-go/oriel/protocol"
)

// A Call is a request or message of the far end on its way to its handler or listeners. It is to be read only.
type Call struct {
	Kind    protocol.Kind // protocol.KindInvoke or protocol.KindSend
	Channel string
	Args    Args // undecoded; what decodes them takes nothing away from the handler, but a stream can be taken once only
	// Known reports that the app has, or once had, a handler or listener for the channel or sends on it. A page may name any other, without end.
	Known bool
	// Meta is what a request carries beside its arguments, such as traceparent. It is the far end's word. May be nil.
	Meta map[string]string

	request *request
	nearest *Router
	reached bool  // the handler or listeners have had their turn
	failed  error // what listeners failed with
}

// A Handler deals with a call: an interceptor, or what is behind it. The result is that of the request, or nil for a message; the error is
// what the caller's promise is rejected with. [Current] knows the sender by ctx.
type Handler func(ctx context.Context, call *Call) (result any, err error)

// An interceptor is a link of a router's chain.
type interceptor struct {
	router *Router
	handle Handler
	next   atomic.Pointer[interceptor]
}

// Use puts interceptors around the handlers and listeners of the router, as middleware is put around an http.Handler: each is called once,
// with what comes next, and returns what is to come in its place. That may do something before and after it, hand another context on,
// replace the result, and refuse a call by returning an error without calling next. Of several the first is the outermost; those of a router
// are around those of the routers below it, the app's around a window's and that around a document's. They see requests that nobody
// handles, too, but not what the origin may not say, and nothing on Oriel's own channels.
//
// The turn of a request goes on when its first interceptor begins, so interceptors begin in order and run concurrently from there on. Around
// the listeners of a message they run in its turn: one that waits holds up what follows. Next may be called once, and an interceptor returns
// after it. Panics are handled as a handler's.
func (r *Router) Use(interceptors ...func(next Handler) Handler) {
	for _, wrap := range interceptors {
		i := &interceptor{router: r}
		i.handle = wrap(func(ctx context.Context, c *Call) (any, error) {
			if next := i.next.Load(); next != nil {
				return next.handle(ctx, c)
			}
			return c.below(ctx, r)
		})
		if i.handle == nil {
			panic("ipc: Use: an interceptor without a handler")
		}
		r.mu.Lock()
		if r.last == nil {
			r.first.Store(i)
		} else {
			r.last.next.Store(i)
		}
		r.last = i
		r.mu.Unlock()
	}
}

// intercepted reports whether there are interceptors around what the router handles.
func (r *Router) intercepted() bool {
	for ; r != nil; r = r.parent {
		if r.first.Load() != nil {
			return true
		}
	}
	return false
}

// intercept sends a request through the interceptors.
func (r *request) intercept(nearest *Router) (c *Call, result any, err error) {
	args := r.args
	c = &Call{Kind: protocol.KindSend, Channel: r.channel, Args: &args, Known: r.counters != &nearest.stats.other, Meta: r.meta, request: r, nearest: nearest}
	if r.asked() {
		c.Kind = protocol.KindInvoke
	}
	root := nearest
	for root.parent != nil {
		root = root.parent
	}
	defer r.recover(&err)
	result, err = c.through(r.ctx, root)
	return c, result, err
}

// through goes on with the interceptors of a router.
func (c *Call) through(ctx context.Context, r *Router) (any, error) {
	if first := r.first.Load(); first != nil {
		return first.handle(ctx, c)
	}
	return c.below(ctx, r)
}

// below goes on behind the interceptors of a router: with those of the one below it, in the end with the handler or the listeners.
func (c *Call) below(ctx context.Context, r *Router) (any, error) {
	if r != c.nearest {
		child := c.nearest
		for child.parent != r {
			child = child.parent
		}
		return c.through(ctx, child)
	}
	if c.reached {
		return nil, errTwice
	}
	c.reached = true
	q := c.request
	defer func(ctx context.Context) { q.ctx = ctx }(q.ctx)
	q.ctx = ctx
	if q.asked() {
		return q.ask(r)
	}
	c.failed = q.tell(r)
	return nil, c.failed
}

var errTwice = errors.New("ipc: an interceptor has called next twice")
