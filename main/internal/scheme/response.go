package scheme

import (
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/oriel-go/oriel/cef"
)

// holdBack is how much of a body is held back before the head is sent, unless the handler flushes: a shorter answer gets its length.
const holdBack = 2 << 10

// A response is the http.ResponseWriter and http.Flusher that a handler writes to. It keeps net/http's rules.
type response struct {
	load *load
	head bool // answer to a HEAD request

	header http.Header

	mu      sync.Mutex
	status  int         // 0 before WriteHeader
	sent    http.Header // a copy of header, taken by WriteHeader
	length  int64       // as declared, -1 if not
	written int64
	held    []byte
	begun   bool // the head is on its way
	over    bool
}

func newResponse(l *load, method string) *response {
	return &response{load: l, head: method == http.MethodHead, header: http.Header{}, length: -1}
}

// Header implements http.ResponseWriter.
func (w *response) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. Informational answers have nobody to go to.
func (w *response) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writeHeader(status)
}

func (w *response) writeHeader(status int) {
	if status < 100 || status > 999 {
		panic(fmt.Sprintf("invalid WriteHeader code %v", status))
	}
	if w.status != 0 || w.over || status < 200 {
		return
	}
	w.status, w.sent = status, cleanHeader(w.header)
	if v := w.sent.Get("Content-Length"); v != "" {
		if n, err := strconv.ParseInt(v, 10, 64); err == nil && n >= 0 {
			w.length = n
		} else {
			w.sent.Del("Content-Length")
		}
	}
}

// Write implements io.Writer.
func (w *response) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return 0, ErrFinished
	}
	if w.status == 0 {
		w.writeHeader(http.StatusOK)
	}
	if len(b) == 0 {
		return 0, nil
	}
	if !bodyAllowed(w.status) {
		return 0, http.ErrBodyNotAllowed
	}
	if w.length >= 0 && w.written+int64(len(b)) > w.length {
		return 0, http.ErrContentLength
	}
	w.written += int64(len(b))
	if w.begun {
		return w.send(b)
	}
	if len(w.held)+len(b) <= holdBack {
		w.held = append(w.held, b...)
		return len(b), nil
	}
	if err := w.begin(b); err != nil {
		return 0, err
	}
	return w.send(b)
}

// begin sends the head and what was held back. next is what will be written after it.
func (w *response) begin(next []byte) error {
	w.begun = true
	if w.sent["Content-Type"] == nil && bodyAllowed(w.status) && (len(w.held) > 0 || len(next) > 0) {
		sample := w.held
		if len(sample) < 512 {
			sample = append(sample[:len(sample):len(sample)], next[:min(len(next), 512)]...)
		}
		w.sent.Set("Content-Type", http.DetectContentType(sample))
	}
	length := w.length
	if w.head || !bodyAllowed(w.status) {
		// Chromium would write this number into the headers.
		length = -1
	}
	w.load.commit(&head{status: w.status, header: w.sent, length: length})
	held := w.held
	w.held = nil
	_, err := w.send(held)
	return err
}

// send waits with the lock held; a handler has one writer at a time.
func (w *response) send(b []byte) (int, error) {
	if w.head {
		return len(b), nil
	}
	return w.load.pipe.write(b)
}

// Flush implements http.Flusher.
func (w *response) Flush() { _ = w.FlushError() }

// FlushError is Flush for http.ResponseController.
func (w *response) FlushError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return ErrFinished
	}
	if w.status == 0 {
		w.writeHeader(http.StatusOK)
	}
	if w.begun {
		return nil
	}
	return w.begin(nil)
}

// finish ends a response whose handler returned.
func (w *response) finish() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.status == 0 {
		w.writeHeader(http.StatusOK)
	}
	failure := cef.ErrorCodeNone
	if !w.begun {
		if w.length < 0 && bodyAllowed(w.status) && !w.head {
			w.length = w.written
			w.sent.Set("Content-Length", strconv.FormatInt(w.written, 10))
		}
		_ = w.begin(nil)
	}
	if w.length > w.written && !w.head && bodyAllowed(w.status) {
		failure = cef.ErrorCodeContentLengthMismatch
	}
	w.end(failure)
}

// abort ends the load as a server that hangs up does.
func (w *response) abort() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.begun {
		w.begun = true
		w.load.commit(&head{failed: cef.ErrorCodeEmptyResponse})
	}
	w.end(cef.ErrorCodeConnectionReset)
}

// crash answers with 500 if nothing was sent yet, else breaks the load off.
func (w *response) crash() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.begun {
		w.end(cef.ErrorCodeConnectionReset)
		return
	}
	text := []byte("500 the app's handler failed\n")
	w.status, w.length, w.held = http.StatusInternalServerError, int64(len(text)), text
	w.sent = http.Header{
		"Content-Type":           {"text/plain; charset=utf-8"},
		"Content-Length":         {strconv.Itoa(len(text))},
		"X-Content-Type-Options": {"nosniff"},
		"Cache-Control":          {"no-store"},
	}
	_ = w.begin(nil)
	w.end(cef.ErrorCodeNone)
}

func (w *response) end(failure cef.ErrorCode) {
	w.over = true
	w.load.pipe.close(failure)
}

// cleanHeader copies h as net/http would send it: a value cannot end its line, and what is no name is left out.
func cleanHeader(h http.Header) http.Header {
	clean := make(http.Header, len(h)+2)
	for name, values := range h {
		if name == "" || strings.ContainsFunc(name, notInNames) {
			continue
		}
		for _, v := range values {
			clean[name] = append(clean[name], strings.TrimSpace(strings.Map(lineToSpace, v)))
		}
	}
	return clean
}

func notInNames(r rune) bool {
	return r <= ' ' || r >= 0x7F || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r)
}

func lineToSpace(r rune) rune {
	if r == '\r' || r == '\n' || r == 0 {
		return ' '
	}
	return r
}

func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// contentType splits the Content-Type header as Chromium wants it.
func contentType(h http.Header) (mimeType, charset string) {
	mimeType, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil && err != mime.ErrInvalidMediaParameter {
		return "", ""
	}
	return mimeType, params["charset"]
}
