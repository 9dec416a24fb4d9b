package ipc

import (
	"context"
	"fmt"

	"github.com/oriel-go/oriel/protocol"
)

// A line is where messages wait for their turn, in the order they came, across the documents of a peer. One goroutine at a time has the
// turn: it looks handlers up, decodes, and runs listeners. When a handler begins, it keeps the goroutine for itself and the turn goes to
// another one. So a lone request costs one goroutine, and no message is overtaken before its handler begins. Peer.mu guards it.
type line struct {
	waiting []*request
	first   int    // index of the next one in waiting
	taken   bool   // somebody has the turn
	hearing string // channel of the listeners that have it
	held    int    // messages waiting or being worked on
	bytes   int    // of the packets they came in
}

// admit puts a message in line, or says why not. p.mu is held.
func (p *Peer) admit(d *delivery, m *protocol.Frame) error {
	l, size := &p.line, d.size
	if d.left > 0 {
		size = 0 // the packet has been counted
	}
	switch {
	case m.Kind == protocol.KindInvoke && d.frame.open[m.ID] != nil:
		return fmt.Errorf("ipc: request %d is open already", m.ID)
	case l.held >= protocol.MaxInFlight:
		return coded("ERR_LIMIT", protocol.ErrLimit, "More than %d messages wait%s", protocol.MaxInFlight, l.behind())
	case l.bytes+size > protocol.MaxQueuedBytes:
		return coded("ERR_LIMIT", protocol.ErrLimit, "More than %d bytes wait%s", protocol.MaxQueuedBytes, l.behind())
	}
	r := &d.first
	if r.d != nil {
		r = new(request)
	}
	*r = request{d: d, id: m.ID, channel: m.Channel, args: m.Args, ctx: d.ctx}
	if m.Kind == protocol.KindInvoke {
		r.ctx, r.cancel = context.WithCancelCause(d.ctx)
		d.frame.open[m.ID] = r
	}
	l.held++
	l.bytes += size
	d.left++
	l.waiting = append(l.waiting, r)
	return nil
}

// behind says what keeps the line waiting.
func (l *line) behind() string {
	if l.hearing == "" {
		return ""
	}
	return fmt.Sprintf(", behind a listener on '%s'", l.hearing)
}

// leave forgets a message that is done with.
func (p *Peer) leave(r *request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.done {
		return
	}
	r.done = true
	p.line.held--
	if r.d.left--; r.d.left == 0 {
		p.line.bytes -= r.d.size
	}
	if r.asked() {
		delete(r.d.frame.open, r.id)
	}
}

// claim takes the turn if nobody has it and somebody waits. p.mu is held.
func (l *line) claim() bool {
	if l.taken || l.first == len(l.waiting) {
		return false
	}
	l.taken = true
	return true
}

// pass gives the turn back: to a goroutine of its own if somebody waits.
func (p *Peer) pass() {
	p.mu.Lock()
	p.line.taken, p.line.hearing = false, ""
	more := p.line.claim()
	p.mu.Unlock()
	if more {
		go p.work()
	}
}

// next returns the first message in line, or nil and gives the turn back.
func (p *Peer) next() *request {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := &p.line
	l.hearing = ""
	if l.first == len(l.waiting) {
		l.waiting, l.first, l.taken = l.waiting[:0], 0, false
		if cap(l.waiting) > 1024 {
			l.waiting = nil
		}
		return nil
	}
	r := l.waiting[l.first]
	l.waiting[l.first] = nil
	l.first++
	if !r.asked() {
		l.hearing = r.channel
	}
	return r
}

// takeTurn has the turn: it takes one message after the other until there is none or a handler has begun.
func (p *Peer) takeTurn() {
	growStack()
	var r *request
	defer func() {
		if r != nil && !r.begun { // a listener has ended the goroutine
			p.pass()
		}
	}()
	for {
		if r = p.next(); r == nil {
			return
		}
		if r.asked() {
			r.answer()
		} else {
			r.hear()
		}
		if r.begun {
			return
		}
	}
}

// growStack makes a new goroutine's stack as large as decoding wants it, in one step and while there is nothing on it to move: done bit by
// bit later, that takes a third of the time of a small request.
//
//go:noinline
func growStack() {
	var room [4 << 10]byte
	stackUser(&room)
}

//go:noinline
func stackUser(*[4 << 10]byte) {}
