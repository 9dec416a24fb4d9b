package ipc

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
)

// Why a context ended or a message could not be sent.
var (
	ErrNavigated    = errors.New("ipc: the document was replaced or went away")
	ErrRendererGone = errors.New("ipc: the page's process is gone")
	ErrClosed       = errors.New("ipc: the window is closed")
)

// ErrStale is the kind of the error for a packet of a document that is not, or no longer, the current one. It is no sign of anything wrong:
// packets may be on their way when a document goes.
var ErrStale = errors.New("ipc: packet of a document that is not the current one")

// A Conn says where a packet came from. The window package makes them from what Chromium tells.
type Conn struct {
	Sender Sender
	// Connect opens the way back to a document. It is called within Receive, once for each hello, and must not call the Peer. It is nil where
	// no hello can come.
	Connect func(document uint32) Link
	// Document is the number of the one document that has this way to main, where it is another way than messages to the frame: then Chromium
	// may name another document as the frame's by now. 0 otherwise.
	Document uint32
	// Start, if not nil, is called within Receive with the work on messages, unless somebody is at it; the work must be done when Receive has
	// returned. It runs code of the app.
	Start func(work func())
}

// PeerOptions are what a Peer needs from the window it belongs to.
type PeerOptions struct {
	// Context is the parent of every handler's; nil means [context.Background].
	Context context.Context
	Router  *Router
	// Allowed says which origin may use which channel.
	Allowed func(origin, channel string) bool
	// Farewell is how long a document is heard at most that has left its place but may still have something to say, by a [Lingerer].
	Farewell time.Duration
	// Verified lets documents begin by Committed alone, never by their hello.
	Verified bool
	// Reserved hears messages on channels that are Oriel's own. May be nil.
	Reserved func(sender Sender, channel string, args Args)
	// Refused hears of messages on channels that their sender may not use, of which the renderer should have known. It is called on any
	// goroutine and must not block. May be nil.
	Refused func(err error)
	Log     *zap.Logger
}

// A Peer is main's end of the conversation with one frame slot, such as a window's main frame: it outlives the documents that come and go
// in it. Apps do not need it; windows make theirs.
type Peer struct {
	o    PeerOptions
	line *router.Line

	order sync.Mutex        // what comes is taken one after the other
	start func(work func()) // of the Conn that it came by; under order

	mu      sync.Mutex
	frame   *Frame           // the document that is there now, or nil
	early   *early           // the one that will be there next, if it has spoken already
	left    []*Frame         // those before it that are still heard
	news    chan struct{}    // closed when there is another document, or never will be
	waiting []router.Message // for a document to come
	queued  int              // bytes in waiting
	hellos  int              // since Chromium told of a document
	leaving error            // why nothing new is said to a page any more, though one may still be there
	closed  error
}

// messageCost is what a waiting message takes besides its bytes.
const messageCost = 64

// NewPeer returns a Peer without a document: what is sent waits for one, within protocol.MaxQueuedBytes.
func NewPeer(o PeerOptions) *Peer {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	line := router.LineOptions{Context: o.Context, Router: o.Router, Refused: o.Refused, Log: o.Log}
	if o.Reserved != nil {
		line.Reserved = func(from any, channel string, args Args) { o.Reserved(*from.(*Sender), channel, args) }
	}
	p := &Peer{o: o, news: make(chan struct{})}
	line.Start = func(work func()) {
		if p.start != nil {
			p.start(work)
		} else {
			go work()
		}
	}
	p.line = router.NewLine(line)
	return p
}

// Receive takes a packet that came from c, and keeps it. It does not block and calls no code of the app. A document's packets must be handed
// over one after the other, in the order they came. What is malformed, of another document ([ErrStale]) or beyond a limit is dropped; an error
// says why.
func (p *Peer) Receive(c Conn, packet []byte) error {
	parsed, err := protocol.Parse(packet)
	if err != nil {
		return p.wrong(c, err)
	}
	p.order.Lock()
	defer p.order.Unlock()
	p.start = c.Start
	messages := parsed.Frames
	switch {
	case c.Document == 0:
	case messages[0].Kind == protocol.KindHello:
		return p.wrong(c, fmt.Errorf("%w: document %d says hello on the way that is %d's alone", ErrUnexpected, parsed.Document, c.Document))
	case parsed.Document != c.Document:
		return fmt.Errorf("%w: %d on the way that is %d's alone", ErrStale, parsed.Document, c.Document)
	}
	if messages[0].Kind == protocol.KindHello {
		return p.hello(c, parsed.Document, messages, len(packet))
	}
	if waits, err := p.hold(c.Sender.FrameID, parsed.Document, held{messages, len(packet)}); waits {
		return err
	}
	f := p.Frame()
	if f != nil && c.Document != 0 && f.sender.FrameID == c.Sender.FrameID && f.sender.Origin != c.Sender.Origin {
		c.Sender = f.sender
	}
	if f == nil || f.session.Document() != parsed.Document || f.sender.FrameID != c.Sender.FrameID || f.sender.Origin != c.Sender.Origin {
		if f = p.lingering(c); f == nil {
			return fmt.Errorf("%w: %d of frame %s at %s", ErrStale, parsed.Document, c.Sender.FrameID, c.Sender.Origin)
		}
		return f.session.HearLast(f.latest, messages, len(packet))
	}
	return f.take(messages, c.Sender, len(packet))
}

