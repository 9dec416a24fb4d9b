package router

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/oriel-go/oriel/protocol"
)

// Why a port has ended.
var (
	// ErrPortClosed says that one of the two sides has closed it.
	ErrPortClosed = errors.New("ipc: the message port is closed")
	// ErrPortMoved says that it has been sent elsewhere and is a port there.
	ErrPortMoved = errors.New("ipc: the message port has been transferred")
)

// A Port is one of the two ends of a channel, as MessagePort is in JavaScript: what is posted to one is heard at the other, in the order it
// was posted, wherever that has gone. A port moves to another process by being sent in a message, as an argument or anywhere in one. It is
// then a port there, and the one that was sent is good for nothing any more. What comes before [Port.Start] waits.
//
// A port that nobody refers to any more is closed when it is garbage collected, unless it has a listener or has been asked for its end, by
// [Port.OnClose], [Port.Done] or [Port.Context]. Its methods may be called from any goroutine.
type Port struct{ core *core }

// NewMessageChannel returns the two ports of a new channel.
func NewMessageChannel() (a, b *Port) {
	first, second := newChannel()
	portsMu.Lock()
	defer portsMu.Unlock()
	return first.handle(), second.handle()
}

// MessagePort marks the type as one that travels as a port.
func (p *Port) MessagePort() {}

// Post sends a message: a value, and ports that go with it and that are more arguments where it is heard. It does not wait: what the other
// side does not take waits here, up to protocol.MaxPortBytes. It fails with [ErrPortClosed] or [ErrPortMoved], with the kind of a value that
// cannot be cloned, and with protocol.ErrLimit if so much waits already; then nothing has been sent, and the ports are still here.
func (p *Port) Post(value any, ports ...*Port) error {
	args, err := WithPorts(value, ports)
	if err == nil {
		err = p.post(args)
	}
	if err != nil {
		return fmt.Errorf("ipc: post: %w", err)
	}
	return nil
}

// PostContext is [Port.Post] at the other side's pace: it waits as long as protocol.PortWindow bytes or more wait here, and fails with the
// context's cause when that ends first. A port takes what its listeners have been given, so nothing before it is started.
func (p *Port) PostContext(ctx context.Context, value any, ports ...*Port) error {
	defer runtime.KeepAlive(p)
	for {
		room := p.core.room()
		if room == nil {
			return p.Post(value, ports...)
		}
		select {
		case <-room:
		case <-p.core.ctx.Done():
		case <-ctx.Done():
			return fmt.Errorf("ipc: post: %w", context.Cause(ctx))
		}
	}
}

// WithPorts are the arguments of a message of a value and ports. None of these may be nil, or there twice.
func WithPorts(value any, ports []*Port) ([]any, error) {
	args := make([]any, 1, 1+len(ports))
	args[0] = value
	for i, port := range ports {
		switch {
		case port == nil:
			return nil, fmt.Errorf("%w: Value at index %d does not have a transferable type", protocol.ErrUncloneable, i)
		case slices.Contains(ports[:i], port):
			return nil, fmt.Errorf("%w: Port at index %d is a duplicate of an earlier port", protocol.ErrUncloneable, i)
		}
		args = append(args, port)
	}
	return args, nil
}

func (p *Port) post(args []any) error {
	defer runtime.KeepAlive(p) // or it might be closed meanwhile
	c := cargo{source: p}
	posted := false
	defer func() {
		if !posted { // also if the value has panicked while it was encoded
			c.giveBack()
			CloseReaders(args...)
		}
	}()
	b := buffers.Get().(*buffer)
	defer b.release()
	b.begin()
	var err error
	if b.packet, err = (protocol.Writer{Links: &c}).AppendPost(b.packet, 1, args...); err == nil {
		err = c.post(b.packet)
	}
	posted = err == nil
	return err
}

// Start lets messages in. Calls after the first do nothing.
func (p *Port) Start() {
	portsMu.Lock()
	defer portsMu.Unlock()
	p.core.started = true
	p.core.wake()
}

// Close ends the channel: the other side is told when it has been given what was posted before. What has not been heard here never will be.
func (p *Port) Close() { p.core.close() }

// Context ends with the port; its cause tells why.
func (p *Port) Context() context.Context {
	p.keep()
	return p.core.ctx
}

// Done is closed when the port has ended: closed here, closed by the other side and all that came before has been heard, or moved.
func (p *Port) Done() <-chan struct{} { return p.Context().Done() }

// OnClose calls f when the other side has closed the channel or is gone, after all messages have been heard; at once if that has been so.
func (p *Port) OnClose(f func()) {
	p.keep()
	portsMu.Lock()
	defer portsMu.Unlock()
	p.core.onClose = append(p.core.onClose, f)
	if e := p.core.end; e != nil && e.over && e.closed {
		go p.core.tellClosed()
	}
}

// keep keeps the port from being collected: somebody waits for what it does.
func (p *Port) keep() {
	portsMu.Lock()
	defer portsMu.Unlock()
	p.core.kept = p
}

// OnMessage hears what the other side posts: a value without ports. In as [Args] hears any message. Messages come one after the other, from
// [Port.Start] on; ctx ends with the port. The returned function removes the listener.
func OnMessage[In any](p *Port, f func(ctx context.Context, in In)) (remove func()) {
	return p.on(listener(f))
}

// OnMessageFunc is [OnMessage] for messages with ports: f is as in [OnFunc], such as func(ctx context.Context, in In, ports ...*Port).
func OnMessageFunc(p *Port, f any) (remove func()) { return p.on(reflected(f)) }

func (p *Port) on(call func(*request) (any, error)) (remove func()) {
	p.keep()
	return p.core.listen(&target{call: call})
}
