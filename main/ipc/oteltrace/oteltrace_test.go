package oteltrace_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	api "go.opentelemetry.io/otel/trace"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/ipc/oteltrace"
	"github.com/oriel-go/oriel/main/pages"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
)

func TestMain(m *testing.M) { apptest.Main(m) }

const (
	pageTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	pageSpan  = "00f067aa0ba902b7"
	parent    = "00-" + pageTrace + "-" + pageSpan + "-01"
)

// recorded returns an interceptor, the provider it uses, and what it records.
func recorded(options ...oteltrace.Option) (func(ipc.Handler) ipc.Handler, *trace.TracerProvider, *tracetest.SpanRecorder) {
	spans := tracetest.NewSpanRecorder()
	provider := trace.NewTracerProvider(trace.WithSpanProcessor(spans))
	return oteltrace.Interceptor(append(options, oteltrace.WithTracerProvider(provider))...), provider, spans
}

// attributes are a span's, as text.
func attributes(s trace.ReadOnlySpan) map[string]string {
	m := map[string]string{}
	for _, a := range s.Attributes() {
		m[string(a.Key)] = a.Value.String()
	}
	return m
}

type coded struct{}

func (coded) Error() string { return "disk full" }
func (coded) Code() string  { return "E_DISK" }

func TestSpans(t *testing.T) {
	gone := errors.New("the document went away")
	over, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	late, expire := context.WithCancelCause(t.Context())
	expire(ipc.ErrTimeout)
	for name, c := range map[string]struct {
		ctx    context.Context
		call   ipc.Call
		err    error
		span   string
		kind   api.SpanKind
		status codes.Code
		want   map[string]string
	}{
		"request": {call: ipc.Call{Kind: protocol.KindInvoke, Channel: "save", Known: true}, span: "save", kind: api.SpanKindServer,
			want: map[string]string{"rpc.system.name": "oriel", "rpc.method": "save", "error.type": "", "rpc.method_original": ""}},
		"unknown request": {call: ipc.Call{Kind: protocol.KindInvoke, Channel: "x9"}, err: errors.New("no"), span: "_OTHER", kind: api.SpanKindServer,
			status: codes.Error, want: map[string]string{"rpc.method": "_OTHER", "rpc.method_original": "x9", "error.type": "_OTHER"}},
		"message": {call: ipc.Call{Kind: protocol.KindSend, Channel: "log", Known: true}, span: "log", kind: api.SpanKindConsumer,
			want: map[string]string{"messaging.system": "oriel", "messaging.destination.name": "log", "rpc.method": ""}},
		"error with a code": {call: ipc.Call{Kind: protocol.KindInvoke, Channel: "save", Known: true}, err: fmt.Errorf("save: %w", coded{}), span: "save",
			kind: api.SpanKindServer, status: codes.Error, want: map[string]string{"error.type": "E_DISK", "rpc.response.status_code": "E_DISK"}},
		"given up": {ctx: over, call: ipc.Call{Kind: protocol.KindInvoke, Channel: "save", Known: true}, err: gone, span: "save",
			kind: api.SpanKindServer, want: map[string]string{"error.type": ""}},
		"given up, as most handlers say it": {ctx: over, call: ipc.Call{Kind: protocol.KindInvoke, Channel: "save", Known: true},
			err: fmt.Errorf("save: %w", context.Canceled), span: "save", kind: api.SpanKindServer, want: map[string]string{"error.type": ""}},
		"too late": {ctx: late, call: ipc.Call{Kind: protocol.KindInvoke, Channel: "save", Known: true}, err: context.Canceled, span: "save",
			kind: api.SpanKindServer, status: codes.Error, want: map[string]string{"error.type": "ERR_TIMEOUT", "rpc.response.status_code": "ERR_TIMEOUT"}},
		"error for the caller": {call: ipc.Call{Kind: protocol.KindInvoke, Channel: "save", Known: true}, span: "save", kind: api.SpanKindServer, status: codes.Error,
			err: &protocol.PublicError{ErrorValue: protocol.ErrorValue{Message: "no", Code: "E_NO"}}, want: map[string]string{"error.type": "E_NO"}},
		"error with a long code": {call: ipc.Call{Kind: protocol.KindInvoke, Channel: "save", Known: true}, span: "save", kind: api.SpanKindServer, status: codes.Error,
			err: &protocol.ErrorValue{Code: strings.Repeat("E", 65)}, want: map[string]string{"error.type": "_OTHER", "rpc.response.status_code": ""}},
	} {
		interceptor, _, spans := recorded()
		if c.ctx == nil {
			c.ctx = t.Context()
		}
		result, err := interceptor(func(context.Context, *ipc.Call) (any, error) { return 7, c.err })(c.ctx, &c.call)
		if result != 7 || err != c.err {
			t.Errorf("%s: the interceptor returns %v, %v", name, result, err)
		}
		ended := spans.Ended()
		if len(ended) != 1 {
			t.Fatalf("%s: %d spans", name, len(ended))
		}
		s := ended[0]
		if s.Name() != c.span || s.SpanKind() != c.kind || s.Status().Code != c.status || s.Parent().IsValid() {
			t.Errorf("%s: %s, %v, %+v", name, s.Name(), s.SpanKind(), s.Status())
		}
		got := attributes(s)
		for key, want := range c.want {
			if got[key] != want {
				t.Errorf("%s: %s is %q", name, key, got[key])
			}
		}
		if events := len(s.Events()); (events == 1) != (c.err != nil) {
			t.Errorf("%s: %d events", name, events)
		}
	}
}