// Send sends a message to the frame's document, or keeps it for the next one whose origin may use the channel. Messages arrive in the
// order sent. Where much waits for the document already, it waits until that has taken some, and fails if it takes none. Streams in it need
// a document that is there.
func (p *Peer) Send(channel string, args ...any) error {
	if f := p.Frame(); f != nil {
		return f.Send(channel, args...)
	}
	err := p.Broadcast(channel, args...)
	if err != nil {
		router.CloseReaders(args...)
	}
	return err
}

// Broadcast is Send for a message that others get too: it cannot have streams, which are read once.
func (p *Peer) Broadcast(channel string, args ...any) error {
	m, err := router.NewMessage(channel, args...)
	if err != nil {
		return err
	}
	defer m.Release()
	p.mu.Lock()
	f, cost := p.frame, m.Size()+messageCost
	switch {
	case p.over() != nil:
		p.mu.Unlock()
		m.GiveBack()
		return fmt.Errorf("ipc: send on %q: %w", channel, p.over())
	case f == nil && p.queued+cost > protocol.MaxQueuedBytes:
		p.mu.Unlock()
		m.GiveBack()
		return fmt.Errorf("ipc: send on %q: %w: more than %d bytes wait for the page", channel, protocol.ErrLimit, protocol.MaxQueuedBytes)
	case f == nil:
		p.waiting = append(p.waiting, m.Clone())
		p.queued += cost
		p.mu.Unlock()
		return nil
	}
	p.mu.Unlock()
	if err = f.session.Throttle(channel); err == nil {
		err = f.session.SendMessage(m)
	}
	if err != nil {
		m.GiveBack()
	}
	return err
}

// PostMessage is Send for a value and ports.
func (p *Peer) PostMessage(channel string, value any, ports ...*Port) error {
	args, err := router.WithPorts(value, ports)
	if err != nil {
		return fmt.Errorf("ipc: post %q: %w", channel, err)
	}
	return p.Send(channel, args...)
}

// Invoke is [Frame.Invoke] for the document that is there now, or else the next one.
func (p *Peer) Invoke(ctx context.Context, channel string, result any, args ...any) error {
	err := protocol.ValidChannel(channel)
	var f *Frame
	if err == nil {
		f, err = p.document(ctx)
	}
	if err != nil {
		router.CloseReaders(args...)
		return fmt.Errorf("ipc: invoke %q: %w", channel, err)
	}
	return f.Invoke(ctx, channel, result, args...)
}

// document returns the one that is there, or waits for it.
func (p *Peer) document(ctx context.Context) (*Frame, error) {
	for {
		p.mu.Lock()
		f, over, news := p.frame, p.over(), p.news
		p.mu.Unlock()
		switch {
		case over != nil:
			return nil, over
		case f != nil:
			return f, nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// Gone tells that the frame of that name is no more. Its document ends, though its last words may still come; another frame's is left alone.
func (p *Peer) Gone(frameID string, cause error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(&frameID)
	if f := p.frame; f != nil && f.sender.FrameID == frameID {
		p.frame = nil
		p.leave(f, cause)
	}
}

// End ends the document there is, whichever frame it is in.
func (p *Peer) End(cause error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(nil)
	if f := p.frame; f != nil {
		p.frame = nil
		f.session.End(cause)
	}
}

// Leave tells that the page is about to go for good: Send and Invoke fail with the cause from now on. What the page still says is heard and
// answered until Close.
func (p *Peer) Leave(cause error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over() != nil {
		return
	}
	p.leaving = cause
	close(p.news)
	if p.frame != nil {
		p.frame.session.Mute(cause)
	}
}

// over returns why nothing new may be said to a page. p.mu is held.
func (p *Peer) over() error {
	if p.closed != nil {
		return p.closed
	}
	return p.leaving
}

// Close ends the conversation for good: open requests are cancelled with the cause, later sends fail with it.
func (p *Peer) Close(cause error) {
	p.mu.Lock()
	if p.over() == nil {
		close(p.news)
	}
	if p.closed == nil {
		p.closed = cause
	}
	for _, m := range p.waiting {
		m.Lose()
	}
	p.waiting, p.queued = nil, 0
	p.mu.Unlock()
	p.End(cause)
}

// Frame returns the document that is there now, or nil.
func (p *Peer) Frame() *Frame {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.frame
}
