package ipc

import (
	"errors"
	"fmt"
	"sync"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/protocol"
)

// Why a context ended or a message could not be sent.
var (
	ErrNavigated = errors.New("ipc: the document was replaced or went away")
	ErrCanceled  = errors.New("ipc: the page gave up the request")
	ErrClosed    = errors.New("ipc: the window is closed")
)

// A Conn says where a packet came from. The window package makes them from what Chromium tells.
type Conn struct {
	Sender Sender
	// Connect opens the way back. It is called within Receive, once for each document.
	Connect func() Link
}

// A Link carries packets to a frame. Its methods may be called from any goroutine.
type Link interface {
	// Send takes a whole packet, which it may keep, and does not block.
	Send(packet []byte) error
	// Close ends the link; Send fails from then on.
	Close()
}

// PeerOptions are what a Peer needs from the window it belongs to.
type PeerOptions struct {
	Router *Router
	// Allowed says which origin may use which channel.
	Allowed func(origin, channel string) bool
	// Reserved hears messages on channels that are Oriel's own. May be nil.
	Reserved func(sender Sender, channel string, args Args)
	Log      *zap.Logger
}

// A Peer is main's end of the conversation with one frame slot, such as a window's main frame: it outlives the documents that come and go
// in it. Apps do not need it; windows make theirs.
type Peer struct {
	o PeerOptions

	mu      sync.Mutex
	doc     *document
	waiting [][]byte // encoded sends, for the next document
	queued  int      // bytes in waiting
	closed  error
}

// NewPeer returns a Peer without a document: what is sent waits for one, within protocol.MaxQueuedBytes.
func NewPeer(o PeerOptions) *Peer {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	return &Peer{o: o}
}

// Receive takes a packet that came from c, and keeps it. It does not block and calls no code of the app on the caller's goroutine.
// A packet that is malformed or from a document that has gone is dropped; an error says why.
func (p *Peer) Receive(c Conn, packet []byte) error {
	parsed, err := protocol.Parse(packet)
	if err != nil {
		return err
	}
	frames := parsed.Frames
	if frames[0].Kind == protocol.KindHello {
		if err := p.open(c, parsed.Document); err != nil {
			return err
		}
		frames = frames[1:]
	}
	p.mu.Lock()
	d := p.doc
	p.mu.Unlock()
	if d == nil || d.number != parsed.Document || d.sender.FrameID != c.Sender.FrameID || d.sender.Origin != c.Sender.Origin {
		return fmt.Errorf("ipc: packet of document %d, which is not the current one", parsed.Document)
	}
	for i := range frames {
		d.take(&frames[i], c.Sender)
	}
	return nil
}

// open begins a new document: the old one's requests end, what waited is sent.
func (p *Peer) open(c Conn, number uint32) error {
	p.mu.Lock()
	if p.closed != nil {
		p.mu.Unlock()
		return p.closed
	}
	old := p.doc
	if old != nil && old.number == number {
		p.mu.Unlock()
		return fmt.Errorf("ipc: document %d says hello twice", number)
	}
	d := newDocument(p, c, number)
	p.doc = d
	waiting := p.waiting
	p.waiting, p.queued = nil, 0
	for _, frame := range waiting {
		if err := d.link.Send(append(protocol.AppendHeader(nil, number), frame...)); err != nil {
			p.o.Log.Warn("message lost", zap.Error(err))
		}
	}
	p.mu.Unlock()
	if old != nil {
		old.end(ErrNavigated)
	}
	return nil
}

// Send sends a message to the frame's document, or keeps it for the next one. Messages arrive in the order sent.
func (p *Peer) Send(channel string, args ...any) error {
	if err := protocol.ValidChannel(channel); err != nil {
		return fmt.Errorf("ipc: send: %w", err)
	}
	packet, err := protocol.AppendSend(protocol.AppendHeader(nil, 1), channel, args...)
	if err != nil {
		return fmt.Errorf("ipc: send on %q: %w", channel, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed != nil:
		return fmt.Errorf("ipc: send on %q: %w", channel, p.closed)
	case p.doc != nil:
		return p.doc.send(packet)
	case p.queued+len(packet) > protocol.MaxQueuedBytes:
		return fmt.Errorf("ipc: send on %q: %w: more than %d bytes wait for the page", channel, protocol.ErrLimit, protocol.MaxQueuedBytes)
	}
	p.waiting = append(p.waiting, packet[protocol.HeaderSize:])
	p.queued += len(packet)
	return nil
}

// Gone tells that the frame of that name is no more. Its document's requests end; another frame's are left alone.
func (p *Peer) Gone(frameID string, cause error) {
	p.mu.Lock()
	d := p.doc
	if d == nil || d.sender.FrameID != frameID {
		p.mu.Unlock()
		return
	}
	p.doc = nil
	p.mu.Unlock()
	d.end(cause)
}

// Close ends the conversation for good: open requests are cancelled with the cause, later sends fail with it.
func (p *Peer) Close(cause error) {
	p.mu.Lock()
	d := p.doc
	if p.closed == nil {
		p.closed = cause
	}
	p.doc, p.waiting, p.queued = nil, nil, 0
	p.mu.Unlock()
	if d != nil {
		d.end(cause)
	}
}

// Sender returns who is at the other end now; ok is false while there is no document.
func (p *Peer) Sender() (s Sender, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.doc == nil {
		return Sender{}, false
	}
	return p.doc.sender, true
}
