package ipc

import "context"

// A Sender is where a message comes from, as Chromium knows it.
type Sender struct {
	WindowID  int    // the window's number, see window.FromID
	FrameID   string // Chromium's name of the frame; another one after most navigations
	MainFrame bool
	URL       string // of the document
	Origin    string // "scheme://host[:port]", or "null" for an opaque one
}

type senderKey struct{}

// SenderFrom returns the sender of the message that a handler or listener was called for. Outside of one it returns the zero Sender.
func SenderFrom(ctx context.Context) Sender {
	s, _ := ctx.Value(senderKey{}).(Sender)
	return s
}
