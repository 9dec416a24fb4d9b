package router

import (
	"context"
	"fmt"
	"reflect"

	"github.com/oriel-go/oriel/protocol"
)

// HandleFunc is [Handle] for functions with any number of arguments, found out by reflection: f is a func that may take a context first,
// then one parameter for each argument, the last of which may be variadic, and returns a result, an error, both or neither.
// It panics if f is something else.
func HandleFunc(r *Router, channel string, f any, options ...Option) {
	r.handle(channel, false, reflected(f), options)
}

// OnFunc is [On] for functions with any number of arguments, as in [HandleFunc]. An error that f returns is logged.
func OnFunc(r *Router, channel string, f any) (remove func()) {
	return r.on(channel, false, reflected(f))
}

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
	argsType    = reflect.TypeFor[Args]()
)

func reflected(f any) func(*request) (any, error) {
	v := reflect.ValueOf(f)
	if v.Kind() != reflect.Func || v.IsNil() || !fits(v.Type()) {
		panic(fmt.Errorf("ipc: %T is not func([context.Context,] arguments…) ([result,] [error]), or func([context.Context,] ipc.Args) …", f))
	}
	t, skip := v.Type(), takesContext(v.Type())
	return func(r *request) (any, error) {
		in := make([]reflect.Value, skip, skip+r.args.Len()+t.NumIn())
		if skip == 1 {
			in[0] = reflect.ValueOf(&r.ctx).Elem()
		}
		args := r.args // every listener decodes for itself
		in, err := parameters(in, t, &args)
		if err != nil {
			return nil, badArgument(err)
		}
		if err := r.beginWith(&args); err != nil {
			return nil, err
		}
		return results(t, v.Call(in))
	}
}

// takesContext is 1 if a function's first parameter is a context.
func takesContext(t reflect.Type) int {
	if t.NumIn() > 0 && t.In(0) == contextType {
		return 1
	}
	return 0
}

// fits says whether functions of the type can be handlers: contexts and undecoded arguments have their places.
func fits(t reflect.Type) bool {
	skip := takesContext(t)
	for i := skip; i < t.NumIn(); i++ {
		if t.In(i) == contextType || t.In(i) == argsType && t.NumIn() > skip+1 {
			return false
		}
	}
	return t.NumOut() < 2 || t.NumOut() == 2 && t.Out(1) == errorType
}

// parameters appends a function's parameters, made of the arguments, to in, which has the context if it takes one.
func parameters(in []reflect.Value, t reflect.Type, args *protocol.Args) ([]reflect.Value, error) {
	skip := len(in)
	fixed := t.NumIn() - skip
	switch {
	case fixed == 1 && t.In(skip) == argsType:
		return append(in, reflect.ValueOf(args)), nil
	case t.IsVariadic():
		fixed--
	case args.Len() > fixed:
		return nil, tooMany(fixed, args.Len())
	}
	for i := range max(fixed, args.Len()) {
		typ := t.In(min(i+skip, t.NumIn()-1))
		if i >= fixed {
			typ = typ.Elem()
		}
		p := reflect.New(typ)
		if i < args.Len() {
			if err := args.Decode(i, p.Interface()); err != nil {
				return nil, err
			}
		} else {
			protocol.Absent(p.Interface())
		}
		in = append(in, p.Elem())
	}
	return in, nil
}

// tooMany is the error of a call with more arguments than its function takes.
func tooMany(want, got int) error {
	noun := "arguments"
	if want == 1 {
		noun = "argument"
	}
	return fmt.Errorf("expected %d %s, got %d", want, noun, got)
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
