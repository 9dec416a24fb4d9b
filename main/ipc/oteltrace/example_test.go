package oteltrace_test

import (
	"context"

	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/ipc/oteltrace"
)

// Spans of all windows' calls, by OpenTelemetry's global provider. What pages of other origins say of their traces is not believed.
func ExampleInterceptor() {
	a := app.New(app.Options{Name: "notes"})
	a.IPC().Use(oteltrace.Interceptor(oteltrace.WithPublicEndpoint(func(ctx context.Context, _ *ipc.Call) bool {
		return ipc.SenderFrom(ctx).Origin != a.Origin()
	})))
}
