package router

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/protocol"
)

// A Link carries packets to the far end. Its methods may be called from any goroutine, must not call the Session and do not block.
type Link interface {
	// Send takes a whole packet, which is the caller's again when it returns.
	Send(packet []byte) error
	// Close ends the link; Send fails from then on.
	Close()
}

// A Throttle is a Link that knows when more waits in it than the far end takes.
type Throttle interface {
	// Wait returns when there is room again or done is closed. It fails if the far end takes nothing for a while.
	Wait(done <-chan struct{}) error
}

// SessionOptions say who is at the far end.
type SessionOptions struct {
	Link Link
	// Document is the number in the packets' headers.
	Document uint32
	// Origin is what the far end is called where it may not use a channel.
	Origin string
	// Allowed says which channels it may use and hear of; nil means all but those that are Oriel's own.
	Allowed func(channel string) bool
	// Child says that this side numbers its ports as children and pages do. The two sides must not do alike.
	Child bool
	// GiveBack hears of a packet whose bytes were only lent, and are no longer: what [Session.Receive] was told of it. Any goroutine may call
	// it. May be nil.
	GiveBack func(from any)
	// Owner is whatever [Session.Owner] is to return.
	Owner any
}

// A Session is a conversation with one far end, from its begin to its end. Its methods may be called from any goroutine.
type Session struct {
	o      SessionOptions
	line   *Line
	ctx    context.Context
	cancel context.CancelCauseFunc

	// Under line.mu.
	open   map[uint32]*request // what the far end waits for
	calls  calls               // what this side waits for
	router *Router             // nil until somebody asks for it
	ended  error               // why; nil while it lives
	mute   error               // why this side says nothing new any more; nil while it may

	streams streams
	ports   wirePorts
}

// Begin begins a session whose messages wait in the line.
func (l *Line) Begin(o SessionOptions) *Session {
	if o.Allowed == nil {
		o.Allowed = func(channel string) bool { return !reserved(channel) }
	}
	s := &Session{o: o, line: l, open: map[uint32]*request{}}
	s.ctx, s.cancel = context.WithCancelCause(l.o.Context)
	return s
}

// Owner returns what the options named as such.
func (s *Session) Owner() any { return s.o.Owner }

// Document returns the number in the headers of the session's packets.
func (s *Session) Document() uint32 { return s.o.Document }

// Context ends with the session; its cause tells why.
func (s *Session) Context() context.Context { return s.ctx }

// Router returns the session's own router: its handlers and listeners come before those of the line's router, and end with the session.
func (s *Session) Router() *Router {
	s.line.mu.Lock()
	defer s.line.mu.Unlock()
	if s.router == nil {
		s.router = NewRouter(s.line.o.Router)
	}
	return s.router
}

// nearest is the router to begin with.
func (s *Session) nearest() *Router {
	s.line.mu.Lock()
	defer s.line.mu.Unlock()
	if s.router != nil {
		return s.router
	}
	return s.line.o.Router
}

// Send sends a message to the far end. Streams in it are written from then on, and ports move there; if it fails, the streams are closed and
// the ports are still here. It fails with the kind [ErrNotAllowed] if that may not use the channel, and with the cause of the
// session's end if it has ended. Where much waits for the far end already, it waits until that has taken some, and fails if it takes none.
func (s *Session) Send(channel string, args ...any) error {
	l := links{session: s, ctx: s.ctx}
	sent := false
	defer func() {
		if !sent { // also if a value has panicked while it was encoded
			l.drop(args...)
		}
	}()
	m, err := newMessage(&l, channel, args)
	if err == nil {
		err = s.Throttle(channel)
	}
	if err == nil {
		defer m.Release()
		err = s.SendMessage(m)
	}
	if err != nil {
		return err
	}
	sent = true
	var c *counters
	if l.outs != nil {
		c = s.line.o.Router.stats.named(channel)
	}
	l.start(c, func(error) {})
	return nil
}

// Throttle waits as [Session.Send] does before it sends on a channel.
func (s *Session) Throttle(channel string) error {
	if t, ok := s.o.Link.(Throttle); ok {
		if err := t.Wait(s.ctx.Done()); err != nil {
			return fmt.Errorf("ipc: send on %q: %w", channel, err)
		}
	}
	return nil
}

// SendMessage is [Session.Send] without waiting, for a message that has been encoded already. The message stays the caller's.
func (s *Session) SendMessage(m Message) error {
	switch over := s.over(); {
	case over != nil:
		return fmt.Errorf("ipc: send on %q: %w", m.channel, over)
	case !s.o.Allowed(m.channel):
		return fmt.Errorf("ipc: send on %q: %w: %s", m.channel, ErrNotAllowed, s.o.Origin)
	}
	if err := s.ship(m); err != nil {
		return fmt.Errorf("ipc: send on %q: %w", m.channel, s.orEnd(err))
	}
	c := s.line.o.Router.stats.named(m.channel)
	c.sent.Add(1)
	c.went(m.buffer)
	return nil
}

// ship sends a message and the ports that it takes along.
func (s *Session) ship(m Message) error {
	if m.cargo == nil {
		return s.send(m.buffer)
	}
	err := m.cargo.address(s, m.buffer.packet)
	if err == nil {
		err = s.send(m.buffer)
	}
	if err == nil {
		m.cargo.sent()
	}
	return err
}

