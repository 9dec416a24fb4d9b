package ipc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/protocol"
)

type note struct {
	Title string   `json:"title"`
	Tags  []string `json:"tags"`
}

type codedError struct{ data any }

func (codedError) Error() string { return "disk full" }
func (codedError) Code() string  { return "ENOSPC" }
func (e codedError) Data() any   { return e.data }

// nilError panics when it is asked for its text.
type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

// hostile panics when it is encoded.
type hostile struct{}

func (hostile) MarshalText() ([]byte, error) { panic("marshal") }

func TestErrors(t *testing.T) {
	r := newRig(t)
	fail := func(channel string, err error) {
		ipc.Handle(r.app, channel, func(context.Context, any) (any, error) { return nil, err })
	}
	fail("plain", errors.New("no such note"))
	fail("wrapped", fmt.Errorf("save: %w", codedError{map[string]any{"free": 3}}))
	fail("public", &protocol.PublicError{ErrorValue: protocol.ErrorValue{Name: "RangeError", Message: "too long", Code: "E_LONG"}, Cause: io.EOF})
	fail("bad data", codedError{make(chan int)})
	fail("hostile data", codedError{hostile{}})
	fail("nil error", (*nilError)(nil))
	ipc.Handle(r.app, "panic", func(context.Context, any) (any, error) { panic("secret") })
	ipc.Handle(r.app, "exit", func(context.Context, any) (any, error) { runtime.Goexit(); return nil, nil })
	ipc.Handle(r.app, "bad result", func(context.Context, any) (any, error) { return func() {}, nil })
	ipc.Handle(r.app, "hostile result", func(context.Context, any) (any, error) { return hostile{}, nil })
	ipc.Handle(r.app, "save", func(context.Context, note) (any, error) { t.Error("save was called"); return nil, nil })
	ipc.HandleFunc(r.app, "sum", func(int, int) int { t.Error("sum was called"); return 0 })
	for _, c := range []struct {
		channel             string
		args                []any
		name, message, code string
		log                 string
	}{
		{"plain", nil, "Error", "no such note", "", "handler failed"},
		{"wrapped", nil, "Error", "save: disk full", "ENOSPC", "handler failed"},
		{"public", nil, "RangeError", "too long", "E_LONG", "too long: EOF"},
		{"bad data", nil, "Error", "disk full", "ENOSPC", "data cannot be sent"},
		{"hostile data", nil, "Error", "The handler failed: internal error", "ERR_PANIC", "panic"},
		{"nil error", nil, "Error", "The handler failed: internal error", "ERR_PANIC", "panic"},
		{"panic", nil, "Error", "The handler failed: internal error", "ERR_PANIC", "secret"},
		{"exit", nil, "Error", "reply was never sent", "ERR_NO_REPLY", "handler failed"},
		{"bad result", nil, "Error", "the result cannot be sent: value cannot be cloned: func()", "", "handler failed"},
		{"hostile result", nil, "Error", "The handler failed: internal error", "ERR_PANIC", "panic"},
		{"nobody", nil, "Error", "No handler registered for 'nobody'", "ERR_NO_HANDLER", "request refused"},
		{"save", []any{map[string]any{"tags": []any{"a", 1}}}, "TypeError", `argument 1: field "tags[1]": expected string, got number`, "ERR_INVALID_ARG", "request refused"},
		{"save", []any{note{}, 1}, "TypeError", "expected 1 argument, got 2", "ERR_INVALID_ARG", "request refused"},
		{"sum", []any{1, 1.5}, "TypeError", "argument 2: ", "ERR_INVALID_ARG", "request refused"},
		{"sum", []any{1, 2, 3}, "TypeError", "expected 2 arguments, got 3", "ERR_INVALID_ARG", "request refused"},
		{"oriel:own", nil, "Error", "Channel 'oriel:own' is not allowed for origin 'app://test'", "ERR_NOT_ALLOWED", "request refused"},
	} {
		d := r.open(7)
		d.invoke(1, c.channel, c.args...)
		f := d.answer(1)
		if f.Kind != protocol.KindError || f.Name != c.name || !strings.HasPrefix(f.Message, c.message) || f.Code != c.code {
			t.Errorf("%s %v: %v %s: %q (%s)", c.channel, c.args, f.Kind, f.Name, f.Message, f.Code)
		}
		if strings.Contains(f.Message, "secret") || strings.Contains(f.Message, "EOF") {
			t.Errorf("%s tells the page %q", c.channel, f.Message)
		}
		if !r.logged(c.log) {
			t.Errorf("%s: the log lacks %q", c.channel, c.log)
		}
		if c.channel == "wrapped" {
			var data map[string]int
			if err := f.Value.Decode(&data); err != nil || data["free"] != 3 {
				t.Errorf("data is %v, %v", data, err)
			}
		}
		d.silent()
		r.peer.Gone("frame", ipc.ErrNavigated)
	}
	if !r.logged("panic in a handler", "panic=secret", "handle_test.go") {
		t.Error("the log lacks the stack of a panic")
	}
}

