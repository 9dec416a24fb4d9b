package ipc

import (
	"context"

	"github.com/oriel-go/oriel/router"
)

// A Port is one of the two ends of a channel, as MessagePort is in a page and MessagePortMain in Electron. What is posted to one is heard at
// the other, wherever that has been sent: to a page, to a utility process, from one window to another.
type Port = router.Port

// Why a port has ended.
var (
	ErrPortClosed = router.ErrPortClosed
	ErrPortMoved  = router.ErrPortMoved
)

// NewMessageChannel returns the two ports of a new channel, as new MessageChannelMain() does in Electron.
func NewMessageChannel() (a, b *Port) { return router.NewMessageChannel() }

// OnMessage hears what the other side posts: a value without ports. In as [Args] hears any message. Messages come one after the other, from
// Port.Start on; ctx ends with the port. The returned function removes the listener.
func OnMessage[In any](p *Port, f func(ctx context.Context, in In)) (remove func()) {
	return router.OnMessage(p, f)
}

// OnMessageFunc is [OnMessage] for messages with ports: f is as in [OnFunc], such as func(ctx context.Context, in In, ports ...*ipc.Port).
func OnMessageFunc(p *Port, f any) (remove func()) { return router.OnMessageFunc(p, f) }
