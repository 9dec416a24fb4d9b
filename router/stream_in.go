package router

import (
	"fmt"
	"io"
	"runtime/debug"
	"sync"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/protocol"
)

// An inStream is a stream that the far end writes: a protocol.Stream. Chunks wait here until they are read; what has been read is given back
// as credit. All of it is guarded by the session's streams.mu.
type inStream struct {
	session  *Session
	counters *counters // of the channel that it came by; nil if nobody has it
	ref      protocol.StreamRef
	done     chan struct{} // closed when the stream is over here
	claimed  bool          // somebody has it

	cond   sync.Cond // a chunk has come, or the end
	queue  []protocol.Value
	credit int   // what the writer may still send
	owed   int   // what has been read and not been given back
	err    error // why no more chunks come
	over   bool  // nobody will read any more
	ended  bool  // the writer has ended it

	readMu sync.Mutex
	rest   []byte // of the chunk that Read is in; under readMu
}

// keepFactor says when a chunk is copied out of its packet, which it would otherwise keep whole.
const keepFactor = 2

// take takes a chunk. streams.mu is held.
func (in *inStream) take(f *protocol.Frame, packet int) error {
	t, n := &in.session.streams, len(f.Value.Bytes())
	cost := protocol.ChunkCost(n)
	switch {
	case len(f.Streams)+len(f.Ports) > 0:
		return in.refuse(fmt.Errorf("%w: a stream or port within stream %d", ErrUnexpected, in.ref.ID))
	case cost > in.credit:
		return in.refuse(fmt.Errorf("%w: stream %d is %d bytes beyond its credit", ErrUnexpected, in.ref.ID, cost-in.credit))
	}
	in.credit -= cost
	switch {
	case in.over:
		return nil
	case t.unread+n > protocol.MaxStreamBytes:
		return in.refuse(fmt.Errorf("%w: more than %d bytes of streams are unread", protocol.ErrLimit, protocol.MaxStreamBytes))
	}
	t.unread += n
	if in.counters != nil {
		in.counters.chunkIn(n)
	}
	if n*keepFactor < packet {
		f.Value = f.Value.Clone()
	}
	in.queue = append(in.queue, f.Value)
	in.cond.Broadcast()
	return nil
}

// refuse ends the stream here, and the writer is told. streams.mu is held.
func (in *inStream) refuse(err error) error {
	if in.err == nil {
		in.err = err
	}
	in.leave() // what is on its way, within the credit, is no offence
	in.cond.Broadcast()
	go in.session.tell(func(p []byte) []byte { return protocol.AppendStop(p, in.ref.ID) })
	return err
}

// complete notes that the writer sends no more. streams.mu is held.
func (in *inStream) complete(err error) {
	delete(in.session.streams.in, in.ref.ID)
	in.ended = true
	if in.err == nil {
		in.err = err
	}
	if err != io.EOF && in.session.streams.ended != nil {
		in.leave() // what is left is not worth reading
	}
	in.cond.Broadcast()
}

// leave ends the stream for its reader. streams.mu is held.
func (in *inStream) leave() {
	if in.over {
		return
	}
	in.over = true
	t := &in.session.streams
	for _, v := range in.queue {
		t.unread -= len(v.Bytes())
	}
	in.queue = nil
	t.live--
	close(in.done)
}

// Next waits for the next chunk; after the last it returns io.EOF.
func (in *inStream) Next() (protocol.Value, error) {
	t := &in.session.streams
	t.mu.Lock()
	for len(in.queue) == 0 && in.err == nil {
		in.cond.Wait()
	}
	if len(in.queue) == 0 {
		defer t.mu.Unlock()
		in.leave()
		return protocol.Value{}, in.err
	}
	v := in.queue[0]
	in.queue[0] = protocol.Value{}
	in.queue = in.queue[1:]
	n := len(v.Bytes())
	t.unread -= n
	in.owed += protocol.ChunkCost(n)
	grant := 0
	if in.owed >= protocol.StreamWindow/4 && !in.ended {
		grant, in.owed = in.owed, 0
		in.credit += grant
	}
	t.mu.Unlock()
	if grant > 0 {
		in.session.tell(func(p []byte) []byte { return protocol.AppendCredit(p, in.ref.ID, uint32(grant)) })
	}
	return v, nil
}

// Read reads the bytes of a stream whose chunks are bytes. It fails at one that is something else. Of several goroutines each gets other bytes.
func (in *inStream) Read(p []byte) (int, error) {
	in.readMu.Lock()
	defer in.readMu.Unlock()
	select {
	case <-in.done:
		in.rest = nil
	default:
	}
	for len(in.rest) == 0 {
		if len(p) == 0 {
			return 0, nil
		}
		v, err := in.Next()
		if err != nil {
			return 0, err
		}
		bytes, ok := v.Binary()
		if !ok {
			_ = in.Close()
			var b []byte
			return 0, fmt.Errorf("ipc: a chunk of the stream is not bytes: %w", v.Decode(&b))
		}
		in.rest = bytes
	}
	n := copy(p, in.rest)
	in.rest = in.rest[n:]
	return n, nil
}

// Panicked logs that decoding a chunk has panicked.
func (in *inStream) Panicked(v any) {
	in.session.line.o.Log.Error("panic in a stream", zap.String("panic", fmt.Sprint(v)), zap.ByteString("stack", debug.Stack()))
}

// Done is closed when the stream is over here: closed, read to its end, or its session has ended.
func (in *inStream) Done() <-chan struct{} { return in.done }

// Close tells the writer to stop, unless it has ended the stream. Reads that wait, and later ones, fail with [ErrStreamClosed].
func (in *inStream) Close() error {
	t := &in.session.streams
	t.mu.Lock()
	if in.over {
		t.mu.Unlock()
		return nil
	}
	in.leave()
	in.err = ErrStreamClosed
	in.cond.Broadcast()
	tell := !in.ended
	t.mu.Unlock()
	if tell {
		in.session.tell(func(p []byte) []byte { return protocol.AppendStop(p, in.ref.ID) })
	}
	return nil
}
