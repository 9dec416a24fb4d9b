// Package scheme answers Chromium's requests for a scheme, or for a host of a scheme, with an http.Handler.
//
// Each load runs its handler on a goroutine of its own. CEF's threads never wait for it: Open and Read promise an answer and the
// handler's writes keep the promise. Between the two lies a pipe of bounded size, so that a slow page slows the handler down.
package scheme

import (
	"context"
	"errors"
	"io"
	"net/http"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/cef"
)

// What the end of a request's context, or of its body, may be caused by.
var (
	// ErrCancelled is the cause of a context whose load the page, the user or Chromium gave up before its end.
	ErrCancelled = errors.New("the load was cancelled")
	// ErrFinished is the cause of a context whose handler returned, or whose body is complete.
	ErrFinished = errors.New("the load is finished")
	// ErrBodyHidden is what the body of a request answers that holds something Chromium does not hand to embedders.
	ErrBodyHidden = errors.New("the request's body holds a Blob or a stream, which Chromium does not hand over")
	// ErrFileRefused is what the body of a request answers that names a file when Options.OpenFile is nil.
	ErrFileRefused = errors.New("the request's body names a file of this machine, and files are not allowed")
)

// Options of a factory. The zero value is usable.
type Options struct {
	// Context is the parent of every request's context; nil means context.Background().
	Context context.Context
	// Log hears of panics and of broken loads; nil is silent.
	Log *zap.Logger
	// OpenFile opens a file that a request's body names, as an upload by a form does. The name comes from the renderer, and Chromium
	// does not check it on this road: a taken-over renderer may name any file. nil refuses all; see RegularFile.
	OpenFile func(r *http.Request, path string) (io.ReadCloser, error)
	// Port is the only port that is answered, "" being the scheme's own. Other ports are other origins and are left to the network.
	Port string
}

// Factory answers requests with h. It can be registered for several schemes and domains.
func Factory(h http.Handler, o Options) *cef.SchemeHandlerFactory {
	if o.Context == nil {
		o.Context = context.Background()
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	return &cef.SchemeHandlerFactory{
		Create: func(_ *cef.Browser, _ *cef.Frame, _ string, request *cef.Request) *cef.ResourceHandler {
			if u, err := parseURL(request.GetURL()); err != nil || u.Port() != o.Port {
				return nil
			}
			return newLoad(h, &o).resourceHandler()
		},
	}
}
