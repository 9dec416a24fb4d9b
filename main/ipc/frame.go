package ipc

import (
	"context"
	"fmt"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
)

// A Frame is one document in a frame: what is loaded there now. A reload or navigation ends it and begins another; a Frame that has ended
// stays so. Its methods may be called from any goroutine.
type Frame struct {
	sender  Sender
	session *router.Session
	link    Link

	latest *Sender // of the last packet; used by Peer.Receive and Peer.Committed only, which come one after the other
}

// newFrame makes the Frame of a document that has said hello.
func newFrame(p *Peer, s Sender, link Link, number uint32) *Frame {
	f := &Frame{sender: s, link: link}
	f.latest = &f.sender
	f.session = p.line.Begin(router.SessionOptions{
		Link: link, Document: number, Origin: s.Origin, Owner: f,
		Allowed: func(channel string) bool { return p.o.Allowed(s.Origin, channel) },
	})
	return f
}

// Sender tells who the document was when it began; its URL may have changed since within its origin.
func (f *Frame) Sender() Sender { return f.sender }

// Context ends with the document; its cause tells why.
func (f *Frame) Context() context.Context { return f.session.Context() }

// IPC returns the document's own router: its handlers and listeners come before those of the window and of the app, and serve no document
// but this one. It is what webFrameMain.ipc is in Electron.
func (f *Frame) IPC() *Router { return f.session.Router() }

// Send sends a message to the document. It fails with the kind [ErrNotAllowed] if the document's origin may not use the channel, and with
// the cause of its end if it has gone.
func (f *Frame) Send(channel string, args ...any) error { return f.session.Send(channel, args...) }

// PostMessage is Send for a value and ports, which the page's listener finds in event.ports. The ports move to the page.
func (f *Frame) PostMessage(channel string, value any, ports ...*Port) error {
	args, err := router.WithPorts(value, ports)
	if err != nil {
		return fmt.Errorf("ipc: post %q: %w", channel, err)
	}
	return f.session.Send(channel, args...)
}

// Invoke asks the handler that the document's preload registered with ipcRenderer.handle, and decodes its answer into result, a pointer,
// unless that is nil. What the handler throws is a *[RemoteError] in the error's chain, with ERR_NO_HANDLER as its code if there is none.
// An answer that does not fit result is an error of the kind [protocol.ErrType]. When ctx ends, so does the event.signal of the page's
// handler, and Invoke fails with the cause; it fails with the cause of the document's end when that goes. The kind is [ErrNotAllowed] if the
// document's origin may not use the channel. A listener should not wait for an answer: it holds up what the page says meanwhile.
func (f *Frame) Invoke(ctx context.Context, channel string, result any, args ...any) error {
	return f.session.Invoke(ctx, channel, result, args...)
}

// take hands the document's messages on.
func (f *Frame) take(messages []protocol.Frame, s Sender, size int) error {
	if *f.latest != s {
		f.latest = new(s) // on the heap only if it is another one
	}
	return f.session.Receive(f.latest, messages, size)
}
