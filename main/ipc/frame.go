package ipc

import (
	"context"
	"encoding/binary"
	"fmt"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/protocol"
)

// A Frame is one document in a frame: what is loaded there now. A reload or navigation ends it and begins another; a Frame that has ended
// stays so. Its methods may be called from any goroutine.
type Frame struct {
	peer   *Peer
	sender Sender
	link   Link
	number uint32 // the document's, by which the renderer tells it from those before and after
	ctx    context.Context
	cancel context.CancelCauseFunc

	// Under peer.mu.
	open   map[uint32]*request
	router *Router // nil until somebody asks for it
	ended  error   // why; nil while it lives
}

// newFrame makes the Frame of a document that has said hello. p.mu is held.
func newFrame(p *Peer, s Sender, link Link, number uint32) *Frame {
	f := &Frame{peer: p, sender: s, link: link, number: number, open: map[uint32]*request{}}
	f.ctx, f.cancel = context.WithCancelCause(p.o.Context)
	return f
}

// Sender tells who the document was when it began; its URL may have changed since within its origin.
func (f *Frame) Sender() Sender { return f.sender }

// Context ends with the document; its cause tells why.
func (f *Frame) Context() context.Context { return f.ctx }

// IPC returns the document's own router: its handlers and listeners come before those of the window and of the app, and serve no document
// but this one. It is what webFrameMain.ipc is in Electron.
func (f *Frame) IPC() *Router {
	f.peer.mu.Lock()
	defer f.peer.mu.Unlock()
	if f.router == nil {
		f.router = NewRouter(f.peer.o.Router)
	}
	return f.router
}

// Send sends a message to the document. It fails with the kind [ErrNotAllowed] if the document's origin may not use the channel, and with
// the cause of its end if it has gone.
func (f *Frame) Send(channel string, args ...any) error {
	b := buffers.Get().(*buffer)
	defer b.release()
	if err := b.message(channel, args); err != nil {
		return err
	}
	return f.sendMessage(channel, b.packet)
}

// sendMessage sends the packet of a message on a channel.
func (f *Frame) sendMessage(channel string, packet []byte) error {
	f.peer.mu.Lock()
	ended := f.ended
	f.peer.mu.Unlock()
	switch {
	case ended != nil:
		return fmt.Errorf("ipc: send on %q: %w", channel, ended)
	case !f.peer.o.Allowed(f.sender.Origin, channel):
		return fmt.Errorf("ipc: send on %q: %w: %s", channel, ErrNotAllowed, f.sender.Origin)
	}
	if err := f.send(packet); err != nil {
		return fmt.Errorf("ipc: send on %q: %w", channel, err)
	}
	return nil
}

// send sends a packet whose header still lacks the document's number.
func (f *Frame) send(packet []byte) error {
	binary.LittleEndian.PutUint32(packet[4:], f.number)
	return f.link.Send(packet)
}

// finish ends everything the document asked for. The peer has forgotten it and noted the cause.
func (f *Frame) finish(cause error) {
	f.cancel(cause)
	f.link.Close()
}

// take puts the messages of a packet in line. It does not block.
func (f *Frame) take(messages []protocol.Frame, s Sender, size int) error {
	p := f.peer
	d := &delivery{frame: f, sender: s, size: size}
	d.ctx = context.WithValue(f.ctx, deliveryKey{}, d)
	b := buffers.Get().(*buffer)
	defer b.release()
	b.begin()
	var problem error
	p.mu.Lock()
	for i := range messages {
		m := &messages[i]
		switch m.Kind {
		case protocol.KindInvoke, protocol.KindSend:
			if err := p.admit(d, m); err != nil {
				problem = err
				if m.Kind == protocol.KindInvoke && f.open[m.ID] == nil {
					b.packet, _ = protocol.AppendError(b.packet, m.ID, protocol.AsError(err))
				}
			}
		case protocol.KindCancel:
			if r := f.open[m.ID]; r != nil {
				r.unwanted = true
				defer r.cancel(ErrCanceled)
			}
		default:
			problem = fmt.Errorf("ipc: %v is nothing that a page may send", m.Kind)
		}
	}
	start := p.line.claim()
	p.mu.Unlock()
	if start {
		go p.work()
	}
	if len(b.packet) > protocol.HeaderSize {
		if err := f.send(b.packet); err != nil {
			p.o.Log.Warn("answers lost", zap.Error(err))
		}
	}
	return problem
}