func TestOptions(t *testing.T) {
	call := &ipc.Call{Kind: protocol.KindInvoke, Channel: "x", Known: true, Meta: map[string]string{"traceparent": parent}}
	yes := func(context.Context, *ipc.Call) bool { return true }
	interceptor, _, spans := recorded(oteltrace.WithPublicEndpoint(yes))
	handler := func(context.Context, *ipc.Call) (any, error) { return nil, nil }
	_, _ = interceptor(handler)(t.Context(), call)
	if s := spans.Ended()[0]; s.Parent().IsValid() || s.SpanContext().TraceID().String() == pageTrace || len(s.Links()) != 1 ||
		s.Links()[0].SpanContext.SpanID().String() != pageSpan {
		t.Errorf("a public endpoint's span: parent %v, links %v", s.Parent(), s.Links())
	}
	interceptor, _, spans = recorded(oteltrace.WithFilter(func(_ context.Context, c *ipc.Call) bool { return c.Channel != "x" }))
	_, _ = interceptor(handler)(t.Context(), call)
	if n := len(spans.Started()); n != 0 {
		t.Errorf("%d spans of what was filtered out", n)
	}
	interceptor, _, spans = recorded(oteltrace.WithPropagator(nil), oteltrace.WithFilter(nil), oteltrace.WithPublicEndpoint(nil))
	_, _ = interceptor(handler)(t.Context(), call)
	if s := spans.Ended()[0]; s.Parent().SpanID().String() != pageSpan {
		t.Errorf("with options that are nil, the parent is %v", s.Parent())
	}
	call.Meta = map[string]string{"traceparent": "00-zz"}
	interceptor, _, spans = recorded(oteltrace.WithPublicEndpoint(yes))
	_, _ = interceptor(handler)(t.Context(), call)
	if s := spans.Ended()[0]; len(s.Links()) != 0 {
		t.Errorf("a malformed traceparent is linked to: %v", s.Links())
	}
	interceptor, _, spans = recorded()
	_, _ = interceptor(handler)(t.Context(), call)
	if s := spans.Ended()[0]; s.Parent().IsValid() {
		t.Errorf("a malformed traceparent is a parent: %v", s.Parent())
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = interceptor(func(context.Context, *ipc.Call) (any, error) { panic("x") })(t.Context(), call)
	}()
	if n := len(spans.Ended()); n != 2 {
		t.Errorf("%d spans have ended after a panic", n)
	}
}

// What a context carries that is too much for a request does not make it fail, and what it carries already stays.
func TestAskCarriesWhatFits(t *testing.T) {
	ctx, root := trace.NewTracerProvider().Tracer("app").Start(t.Context(), "root")
	defer root.End()
	member, err := baggage.NewMember("k", strings.Repeat("v", protocol.MaxMetaText))
	if err != nil {
		t.Fatal(err)
	}
	full, err := baggage.New(member)
	if err != nil {
		t.Fatal(err)
	}
	both := propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})
	ask := oteltrace.AskInterceptor(oteltrace.WithTracerProvider(trace.NewTracerProvider()), oteltrace.WithPropagator(both))
	for n, want := range map[int]int{0: 1, 1: 2, protocol.MaxMeta - 1: protocol.MaxMeta, protocol.MaxMeta: protocol.MaxMeta} {
		own := map[string]string{}
		for i := range n {
			own[fmt.Sprint(i)] = "own"
		}
		asked := false
		err := ask(func(_ context.Context, a *ipc.Ask, _ any) error {
			asked = true
			for name, value := range own {
				if a.Meta[name] != value {
					t.Errorf("%s has become %q", name, a.Meta[name])
				}
			}
			if _, traced := a.Meta["traceparent"]; traced != (n < protocol.MaxMeta) || len(a.Meta) != want {
				t.Errorf("beside %d entries: %v", n, a.Meta)
			}
			return nil
		})(baggage.ContextWithBaggage(ctx, full), &ipc.Ask{Channel: "x", Meta: maps.Clone(own)}, nil)
		if err != nil || !asked {
			t.Errorf("beside %d entries: %v", n, err)
		}
	}
}

