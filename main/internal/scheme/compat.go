package scheme

import (
	"net/http"

	"github.com/oriel-go/oriel/cef"
)

// Factory is a server's factory without Guard: every origin may request.
func Factory(h http.Handler, o Options) *cef.SchemeHandlerFactory {
	s := New(h, o)
	return &cef.SchemeHandlerFactory{
		Create: func(*cef.Browser, *cef.Frame, string, *cef.Request) *cef.ResourceHandler {
			return newLoad(s, unknown).resourceHandler()
		},
	}
}
