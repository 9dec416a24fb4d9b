package ipc

import (
	"fmt"
	"slices"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
)

// documentChannel is the channel on which a document tells its address, right after its hello.
const documentChannel = protocol.ReservedPrefix + "document"

// An early document has said hello before Chromium has told of it: packets and the news of a navigation come by different ways. Until that
// news, Chromium names the document before it as the sender. What the early one says waits, so that it is not taken for the other's.
// Its own word on its address decides about no more than the waiting: when that is over, the sender is whom Chromium names.
type early struct {
	frameID string
	claim   Claim
	link    Link
	packets []held
	bytes   int
}

// A Claim is what a document says of itself in its hello. It is no more than that.
type Claim struct {
	Document uint32 // its number
	URL      string
	Origin   string
	Target   string // by which of the window's scripts it has come to speak
}

// maxOrigin is more than a scheme, a host's name and a port take.
const maxOrigin = 512

// claimOf reads the frame that comes after a hello.
func claimOf(number uint32, messages []protocol.Frame) (Claim, error) {
	c := Claim{Document: number}
	if len(messages) < 2 || messages[1].Kind != protocol.KindSend || messages[1].Channel != documentChannel || messages[1].Args.Decode(0, &c.URL) != nil {
		return c, fmt.Errorf("%w: document %d says hello without its address", ErrUnexpected, number)
	}
	if args := &messages[1].Args; args.Len() > 1 && (args.Decode(1, &c.Origin) != nil || args.Decode(2, &c.Target) != nil) {
		return c, fmt.Errorf("%w: document %d says hello without its origin", ErrUnexpected, number)
	}
	if len(c.Origin) > maxOrigin || len(c.Target) > maxOrigin {
		return c, fmt.Errorf("%w: document %d says hello with too long an origin", ErrUnexpected, number)
	}
	return c, nil
}

// held is a packet that waits for its document.
type held struct {
	messages []protocol.Frame
	size     int
}

// hello takes the packet of a document that begins.
func (p *Peer) hello(c Conn, number uint32, messages []protocol.Frame, size int) error {
	claim, err := claimOf(number, messages)
	if err != nil {
		return err
	}
	messages = messages[2:]
	p.mu.Lock()
	if p.closed != nil {
		p.mu.Unlock()
		return p.closed
	}
	if f, e := p.frame, p.early; f != nil && f.session.Document() == number || e != nil && e.claim.Document == number {
		p.mu.Unlock()
		return fmt.Errorf("%w: document %d says hello twice", ErrUnexpected, number)
	}
	if p.hellos++; p.hellos > protocol.MaxHellos {
		p.mu.Unlock()
		return fmt.Errorf("%w: %d documents begin where Chromium knows of one", ErrUnexpected, p.hellos)
	}
	p.drop(nil)
	e := &early{frameID: c.Sender.FrameID, claim: claim, link: c.Connect(number)}
	if len(messages) > 0 {
		e.packets, e.bytes = []held{{messages, size}}, size
	}
	p.early = e
	p.mu.Unlock()
	if !p.o.Verified && claim.URL == c.Sender.URL {
		return p.open(c.Sender)
	}
	return nil
}

// Early returns what the document that waits to begin says of itself, if there is one.
func (p *Peer) Early() (c Claim, waits bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.early == nil {
		return c, false
	}
	return p.early.claim, true
}

// hold keeps a packet of an early document, and reports whether it is one.
func (p *Peer) hold(frameID string, number uint32, h held) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.early
	switch {
	case e == nil || e.claim.Document != number || e.frameID != frameID:
		return false, nil
	case len(e.packets) >= protocol.MaxInFlight || e.bytes+h.size > protocol.MaxQueuedBytes:
		return true, fmt.Errorf("ipc: %w: too much from a document that has not begun", protocol.ErrLimit)
	}
	e.packets = append(e.packets, h)
	e.bytes += h.size
	return true, nil
}

// drop forgets the early document if it is in the frame of that name, nil meaning any. p.mu is held.
func (p *Peer) drop(frameID *string) {
	if e := p.early; e != nil && (frameID == nil || e.frameID == *frameID) {
		p.early = nil
		e.link.Close()
	}
}

// Committed tells that Chromium knows a new document in the frame: s names it. An early one that says it is this one begins.
func (p *Peer) Committed(s Sender) error {
	p.Navigated()
	return p.Open(s)
}

// Navigated tells that Chromium knows a new document in the frame. With Verified, Open follows when it is known whose.
func (p *Peer) Navigated() {
	p.mu.Lock()
	p.hellos = 0
	p.mu.Unlock()
}

// Open lets the early document begin, if there is one and it is s, and gives it what it has said meanwhile.
func (p *Peer) Open(s Sender) error {
	p.order.Lock()
	defer p.order.Unlock()
	p.start = nil
	return p.open(s)
}

func (p *Peer) open(s Sender) error {
	f, packets, err := p.begin(s)
	if f == nil {
		return err
	}
	for _, h := range packets {
		if problem := f.take(h.messages, s, h.size); problem != nil {
			err = problem
		}
	}
	return err
}

// begin puts the early document, if there is one and it is s, in the place of the one before it.
func (p *Peer) begin(s Sender) (*Frame, []held, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.early
	if e == nil {
		return nil, nil, nil
	}
	if e.frameID != s.FrameID || e.claim.URL != s.URL {
		p.drop(nil)
		return nil, nil, fmt.Errorf("%w: %d says it is %s, Chromium %s", ErrStale, e.claim.Document, e.claim.URL, s.URL)
	}
	p.early = nil
	if f := p.frame; f != nil && f.sender.FrameID != s.FrameID {
		p.leave(f, ErrNavigated)
	} else if f != nil {
		f.session.End(ErrNavigated)
	}
	p.frame = newFrame(p, s, e.link, e.claim.Document)
	p.flush(p.frame)
	if over := p.over(); over != nil {
		p.frame.session.Mute(over)
		return p.frame, e.packets, nil
	}
	close(p.news)
	p.news = make(chan struct{})
	return p.frame, e.packets, nil
}

// flush sends a document what waits for it. p.mu is held.
func (p *Peer) flush(f *Frame) {
	p.waiting = slices.DeleteFunc(p.waiting, func(m router.Message) bool {
		if !p.o.Allowed(f.sender.Origin, m.Channel()) {
			return false
		}
		p.queued -= m.Size() + messageCost
		if err := f.session.SendMessage(m); err != nil {
			m.Lose()
			p.o.Log.Warn("message lost", zap.String("channel", m.Channel()), zap.Error(err))
		}
		return true
	})
}
