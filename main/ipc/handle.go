package ipc

import (
	"context"
	"fmt"
	"reflect"

	"github.com/oriel-go/oriel/protocol"
)

// Args are the arguments of a message, undecoded. As the type In of [Handle] or [On] it is the way to take any number of them.
type Args = *protocol.Args

// Handle answers the requests on a channel: ipcRenderer.invoke(channel, in) resolves with the result or rejects with the error. In is the
// type of the one argument; undefined, null and a missing argument give its zero value. More arguments are an error for the caller; for
// several see [HandleFunc]. Handle panics if the channel has a handler in this router already or its name is not allowed.
func Handle[In, Out any](r *Router, channel string, f func(ctx context.Context, in In) (Out, error)) {
	r.handle(channel, &handler{call: typed(f)})
}

// HandleOnce is Handle for the first request only.
func HandleOnce[In, Out any](r *Router, channel string, f func(ctx context.Context, in In) (Out, error)) {
	r.handle(channel, &handler{call: typed(f), once: true})
}

// On hears the messages on a channel: ipcRenderer.send(channel, in). The returned function removes the listener. An argument that does not
// fit In is logged and the listener does not run. It panics if the channel's name is not allowed.
func On[In any](r *Router, channel string, f func(ctx context.Context, in In)) (remove func()) {
	return r.on(channel, &listener{call: heard(f)})
}

// Once is On for the first message only.
func Once[In any](r *Router, channel string, f func(ctx context.Context, in In)) (remove func()) {
	return r.on(channel, &listener{call: heard(f), once: true})
}

func typed[In, Out any](f func(context.Context, In) (Out, error)) func(context.Context, Args) (any, error) {
	return func(ctx context.Context, args Args) (any, error) {
		in, err := one[In](args)
		if err != nil {
			return nil, err
		}
		return f(ctx, in)
	}
}

func heard[In any](f func(context.Context, In)) func(context.Context, Args) error {
	return func(ctx context.Context, args Args) error {
		in, err := one[In](args)
		if err != nil {
			return err
		}
		f(ctx, in)
		return nil
	}
}

// An argumentError is about what the caller passed: the caller's business and not a failure of the handler.
type argumentError struct{ error }

func (e *argumentError) Unwrap() error { return e.error }

// one decodes the only argument of a message.
func one[In any](args Args) (in In, err error) {
	if whole, ok := any(&in).(*Args); ok {
		*whole = args
		return in, nil
	}
	if args.Len() > 1 {
		return in, &argumentError{fmt.Errorf("expected 1 argument, got %d", args.Len())}
	}
	if args.Len() == 1 {
		if err := args.Decode(0, &in); err != nil {
			return in, &argumentError{err}
		}
	}
	return in, nil
}

// HandleFunc is [Handle] for functions with any number of arguments, found out by reflection: f is a func that may take a context first,
// then one parameter for each argument, the last of which may be variadic, and returns a result, an error, both or neither.
// It panics if f is something else.
func HandleFunc(r *Router, channel string, f any) {
	r.handle(channel, &handler{call: reflected(f)})
}

// OnFunc is [On] for functions with any number of arguments, as in [HandleFunc]. An error that f returns is logged.
func OnFunc(r *Router, channel string, f any) (remove func()) {
	call := reflected(f)
	return r.on(channel, &listener{call: func(ctx context.Context, args Args) error {
		_, err := call(ctx, args)
		return err
	}})
}

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
)

func reflected(f any) func(context.Context, Args) (any, error) {
	v := reflect.ValueOf(f)
	if v.Kind() != reflect.Func || v.IsNil() || v.Type().NumOut() > 2 ||
		v.Type().NumOut() == 2 && v.Type().Out(1) != errorType {
		panic(fmt.Errorf("ipc: %T is not func([context.Context,] arguments…) ([result,] [error])", f))
	}
	t, skip := v.Type(), 0
	if t.NumIn() > 0 && t.In(0) == contextType {
		skip = 1
	}
	return func(ctx context.Context, args Args) (any, error) {
		in, err := parameters(t, skip, args)
		if err != nil {
			return nil, err
		}
		if skip == 1 {
			in = append([]reflect.Value{reflect.ValueOf(ctx)}, in...)
		}
		return results(t, v.Call(in))
	}
}

func parameters(t reflect.Type, skip int, args Args) ([]reflect.Value, error) {
	fixed := t.NumIn() - skip
	if t.IsVariadic() {
		fixed--
	} else if args.Len() > fixed {
		return nil, &argumentError{fmt.Errorf("expected %d arguments, got %d", fixed, args.Len())}
	}
	in := make([]reflect.Value, max(fixed, args.Len()))
	for i := range in {
		typ := t.In(min(i+skip, t.NumIn()-1))
		if i >= fixed {
			typ = typ.Elem()
		}
		p := reflect.New(typ)
		if i < args.Len() {
			if err := args.Decode(i, p.Interface()); err != nil {
				return nil, &argumentError{err}
			}
		}
		in[i] = p.Elem()
	}
	return in, nil
}

func results(t reflect.Type, out []reflect.Value) (any, error) {
	n := t.NumOut()
	if n > 0 && t.Out(n-1) == errorType {
		if err, _ := out[n-1].Interface().(error); err != nil {
			return nil, err
		}
		n--
	}
	if n == 0 {
		return protocol.Undefined{}, nil
	}
	return out[0].Interface(), nil
}