// send sends a packet whose header still lacks the document's number.
func (s *Session) send(b *buffer) error {
	b.address(s.o.Document)
	return b.sendTo(s.o.Link)
}

// Ended returns why the session has ended, or nil while it lives.
func (s *Session) Ended() error {
	s.line.mu.Lock()
	defer s.line.mu.Unlock()
	return s.ended
}

// Mute tells that the far end is about to go: from now on Send and Invoke fail with the cause. What the far end says is still heard and
// answered, and what it has been asked may still be. Only the first call does anything.
func (s *Session) Mute(cause error) {
	s.line.mu.Lock()
	defer s.line.mu.Unlock()
	if s.mute == nil {
		s.mute = cause
	}
}

// orEnd returns why the session has ended, if it has, for the error of a packet that could not be sent: what a closed link says of itself is not why.
func (s *Session) orEnd(err error) error {
	if ended := s.Ended(); ended != nil {
		return ended
	}
	return err
}

// over returns why nothing new may be sent, or nil.
func (s *Session) over() error {
	s.line.mu.Lock()
	defer s.line.mu.Unlock()
	if s.ended != nil {
		return s.ended
	}
	return s.mute
}

// End ends the session and everything that it asked for, with the cause, and closes the link. Only the first call does anything.
// It calls no code of the app.
func (s *Session) End(cause error) {
	if s.end(cause) {
		s.o.Link.Close()
	}
}

// Leave is End for a far end whose last words are still to come, see [Session.HearLast]. Closing the link is the caller's.
func (s *Session) Leave(cause error) { s.end(cause) }

// end reports whether it is the first end.
func (s *Session) end(cause error) (first bool) {
	s.line.mu.Lock()
	first = s.ended == nil
	if first {
		s.ended = cause
		for _, c := range s.calls.open {
			c.answered <- answer{ended: cause}
		}
		s.calls = calls{}
	}
	s.line.mu.Unlock()
	if first {
		s.endPorts(cause)
		s.endStreams(cause) // first, so that none of them tells the far end of its context's end
		s.cancel(cause)
	}
	return first
}

// HearLast is Receive for a session that has ended. Only messages are heard, those that bring streams or ports excepted: nobody is left for
// anything else. Their contexts have ended. Nothing in them is unexpected; what may not be said is not heard.
func (s *Session) HearLast(from any, frames []protocol.Frame, size int) error {
	frames = slices.DeleteFunc(frames, func(f protocol.Frame) bool {
		return f.Kind != protocol.KindSend || len(f.Streams)+len(f.Ports) > 0 || reserved(f.Channel) || !s.o.Allowed(f.Channel)
	})
	if len(frames) == 0 {
		return nil
	}
	return s.Receive(from, frames, size)
}

// Receive takes the frames of a packet of size bytes, and keeps them; from is for [Current]. It does not block and calls no code of the app.
// Packets must be handed over one after the other, in the order they came. What is beyond a limit or nothing that the far end may send is
// dropped; the error says why. When the session has ended nothing is [ErrUnexpected]: it may have crossed the end.
func (s *Session) Receive(from any, frames []protocol.Frame, size int) error {
	l := s.line
	d := &delivery{Context: s.ctx, session: s, from: from, size: size, at: now(), alone: len(frames) == 1, coming: len(frames)}
	b := buffers.Get().(*buffer)
	defer b.release()
	b.begin()
	var problem error
	l.mu.Lock()
	for i := range frames {
		f := &frames[i]
		switch f.Kind {
		case protocol.KindInvoke, protocol.KindSend:
			if err := l.admit(d, f); err != nil {
				problem = worse(problem, err)
				if f.Kind == protocol.KindInvoke && s.open[f.ID] == nil {
					b.packet, _ = protocol.AppendError(b.packet, f.ID, protocol.AsError(err))
				}
			}
		case protocol.KindCancel:
			if r := s.open[f.ID]; r != nil {
				r.unwanted = true
				defer r.scope.end(ErrCanceled)
			}
		case protocol.KindResult, protocol.KindError:
			if err := s.answered(f); err != nil {
				problem = worse(problem, err)
			}
		case protocol.KindPost, protocol.KindClose, protocol.KindTaken:
			if err := s.portFrame(f, size); err != nil {
				problem = worse(problem, err)
			}
		case protocol.KindChunk, protocol.KindEnd, protocol.KindAbort, protocol.KindCredit, protocol.KindStop:
			if err := s.stream(f, size); err != nil {
				problem = err
			}
		default:
			problem = worse(problem, fmt.Errorf("%w: %v is nothing that a page may send", ErrUnexpected, f.Kind))
		}
	}
	if s.ended != nil && errors.Is(problem, ErrUnexpected) {
		problem = nil // it has crossed the end, with which all that it answers has gone
	}
	start := l.claim()
	l.mu.Unlock()
	if start && l.o.Start != nil {
		l.o.Start(l.work)
	} else if start {
		go l.work()
	}
	if len(b.packet) > protocol.HeaderSize {
		if err := s.send(b); err != nil {
			l.noise.Warn("answers lost", zap.Error(err))
		}
	}
	return problem
}

// worse is the one of two problems of a packet that its sender is to be told apart by: nobody sends what is unexpected by mistake.
func worse(problem, err error) error {
	if errors.Is(problem, ErrUnexpected) {
		return problem
	}
	return err
}
