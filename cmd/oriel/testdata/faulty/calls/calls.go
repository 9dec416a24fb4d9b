// Package calls has calls that oriel generate cannot read. Each line with one says what is to be heard of it.
package calls

import (
	"context"

	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
)

// Serve registers badly.
func Serve(a *app.App, channel string, f any, both func() (*ipc.Router, string, any)) {
	r := a.IPC()
	ipc.HandleFunc(r, channel, func() {})                    // want "the channel of ipc.HandleFunc is not a constant"
	_ = a.Send("x"+channel, 1)                               // want "the channel of (*app.App).Send is not a constant"
	ipc.HandleFunc(r, "any", f)                              // want "ipc.HandleFunc("any"): its function has no type here"
	ipc.HandleFunc(both())                                   // want "ipc.HandleFunc takes its arguments from another call"
	ipc.HandleFunc(r, "two", func() (a, b int) { return })   // want "its function is not func([context.Context,] arguments…) ([result,] [error])"
	ipc.HandleFunc(r, "late", func(int, context.Context) {}) // want "ipc.HandleFunc("late"): its function is not func([context.Context,] arguments…) ([result,] [error])"
	ipc.OnFunc(r, "beside", func(ipc.Args, int) {})          // want "or func([context.Context,] ipc.Args)"
	ipc.HandleFunc(r, "oriel:x", func() {})                  // want "names starting with "oriel:" are reserved"
	ipc.HandleFunc(r, "", func() {})                         // want "the name is empty"
	send := a.Send                                           // want "Send is used without being called here"
	_ = send("x")
	ipc.Handle(r, "conflict", func(context.Context, int) (int, error) { return 0, nil })
	ipc.Handle(r, "conflict", func(context.Context, int) (string, error) { return "", nil }) // want "ipc.Handle("conflict") has other types here than at"
	ipc.On(r, "told", func(context.Context, int) {})
	ipc.On(r, "told", func(_ context.Context, _ any) {})
	ipc.On(r, "told", func(_ context.Context, _ string) {}) // want "ipc.On("told") has other types here than at"

	//oriel:hidden
	ipc.HandleFunc(r, channel, func() {})
	ipc.HandleFunc(r, channel, func() {}) //oriel:hidden
	ipc.HandleFunc(r, channel, func() {}) // want "is not a constant"
}

// Generic registers what only its callers know.
func Generic[T any](a *app.App, value T) {
	ipc.HandleFunc(a.IPC(), "generic", func(map[string][]T) {})                                         // want "ipc.HandleFunc("generic"): its types depend on the type parameters"
	ipc.Handle(a.IPC(), "of", func(context.Context, int) (s struct{ V *T }, _ error) { return s, nil }) // want "ipc.Handle("of"): its types depend on the type parameters"
	_ = a.Send("sent", value)                                                                           // want "(*app.App).Send("sent"): its types depend on the type parameters"
}
