package router

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/protocol"
)

// An outStream is a stream that this side writes, on a goroutine of its own.
type outStream struct {
	session  *Session
	counters *counters // of the channel that it goes by; set before it runs
	id       uint32
	source   protocol.Source
	ctx      context.Context
	cancel   context.CancelCauseFunc
	close    func() // closes the reader; may be called more than once

	// Under streams.mu.
	cond    sync.Cond
	credit  int
	reading bool  // within the reader's Read
	halted  error // why the stream is not to be written any more
}

func newOutStream(s *Session, source protocol.Source) *outStream {
	out := &outStream{session: s, source: source, credit: protocol.StreamWindow}
	out.cond.L = &s.streams.mu
	var once sync.Once
	out.close = func() {
		once.Do(func() {
			if c, ok := source.Reader.(io.Closer); ok {
				defer out.recover(nil)
				_ = c.Close() // its reader has the errors that matter
			}
		})
	}
	return out
}

// write numbers a stream. It is to be run or dropped.
func (s *Session) write(ctx context.Context, source protocol.Source) (*outStream, error) {
	t := &s.streams
	out := newOutStream(s, source)
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.ended != nil:
		return nil, t.ended
	case len(t.out) >= protocol.MaxStreams:
		return nil, fmt.Errorf("%w: more than %d streams are open", protocol.ErrLimit, protocol.MaxStreams)
	case t.out == nil:
		t.out = map[uint32]*outStream{}
	}
	for t.last++; t.last == 0 || t.out[t.last] != nil; t.last++ {
	}
	out.id = t.last
	t.out[out.id] = out
	out.ctx, out.cancel = context.WithCancelCause(ctx)
	return out, nil
}

// drop forgets a stream that was not sent.
func (o *outStream) drop() {
	_, _ = o.forget()
	o.cancel(ErrCanceled)
	o.close()
}

// errWritten is why nothing more is written to a stream that has ended.
var errWritten = errors.New("ipc: the stream has ended")

// forget frees the number and returns why the stream was halted, and whether the session is over.
func (o *outStream) forget() (halted error, over bool) {
	t := &o.session.streams
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.out, o.id)
	halted, over = o.halted, t.ended != nil
	if halted == nil {
		o.halted = errWritten // an iterator may have left a goroutine behind that still yields
		o.cond.Broadcast()
	}
	return halted, over
}

// grant takes credit that the reader gives. streams.mu is held.
func (o *outStream) grant(n int) error {
	if o.credit+n > protocol.StreamWindow {
		err := fmt.Errorf("%w: credit beyond the window of stream %d", ErrUnexpected, o.id)
		o.halt(err)
		return err
	}
	o.credit += n
	o.cond.Broadcast()
	return nil
}

// halt ends the writing: a producer learns it by its context, the iterator's yield, or its reader's Close, which may come while Read waits.
// streams.mu is held.
func (o *outStream) halt(cause error) {
	if o.halted != nil {
		return
	}
	o.halted = cause
	o.cancel(cause)
	o.cond.Broadcast()
	if o.reading {
		go o.close()
	}
}

// spend waits until there is credit for a chunk and reports whether it may be sent.
func (o *outStream) spend(cost int) bool {
	t := &o.session.streams
	t.mu.Lock()
	defer t.mu.Unlock()
	for o.credit < cost && o.halted == nil {
		o.cond.Wait()
	}
	o.credit -= cost
	return o.halted == nil
}

// run writes the stream to its end. done is called at the end, or with the reason as soon as it is halted, which may be much earlier.
func (o *outStream) run(done func(cause error)) {
	ended := context.AfterFunc(o.ctx, func() { done(context.Cause(o.ctx)) })
	err := errNoAnswer // unless its source ends the goroutine, as all code of the app may
	defer func() {
		if ended() {
			done(nil)
		}
		o.cancel(nil)
	}()
	defer func() { o.finish(err) }()
	defer o.close()
	err = o.copy()
}

// finish tells the reader how the stream has ended.
func (o *outStream) finish(err error) {
	if err == nil {
		err = context.Cause(o.ctx) // it may have ended early because of that: what has been sent is not all
	}
	switch halted, over := o.forget(); {
	case over: // nobody is left to tell
	case err == nil || halted == ErrCanceled:
		o.session.tell(func(p []byte) []byte { return protocol.AppendEnd(p, o.id) })
	default:
		o.abort(err)
	}
}

