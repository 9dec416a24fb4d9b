package ipc

import (
	"context"
	"time"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
)

// A Router knows the handlers and listeners of an app, of a window or of a document: app.App.IPC, window.Window.IPC, [Frame.IPC].
type Router = router.Router

// Args are the arguments of a message, undecoded. As the type In of [Handle] or [On], or as the one parameter for [HandleFunc] and [OnFunc],
// they are the way to take any number of them, of any type.
type Args = router.Args

// Lent are bytes that are the listener's or handler's until it returns; see [router.Lent]. From a page they cost what []byte costs.
type Lent = router.Lent

// An Option changes how a handler is called: [Timeout].
type Option = router.Option

// Timeout bounds the time from the begin of a handler to its answer. When it has passed, the handler's context ends with [ErrTimeout], and the
// page's promise rejects with the code ERR_TIMEOUT, whatever the handler does; what that returns later is dropped. Until it returns, the
// request counts towards the window's limits. Without a Timeout, or with one that is not positive, a handler may take as long as it likes.
func Timeout(d time.Duration) Option { return router.Timeout(d) }

// A Link carries packets to a frame.
type Link = router.Link

// Why a context ended or a message could not be sent.
var (
	ErrCanceled   = router.ErrCanceled
	ErrNotAllowed = router.ErrNotAllowed
	ErrTimeout    = router.ErrTimeout
)

// ErrUnexpected is the kind of the error for a frame that no honest renderer sends, such as an answer to a request that nobody made.
var ErrUnexpected = router.ErrUnexpected

// A RemoteError is what a page's handler failed with: name, message, code and data of what it threw. They are the page's word.
type RemoteError = protocol.ErrorValue

// An Invoker is a page to ask: a [Frame] or a window.Window.
type Invoker = router.Invoker

// Invoke asks the handler that a page's preload registered with ipcRenderer.handle, and returns its answer. See [Frame.Invoke].
func Invoke[Out any](ctx context.Context, to Invoker, channel string, args ...any) (Out, error) {
	return router.Invoke[Out](ctx, to, channel, args...)
}

// NewRouter returns a router whose misses go to parent, which may be nil. Apps, windows and documents bring their own.
func NewRouter(parent *Router) *Router { return router.NewRouter(parent) }

// Handle answers the requests on a channel: ipcRenderer.invoke(channel, in) resolves with the result or rejects with the error. In is the
// type of the one argument; undefined, null and a missing argument give its zero value. More arguments are an error for the caller; for
// several see [HandleFunc]. Handle panics if the channel has a handler in this router already or its name is not allowed.
func Handle[In, Out any](r *Router, channel string, f func(ctx context.Context, in In) (Out, error), options ...Option) {
	router.Handle(r, channel, f, options...)
}

// HandleOnce is Handle for one request only: the first whose argument fits.
func HandleOnce[In, Out any](r *Router, channel string, f func(ctx context.Context, in In) (Out, error), options ...Option) {
	router.HandleOnce(r, channel, f, options...)
}

// HandleFunc is [Handle] for functions with any number of arguments, found out by reflection: f is a func that may take a context first,
// then one parameter for each argument, the last of which may be variadic, and returns a result, an error, both or neither.
// It panics if f is something else.
func HandleFunc(r *Router, channel string, f any, options ...Option) {
	router.HandleFunc(r, channel, f, options...)
}

// On hears the messages on a channel: ipcRenderer.send(channel, in). The returned function removes the listener. An argument that does not
// fit In is logged and the listener does not run. It panics if the channel's name is not allowed.
func On[In any](r *Router, channel string, f func(ctx context.Context, in In)) (remove func()) {
	return router.On(r, channel, f)
}

// Once is On for one message only: the first whose argument fits.
func Once[In any](r *Router, channel string, f func(ctx context.Context, in In)) (remove func()) {
	return router.Once(r, channel, f)
}

// OnFunc is [On] for functions with any number of arguments, as in [HandleFunc]. An error that f returns is logged.
func OnFunc(r *Router, channel string, f any) (remove func()) { return router.OnFunc(r, channel, f) }
