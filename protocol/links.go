package protocol

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"reflect"
)

// Links are the streams and ports of one conversation: on their way out they
// get numbers there, on their way in they are found by these. A [Writer] asks
// it, and what [Args.Bind] and [Value.Bind] give it to.
//
// OutStream and OutPort are called while a frame is being encoded, which may
// still fail; what they have numbered is then to be forgotten.
type Links interface {
	// OutStream numbers a stream that this side writes.
	OutStream(Source) (uint32, error)
	// OutPort returns the reference of a port that moves to the other side.
	OutPort(Port) (uint32, error)
	// InStream returns the stream that the other side writes.
	InStream(StreamRef) (Stream, error)
	// InPort returns the port of that reference.
	InPort(uint32) (Port, error)
}

// A Stream is the reading end of a stream: Read where its chunks are bytes,
// Next for chunks of any kind. Close tells the writer to stop. Reading fails
// with the writer's error, and when the conversation ends.
//
// A stream that has a method Panicked(any) hears when a type that decodes itself
// panics while chunks go to a channel; both are closed then.
type Stream interface {
	io.ReadCloser
	// Next waits for the next chunk; after the last it returns io.EOF.
	Next() (Value, error)
	// Done is closed when the stream has been closed or its conversation is over.
	Done() <-chan struct{}
}

// A Port is a message port. What has this method travels as one.
type Port interface {
	MessagePort()
}

// A Source is where the chunks of a stream on its way out come from. One of
// its fields is set.
type Source struct {
	// Reader gives the bytes. If it is an io.Closer it is to be closed.
	Reader io.Reader
	// Values calls yield with one value after the other until there are no more,
	// yield returns false or, where the values come from a channel, ctx ends. The
	// error is what the values ended with.
	Values func(ctx context.Context, yield func(any) bool) error
}

// Kind says what the stream's chunks are.
func (s Source) Kind() StreamKind {
	if s.Reader != nil {
		return StreamBytes
	}
	return StreamValues
}

var readCloserType = reflect.TypeFor[io.ReadCloser]()

// reads says whether t, or a pointer to it, is an io.Reader.
func reads(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(readerType) || t.Implements(readerType)
}

// isStream says whether t is a channel to receive from or an iterator.
func isStream(t reflect.Type) bool {
	return t.Kind() == reflect.Chan && t.ChanDir()&reflect.RecvDir != 0 || t.Kind() == reflect.Func && isIterator(t)
}

// isIterator says whether t is an iter.Seq[V] or an iter.Seq2[V, error].
func isIterator(t reflect.Type) bool {
	if t.NumIn() != 1 || t.NumOut() != 0 || t.In(0).Kind() != reflect.Func {
		return false
	}
	yield := t.In(0)
	return yield.NumOut() == 1 && yield.Out(0).Kind() == reflect.Bool && !yield.IsVariadic() &&
		(yield.NumIn() == 1 || yield.NumIn() == 2 && yield.In(1) == errorType)
}

// stream writes the reference to a reader, channel or iterator.
func (e *encoder) stream(v reflect.Value) error {
	switch v.Kind() {
	case reflect.Chan, reflect.Func, reflect.Pointer, reflect.Map, reflect.Slice:
		if v.IsNil() {
			e.scalar()
			return e.null()
		}
	}
	if e.links == nil {
		return fmt.Errorf("%w: %s", ErrUncloneable, v.Type())
	}
	// Functions have no identity, and each number is read once.
	if v.Kind() == reflect.Chan || v.Kind() == reflect.Pointer {
		if done, err := e.known(identity{v.Pointer(), 0, v.Type()}); done || err != nil {
			return err
		}
	}
	if err := e.linkOne(); err != nil {
		return err
	}
	s := sourceOf(v)
	id, err := e.links.OutStream(s)
	if err != nil {
		return err
	}
	e.mark()
	return e.leaf(ExtStream, append([]byte{byte(s.Kind())}, binary.BigEndian.AppendUint32(nil, id)...)...)
}

// linkOne refuses more streams and ports in one frame than the other side takes.
func (e *encoder) linkOne() error {
	if e.linked++; e.linked > MaxStreams {
		return fmt.Errorf("%w: more than %d streams and ports in one message", ErrLimit, MaxStreams)
	}
	return nil
}

func sourceOf(v reflect.Value) Source {
	if r, ok := v.Interface().(io.Reader); ok {
		return Source{Reader: r}
	}
	switch v.Kind() {
	case reflect.Chan:
		return Source{Values: func(ctx context.Context, yield func(any) bool) error { return receive(ctx, v, yield) }}
	case reflect.Func:
		return Source{Values: func(_ context.Context, yield func(any) bool) error { return iterate(v, yield) }}
	}
	return Source{Reader: addressable(v).Interface().(io.Reader)}
}

