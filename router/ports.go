package router

import (
	"context"
	"errors"
	"fmt"

	"github.com/oriel-go/oriel/protocol"
)

// wirePorts are the ends that have gone to a session's far end. portsMu guards them.
type wirePorts struct {
	open    map[uint32]*end // closed ones too, until the far end has said that it is done with them
	last    uint32          // the number given last
	unheard int             // bytes of messages from the far end that wait at ports here
	ended   error
}

// maxRefusedPorts is how many ports may be on their way here that have been refused, besides those that are open.
const maxRefusedPorts = protocol.MaxPorts

var errNoPorts = errors.New("ipc: no port came with this message")

// portStats are the counts of ports that sessions like this one have. portsMu is held, as by who uses them.
func (s *Session) portStats() *PortStats { return &s.line.o.Router.stats.ports }

// register makes number a port's.
func (s *Session) register(number uint32, e *end) {
	if s.ports.open == nil {
		s.ports.open = map[uint32]*end{}
	}
	s.ports.open[number] = e
	s.portStats().Open++
}

// release makes number nobody's.
func (s *Session) release(number uint32) {
	delete(s.ports.open, number)
	s.portStats().Open--
}

// own is the lowest bit of the numbers of ports that this side makes.
func (s *Session) own() uint32 {
	if s.o.Child {
		return 1
	}
	return 0
}

// takePort numbers an end that is to go to the far end. portsMu is held.
func (s *Session) takePort(e *end) (uint32, error) {
	t := &s.ports
	switch {
	case t.ended != nil:
		return 0, t.ended
	case len(t.open) >= protocol.MaxPorts:
		return 0, fmt.Errorf("%w: more than %d message ports are open", protocol.ErrLimit, protocol.MaxPorts)
	}
	if t.last == 0 {
		t.last = s.own()
	}
	for t.last += 2; t.last < 2 || t.open[t.last] != nil; t.last += 2 {
	}
	s.register(t.last, e)
	e.session, e.number, e.moving = s, t.last, true
	return t.last, nil
}

// leavePorts takes back ends that have been numbered for a message which is not sent. portsMu is held.
func (s *Session) leavePorts(ends []arrival) {
	for _, a := range ends {
		if a.end.session == s && a.end.moving {
			if s.ports.open[a.end.number] == a.end {
				s.release(a.end.number)
			}
			a.end.session, a.end.number, a.end.moving = nil, 0, false
		}
	}
}

// openPorts takes the ports that came with a message. If there are too many they are closed at once.
func (s *Session) openPorts(numbers []uint32) ([]arrival, error) {
	if len(numbers) == 0 {
		return nil, nil
	}
	portsMu.Lock()
	defer portsMu.Unlock()
	return s.arrive(numbers)
}

// refusePorts closes the ports that came with a message which is not taken.
func (s *Session) refusePorts(numbers []uint32) error {
	if len(numbers) == 0 {
		return nil
	}
	portsMu.Lock()
	defer portsMu.Unlock()
	arrivals, err := s.arrive(numbers)
	(&parcel{arrivals: arrivals}).drop()
	if errors.Is(err, protocol.ErrLimit) {
		return nil
	}
	return err
}

// arrive is openPorts with portsMu held.
func (s *Session) arrive(numbers []uint32) ([]arrival, error) {
	t := &s.ports
	if t.ended != nil {
		return nil, t.ended
	}
	if len(t.open)+len(numbers) > protocol.MaxPorts+maxRefusedPorts {
		return nil, fmt.Errorf("%w: %d message ports more", ErrUnexpected, len(numbers))
	}
	for i, number := range numbers {
		if number&1 == s.own() || t.open[number] != nil {
			return nil, fmt.Errorf("%w: %d is not the number of a new message port", ErrUnexpected, number)
		}
		for _, earlier := range numbers[:i] {
			if earlier == number {
				return nil, fmt.Errorf("%w: message port %d comes twice", ErrUnexpected, number)
			}
		}
	}
	tooMany := len(t.open)+len(numbers) > protocol.MaxPorts
	arrivals := make([]arrival, len(numbers))
	for i, number := range numbers {
		away, here := newChannel()
		away.session, away.number = s, number
		s.register(number, away)
		arrivals[i] = arrival{number: number, end: here}
	}
	if tooMany {
		(&parcel{arrivals: arrivals}).drop()
		return nil, coded("ERR_LIMIT", protocol.ErrLimit, "More than %d message ports are open", protocol.MaxPorts)
	}
	return arrivals, nil
}

// portFrame takes a frame about a port. It calls no code of the app.
func (s *Session) portFrame(f *protocol.Frame, packet int) error {
	portsMu.Lock()
	defer portsMu.Unlock()
	e := s.ports.open[f.ID]
	if s.ports.ended != nil {
		return nil // it has crossed the end
	}
	if e == nil {
		return fmt.Errorf("%w: %v of message port %d, which is not open", ErrUnexpected, f.Kind, f.ID)
	}
	switch f.Kind {
	case protocol.KindPost:
		return s.posted(e, f, packet)
	case protocol.KindTaken:
		return e.seen(int(f.Credit))
	}
	s.release(f.ID)
	if e.told {
		return nil // the answer to ours
	}
	e.told = true
	s.tell(func(p []byte) []byte { return protocol.AppendClose(p, f.ID) })
	e.close(ErrPortClosed)
	return nil
}

// posted takes a message through a port. portsMu is held.
func (s *Session) posted(e *end, f *protocol.Frame, packet int) error {
	if len(f.Streams) > 0 {
		return fmt.Errorf("%w: a stream within a message port", ErrUnexpected)
	}
	arrivals, err := s.arrive(f.Ports)
	m := parcel{args: f.Args, arrivals: arrivals, from: s}
	switch {
	case err != nil && !e.closed:
		e.fail(err)
		return err
	case err != nil:
		return err
	case e.closed:
		m.drop() // it has crossed the end
		return nil
	case e.lent >= protocol.PortWindow:
		m.drop()
		err := fmt.Errorf("%w: message port %d is beyond its window", ErrUnexpected, f.ID)
		e.discard()
		e.fail(err)
		return err
	}
	e.lent += m.cost()
	stats := s.portStats()
	stats.In++
	stats.BytesIn += uint64(m.args.Size())
	if m.args.Size()*keepFactor < packet {
		m.args = m.args.Clone()
	}
	if err := e.other.deliver(m); err != nil {
		m.drop()
		e.fail(err)
		return fmt.Errorf("ipc: message port %d: %w", f.ID, err)
	}
	return nil
}

// FlushPorts waits until the far end has taken what was posted through ports that have gone there, as far as it is not on its way already, or
// the session or ctx has ended.
func (s *Session) FlushPorts(ctx context.Context) error {
	for {
		empty := s.waitingPort()
		if empty == nil {
			return nil
		}
		select {
		case <-empty:
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// waitingPort returns a channel that is closed when nothing waits any more at one of the ports where something does, and nil if there is none.
func (s *Session) waitingPort() <-chan struct{} {
	portsMu.Lock()
	defer portsMu.Unlock()
	for _, e := range s.ports.open {
		if e.waits() == 0 || e.moving {
			continue
		}
		if e.empty == nil {
			e.empty = make(chan struct{})
		}
		return e.empty
	}
	return nil
}

// endPorts closes all ports with the session.
func (s *Session) endPorts(cause error) {
	portsMu.Lock()
	defer portsMu.Unlock()
	t := &s.ports
	t.ended = cause
	open := t.open
	t.open = nil
	s.portStats().Open -= len(open)
	for _, e := range open {
		e.close(cause)
	}
}
