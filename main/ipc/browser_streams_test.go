package ipc_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
)

// closer tells when it is closed.
type closer struct {
	io.Reader
	closed chan error
}

func (c closer) Close() error {
	c.closed <- nil
	return nil
}

func random(n int64) io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{7}), n) }

func digest(r io.Reader) (string, error) {
	h := sha256.New()
	_, err := io.Copy(h, r)
	return hex.EncodeToString(h.Sum(nil)), err
}

// pageStreams are what the tests below use in the page.
const pageStreams = `
const hex = (buffer) => Array.from(new Uint8Array(buffer), (b) => (b + 256).toString(16).slice(1)).join('');
window.digest = async (stream) => {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return hex(await crypto.subtle.digest('SHA-256', await new Blob(pieces).arrayBuffer()));
};
window.collect = async (stream) => { const all = []; for await (const v of stream) all.push(v); return all; };
window.counter = (n, step) => { let i = 0; return new ReadableStream({ pull(c) { if (i < n) c.enqueue(step(i++)); else c.close(); } }); };
window.tried = (promise) => promise.then((v) => 'no error: ' + v, (e) => [e instanceof Error, e.name, e.message, e.code, e.data && e.data.free].join('|'));
0`

// sizes straddle what a chunk, the window and a process message without shared memory hold.
var sizes = []int64{0, 1, 100, 192<<10 - 1, 192 << 10, protocol.ChunkBytes, protocol.ChunkBytes + 1, protocol.StreamWindow + 1, 5<<20 + 3}

