package scheme

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"syscall"

	"github.com/oriel-go/oriel/cef"
)

// A body reads a request's post data part by part. At most one part's bytes are in Go's memory: CEF hands a part out whole.
type body struct {
	request *http.Request
	open    func(*http.Request, string) (io.ReadCloser, error)
	length  int64 // -1 if unknown

	mu      sync.Mutex
	parts   []*cef.PostDataElement
	current io.ReadCloser
	err     error // of every further read
}

// newBody returns nil if the request has no body.
func newBody(r *http.Request, q *cef.Request, o *Options) *body {
	data := q.GetPostData()
	if data == nil {
		return nil
	}
	defer data.Release()
	b := &body{request: r, open: o.OpenFile, parts: data.Elements()}
	for _, part := range b.parts {
		if part.GetType() != cef.PostDataElementTypeBytes {
			b.length = -1
			break
		}
		b.length += int64(part.GetBytesCount())
	}
	return b
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.err == nil && len(p) > 0 {
		if b.current == nil {
			b.err = b.next()
			continue
		}
		n, err := b.current.Read(p)
		if err != nil {
			b.current.Close()
			b.current = nil
			if err != io.EOF {
				b.err = err
			}
		}
		if n > 0 {
			return n, nil
		}
	}
	if len(p) == 0 {
		return 0, nil
	}
	return 0, b.err
}

// next opens the next part.
func (b *body) next() (err error) {
	if len(b.parts) == 0 {
		return io.EOF
	}
	part := b.parts[0]
	b.parts = b.parts[1:]
	defer part.Release()
	switch part.GetType() {
	case cef.PostDataElementTypeBytes:
		b.current = io.NopCloser(bytes.NewReader(part.Bytes()))
		return nil
	case cef.PostDataElementTypeFile:
		if b.open == nil {
			return ErrFileRefused
		}
		b.current, err = b.open(b.request, part.GetFile())
		return err
	}
	// CEF puts an element without type where a Blob or a stream was.
	return ErrBodyHidden
}

// Close implements io.Closer.
func (b *body) Close() error {
	b.release()
	return nil
}

// release gives back what the body holds. A nil body has nothing.
func (b *body) release() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, part := range b.parts {
		part.Release()
	}
	b.parts = nil
	if b.current != nil {
		b.current.Close()
		b.current = nil
	}
	if b.err == nil {
		b.err = http.ErrBodyReadAfterClose
	}
}

// RegularFile is an Options.OpenFile that opens every regular file that the program may read.
func RegularFile(_ *http.Request, path string) (io.ReadCloser, error) {
	// Without O_NONBLOCK, opening a named pipe would wait.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	return f, nil
}
