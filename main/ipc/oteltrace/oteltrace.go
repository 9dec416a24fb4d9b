// Package oteltrace makes OpenTelemetry spans of what pages ask of an app and tell it.
//
//	a.IPC().Use(oteltrace.Interceptor())
//
// Each request is a span of the kind server and each message one of the kind consumer, with the channel as name and attributes after
// OpenTelemetry's conventions for RPC and messaging. The handler's context has the span, so what it does with other instrumented libraries
// comes below it. A request or message that carries a traceparent (in the preload: ipcRenderer.invoke(channel, …, { traceparent }), and send
// alike) continues the page's trace. What main asks of pages is a span by [AskInterceptor]. Arguments and results are not recorded.
package oteltrace

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/protocol"
)

// scope is the name of the spans' instrumentation.
const scope = "github.com/oriel-go/oriel/main/ipc/oteltrace"

// other stands for every channel that the app has not named: what pages name has no bounds.
const other = "_OTHER"

const (
	// timeoutCode is what a caller gets whose request took too long.
	timeoutCode = "ERR_TIMEOUT"
	// maxCode bounds the codes of errors that are told apart. A page chooses its own.
	maxCode = 64
)

// An Option changes what an interceptor does.
type Option func(*config)

type config struct {
	provider   trace.TracerProvider
	propagator propagation.TextMapPropagator
	filter     func(ctx context.Context, c *ipc.Call) bool
	foreign    func(ctx context.Context, c *ipc.Call) bool
}

// WithTracerProvider makes the spans with p and not with OpenTelemetry's global provider.
func WithTracerProvider(p trace.TracerProvider) Option { return func(c *config) { c.provider = p } }

// WithPropagator reads a request's Meta with p. By default it is read as W3C Trace Context: traceparent and tracestate.
func WithPropagator(p propagation.TextMapPropagator) Option {
	return func(c *config) { c.propagator = p }
}

// WithFilter makes spans only of calls for which f returns true.
func WithFilter(f func(ctx context.Context, c *ipc.Call) bool) Option {
	return func(c *config) { c.filter = f }
}

// WithPublicEndpoint says of which calls the traceparent is not to be trusted, such as those of origins that are not the app's own: they begin
// a trace of their own with a link to the page's, and have no say in whether it is sampled.
func WithPublicEndpoint(f func(ctx context.Context, c *ipc.Call) bool) Option {
	return func(c *config) { c.foreign = f }
}

// Interceptor returns an interceptor for [ipc.Router.Use]. Put it first, so that the span has all of the others within it.
func Interceptor(options ...Option) func(next ipc.Handler) ipc.Handler {
	c := newConfig(options)
	tracer := c.provider.Tracer(scope)
	return func(next ipc.Handler) ipc.Handler {
		return func(ctx context.Context, call *ipc.Call) (any, error) {
			if c.filter != nil && !c.filter(ctx, call) {
				return next(ctx, call)
			}
			ctx, span := c.start(ctx, tracer, call)
			defer span.End() // also when a handler panics or ends its goroutine
			result, err := next(ctx, call)
			if late := context.Cause(ctx); late == ipc.ErrTimeout {
				finish(ctx, span, late) // that is what the caller has been told
			} else {
				finish(ctx, span, err)
			}
			return result, err
		}
	}
}

func newConfig(options []Option) config {
	var c config
	for _, option := range options {
		option(&c)
	}
	if c.provider == nil {
		c.provider = otel.GetTracerProvider()
	}
	if c.propagator == nil {
		c.propagator = propagation.TraceContext{}
	}
	return c
}

func (c *config) start(ctx context.Context, tracer trace.Tracer, call *ipc.Call) (context.Context, trace.Span) {
	name, attributes := describe(call)
	sender := ipc.SenderFrom(ctx)
	attributes = append(attributes, attribute.Int("oriel.window.id", sender.WindowID), attribute.String("oriel.origin", sender.Origin))
	kind := trace.SpanKindServer
	if call.Kind != protocol.KindInvoke {
		kind = trace.SpanKindConsumer
	}
	options := []trace.SpanStartOption{trace.WithSpanKind(kind), trace.WithAttributes(attributes...)}
	if len(call.Meta) > 0 {
		remote := c.propagator.Extract(ctx, propagation.MapCarrier(call.Meta))
		if c.foreign == nil || !c.foreign(ctx, call) {
			ctx = remote
		} else if options = append(options, trace.WithNewRoot()); trace.SpanContextFromContext(remote).IsValid() {
			options = append(options, trace.WithLinks(trace.LinkFromContext(remote)))
		}
	}
	return tracer.Start(ctx, name, options...)
}

// describe returns the name of a call's span and what is known of it before it is handled.
func describe(call *ipc.Call) (name string, attributes []attribute.KeyValue) {
	name = call.Channel
	if !call.Known {
		name = other
	}
	if call.Kind == protocol.KindInvoke {
		attributes = []attribute.KeyValue{attribute.String("rpc.system.name", "oriel"), attribute.String("rpc.method", name)}
		if !call.Known {
			attributes = append(attributes, attribute.String("rpc.method_original", call.Channel))
		}
		return name, attributes
	}
	return name, []attribute.KeyValue{
		attribute.String("messaging.system", "oriel"), attribute.String("messaging.operation.type", "process"),
		attribute.String("messaging.destination.name", call.Channel),
	}
}

// finish notes how a call has ended. One that nobody waits for any more has not failed.
func finish(ctx context.Context, span trace.Span, err error) {
	if err == nil {
		return
	}
	cause := context.Cause(ctx)
	if cause != nil && cause != ipc.ErrTimeout && (errors.Is(err, cause) || errors.Is(err, ctx.Err())) {
		span.AddEvent("canceled", trace.WithAttributes(attribute.String("oriel.cause", cause.Error())))
		return
	}
	code := protocol.AsError(err).Code
	if errors.Is(err, ipc.ErrTimeout) {
		code = timeoutCode
	}
	if code != "" && len(code) <= maxCode {
		span.SetAttributes(attribute.String("rpc.response.status_code", code))
	} else {
		code = other
	}
	span.SetAttributes(attribute.String("error.type", code))
	span.RecordError(err)
	span.SetStatus(codes.Error, err.Error())
}
