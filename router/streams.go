package router

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/protocol"
)

// ErrStreamClosed is what reading a stream fails with that has been closed here, by Close or because its request has ended.
var ErrStreamClosed = errors.New("ipc: the stream is closed")

// streams are those of a session, in both directions.
type streams struct {
	mu     sync.Mutex
	in     map[uint32]*inStream // whose writer has not ended them
	out    map[uint32]*outStream
	last   uint32 // the number given last
	live   int    // in streams that are neither closed nor read to their end
	unread int    // bytes in them
	ended  error
}

// maxRefused is how many streams may be on their way here that have been refused, besides those that are open.
const maxRefused = protocol.MaxStreams

// openStreams begins to take the streams that came with a message; c counts what is in them, nil if the message is not awaited. If there are too many they are refused: what comes for them is dropped.
func (s *Session) openStreams(refs []protocol.StreamRef, c *counters) ([]*inStream, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	t := &s.streams
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.live+len(refs) > protocol.MaxStreams {
		if err := t.refuse(s, refs); err != nil {
			return nil, err
		}
		return nil, coded("ERR_LIMIT", protocol.ErrLimit, "More than %d streams are open", protocol.MaxStreams)
	}
	return t.open(s, refs, c)
}

// refuseStreams refuses the streams that came with a message which is not taken.
func (s *Session) refuseStreams(refs []protocol.StreamRef) error {
	if len(refs) == 0 {
		return nil
	}
	s.streams.mu.Lock()
	defer s.streams.mu.Unlock()
	return s.streams.refuse(s, refs)
}

func (t *streams) refuse(s *Session, refs []protocol.StreamRef) error {
	if len(t.in)+len(refs) > protocol.MaxStreams+maxRefused {
		return fmt.Errorf("%w: %d streams more", ErrUnexpected, len(refs))
	}
	ins, err := t.open(s, refs, nil)
	for _, in := range ins {
		in.leave()
	}
	if ins != nil {
		go s.tell(func(p []byte) []byte {
			for _, in := range ins {
				p = protocol.AppendStop(p, in.ref.ID)
			}
			return p
		})
	}
	return err
}

func (t *streams) open(s *Session, refs []protocol.StreamRef, c *counters) ([]*inStream, error) {
	if t.in == nil {
		t.in = map[uint32]*inStream{}
	}
	ins := make([]*inStream, 0, len(refs))
	for _, ref := range refs {
		if t.in[ref.ID] != nil {
			for _, in := range ins {
				in.leave()
				delete(t.in, in.ref.ID)
			}
			return nil, fmt.Errorf("%w: stream %d is open already", ErrUnexpected, ref.ID)
		}
		in := &inStream{session: s, counters: c, ref: ref, credit: protocol.StreamWindow, done: make(chan struct{}), err: t.ended}
		in.cond.L = &t.mu
		t.in[ref.ID] = in
		t.live++
		ins = append(ins, in)
	}
	return ins, nil
}

// stream takes a frame about a stream. It calls no code of the app.
func (s *Session) stream(f *protocol.Frame, packet int) error {
	t := &s.streams
	t.mu.Lock()
	in, out := t.in[f.ID], t.out[f.ID]
	defer t.mu.Unlock()
	switch f.Kind {
	case protocol.KindCredit:
		if out != nil {
			return out.grant(int(f.Credit))
		}
		return nil // it has crossed the end
	case protocol.KindStop:
		if out != nil {
			out.halt(ErrCanceled)
		}
		return nil
	}
	if in == nil {
		return fmt.Errorf("%w: %v of stream %d, which is not open", ErrUnexpected, f.Kind, f.ID)
	}
	switch f.Kind {
	case protocol.KindChunk:
		return in.take(f, packet)
	case protocol.KindAbort:
		e := &protocol.ErrorValue{Name: f.Name, Message: f.Message, Code: f.Code}
		if err := f.Value.Decode(&e.Data); err != nil {
			e.Data = nil
		}
		in.complete(fmt.Errorf("%s: %w", e.Name, e))
	case protocol.KindEnd:
		in.complete(io.EOF)
	}
	return nil
}

