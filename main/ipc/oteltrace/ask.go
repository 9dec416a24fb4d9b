package oteltrace

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/oriel-go/oriel/main/ipc"
)

// AskInterceptor returns an interceptor for [ipc.Router.UseInvoke]: each request of main's to a page is a span of the kind client, below the
// one in its context, and the page's handler finds its place in the trace as event.traceparent and event.tracestate. Options that are about
// what pages ask do nothing here.
func AskInterceptor(options ...Option) func(next ipc.Asker) ipc.Asker {
	c := newConfig(options)
	tracer := c.provider.Tracer(scope)
	return func(next ipc.Asker) ipc.Asker {
		return func(ctx context.Context, a *ipc.Ask, result any) error {
			ctx, span := tracer.Start(ctx, a.Channel, trace.WithSpanKind(trace.SpanKindClient),
				trace.WithAttributes(attribute.String("rpc.system.name", "oriel"), attribute.String("rpc.method", a.Channel)))
			defer span.End()
			meta := propagation.MapCarrier{}
			c.propagator.Inject(ctx, meta)
			if len(meta) > 0 {
				a.Meta = meta
			}
			err := next(ctx, a, result)
			if remote := new(ipc.RemoteError); errors.As(err, &remote) && remote.Code != "" {
				span.SetAttributes(attribute.String("rpc.response.status_code", remote.Code))
			}
			finish(ctx, span, err)
			return err
		}
	}
}
