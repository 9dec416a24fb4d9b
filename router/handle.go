package router

import (
	"context"
	"slices"

	"github.com/oriel-go/oriel/protocol"
)

// Args are the arguments of a message, undecoded. As the type In of [Handle] or [On], or as the one parameter for [HandleFunc] and [OnFunc],
// they are the way to take any number of them, of any type.
type Args = *protocol.Args

// Handle answers the requests on a channel: ipcRenderer.invoke(channel, in) resolves with the result or rejects with the error. In is the
// type of the one argument; undefined, null and a missing argument give its zero value, of a channel one that is closed. More arguments are an error for the caller; for
// several see [HandleFunc]. Handle panics if the channel has a handler in this router already or its name is not allowed.
func Handle[In, Out any](r *Router, channel string, f func(ctx context.Context, in In) (Out, error), options ...Option) {
	r.handle(channel, false, handler(f), options)
}

// HandleOnce is Handle for one request only: the first whose argument fits.
func HandleOnce[In, Out any](r *Router, channel string, f func(ctx context.Context, in In) (Out, error), options ...Option) {
	r.handle(channel, true, handler(f), options)
}

// On hears the messages on a channel: ipcRenderer.send(channel, in). The returned function removes the listener. An argument that does not
// fit In is logged and the listener does not run. It panics if the channel's name is not allowed.
func On[In any](r *Router, channel string, f func(ctx context.Context, in In)) (remove func()) {
	return r.on(channel, false, listener(f))
}

// Once is On for one message only: the first whose argument fits.
func Once[In any](r *Router, channel string, f func(ctx context.Context, in In)) (remove func()) {
	return r.on(channel, true, listener(f))
}

func handler[In, Out any](f func(context.Context, In) (Out, error)) func(*request) (any, error) {
	return func(r *request) (any, error) {
		in, err := one[In](r)
		if err != nil {
			return nil, err
		}
		return f(r.ctx, in)
	}
}

func listener[In any](f func(context.Context, In)) func(*request) (any, error) {
	return func(r *request) (any, error) {
		in, err := one[In](r)
		if err != nil {
			return nil, err
		}
		f(r.ctx, in)
		return nil, nil
	}
}

// ownBytes returns the bytes that a request consists of, if they are many and nearly all of the packet: the handler may then have them as
// they are, since nobody else has, and so may a listener that is the only one. Of several listeners each gets a copy.
func ownBytes(r *request) []byte {
	if !r.asked() && !r.sole || r.args.Len() != 1 || r.d.size < tailFrom {
		return nil
	}
	args := r.args
	if v, ok := args.Value(0); ok {
		if p, ok := v.Binary(); ok && len(p) > r.d.size-r.d.size/8 {
			return slices.Clip(p)
		}
	}
	return nil
}

// one decodes the only argument of a message and begins.
func one[In any](r *request) (in In, err error) {
	args := r.args // every listener decodes for itself
	if whole, ok := any(&in).(*Args); ok {
		*whole = new(args)
		return in, r.begin()
	}
	if args.Len() > 1 {
		return in, badArgument(tooMany(1, args.Len()))
	}
	if b, ok := any(&in).(*[]byte); ok {
		if p := ownBytes(r); p != nil {
			*b = p
			return in, r.begin()
		}
	}
	if b, ok := any(&in).(*Lent); ok && args.Len() == 1 {
		return in, r.lend(b)
	}
	if args.Len() == 1 {
		if err := args.Decode(0, &in); err != nil {
			return in, badArgument(err)
		}
	} else {
		protocol.Absent(&in)
	}
	return in, r.beginWith(&args)
}
