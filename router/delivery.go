package router

import (
	"context"
	"time"
)

// A delivery is a packet whose messages are being worked on, and the context that listeners get.
type delivery struct {
	context.Context // the session's
	session         *Session
	from            any
	size            int           // bytes of the packet
	at              time.Duration // when it came, from epoch
	left            int           // messages that still hold it; Line.mu
	alone           bool          // it has one frame
	lent            bool          // and nobody keeps what is in it
	coming          int           // messages that it has no room for yet
	first           request       // room for the first message, which is mostly the only one
	spare           []request     // for the next ones
}

// maxSpare is how many requests are allocated together. One whose handler takes long keeps the memory of the others.
const maxSpare = 8

// request returns room for a message.
func (d *delivery) request() *request {
	d.coming--
	if d.first.d == nil {
		return &d.first
	}
	if len(d.spare) == 0 {
		d.spare = make([]request, min(maxSpare, d.coming+1))
	}
	r := &d.spare[0]
	d.spare = d.spare[1:]
	return r
}

// Value makes the delivery the context of its messages.
func (d *delivery) Value(key any) any {
	if _, ours := key.(deliveryKey); ours {
		return d
	}
	return d.Context.Value(key)
}

func (d *delivery) String() string { return "ipc.message" }

type deliveryKey struct{}

// Current returns the session whose message a handler or listener was called for, and what [Session.Receive] was told of its origin.
// Outside of one it returns nil.
func Current(ctx context.Context) (s *Session, from any) {
	if d, _ := ctx.Value(deliveryKey{}).(*delivery); d != nil {
		return d.session, d.from
	}
	return nil, nil
}
