package scheme

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/cef"
)

// A load is one request of Chromium's and the answer to it.
type load struct {
	server *Server
	site   site
	pipe   *pipe

	mu     sync.Mutex
	cancel context.CancelCauseFunc // of the request's context, once there is one
	opened *cef.Callback           // Chromium waits for the head
	ended  bool                    // cancelled, or answered without a handler
	head   *head                   // set once
}

// A head is what a response begins with. It does not change once it is made.
type head struct {
	status int
	header http.Header
	length int64         // of the body, -1 if its end tells
	failed cef.ErrorCode // instead of a response
}

func newLoad(s *Server, from site) *load {
	return &load{server: s, site: from, pipe: newPipe()}
}

func (l *load) resourceHandler() *cef.ResourceHandler {
	return &cef.ResourceHandler{
		Open:               l.open,
		GetResponseHeaders: l.responseHeaders,
		Skip:               skip,
		Read:               l.pipe.read,
		Cancel:             l.cancelled,
	}
}

// open starts the handler. Chromium's objects are read here, once, since they are lent.
func (l *load) open(request *cef.Request, handleNow *bool, callback *cef.Callback) bool {
	*handleNow = false
	if l.site == refused {
		return l.fail(cef.ErrorCodeBlockedByResponse, handleNow)
	}
	o := &l.server.options
	ctx, cancel := context.WithCancelCause(o.Context)
	r, body, err := newRequest(ctx, request, l.site, o)
	if err != nil {
		cancel(err)
		o.Log.Warn("request refused", zap.String("url", request.GetURL()), zap.Error(err))
		return l.fail(cef.ErrorCodeInvalidURL, handleNow)
	}
	l.mu.Lock()
	if l.ended {
		l.mu.Unlock()
		cancel(ErrCancelled)
		body.release()
		return false
	}
	l.cancel, l.opened = cancel, callback.Retain()
	l.mu.Unlock()
	go l.serve(r, body)
	return true
}

// fail answers Open at once with an error.
func (l *load) fail(code cef.ErrorCode, handleNow *bool) bool {
	l.commit(&head{failed: code})
	*handleNow = true
	return true
}

// skip is asked for when the request has a Range header. The handler has read the header too and begins where the answer begins, so
// nothing is left to be skipped.
func skip(n int64, skipped *int64, _ *cef.ResourceSkipCallback) bool {
	*skipped = n
	return true
}

// serve runs the handler to its end, whatever that is.
func (l *load) serve(r *http.Request, body *body) {
	w := newResponse(l, r.Method)
	returned := false
	defer func() {
		v := recover()
		switch {
		case returned:
			w.finish()
		case v == http.ErrAbortHandler:
			w.abort()
		default:
			// A nil v is runtime.Goexit.
			l.server.options.Log.Error("handler panicked", zap.String("method", r.Method), zap.String("url", r.URL.String()),
				zap.String("panic", fmt.Sprint(v)), zap.ByteString("stack", debug.Stack()))
			w.crash()
		}
		l.cancel(ErrFinished)
		body.release()
	}()
	l.server.handler.ServeHTTP(w, r)
	returned = true
}

// commit fixes the head and tells Chromium. Only the first call counts.
func (l *load) commit(h *head) {
	l.mu.Lock()
	if l.head != nil {
		l.mu.Unlock()
		return
	}
	l.head = h
	opened := l.opened
	l.opened = nil
	l.mu.Unlock()
	if opened != nil {
		opened.Cont()
		opened.Release()
	}
}

// responseHeaders runs after commit, on Chromium's IO thread.
func (l *load) responseHeaders(response *cef.Response, length *int64, _ *string) {
	l.mu.Lock()
	h := l.head
	l.mu.Unlock()
	if h == nil {
		h = &head{failed: cef.ErrorCodeFailed}
	}
	if h.failed != 0 {
		response.SetError(h.failed)
		return
	}
	response.SetStatus(h.status)
	response.SetStatusText(http.StatusText(h.status))
	mimeType, charset := contentType(h.header)
	response.SetMimeType(mimeType)
	response.SetCharset(charset)
	response.SetHeaderMap(h.header)
	*length = h.length
}

// cancelled comes when Chromium has no more use for the load, also after a complete one.
func (l *load) cancelled() {
	l.mu.Lock()
	l.ended = true
	opened, cancel := l.opened, l.cancel
	l.opened = nil
	l.mu.Unlock()
	if opened != nil {
		opened.Release()
	}
	cause := ErrCancelled
	if l.pipe.cancel() {
		cause = ErrFinished
	}
	if cancel != nil {
		cancel(cause)
	}
}