// abort tells the reader what the stream has failed with.
func (o *outStream) abort(err error) {
	told := false
	defer func() {
		if !told { // the error has ended the goroutine
			o.session.tell(func(p []byte) []byte {
				p, _ = protocol.AppendAbort(p, o.id, protocol.AsError(errNoAnswer))
				return p
			})
		}
	}()
	o.session.tell(func(p []byte) []byte { return o.appendAbort(p, err) })
	told = true
}

// appendAbort runs code of the app: errors tell their text, code and data themselves, and data may encode itself.
func (o *outStream) appendAbort(p []byte, err error) (abort []byte) {
	var problem error
	defer func() {
		if problem != nil {
			abort, _ = protocol.AppendAbort(p, o.id, protocol.AsError(problem))
		}
	}()
	defer o.recover(&problem)
	o.session.line.o.Log.Debug("a stream has failed", zap.Error(err))
	abort, _ = protocol.AppendAbort(p, o.id, protocol.AsError(err))
	return abort
}

// copy runs code of the app: what it writes comes from there.
func (o *outStream) copy() (err error) {
	defer o.recover(&err)
	if o.source.Reader != nil {
		return o.copyBytes()
	}
	if failed := o.source.Values(o.ctx, func(v any) bool {
		if err == nil { // an iterator may go on all the same
			err = o.value(v)
		}
		return err == nil
	}); err == nil {
		err = failed
	}
	return err
}

// recover is to be deferred around code of the app.
func (o *outStream) recover(err *error) {
	if v := recover(); v != nil {
		o.session.line.o.Log.Error("panic in a stream", zap.String("panic", fmt.Sprint(v)), zap.ByteString("stack", debug.Stack()))
		if err != nil {
			*err = errPanic
		}
	}
}

var readBuffers = sync.Pool{New: func() any { return new([protocol.ChunkBytes]byte) }}

// maxEmptyReads is how often in turn a reader may return neither bytes nor an error, as in package bufio.
const maxEmptyReads = 100

var errBadCount = errors.New("ipc: the reader returned an impossible count from Read")

// copyBytes reads no more than there is credit for: what waits, waits in the source.
func (o *outStream) copyBytes() error {
	memory := readBuffers.Get().(*[protocol.ChunkBytes]byte)
	defer readBuffers.Put(memory)
	most := protocol.ChunkCost(protocol.ChunkBytes + binHead)
	for empty := 0; ; empty++ {
		if !o.spend(most) {
			return context.Cause(o.ctx)
		}
		n, err := o.read(memory[:])
		o.spend(-most)
		if n < 0 || n > len(memory) {
			return errBadCount
		}
		if n > 0 {
			empty = 0
			o.spend(protocol.ChunkCost(n + binHeadOf(n))) // there is room, since it is no more than most
			if err := o.send(memory[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		} else if empty >= maxEmptyReads {
			return io.ErrNoProgress
		}
	}
}

// read calls Read, and lets halt know.
func (o *outStream) read(p []byte) (int, error) {
	reading := func(is bool) {
		o.session.streams.mu.Lock()
		o.reading = is
		o.session.streams.mu.Unlock()
	}
	reading(true)
	defer reading(false)
	return o.source.Reader.Read(p)
}

// binHead is the longest head of bytes, binHeadOf that of n bytes.
const binHead = 5

func binHeadOf(n int) int {
	switch {
	case n < 1<<8:
		return 2
	case n < 1<<16:
		return 3
	}
	return binHead
}

// send sends a chunk that has been paid for.
func (o *outStream) send(v any) error {
	b := buffers.Get().(*buffer)
	defer b.release()
	b.begin()
	var err error
	if b.packet, err = (protocol.Writer{}).AppendChunk(b.packet, o.id, v); err != nil {
		return err
	}
	return o.ship(b)
}

// ship sends a chunk and counts it.
func (o *outStream) ship(b *buffer) error {
	err := o.session.send(b)
	if err == nil {
		o.counters.chunkOut(b.size() - protocol.HeaderSize - protocol.ChunkHead(o.id))
	}
	return err
}

// value sends a chunk of a stream of values when there is credit for it.
func (o *outStream) value(v any) error {
	b := buffers.Get().(*buffer)
	defer b.release()
	b.begin()
	var err error
	if b.packet, err = (protocol.Writer{}).AppendChunk(b.packet, o.id, v); err != nil {
		return err
	}
	if !o.spend(protocol.ChunkCost(len(b.packet) - protocol.HeaderSize - protocol.ChunkHead(o.id))) {
		return cmp.Or(context.Cause(o.ctx), errWritten)
	}
	return o.ship(b)
}
