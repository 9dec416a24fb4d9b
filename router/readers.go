package router

import (
	"io"
	"reflect"
	"slices"

	"github.com/oriel-go/oriel/protocol"
)

// CloseReaders closes the readers in values that were to be sent and will not be. Who sends a reader never closes it.
func CloseReaders(values ...any) {
	protocol.Readers(func(r io.Reader) {
		if c, ok := r.(io.Closer); ok {
			_ = c.Close() // nobody has read from it
		}
	}, values...)
}

// closeOthers closes the readers in values that are not among the streams.
func (l *links) closeOthers(outs []*outStream, values []any) {
	var others []*outStream
	protocol.Readers(func(r io.Reader) {
		if !slices.ContainsFunc(outs, func(o *outStream) bool { return same(o.source.Reader, r) }) {
			others = append(others, newOutStream(l.session, protocol.Source{Reader: r}))
		}
	}, values...)
	for _, out := range others {
		defer out.close() // all of them, even if one ends the goroutine
	}
}

// same reports whether two readers are one.
func same(a, b io.Reader) bool {
	return a != nil && reflect.TypeOf(a).Comparable() && reflect.TypeOf(a) == reflect.TypeOf(b) && a == b
}
