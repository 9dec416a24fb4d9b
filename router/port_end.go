package router

import (
	"fmt"
	"sync"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/protocol"
)

// portsMu guards all channels, since those of different sessions refer to each other. Nothing that waits is done under it, and nothing slower
// than copying a packet. It is taken after a line's mutex, never before one.
var portsMu sync.Mutex

// An end is one of the two ends of a channel. It is here, perhaps with a Port, or has gone to a session's far end, under a number.
type end struct {
	other   *end
	core    *core
	session *Session // where it has gone
	number  uint32
	moving  bool          // the message that carries it there has not left yet
	mail    *mailbox      // what waits to be heard here, to follow it, or for the far end to take more; nil if nothing ever has
	bytes   int           // what that costs
	room    chan struct{} // closed when there is less than a window of it; nil if nobody waits for that
	empty   chan struct{} // closed when there is none; nil if nobody waits for that
	unseen  int           // what has been sent to the far end that it has not taken
	lent    int           // what the far end has posted that it has not been told is taken
	owed    int           // of that, what has been taken
	over    bool          // nothing more comes from the other end
	cause   error         // why
	closed  bool          // nothing comes or goes
	told    bool          // and the far end has been told
}

// A parcel is a message through a port.
type parcel struct {
	args     protocol.Args
	arrivals []arrival
	from     *Session // nil if it was posted here
}

// An arrival is a port in a message, by the number that it has there.
type arrival struct {
	number  uint32
	end     *end
	claimed bool // somebody has it
}

func newChannel() (a, b *end) {
	a, b = &end{}, &end{}
	a.other, b.other = b, a
	return a, b
}

func (m *parcel) cost() int { return protocol.PostCost(m.args.Size()) }

// drop closes the ports in a message that nobody will hear.
func (m *parcel) drop() {
	for _, a := range m.arrivals {
		a.end.close(ErrPortClosed)
	}
}

// took notes that a message to this end has been taken: the far end that has posted it may post more. It is told in quarters of the window.
func (e *end) took(m *parcel) {
	from := e.other
	if m.from == nil || from.closed {
		return
	}
	if from.owed += m.cost(); from.owed < protocol.PortWindow/4 {
		return
	}
	n := from.owed
	from.lent, from.owed = from.lent-n, 0
	m.from.tell(func(p []byte) []byte { return protocol.AppendTaken(p, from.number, uint32(n)) })
}

// takes says that the end has gone to a far end which takes a message now.
func (e *end) takes() bool {
	return e.session != nil && !e.moving && e.waits() == 0 && e.unseen < protocol.PortWindow
}

// deliver gives a message to the end, or lets it wait there. If it fails, nothing has happened. portsMu is held, as in all that follows.
func (e *end) deliver(m parcel) error {
	switch {
	case e.closed || e.over:
		m.drop()
		return nil
	case e.takes():
		return e.forward(m)
	case m.from == nil && e.bytes >= protocol.MaxPortBytes:
		return fmt.Errorf("%w: %d bytes wait at a message port", protocol.ErrLimit, e.bytes)
	case m.from != nil && m.from.ports.unheard+m.cost() > protocol.MaxQueuedBytes:
		return fmt.Errorf("%w: more than %d bytes wait at message ports", protocol.ErrLimit, protocol.MaxQueuedBytes)
	}
	e.put(m)
	if e.core != nil {
		e.core.wake()
	}
	return nil
}

// forward sends a message on to where the end has gone. Its values are not decoded.
func (e *end) forward(m parcel) error {
	s := e.session
	if len(m.arrivals) > 0 {
		numbers := make([]uint32, len(m.arrivals))
		for i, a := range m.arrivals {
			var err error
			if numbers[i], err = s.takePort(a.end); err != nil {
				s.leavePorts(m.arrivals[:i])
				return err
			}
		}
		if err := m.args.RenumberPorts(numbers); err != nil {
			s.leavePorts(m.arrivals)
			return err
		}
	}
	b := buffers.Get().(*buffer)
	defer b.release()
	b.begin()
	b.packet = m.args.AppendPost(b.packet, e.number)
	if err := s.send(b); err != nil {
		s.leavePorts(m.arrivals)
		return err
	}
	e.unseen += m.cost()
	e.took(&m)
	stats := s.portStats()
	stats.Out++
	stats.BytesOut += uint64(m.args.Size())
	for _, a := range m.arrivals {
		a.end.settle()
	}
	return nil
}

// settle tells that the message which carries the end has left: what waited follows it.
func (e *end) settle() {
	e.moving = false
	e.flush()
}

// seen notes that the far end has taken n bytes of what it was sent, and sends more.
func (e *end) seen(n int) error {
	if e.closed {
		return nil // it has crossed the end
	}
	if n > e.unseen {
		err := fmt.Errorf("%w: message port %d takes %d bytes more than were posted", ErrUnexpected, e.number, n-e.unseen)
		e.discard()
		e.fail(err)
		return err
	}
	e.unseen -= n
	e.flush()
	return nil
}

// flush sends what waits, as far as the far end takes it, and then the end.
func (e *end) flush() {
	for e.waits() > 0 && e.unseen < protocol.PortWindow {
		m := e.pop()
		if err := e.forward(m); err != nil {
			m.drop()
			e.discard()
			e.fail(err)
		}
	}
	if (e.over || e.closed) && !e.told && e.waits() == 0 { // a closed port may have been sent
		e.hangUp()
	}
}

// discard forgets what waits.
func (e *end) discard() {
	for e.waits() > 0 {
		m := e.pop()
		m.drop()
	}
}

// close is called when the owner of the end is done with it.
func (e *end) close(cause error) {
	if e.closed {
		return
	}
	e.closed = true
	e.discard()
	e.other.finish(cause)
}

// finish tells that nothing more comes from the other end.
func (e *end) finish(cause error) {
	if e.closed || e.over {
		return
	}
	e.over, e.cause = true, cause
	switch {
	case e.session != nil && !e.moving:
		e.flush()
	case e.session == nil && e.core != nil:
		e.core.wake()
	}
}

// hangUp tells the far end that the port is closed. Its number is free when that has said the same.
func (e *end) hangUp() {
	e.closed, e.told = true, true
	e.session.tell(func(p []byte) []byte { return protocol.AppendClose(p, e.number) })
}

// fail closes the channel at both ends: a message is lost, so nothing that comes after it may arrive.
func (e *end) fail(cause error) {
	var stats *PortStats
	for _, x := range []*end{e, e.other} {
		if s := x.session; s != nil {
			stats = s.portStats()
			s.line.noise.Warn("message port closed", zap.String("origin", s.o.Origin), zap.Error(cause))
		}
	}
	stats.Failed++ // nothing is lost between two ends here
	other := e.other
	e.finish(cause)
	other.finish(cause)
}
