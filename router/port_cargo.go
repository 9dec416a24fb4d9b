package router

import (
	"fmt"

	"github.com/oriel-go/oriel/protocol"
)

// A cargo is the ports that leave with a message. It numbers them for package protocol: by the session's numbers, or, as long as it is not
// known where the message goes, by their places.
type cargo struct {
	session *Session
	source  *Port // through which the message goes
	ports   []*Port
	ends    []arrival
}

// OutPort takes a port from its owner.
func (c *cargo) OutPort(port protocol.Port) (uint32, error) {
	p, ok := port.(*Port)
	if !ok {
		return 0, fmt.Errorf("%w: %T", protocol.ErrUncloneable, port)
	}
	portsMu.Lock()
	defer portsMu.Unlock()
	e, i := p.core.end, len(c.ports)
	switch {
	case e == nil:
		return 0, fmt.Errorf("%w: Port at index %d is already neutered: %w", protocol.ErrUncloneable, i, ErrPortMoved)
	case p == c.source:
		return 0, fmt.Errorf("%w: Port at index %d contains the source port", protocol.ErrUncloneable, i)
	case c.source != nil && e.other == c.source.core.end:
		return 0, fmt.Errorf("%w: Port at index %d is the other end of the port", protocol.ErrUncloneable, i)
	}
	number := uint32(i + 1)
	if c.session != nil {
		var err error
		if number, err = c.session.takePort(e); err != nil {
			return 0, err
		}
	}
	p.core.end, e.core = nil, nil
	c.ports = append(c.ports, p)
	c.ends = append(c.ends, arrival{number: number, end: e})
	return number, nil
}

// OutStream refuses: a stream is written to one far end, and it is not known yet where this goes.
func (c *cargo) OutStream(protocol.Source) (uint32, error) {
	return 0, fmt.Errorf("%w: a stream goes to one page that is there, not to several, through a port, or where it would have to wait", protocol.ErrUncloneable)
}

// InPort and InStream are not for what leaves.
func (c *cargo) InPort(uint32) (protocol.Port, error) { return nil, errNoPorts }

// InStream is as InPort.
func (c *cargo) InStream(protocol.StreamRef) (protocol.Stream, error) { return nil, errNoPorts }

// post gives the message in packet, in which the ports are numbered by their places, to the other end of the source.
func (c *cargo) post(packet []byte) error {
	parsed, err := protocol.Parse(packet)
	if err != nil {
		return err
	}
	portsMu.Lock()
	defer portsMu.Unlock()
	e := c.source.core.end
	switch {
	case e == nil:
		return ErrPortMoved
	case e.closed || e.over:
		return ErrPortClosed
	}
	m := parcel{args: parsed.Frames[0].Args, arrivals: c.ends}
	if !e.other.takes() {
		m.args = m.args.Clone() // it waits, and the packet is another's then
	}
	if err := e.other.deliver(m); err != nil {
		return err
	}
	c.gone()
	return nil
}

// address gives the ports of the message in packet, numbered by their places, numbers of the session's.
func (c *cargo) address(s *Session, packet []byte) error {
	if len(c.ends) == 0 {
		return nil
	}
	parsed, err := protocol.Parse(packet)
	if err != nil {
		return err
	}
	portsMu.Lock()
	defer portsMu.Unlock()
	numbers := make([]uint32, len(c.ends))
	for i, a := range c.ends {
		if numbers[i], err = s.takePort(a.end); err != nil {
			s.leavePorts(c.ends[:i])
			return err
		}
	}
	c.session = s
	return parsed.Frames[0].Args.RenumberPorts(numbers)
}

// gone tells the ports that they are somewhere else. portsMu is held.
func (c *cargo) gone() {
	for _, p := range c.ports {
		p.core.cancel(ErrPortMoved)
	}
	c.ports = nil
}

// sent is called when the message has left.
func (c *cargo) sent() {
	if len(c.ends) == 0 {
		return
	}
	portsMu.Lock()
	defer portsMu.Unlock()
	for _, a := range c.ends {
		a.end.settle()
	}
	c.gone()
	c.ends = nil
}

// giveBack is called when the message does not leave: the ports are their owners' again.
func (c *cargo) giveBack() {
	if len(c.ends) == 0 {
		return
	}
	portsMu.Lock()
	defer portsMu.Unlock()
	if c.session != nil {
		c.session.leavePorts(c.ends)
	}
	for i, p := range c.ports {
		p.core.end, c.ends[i].end.core = c.ends[i].end, p.core
		p.core.wake()
	}
	c.ports, c.ends = nil, nil
}

// lose is called when the message was taken and will never leave: the ports are closed.
func (c *cargo) lose() {
	portsMu.Lock()
	defer portsMu.Unlock()
	if c.session != nil {
		c.session.leavePorts(c.ends)
	}
	for _, a := range c.ends {
		a.end.close(ErrPortClosed)
	}
	c.gone()
	c.ends = nil
}