// endStreams ends all streams with the session.
func (s *Session) endStreams(cause error) {
	t := &s.streams
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = cause
	for _, in := range t.in {
		in.complete(cause)
	}
	for _, out := range t.out {
		out.halt(cause)
	}
}

// tell sends a frame that appends makes, unless the session has ended.
func (s *Session) tell(appends func(packet []byte) []byte) {
	b := buffers.Get().(*buffer)
	defer b.release()
	b.begin()
	b.packet = appends(b.packet)
	if err := s.send(b); err != nil {
		s.line.o.Log.Debug("lost a word about a stream", zap.Error(err))
	}
}

// links are the streams and ports of one message: those that came with it and those that leave with its answer. It finds and numbers them for package
// protocol.
type links struct {
	session *Session
	ctx     context.Context // of what writes the streams
	ins     []*inStream
	outs    []*outStream
	ports   []arrival // that came
	cargo   cargo     // the ports that leave
}

// InStream returns a stream that came with the message.
func (l *links) InStream(ref protocol.StreamRef) (protocol.Stream, error) {
	for _, in := range l.ins {
		if in.ref == ref {
			in.session.streams.mu.Lock()
			in.claimed = true
			in.session.streams.mu.Unlock()
			return in, nil
		}
	}
	return nil, fmt.Errorf("%w: stream %d did not come with this message", ErrUnexpected, ref.ID)
}

// OutStream numbers a stream that is to leave.
func (l *links) OutStream(source protocol.Source) (uint32, error) {
	out, err := l.session.write(l.ctx, source)
	if err != nil {
		return 0, err
	}
	l.outs = append(l.outs, out)
	return out.id, nil
}

// InPort returns a port that came with the message.
func (l *links) InPort(number uint32) (protocol.Port, error) {
	for i := range l.ports {
		if a := &l.ports[i]; a.number == number {
			portsMu.Lock()
			defer portsMu.Unlock()
			a.claimed = true
			return a.end.handle(), nil
		}
	}
	return nil, errNoPorts
}

// OutPort numbers a port that is to leave.
func (l *links) OutPort(port protocol.Port) (uint32, error) {
	l.cargo.session = l.session
	return l.cargo.OutPort(port)
}

// abandon closes the streams and ports that came and that nobody has taken.
func (l *links) abandon() {
	l.closePorts()
	for _, in := range l.ins {
		in.session.streams.mu.Lock()
		claimed := in.claimed
		in.session.streams.mu.Unlock()
		if !claimed {
			_ = in.Close()
		}
	}
}

// closePorts closes the ports that came and that nobody has taken.
func (l *links) closePorts() {
	if len(l.ports) == 0 {
		return
	}
	portsMu.Lock()
	defer portsMu.Unlock()
	for _, a := range l.ports {
		if !a.claimed {
			a.end.close(ErrPortClosed)
		}
	}
}

// closeIns closes the streams that came.
func (l *links) closeIns() {
	for _, in := range l.ins {
		_ = in.Close()
	}
}

// closeLater is closeIns for where it must not be done at once.
func (l *links) closeLater() {
	if l.ins != nil {
		go l.closeIns()
	}
}

// drop closes the streams that were to leave with a message that is not sent, and gives the ports back. If not all of the message's values have
// been encoded, they are to be named: there may be more readers in them.
func (l *links) drop(values ...any) {
	l.cargo.giveBack()
	outs := l.outs
	l.outs = nil
	if len(values) > 0 {
		defer l.closeOthers(outs, values)
	}
	for _, out := range outs {
		defer out.drop() // all of them, even if one ends the goroutine
	}
}

// lose is drop for what its owner has handed over already: the ports are closed.
func (l *links) lose(values ...any) {
	l.cargo.lose()
	l.drop(values...)
}

// start lets the ports that have left go on from where they are, begins to write the streams, which c counts, and calls done, at once if there is none, when the last of them has ended, with the
// reason if it was halted.
func (l *links) start(c *counters, done func(cause error)) {
	l.cargo.sent()
	outs := l.outs
	if len(outs) == 0 {
		done(nil)
		return
	}
	left := new(atomic.Int32)
	left.Store(int32(len(outs)))
	for _, out := range outs {
		out.counters = c
		go out.run(func(cause error) {
			if left.Add(-1) == 0 {
				done(cause)
			}
		})
	}
}
