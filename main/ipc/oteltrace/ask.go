package oteltrace

import (
	"context"
	"maps"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/protocol"
)

// AskInterceptor returns an interceptor for [ipc.Router.UseInvoke]: each request of main's to a page is a span of the kind client, below the
// one in its context, and the page's handler finds its place in the trace as event.traceparent and event.tracestate; what is longer
// than protocol.MaxMetaText stays here. Options that are about what pages ask do nothing here.
func AskInterceptor(options ...Option) func(next ipc.Asker) ipc.Asker {
	c := newConfig(options)
	tracer := c.provider.Tracer(scope)
	return func(next ipc.Asker) ipc.Asker {
		return func(ctx context.Context, a *ipc.Ask, result any) error {
			ctx, span := tracer.Start(ctx, a.Channel, trace.WithSpanKind(trace.SpanKindClient),
				trace.WithAttributes(attribute.String("rpc.system.name", "oriel"), attribute.String("rpc.method", a.Channel)))
			defer span.End()
			place := propagation.MapCarrier{}
			c.propagator.Inject(ctx, place)
			a.Meta = with(a.Meta, place)
			err := next(ctx, a, result)
			finish(ctx, span, err)
			return err
		}
	}
}

// with returns what a request carries already and its place in the trace, as far as a request may carry that: a long tracestate or baggage
// must not make it fail.
func with(meta, place map[string]string) map[string]string {
	all := maps.Clone(meta)
	for _, name := range slices.Sorted(maps.Keys(place)) {
		if _, there := all[name]; len(name) > protocol.MaxMetaText || len(place[name]) > protocol.MaxMetaText || !there && len(all) >= protocol.MaxMeta {
			continue
		}
		if all == nil {
			all = map[string]string{}
		}
		all[name] = place[name]
	}
	return all
}
