package ipc_test

import (
	"context"
	"maps"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
)

// Who may do what is decided in one place, by the sender that Chromium names: the first window may delete, the second may not.
func TestBrowserInterceptor(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		deleted, told := make(chan string, 10), make(chan string, 10)
		ipc.Handle(a.IPC(), "notes:delete", func(_ context.Context, id string) (string, error) { deleted <- id; return "gone", nil })
		ipc.Handle(a.IPC(), "notes:list", func(context.Context, any) ([]string, error) { return []string{"a"}, nil })
		ipc.On(a.IPC(), "notes:tell", func(_ context.Context, text string) { told <- text })
		first, second := show(t, a, window.Options{}), show(t, a, window.Options{})
		a.IPC().Use(func(next ipc.Handler) ipc.Handler {
			return func(ctx context.Context, c *ipc.Call) (any, error) {
				if s := ipc.SenderFrom(ctx); c.Channel != "notes:list" && s.WindowID != first.ID() {
					return nil, &protocol.PublicError{ErrorValue: protocol.ErrorValue{Message: s.Origin + " may only look", Code: "E_READ_ONLY"}}
				}
				return next(ctx, c)
			}
		})
		if got := eval[failure](t, second, `window.api.tryInvoke('notes:delete', 'x')`); got.Code != "E_READ_ONLY" || !strings.HasSuffix(got.Text, "may only look") {
			t.Errorf("the second window's page: %+v", got)
		}
		eval[any](t, second, `window.api.send('notes:tell', 'second'), 0`)
		if got := eval[[]string](t, second, `window.api.invoke('notes:list')`); len(got) != 1 {
			t.Errorf("it may look, and saw %v", got)
		}
		eval[any](t, first, `window.api.send('notes:tell', 'first'), 0`)
		if got := eval[string](t, first, `window.api.invoke('notes:delete', 'y')`); got != "gone" {
			t.Errorf("the first window's page: %s", got)
		}
		if id, text := <-deleted, <-told; id != "y" || text != "first" || len(deleted) > 0 || len(told) > 0 {
			t.Errorf("deleted %s, told %s, and %d, %d more", id, text, len(deleted), len(told))
		}
		s := a.IPC().Stats().Channels
		if d := s["notes:delete"]; d.Calls != 2 || d.Errors["E_READ_ONLY"] != 1 || d.Latency.Count != 2 || d.Latency.Quantile(1) <= 0 {
			t.Errorf("counted: %+v", d)
		}
	})
}

// tracing is a preload whose calls carry their place in a trace, and calls that only look as if they did.
const tracing = `
const { contextBridge, ipcRenderer } = require('electron');
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', tracestate = 'congo=t61rcWkgMzE';
const { signal } = new AbortController();
const calls = {
  alone: [1, { traceparent }], all: [1, { tracestate, signal, traceparent }], only: [{ traceparent }], signal: [1, { signal }], none: [1],
  nullProto: [1, Object.assign(Object.create(null), { traceparent })],
  malformed: [1, { traceparent: traceparent.toUpperCase() }], short: [1, { traceparent: '00-1-2-3' }], more: [1, { traceparent, text: 'x' }],
  noParent: [1, { tracestate }], undefinedState: [1, { traceparent, tracestate: undefined }], undefinedParent: [1, { traceparent: undefined }], first: [{ traceparent }, 1], number: [1, { traceparent: 7 }], long: [1, { traceparent, tracestate: 'x'.repeat(513) }],
  line: [1, { traceparent: traceparent + '\n' }],
};
contextBridge.exposeInMainWorld('calls', Object.keys(calls));
contextBridge.exposeInMainWorld('direct', { seen: ipcRenderer.invoker('seen'), one: ipcRenderer.invoker('seen', 1), told: ipcRenderer.sender('told'), tellOne: ipcRenderer.sender('told', 1) });
contextBridge.exposeInMainWorld('call', (name) => ipcRenderer.invoke('seen', ...calls[name]));
contextBridge.exposeInMainWorld('tell', (name) => {
  try { ipcRenderer.send('told', ...calls[name]); } catch (e) { ipcRenderer.send('told', e.message, 1, 2); }
});`

func TestBrowserMeta(t *testing.T) {
	type seen struct {
		Args int
		Meta map[string]string
	}
	const parent, state = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "congo=t61rcWkgMzE"
	only := map[string]string{"traceparent": parent}
	wants := map[string]seen{
		"alone": {1, only}, "all": {1, map[string]string{"traceparent": parent, "tracestate": state}}, "only": {0, only}, "signal": {1, nil}, "none": {1, nil},
		"nullProto": {1, only}, "malformed": {2, nil}, "short": {2, nil}, "more": {2, nil}, "noParent": {2, nil}, "undefinedState": {1, only}, "undefinedParent": {1, nil}, "first": {2, nil}, "number": {2, nil},
		"long": {2, nil}, "line": {2, nil},
	}
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		told := make(chan seen, 1)
		ipc.On(a.IPC(), "told", func(context.Context, ipc.Args) {})
		ipc.Handle(a.IPC(), "seen", func(_ context.Context, args ipc.Args) (seen, error) { return seen{Args: args.Len()}, nil })
		a.IPC().Use(func(next ipc.Handler) ipc.Handler {
			return func(ctx context.Context, c *ipc.Call) (any, error) {
				result, err := next(ctx, c)
				s, asked := result.(seen)
				if s.Meta = c.Meta; !asked {
					told <- seen{c.Args.Len(), c.Meta}
				}
				return s, err
			}
		})
		w := show(t, a, window.Options{Preload: tracing})
		for _, name := range eval[[]string](t, w, "window.calls") {
			got := eval[seen](t, w, "window.call(ARG)", name)
			want, known := wants[name]
			if !known || got.Args != want.Args || !maps.Equal(got.Meta, want.Meta) {
				t.Errorf("%s: %+v", name, got)
			}
			if name == "all" || name == "signal" { // no message can be given up: its signal is an argument as any other
				want = seen{Args: 3}
			}
			eval[any](t, w, "window.tell(ARG)", name)
			if got := wait(t, told); got.Args != want.Args || !maps.Equal(got.Meta, want.Meta) {
				t.Errorf("%s, as a message: %+v", name, got)
			}
			delete(wants, name)
		}
		if len(wants) > 0 {
			t.Errorf("not called: %v", wants)
		}
		for script, want := range map[string]seen{
			`direct.seen(1, { traceparent: ARG })`: {1, only}, `direct.seen({ traceparent: ARG }, 1)`: {2, nil},
			`direct.one(1, { traceparent: ARG, tracestate: undefined, text: 'x' })`: {1, only}, `direct.one(1, new Event('click'), 3)`: {1, nil}, `direct.one()`: {1, nil},
		} {
			if got := eval[seen](t, w, script, parent); got.Args != want.Args || !maps.Equal(got.Meta, want.Meta) {
				t.Errorf("%s: %+v", script, got)
			}
		}
		for script, want := range map[string]seen{
			`direct.told(1, { traceparent: ARG })`: {1, only}, `direct.tellOne(1, { traceparent: ARG, text: 'x' })`: {1, only},
			`direct.tellOne(1, { signal: AbortSignal.abort(), tracestate: undefined })`: {1, nil}, `direct.tellOne(1, ARG, 3)`: {1, nil},
		} {
			eval[any](t, w, script, parent)
			if got := wait(t, told); got.Args != want.Args || !maps.Equal(got.Meta, want.Meta) {
				t.Errorf("%s: %+v", script, got)
			}
		}
	})
}