// receive yields what comes out of a channel until it is closed.
func receive(ctx context.Context, c reflect.Value, yield func(any) bool) error {
	cases := []reflect.SelectCase{
		{Dir: reflect.SelectRecv, Chan: c},
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(ctx.Done())},
	}
	for {
		which, v, ok := reflect.Select(cases)
		if which == 1 {
			return context.Cause(ctx)
		}
		if !ok || !yield(v.Interface()) {
			return nil
		}
	}
}

// iterate yields what an iterator does. An error of the iterator's ends it.
func iterate(f reflect.Value, yield func(any) bool) (err error) {
	t := f.Type().In(0)
	body := reflect.MakeFunc(t, func(args []reflect.Value) []reflect.Value {
		more := false
		switch {
		case err != nil: // it has not heard that this was the end
		case len(args) == 2 && !args[1].IsNil():
			err = args[1].Interface().(error)
		default:
			more = yield(args[0].Interface())
		}
		return []reflect.Value{reflect.ValueOf(more).Convert(t.Out(0))}
	})
	f.Call([]reflect.Value{body})
	return err
}

// port writes the reference to a port.
func (e *encoder) port(v reflect.Value) error {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			e.scalar()
			return e.null()
		}
		if done, err := e.known(identity{v.Pointer(), 0, v.Type()}); done || err != nil {
			return err
		}
	}
	if e.links == nil {
		return fmt.Errorf("%w: %s", ErrUncloneable, v.Type())
	}
	if err := e.linkOne(); err != nil {
		return err
	}
	ref, err := e.links.OutPort(v.Interface().(Port))
	if err != nil {
		return err
	}
	e.mark()
	return e.leaf(ExtPort, binary.BigEndian.AppendUint32(nil, ref)...)
}

// link finds the stream or port whose head has been read.
func (d *decoder) link(it *item) (any, error) {
	what := "stream"
	if it.ext == ExtPort {
		what = "port"
	}
	p := d.payload(it)
	switch {
	case d.links == nil:
		return nil, typeErrorf("a %s cannot come this way", what)
	case it.ext == ExtPort:
		return d.links.InPort(binary.BigEndian.Uint32(p))
	}
	return d.links.InStream(streamRef(p))
}

// reader stores a reader of bytes that came whole.
func (d *decoder) reader(v reflect.Value, p []byte) error {
	if err := d.take(len(p), 1); err != nil {
		return err
	}
	d.skip()
	v.Set(reflect.ValueOf(io.NopCloser(bytes.NewReader(bytes.Clone(p)))))
	return nil
}

// stream decodes a stream into a channel or an iterator.
func (d *decoder) stream(v reflect.Value, info *typeInfo) error {
	it := d.peek()
	if it.class != classExt || it.ext != ExtStream {
		return d.mismatch("ReadableStream", it)
	}
	x, err := d.any()
	if err != nil {
		return err
	}
	s, ok := x.(Stream)
	switch {
	case !ok:
		return typeErrorf("expected ReadableStream, got %T", x)
	case info.t.Kind() == reflect.Func:
		v.Set(reflect.MakeFunc(info.t, func(args []reflect.Value) []reflect.Value {
			yieldAll(s, args[0])
			return nil
		}))
	default:
		c := reflect.MakeChan(reflect.ChanOf(reflect.BothDir, info.t.Elem()), 0)
		v.Set(c.Convert(info.t))
		go sendAll(s, c)
	}
	return nil
}

// yieldAll calls an iterator's yield with the chunks of s, which it closes.
func yieldAll(s Stream, yield reflect.Value) {
	defer s.Close()
	t := yield.Type()
	for {
		v := reflect.New(t.In(0))
		chunk, err := s.Next()
		if err == nil {
			if err = chunk.Decode(v.Interface()); err != nil {
				err = fmt.Errorf("a chunk of the stream: %w", err)
			}
		}
		args := []reflect.Value{v.Elem()}
		if t.NumIn() == 2 {
			args = append(args, reflect.Zero(errorType))
		}
		switch {
		case err == io.EOF || err != nil && t.NumIn() == 1:
			return
		case err != nil:
			args[1] = reflect.ValueOf(&err).Elem()
			yield.Call(args)
			return
		}
		if !yield.Call(args)[0].Bool() {
			return
		}
	}
}

// sendAll sends the chunks of s to c and closes both.
func sendAll(s Stream, c reflect.Value) {
	defer c.Close()
	defer s.Close()
	defer func() {
		if v := recover(); v != nil { // it is no goroutine of the app's
			if p, ok := s.(interface{ Panicked(any) }); ok {
				p.Panicked(v)
			}
		}
	}()
	for {
		v := reflect.New(c.Type().Elem())
		chunk, err := s.Next()
		if err == nil {
			err = chunk.Decode(v.Interface())
		}
		if err != nil {
			return
		}
		which, _, _ := reflect.Select([]reflect.SelectCase{
			{Dir: reflect.SelectSend, Chan: c, Send: v.Elem()},
			{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(s.Done())},
		})
		if which == 1 {
			return
		}
	}
}
