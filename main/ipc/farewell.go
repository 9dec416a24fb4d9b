package ipc

import (
	"fmt"
	"slices"
	"time"
)

// A Lingerer is a Link by which a document may still say something when another frame has taken its place: where that is of another site,
// Chromium lets a page hide only then.
type Lingerer interface {
	Link
	// Linger tells that the document has left its place. It reports whether anything may still come; then the link closes itself when the
	// document says that it has gone.
	Linger() bool
}

// leave ends a document whose frame has been replaced or has gone, and listens to it for a little longer. What it says is its own, by its
// frame and its origin, and nobody answers. p.mu is held.
func (p *Peer) leave(f *Frame, cause error) {
	f.session.Leave(cause)
	if l, ok := f.link.(Lingerer); p.o.Farewell > 0 && ok && l.Linger() {
		p.left = append(p.left, f)
		time.AfterFunc(p.o.Farewell, func() { p.forget(f) })
		return
	}
	f.link.Close()
}

// forget stops listening to a document that has left. Only the first call does anything.
func (p *Peer) forget(f *Frame) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.left, f); i >= 0 {
		p.left = slices.Delete(p.left, i, i+1)
		f.link.Close()
	}
}

// lingering returns the document that has left and whose way to main this is, or nil.
func (p *Peer) lingering(c Conn) *Frame {
	if c.Document == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.left {
		if f.session.Document() == c.Document && f.sender.FrameID == c.Sender.FrameID {
			return f
		}
	}
	return nil
}

// wrong returns the error for a packet that breaks the protocol. Whose process it was of that has left is no longer the place's: it is not
// counted there, and nothing more is heard of it.
func (p *Peer) wrong(c Conn, err error) error {
	f := p.lingering(c)
	if f == nil {
		return err
	}
	p.forget(f)
	return fmt.Errorf("%w: %d, which has left: %v", ErrStale, c.Document, err)
}
