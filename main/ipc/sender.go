package ipc

import (
	"context"
	"errors"

	"github.com/oriel-go/oriel/router"
)

// A Sender is where a message comes from, as Chromium knows it.
type Sender struct {
	WindowID  int    // the window's number, see window.FromID
	FrameID   string // Chromium's name of the frame; another one after most navigations
	MainFrame bool
	URL       string // of the document
	Origin    string // "scheme://host[:port]", or "null" for an opaque one
}

// SenderFrom returns the sender of the message that a handler or listener was called for. Outside of one it returns the zero Sender.
func SenderFrom(ctx context.Context) Sender {
	if _, from := router.Current(ctx); from != nil {
		if s, ok := from.(*Sender); ok {
			return *s
		}
	}
	return Sender{}
}

// FrameFrom returns the document that sent the message which a handler or listener was called for, as event.senderFrame does in Electron.
// Outside of one it returns nil.
func FrameFrom(ctx context.Context) *Frame {
	if s, _ := router.Current(ctx); s != nil {
		f, _ := s.Owner().(*Frame)
		return f
	}
	return nil
}

// Reply sends a message to the very document that ctx's message came from, as event.reply does in Electron. When that document has gone
// it fails, with the cause as kind; the document that came after it hears nothing.
func Reply(ctx context.Context, channel string, args ...any) error {
	f := FrameFrom(ctx)
	if f == nil {
		return errors.New("ipc: reply: the context is not that of a handler or listener")
	}
	return f.Send(channel, args...)
}
