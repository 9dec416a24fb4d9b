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

// Options of a server.
type Options struct {
	// Origins are the server's own, such as "app://name". Requests for others are left to Chromium.
	Origins []string
	// AllowOrigin lets pages of other origins request from this one, as far as CORS and the handler's headers then let them read. nil
	// allows none. Chromium asks no preflight on this road, so that an allowed origin may use any method.
	AllowOrigin func(origin string) bool
	// Context is the parent of every request's context; nil means context.Background().
	Context context.Context
	// Log hears of panics and of refused and broken loads; nil is silent.
	Log *zap.Logger
	// OpenFile opens a file that a request's body names, as an upload by a form does. The name comes from the renderer, and Chromium
	// does not check it on this road: a taken-over renderer may name any file. nil refuses all; see RegularFile.
	OpenFile func(r *http.Request, path string) (io.ReadCloser, error)
}

// A Server answers the requests for some origins with a handler. Guard must be in the client of every browser, and Factory registered
// for every origin.
type Server struct {
	handler http.Handler
	options Options
	origins map[string]bool
}

// New makes a server that answers with h.
func New(h http.Handler, o Options) *Server {
	if o.Context == nil {
		o.Context = context.Background()
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	s := &Server{handler: h, options: o, origins: map[string]bool{}}
	for _, origin := range o.Origins {
		s.origins[origin] = true
	}
	return s
}

// Factory answers requests that no browser sends: those of service workers and shared workers. A browser's requests come here only if its
// client lacks Guard, and are refused then, since only Guard is told who sent them.
func (s *Server) Factory() *cef.SchemeHandlerFactory {
	return &cef.SchemeHandlerFactory{
		Create: func(browser *cef.Browser, _ *cef.Frame, _ string, request *cef.Request) *cef.ResourceHandler {
			origin := originOf(request.GetURL())
			if !s.origins[origin] {
				return nil
			}
			site := refused
			if browser == nil {
				site = s.judge(request, origin, senderOfWorker(request))
			}
			return newLoad(s, site).resourceHandler()
		},
	}
}

// A Guard is a cef.RequestHandler.GetResourceRequestHandler.
type Guard = func(browser *cef.Browser, frame *cef.Frame, request *cef.Request, navigation, download bool, initiator string,
	disableDefault *bool) *cef.ResourceRequestHandler

// Guard, of type [Guard], answers what browsers request from the server's origins, and nil for others.
func (s *Server) Guard(_ *cef.Browser, _ *cef.Frame, request *cef.Request, navigation, _ bool, initiator string, _ *bool) *cef.ResourceRequestHandler {
	origin := originOf(request.GetURL())
	if !s.origins[origin] {
		return nil
	}
	site := s.judge(request, origin, sender(request, navigation, initiator))
	return &cef.ResourceRequestHandler{
		GetResourceHandler: func(*cef.Browser, *cef.Frame, *cef.Request) *cef.ResourceHandler {
			return newLoad(s, site).resourceHandler()
		},
	}
}
