package ipc_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
)

// Streams that a page uses in ways nobody writes about arrive or fail, and end on both sides.
func TestBrowserUnluckyStreams(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		closed := make(chan error, 1)
		ipc.Handle(a.IPC(), "endless", func(context.Context, any) (io.Reader, error) {
			return closer{rand.NewChaCha8([32]byte{}), closed}, nil
		})
		ipc.Handle(a.IPC(), "read", func(_ context.Context, in io.Reader) (int64, error) { return io.Copy(io.Discard, in) })
		ipc.Handle(a.IPC(), "count", func(_ context.Context, in protocol.Stream) (n int, err error) {
			for ; err == nil; n++ {
				_, err = in.Next()
			}
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return n - 1, err
		})
		w := show(t, a, window.Options{})
		eval[any](t, w, pageStreams)

		for _, reason := range []string{"document", "new WeakMap()", "{ get x() { throw 1; } }", "Symbol('x')", "new Event('x')", "() => {}"} {
			if got := eval[string](t, w, "api.invoke('endless').then((s) => s.cancel("+reason+")).then(String, String)"); got != "undefined" {
				t.Errorf("a reader that gives up because of %s: %s", reason, got)
			}
			wait(t, closed)
		}
		for _, chunk := range []string{"document", "new WeakMap()", "Symbol('x')", "() => {}", "counter(1, String)"} {
			if got := eval[string](t, w, `new Promise((done) => {
				let canceled;
				const end = new Promise((resolve) => { canceled = resolve; });
				const stream = new ReadableStream({ pull(c) { c.enqueue(`+chunk+`); }, cancel: canceled });
				api.invoke('read', stream).then(String, (error) => end.then(() => done(error.message)));
			})`); !strings.Contains(got, "could not be cloned") {
				t.Errorf("a chunk that is %s: %s", chunk, got)
			}
		}
		for script, want := range map[string]string{
			"'read', new ReadableStream({ pull() { throw undefined; } })": "Error: undefined",
			"'read', new ReadableStream({ start(c) { c.error(null); } })": "Error: null",
			"'read', counter(1, () => new Uint8Array(60 << 20))":          "no error: 62914560",
			"'read', counter(1, () => new Uint8Array(70 << 20))":          "larger than 67108864 bytes",
			"'read', new Blob([])":                                                "no error: 0",
			"'read', counter(1000, () => new Uint8Array(0))":                      "no error: 0",
			"'count', counter(1000, () => undefined)":                             "no error: 1000",
			"'count', counter(30, String).tee()[1]":                               "no error: 30",
			"'count', (() => { const s = counter(1, String); return [s, s]; })()": "expected Stream, got array",
			`'read', new ReadableStream({ type: 'bytes', autoAllocateChunkSize: 1000, left: 10, pull(c) {
				if (this.left-- > 0) return c.byobRequest.respond(1000);
				c.close();
				c.byobRequest.respond(0);
			} })`: "no error: 10000",
		} {
			if got := eval[string](t, w, "tried(api.invoke("+script+"))"); !strings.Contains(got, want) {
				t.Errorf("%s: %s", script, got)
			}
		}
		handedInVain(t, a, w)
	})
}

// handedInVain hands readers over that nobody takes.
func handedInVain(t *testing.T, a *app.App, w *window.Window) {
	t.Helper()
	closed := make(chan error, 1)
	source := closer{rand.NewChaCha8([32]byte{}), closed}
	check := func(what string, err error) {
		t.Helper()
		if err == nil {
			t.Errorf("%s: no error", what)
		}
		wait(t, closed)
	}
	check("Invoke without a handler", w.Invoke(patience(t), "nobody", nil, source))
	check("Send to all", a.Send("x", source))
	w.Destroy()
	wait(t, w.Closed())
	check("Send to a window that is closed", w.Send("x", source))
	check("Invoke of a window that is closed", w.Invoke(patience(t), "x", nil, source))
	check("Send to no window", a.Send("x", source))
	if err := a.Send("x", func() {}); err == nil {
		t.Error("a function can be sent to no window")
	}
}