func TestBrowserStreams(t *testing.T) {
	type row struct {
		N    int    `json:"n"`
		Text string `json:"text"`
	}
	events := make(chan error, 10)
	event := func(t *testing.T, what string) error {
		t.Helper()
		select {
		case err := <-events:
			return err
		case <-time.After(limit):
			t.Fatalf("%s: nothing happened", what)
			return nil
		}
	}
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		r := a.IPC()
		ipc.Handle(r, "bytes", func(_ context.Context, n int64) (io.Reader, error) { return random(n), nil })
		ipc.Handle(r, "rows", func(_ context.Context, n int) (iter.Seq2[row, error], error) {
			return func(yield func(row, error) bool) {
				for i := 0; i < n && yield(row{i, strings.Repeat("x", i)}, nil); i++ {
				}
			}, nil
		})
		ipc.Handle(r, "nested", func(_ context.Context, n int) (any, error) {
			c := make(chan any, n)
			for i := range n {
				c <- i
			}
			close(c)
			return map[string]any{"name": "x", "parts": []any{random(1000), c}}, nil
		})
		ipc.Handle(r, "digest", func(_ context.Context, in struct {
			Body io.Reader `json:"body"`
			Size int64     `json:"size"`
		}) (bool, error) {
			got, err := digest(in.Body)
			want, _ := digest(random(in.Size))
			return got == want, err
		})
		ipc.Handle(r, "sum", func(_ context.Context, values iter.Seq2[row, error]) (string, error) {
			n, size := 0, 0
			for v, err := range values {
				if err != nil {
					return "", err
				}
				if v.N == n {
					n++
				}
				size += len(v.Text)
			}
			return fmt.Sprint(n, " rows, ", size), nil
		})
		ipc.HandleFunc(r, "through", func(in io.Reader) io.Reader { return in })
		ipc.Handle(r, "fails", func(context.Context, any) (io.Reader, error) {
			return io.MultiReader(random(300_000), failing{codedError{map[string]any{"free": 3}}}), nil
		})
		ipc.Handle(r, "endless", func(ctx context.Context, how string) (any, error) {
			switch how {
			case "reader":
				return closer{rand.NewChaCha8([32]byte{}), events}, nil
			case "blocked":
				r, _ := io.Pipe()
				context.AfterFunc(ctx, func() { events <- context.Cause(ctx) })
				return r, nil
			case "iterator":
				return iter.Seq[int](func(yield func(int) bool) {
					for i := 0; yield(i); i++ {
					}
					events <- nil
				}), nil
			}
			c := make(chan int)
			go func() {
				for i := 0; ctx.Err() == nil; i++ {
					select {
					case c <- i:
					case <-ctx.Done():
					}
				}
				events <- context.Cause(ctx)
			}()
			return c, nil
		})
		ipc.Handle(r, "never reads", func(ctx context.Context, in io.Reader) (any, error) { return nil, nil })
		ipc.Handle(r, "reads until the end", func(ctx context.Context, in io.Reader) (any, error) {
			events <- nil // it has begun
			_, err := io.Copy(io.Discard, in)
			events <- err
			return nil, err
		})
		w := show(t, a, window.Options{})
		eval[any](t, w, pageStreams)

		t.Run("main to page", func(t *testing.T) {
			for _, n := range sizes {
				want, _ := digest(random(n))
				if got := eval[string](t, w, "api.invoke('bytes', ARG).then(digest)", n); got != want {
					t.Errorf("%d bytes arrive as others", n)
				}
			}
			if got := eval[string](t, w, `api.invoke('rows', 3000).then(collect).then((all) => [all.length, all.every((r, i) => r.n === i && r.text.length === i)].join())`); got != "3000,true" {
				t.Errorf("rows: %s", got)
			}
			want, _ := digest(random(300_000))
			if got := eval[string](t, w, `api.invoke('bytes', 300000).then(async (stream) => {
				const reader = stream.getReader({ mode: 'byob' }), pieces = [];
				for (;;) {
					const { done, value } = await reader.read(new Uint8Array(1000));
					if (done) return digest(pieces);
					pieces.push(value);
				}
			})`); got != want {
				t.Errorf("bytes that go into buffers of the page's arrive as others")
			}
			if got := eval[string](t, w, `(async () => {
				const { name, parts: [bytes, numbers] } = await api.invoke('nested', 3);
				return [name, bytes instanceof ReadableStream, (await digest(bytes)).length, await collect(numbers)].join();
			})()`); got != "x,true,64,0,1,2" {
				t.Errorf("nested: %s", got)
			}
		})
		t.Run("page to main", func(t *testing.T) {
			for _, n := range sizes {
				// The bytes that main is to get come from main.
				if !eval[bool](t, w, `(async () => {
					const body = await api.invoke('bytes', ARG);
					return await api.invoke('digest', { body, size: ARG });
				})()`, n) {
					t.Errorf("%d bytes of a stream arrive as others", n)
				}
				for _, kind := range []string{"Blob(pieces)", "File(pieces, 'name')"} {
					if !eval[bool](t, w, `(async () => {
						const pieces = await api.invoke('bytes', ARG).then(collect);
						return await api.invoke('digest', { body: new `+kind+`, size: ARG });
					})()`, n) {
						t.Errorf("%d bytes of a %s arrive as others", n, kind)
					}
				}
			}
			if got := eval[string](t, w, `api.invoke('sum', counter(3000, (n) => ({ n, text: 'x'.repeat(n) })))`); got != "3000 rows, 4498500" {
				t.Errorf("values: %s", got)
			}
			if got := eval[string](t, w, `api.invoke('through', new Blob(['some ', 'text'])).then((s) => new Response(s).text())`); got != "some text" {
				t.Errorf("through main: %q", got)
			}
		})
		t.Run("errors", func(t *testing.T) {
			if got := eval[string](t, w, "tried(api.invoke('fails').then(digest))"); got != "true|Error|disk full|ENOSPC|3" {
				t.Errorf("a reader's error: %s", got)
			}
			for call, want := range map[string]string{
				`'sum', counter(10, (n) => { if (n > 5) throw new TypeError('mine'); return { n, text: '' }; })`: "TypeError: mine",
				`'sum', counter(10, (n) => ({ n: 'x' }))`:                                                        "expected number, got string",
				`'digest', { body: counter(10, String), size: 1 }`:                                               "a chunk of the stream is not bytes",
				`'digest', { body: counter(10, () => () => {}), size: 1 }`:                                       "An object could not be cloned",
				`'digest', { body: 'text', size: 1 }`:                                                            "expected ReadableStream or bytes, got string",
			} {
				if got := eval[string](t, w, "tried(api.invoke("+call+"))"); !strings.Contains(got, want) {
					t.Errorf("%s: %s", call, got)
				}
			}
			if got := eval[string](t, w, "{ const s = counter(1, String); s.getReader(); tried(Promise.resolve().then(() => api.invoke('sum', s))) }"); !strings.Contains(got, "could not be cloned") {
				t.Errorf("a locked stream: %s", got)
			}
		})
		t.Run("early close", func(t *testing.T) {
			for _, how := range []string{"reader", "iterator", "channel", "blocked"} {
				script := "api.invoke('endless', ARG).then((s) => { const r = s.getReader(); r.read(); return r.cancel(); })"
				if how == "blocked" {
					script = "api.invoke('endless', ARG).then((s) => s.cancel())"
				}
				eval[any](t, w, script, how)
				if err := event(t, how); err != nil && !errors.Is(err, ipc.ErrCanceled) {
					t.Errorf("%s: %v", how, err)
				}
			}
			if got := eval[string](t, w, `new Promise((done) => {
				api.invoke('never reads', new ReadableStream({ pull(c) { c.enqueue(new Uint8Array(1000)); }, cancel(reason) { done(reason.message); } }));
			})`); got != "The reader closed the stream" {
				t.Errorf("a stream that nobody reads ends with %q", got)
			}
			eval[any](t, w, `{ api.invoke('reads until the end', counter(1e9, () => new Uint8Array(1000))); 0 }`)
			eval[any](t, w, `api.invoke('endless', 'channel').then((s) => { window.kept = s.getReader(); return kept.read(); })`)
			if err := event(t, "a handler that reads"); err != nil {
				t.Error(err)
			}
			load(t, w, "two.html")
			for range 2 {
				if err := event(t, "navigation"); !errors.Is(err, ipc.ErrNavigated) {
					t.Errorf("after a navigation: %v", err)
				}
			}
		})
	})
}

// failing is a reader that only fails.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// A stream that the page has dropped without a word is closed when it has been collected.
func TestBrowserDroppedStream(t *testing.T) {
	o := site()
	o.ChromiumSwitches = []string{"js-flags=--expose-gc"}
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		events := make(chan error, 2)
		ipc.Handle(a.IPC(), "endless", func(context.Context, any) (io.Reader, error) {
			return closer{rand.NewChaCha8([32]byte{}), events}, nil
		})
		w := show(t, a, window.Options{})
		eval[any](t, w, "api.invoke('endless').then((s) => s.getReader().read()).then(() => 0)")
		eval[any](t, w, "api.invoke('endless').then((s) => { window.kept = s; })")
		eval[any](t, w, "window.collecting = setInterval(gc, 20); 0")
		wait(t, events)
		if n := eval[int](t, w, "clearInterval(collecting); kept.getReader().read().then((r) => r.value.length)"); n == 0 || len(events) > 0 {
			t.Errorf("the stream that is kept gives %d bytes", n)
		}
	})
}
