package router

import (
	"context"
	"fmt"

	"github.com/oriel-go/oriel/protocol"
)

// An Invoker is somebody to ask: a session, and what is built upon one.
type Invoker interface {
	// Invoke asks the handler of a channel at the far end and decodes its answer into result, a pointer, unless that is nil.
	Invoke(ctx context.Context, channel string, result any, args ...any) error
}

// Invoke asks the handler of a channel at the far end and returns its answer. See [Session.Invoke] for the errors.
func Invoke[Out any](ctx context.Context, to Invoker, channel string, args ...any) (out Out, err error) {
	err = to.Invoke(ctx, channel, &out, args...)
	return out, err
}

// An answer is what ends a call: a result or error frame of the far end, or the end of the session.
type answer struct {
	frame *protocol.Frame
	links *links // the streams in it
	ended error
}

// A call is a request that waits for its answer.
type call struct {
	answered chan answer // has room for the one answer
	counters *counters   // of the channel
}

// calls are what this side waits for. Line.mu guards them.
type calls struct {
	open    map[uint32]call
	last    uint32              // the number given last
	givenUp map[uint32]struct{} // whose answer may be on its way
	late    int                 // such calls whose numbers are forgotten
}

// maxGivenUp bounds the calls whose late answer is expected. Beyond it their numbers are forgotten, all at once, and how many there were is kept.
const maxGivenUp = 4096

// Invoke asks the handler of a channel at the far end and decodes its answer into result, a pointer, unless that is nil. It returns
//   - what the far end's handler failed with, as a *[protocol.ErrorValue] in the chain, with ERR_NO_HANDLER as the code if there is none;
//   - the kind [protocol.ErrType] if the answer does not fit result;
//   - the cause of ctx's end, if that is first: the far end is told, and its handler's signal fires;
//   - the cause of the session's end;
//   - the kinds [ErrNotAllowed], [protocol.ErrLimit], or that of a value that cannot be cloned, without anything having been sent.
//
// Readers among the arguments are closed in any case.
//
// A listener should not wait for an answer: it holds up what the far end's handler may need itself.
func (s *Session) Invoke(ctx context.Context, channel string, result any, args ...any) error {
	a := Ask{Channel: channel, Args: args, session: s}
	err := error(nil)
	if nearest := s.nearest(); nearest.asksThrough() {
		err = s.intercept(ctx, a, nearest, result)
	} else if err = s.invoke(ctx, &a, result); err != nil && !a.taken {
		CloseReaders(args...)
	}
	if err != nil {
		return fmt.Errorf("ipc: invoke %q: %w", channel, err)
	}
	return nil
}

// intercept sends a request through the interceptors.
func (s *Session) intercept(ctx context.Context, a Ask, nearest *Router, result any) error {
	defer func() {
		if !a.taken {
			CloseReaders(a.Args...)
		}
	}()
	a.nearest = nearest
	root := nearest
	for root.parent != nil {
		root = root.parent
	}
	return a.through(ctx, root, result)
}