const preload = `
const { contextBridge, ipcRenderer } = require('oriel');
contextBridge.exposeInMainWorld('api', {
  traced: (text) => ipcRenderer.invoke('echo', text, { traceparent: '` + parent + `' }),
  plain: (text) => ipcRenderer.invoke('echo', text),
  relayed: ipcRenderer.invoker('relay', 0),
  tell: (text) => ipcRenderer.send('tell', text, { traceparent: '` + parent + `' }),
});
ipcRenderer.handle('place', (event, fail) => { if (fail) throw Object.assign(new Error('no'), { code: 'E_NO' }); return event.traceparent; });`

// The trace of a page goes on in Go: the call's span is the child of the page's, and what the handler does is the call's.
func TestBrowserTrace(t *testing.T) {
	o := app.Options{Pages: pages.FS(fstest.MapFS{"index.html": {Data: []byte("<!doctype html><title>Traces</title>")}})}
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		interceptor, provider, spans := recorded()
		a.IPC().Use(interceptor)
		ipc.Handle(a.IPC(), "echo", func(ctx context.Context, text string) (string, error) {
			_, span := provider.Tracer("app").Start(ctx, "work")
			span.End()
			return text, nil
		})
		w := apptest.Open(t, a, window.Options{Preload: preload})
		for _, call := range []string{"traced", "plain"} {
			if got := apptest.Eval[string](t, w, "window.api."+call+"('hello')"); got != "hello" {
				t.Errorf("%s: %q", call, got)
			}
		}
		ended := spans.Ended()
		if len(ended) != 4 {
			t.Fatalf("%d spans", len(ended))
		}
		work, traced, plain := ended[0], ended[1], ended[3]
		if c := traced.SpanContext(); c.TraceID().String() != pageTrace || traced.Parent().SpanID().String() != pageSpan || !traced.Parent().IsRemote() {
			t.Errorf("the call's span is of trace %v, below %v", c.TraceID(), traced.Parent())
		}
		if work.Parent().SpanID() != traced.SpanContext().SpanID() || work.SpanContext().TraceID().String() != pageTrace {
			t.Errorf("the handler's span is below %v", work.Parent())
		}
		if plain.Parent().IsValid() || plain.SpanContext().TraceID().String() == pageTrace {
			t.Errorf("a call without traceparent is below %v", plain.Parent())
		}
		askAndHear(t, a, w, provider, spans)
		if got := attributes(traced); traced.Name() != "echo" || got["oriel.origin"] != a.Origin() || got["oriel.window.id"] != fmt.Sprint(w.ID()) {
			t.Errorf("%s: %v", traced.Name(), got)
		}
	})
}

// askAndHear lets main ask the page, whose handler is told its place in the trace, and the page send a message that has one.
func askAndHear(t *testing.T, a *app.App, w *window.Window, provider *trace.TracerProvider, spans *tracetest.SpanRecorder) {
	a.IPC().UseInvoke(oteltrace.AskInterceptor(oteltrace.WithTracerProvider(provider)))
	ctx, root := provider.Tracer("app").Start(apptest.Context(t), "root")
	place, err := ipc.Invoke[string](ctx, w, "place", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ipc.Invoke[string](ctx, w, "place", true); err == nil {
		t.Error("the page's handler did not fail")
	}
	ended := spans.Ended()
	asked, failed := ended[len(ended)-2], ended[len(ended)-1]
	if want := "00-" + root.SpanContext().TraceID().String() + "-" + asked.SpanContext().SpanID().String() + "-01"; place != want ||
		asked.Name() != "place" || asked.SpanKind() != api.SpanKindClient || asked.Parent().SpanID() != root.SpanContext().SpanID() {
		t.Errorf("the page is at %s, want %s; %s below %v", place, want, asked.Name(), asked.Parent())
	}
	if got := attributes(failed); failed.Status().Code != codes.Error || got["rpc.response.status_code"] != "E_NO" {
		t.Errorf("a call that failed: %+v, %v", failed.Status(), got)
	}
	// A page's call that makes main ask the page stays in the trace all the way.
	ipc.Handle(a.IPC(), "relay", func(ctx context.Context, _ any) (string, error) { return ipc.Invoke[string](ctx, w, "place", false) })
	before := len(spans.Ended())
	place = apptest.Eval[string](t, w, "window.api.relayed({ traceparent: '"+parent+"' })")
	ended = spans.Ended()[before:]
	if len(ended) != 2 || ended[0].Name() != "place" || ended[1].Name() != "relay" || ended[1].Parent().SpanID().String() != pageSpan ||
		ended[0].Parent().SpanID() != ended[1].SpanContext().SpanID() || place != "00-"+pageTrace+"-"+ended[0].SpanContext().SpanID().String()+"-01" {
		t.Errorf("by way of main the page is at %s; %d spans", place, len(ended))
	}
	heard := make(chan api.SpanContext, 1)
	ipc.On(a.IPC(), "tell", func(ctx context.Context, _ string) { heard <- api.SpanContextFromContext(ctx) })
	apptest.Eval[any](t, w, "window.api.tell('hello')")
	if c := <-heard; c.TraceID().String() != pageTrace {
		t.Errorf("a message is of trace %v", c.TraceID())
	}
}
