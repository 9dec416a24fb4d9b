package router

import (
	"context"
	"sync/atomic"
)

// An Ask is a request of this side on its way to the far end.
type Ask struct {
	Channel string
	Args    []any
	// Meta is what goes with the arguments, such as traceparent; nil for nothing. Whoever sets it replaces the map.
	Meta map[string]string

	session *Session
	nearest *Router
	taken   bool // the arguments have been sent, or what they hold has been closed
}

// An Asker carries a request out: an interceptor, or what is behind it. The answer is decoded into result, a pointer, unless that is nil.
type Asker func(ctx context.Context, a *Ask, result any) error

// An asking is a link of a router's chain.
type asking struct {
	ask  Asker
	next atomic.Pointer[asking]
}

// UseInvoke puts interceptors around what this side asks with Invoke, as [Router.Use] does around what it is asked: those of the app are
// around those of a window, and these around those of a document. They run on the goroutine that calls Invoke. One may change the request,
// hand another context on, refuse it by returning an error without calling next, and call next again, as after an error that passes.
func (r *Router) UseInvoke(interceptors ...func(next Asker) Asker) {
	for _, wrap := range interceptors {
		i := &asking{}
		i.ask = wrap(func(ctx context.Context, a *Ask, result any) error {
			if next := i.next.Load(); next != nil {
				return next.ask(ctx, a, result)
			}
			return a.below(ctx, r, result)
		})
		if i.ask == nil {
			panic("ipc: UseInvoke: an interceptor without a function")
		}
		r.mu.Lock()
		if r.lastAsking == nil {
			r.asking.Store(i)
		} else {
			r.lastAsking.next.Store(i)
		}
		r.lastAsking = i
		r.mu.Unlock()
	}
}

// asksThrough reports whether there are interceptors around what is asked by way of the router.
func (r *Router) asksThrough() bool {
	for ; r != nil; r = r.parent {
		if r.asking.Load() != nil {
			return true
		}
	}
	return false
}

// through goes on with the interceptors of a router.
func (a *Ask) through(ctx context.Context, r *Router, result any) error {
	if first := r.asking.Load(); first != nil {
		return first.ask(ctx, a, result)
	}
	return a.below(ctx, r, result)
}

// below goes on behind the interceptors of a router: with those of the one below it, in the end to the far end.
func (a *Ask) below(ctx context.Context, r *Router, result any) error {
	if r == a.nearest {
		return a.session.invoke(ctx, a, result)
	}
	child := a.nearest
	for child.parent != r {
		child = child.parent
	}
	return a.through(ctx, child, result)
}

// A Lender stands for all arguments of a request. Lend is called when they are encoded and sent, which is when their bytes are read; done is
// called after that.
type Lender interface {
	Lend() (args []any, done func())
}