func TestSecondHandler(t *testing.T) {
	r := newRig(t)
	h := func(context.Context, any) (any, error) { return nil, nil }
	ipc.Handle(r.app, "x", h)
	ipc.Handle(r.window, "x", h) // another router
	for text, f := range map[string]func(){
		"Attempted to register a second handler for 'x'": func() { ipc.Handle(r.app, "x", h) },
		"names starting with":                            func() { ipc.Handle(r.app, "oriel:x", h) },
		"the name is empty":                              func() { ipc.On(r.app, "", func(context.Context, int) {}) },
		"ipc: func() (int, int) is not":                  func() { ipc.HandleFunc(r.app, "y", func() (int, int) { return 0, 0 }) },
		"ipc: <nil> is not":                              func() { ipc.OnFunc(r.app, "y", nil) },
	} {
		func() {
			defer func() {
				if v := fmt.Sprint(recover()); !strings.Contains(v, text) {
					t.Errorf("panic %q, not %q", v, text)
				}
			}()
			f()
		}()
	}
	r.app.RemoveHandler("x")
	r.app.RemoveHandler("x")
	ipc.Handle(r.app, "x", h)
}

func TestSeveralArguments(t *testing.T) {
	r := newRig(t)
	ipc.HandleFunc(r.app, "join", func(ctx context.Context, sep string, parts ...string) (string, error) {
		return ipc.SenderFrom(ctx).Origin + strings.Join(parts, sep), nil
	})
	ipc.HandleFunc(r.app, "nothing", func() {})
	ipc.HandleFunc(r.app, "fails", func() error { return io.EOF })
	ipc.HandleFunc(r.app, "count", func(args ipc.Args) int { return args.Len() })
	ipc.Handle(r.app, "second", func(_ context.Context, args ipc.Args) (v any, err error) { return v, args.Decode(1, &v) })
	ipc.Handle(r.app, "any", func(_ context.Context, v any) (any, error) { return v, nil })
	heard := make(chan string, 1)
	ipc.OnFunc(r.app, "told", func(a string, b int) error { heard <- fmt.Sprint(a, b); return io.EOF })
	d := r.open(1)
	d.invoke(1, "join", "-", "a", "b")
	if got := result[string](d, 1); got != home+"a-b" {
		t.Errorf("join: %q", got)
	}
	d.invoke(2, "join")
	if got := result[string](d, 2); got != home {
		t.Errorf("join of nothing: %q", got)
	}
	d.invoke(3, "nothing")
	if got := result[any](d, 3); got != (protocol.Undefined{}) {
		t.Errorf("nothing: %v", got)
	}
	d.invoke(4, "fails")
	if f := d.answer(4); f.Message != "EOF" {
		t.Errorf("fails: %q", f.Message)
	}
	d.invoke(5, "count", 1, 2, 3)
	if got := result[int](d, 5); got != 3 {
		t.Errorf("count: %d", got)
	}
	d.invoke(6, "second", 1, "two")
	if got := result[string](d, 6); got != "two" {
		t.Errorf("second: %q", got)
	}
	d.invoke(7, "any", protocol.Undefined{})
	if got := result[any](d, 7); got != (protocol.Undefined{}) {
		t.Errorf("any: %v", got)
	}
	d.send("told", "x", 1)
	if got := wait(t, heard); got != "x1" {
		t.Errorf("told: %q", got)
	}
}

// Two listeners must not share what decoding leaves in the arguments.
func TestListenersHaveTheirOwnArguments(t *testing.T) {
	r := newRig(t)
	got := make(chan *note, 2)
	for range 2 {
		ipc.On(r.app, "x", func(_ context.Context, args ipc.Args) {
			go func() {
				var a, b *note
				if args.Decode(0, &a) != nil || args.Decode(1, &b) != nil || a != b {
					t.Error("the arguments do not share their value")
				}
				got <- a
			}()
		})
	}
	d, n := r.open(1), &note{Title: "a"}
	d.send("x", n, n)
	if a, b := wait(t, got), wait(t, got); a == b || a.Title != "a" || b.Title != "a" {
		t.Errorf("the listeners got %p and %p", a, b)
	}
}