func (s *Session) invoke(ctx context.Context, a *Ask, result any) (err error) {
	if err := protocol.ValidChannel(a.Channel); err != nil {
		return err
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if !s.o.Allowed(a.Channel) {
		return fmt.Errorf("%w: %s", ErrNotAllowed, s.o.Origin)
	}
	c := s.line.o.Router.stats.named(a.Channel)
	id, answered, err := s.expect(c)
	if err != nil {
		return err
	}
	defer s.forget(id)
	at := now()
	if err := s.ask(id, a, c); err != nil {
		return s.orEnd(err)
	}
	defer func() { c.answered(at, err) }() // also if the result's own code panics
	select {
	case answer := <-answered:
		err = answer.decode(result)
	case <-ctx.Done():
		s.giveUp(id, answered)
		err = context.Cause(ctx)
	}
	return err
}

// expect opens a call.
func (s *Session) expect(by *counters) (id uint32, answered chan answer, err error) {
	s.line.mu.Lock()
	defer s.line.mu.Unlock()
	c := &s.calls
	switch {
	case s.ended != nil:
		return 0, nil, s.ended
	case s.mute != nil:
		return 0, nil, s.mute
	case len(c.open) >= protocol.MaxInFlight:
		return 0, nil, fmt.Errorf("%w: %d calls wait for an answer already", protocol.ErrLimit, len(c.open))
	case c.open == nil:
		c.open = map[uint32]call{}
	}
	for taken := true; taken; _, taken = c.open[c.last] {
		if c.last++; c.last == 0 {
			c.last = 1
		}
	}
	answered = make(chan answer, 1)
	c.open[c.last] = call{answered, by}
	return c.last, answered, nil
}

// ask sends the request.
func (s *Session) ask(id uint32, a *Ask, c *counters) (err error) {
	b := buffers.Get().(*buffer)
	defer b.release()
	b.begin()
	l := links{session: s, ctx: s.ctx}
	sent := false
	defer func() {
		if !sent { // also if a value has panicked while it was encoded
			l.drop(a.Args...)
		}
	}()
	a.taken = true
	args := a.Args
	if len(args) == 1 {
		if lender, ok := args[0].(Lender); ok {
			var done func()
			args, done = lender.Lend()
			defer done()
		}
	}
	var tail []byte
	if len(a.Meta) == 0 { // which comes behind the arguments
		args, tail = cutLast(args)
	}
	if b.packet, err = (protocol.Writer{Links: &l, Meta: a.Meta}).AppendInvoke(b.packet, id, a.Channel, args...); err == nil {
		b.addTail(tail)
		err = s.send(b)
	}
	if err != nil {
		return err
	}
	sent = true
	c.asked.Add(1)
	c.went(b)
	l.start(c, func(error) {})
	return nil
}

// forget takes a call away, if it is still there, without a word to the far end.
func (s *Session) forget(id uint32) {
	s.line.mu.Lock()
	defer s.line.mu.Unlock()
	delete(s.calls.open, id)
}

// giveUp takes a call away and tells the far end. An answer that is there by now is dropped, with what is in it.
func (s *Session) giveUp(id uint32, answered <-chan answer) {
	s.line.mu.Lock()
	_, open := s.calls.open[id]
	if open {
		delete(s.calls.open, id)
		if len(s.calls.givenUp) >= maxGivenUp || s.calls.givenUp == nil {
			s.calls.late += len(s.calls.givenUp)
			s.calls.givenUp = map[uint32]struct{}{}
		}
		s.calls.givenUp[id] = struct{}{}
	}
	s.line.mu.Unlock()
	if !open {
		if a := <-answered; a.links != nil {
			a.links.abandon()
		}
		return
	}
	b := buffers.Get().(*buffer)
	defer b.release()
	b.begin()
	b.packet = protocol.AppendCancel(b.packet, id)
	_ = s.send(b) // nobody is left who could wait for it
}

// answered takes a result or error frame. Each call has one answer; the error is for any other. line.mu is held.
func (s *Session) answered(f *protocol.Frame) error {
	c, open := s.calls.open[f.ID]
	ins, err := s.openStreams(f.Streams, c.counters)
	if err != nil {
		return err
	}
	l := &links{session: s, ins: ins}
	if l.ports, err = s.openPorts(f.Ports); err != nil {
		l.closeLater()
		return err
	}
	if open {
		delete(s.calls.open, f.ID)
		c.answered <- answer{frame: f, links: l}
		return nil
	}
	l.closeLater()
	l.closePorts()
	if _, late := s.calls.givenUp[f.ID]; late {
		delete(s.calls.givenUp, f.ID)
		return nil
	}
	if s.calls.late > 0 {
		s.calls.late--
		return nil
	}
	return fmt.Errorf("%w: %v for request %d, which is not open", ErrUnexpected, f.Kind, f.ID)
}

// decode puts the answer where it is wanted.
func (a answer) decode(result any) error {
	f := a.frame
	if a.ended != nil {
		return a.ended
	}
	defer a.links.abandon()
	switch {
	case f.Kind == protocol.KindError:
		e := &protocol.ErrorValue{Name: f.Name, Message: f.Message, Code: f.Code}
		if err := f.Value.Decode(&e.Data); err != nil {
			return fmt.Errorf("%s: %w (its data cannot be read: %w)", e.Name, e, err)
		}
		return fmt.Errorf("%s: %w", e.Name, e)
	case result == nil:
		return nil
	}
	if err := f.Value.Bind(a.links).Decode(result); err != nil {
		return fmt.Errorf("the result does not fit: %w", err)
	}
	return nil
}
