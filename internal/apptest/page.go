package apptest

import (
	"context"
	"testing"
	"time"

	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/window"
)

// Patience is how long a step of a test may take that could wait for ever.
const Patience = slowness * 30 * time.Second

// Context ends with the test, or when a step that uses it has taken longer than Patience.
func Context(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	t.Cleanup(cancel)
	return ctx
}

// Open opens a window and waits for its page.
func Open(t *testing.T, a *app.App, o window.Options) *window.Window {
	t.Helper()
	url := o.URL
	o.URL = "about:blank"
	w, err := window.New(a, o)
	if err != nil {
		t.Fatal(err)
	}
	if url == o.URL {
		return w
	}
	if err := w.LoadURL(Context(t), url); err != nil {
		t.Fatal(err)
	}
	return w
}

// Eval runs a script in the window's page and returns what it evaluates to.
func Eval[T any](t *testing.T, w *window.Window, script string) (v T) {
	t.Helper()
	if err := w.Eval(Context(t), script, &v); err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return v
}
