package router

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"go.uber.org/zap"

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
// then a port there, and the one that was sent is good for nothing any more. What comes before [Port.Start] waits. What waits here to be
// heard is bounded by protocol.MaxPortBytes; beyond that the channel is closed at both ends. Its methods may be called from any goroutine.
type Port struct {
	ctx    context.Context // ends with the port
	cancel context.CancelCauseFunc

	// Under portsMu.
	end       *end // nil if it has moved
	listeners []*target
	onClose   []func()
	started   bool
	running   bool // a goroutine hears what comes
}

// NewMessageChannel returns the two ports of a new channel.
func NewMessageChannel() (a, b *Port) {
	first, second := newChannel()
	portsMu.Lock()
	defer portsMu.Unlock()
	return first.handle(), second.handle()
}

// MessagePort marks the type as one that travels as a port.
func (p *Port) MessagePort() {}

// Post sends a message: a value, and ports that go with it and that are more arguments where it is heard. It does not wait. It fails with
// [ErrPortClosed] or [ErrPortMoved], with the kind of a value that cannot be cloned, and with protocol.ErrLimit if the other side does not
// take what it is sent; then nothing has been sent, and the ports are still here.
func (p *Port) Post(value any, ports ...*Port) error {
	if err := p.post(WithPorts(value, ports)); err != nil {
		return fmt.Errorf("ipc: post: %w", err)
	}
	return nil
}

// WithPorts are the arguments of a message of a value and ports.
func WithPorts(value any, ports []*Port) []any {
	args := make([]any, 1, 1+len(ports))
	args[0] = value
	for _, port := range ports {
		args = append(args, port)
	}
	return args
}

func (p *Port) post(args []any) error {
	c := cargo{source: p}
	if err := c.distinct(args); err != nil {
		return err
	}
	b := buffers.Get().(*buffer)
	defer b.release()
	b.begin()
	var err error
	if b.packet, err = (protocol.Writer{Links: &c}).AppendPost(b.packet, 1, args...); err == nil {
		err = c.post(b.packet)
	}
	if err != nil {
		c.giveBack()
	}
	return err
}

// Start lets messages in. Calls after the first do nothing.
func (p *Port) Start() {
	portsMu.Lock()
	defer portsMu.Unlock()
	p.started = true
	p.wake()
}

// Close ends the channel: the other side is told when it has been given what was posted before. What has not been heard here never will be.
func (p *Port) Close() {
	portsMu.Lock()
	e := p.end
	if e != nil {
		e.close(ErrPortClosed)
	}
	portsMu.Unlock()
	if e != nil {
		p.cancel(ErrPortClosed)
	}
}

// Context ends with the port; its cause tells why.
func (p *Port) Context() context.Context { return p.ctx }

// Done is closed when the port has ended: closed here, closed by the other side and all that came before has been heard, or moved.
func (p *Port) Done() <-chan struct{} { return p.ctx.Done() }

// OnClose calls f when the other side has closed the channel or is gone, after all messages have been heard; at once if that has been so.
func (p *Port) OnClose(f func()) {
	portsMu.Lock()
	defer portsMu.Unlock()
	p.onClose = append(p.onClose, f)
	if e := p.end; e != nil && e.over && e.closed {
		go p.tellClosed()
	}
}

// OnMessage hears what the other side posts: a value without ports. In as [Args] hears any message. Messages come one after the other, from
// [Port.Start] on; ctx ends with the port. The returned function removes the listener.
func OnMessage[In any](p *Port, f func(ctx context.Context, in In)) (remove func()) {
	return p.on(listener(f))
}

// OnMessageFunc is [OnMessage] for messages with ports: f is as in [OnFunc], such as func(ctx context.Context, in In, ports ...*Port).
func OnMessageFunc(p *Port, f any) (remove func()) { return p.on(reflected(f)) }

func (p *Port) on(call func(*request) (any, error)) (remove func()) {
	t := &target{call: call}
	portsMu.Lock()
	defer portsMu.Unlock()
	p.listeners = append(p.listeners[:len(p.listeners):len(p.listeners)], t)
	return func() {
		portsMu.Lock()
		defer portsMu.Unlock()
		rest := make([]*target, 0, len(p.listeners))
		for _, other := range p.listeners {
			if other != t {
				rest = append(rest, other)
			}
		}
		p.listeners = rest
	}
}

// wake sees to it that what has come is heard. portsMu is held.
func (p *Port) wake() {
	e := p.end
	if p.running || e == nil || e.closed {
		return
	}
	if p.started && len(e.queue) > 0 || e.over && len(e.queue) == 0 {
		p.running = true
		go p.run()
	}
}

// run hears messages while there are any, and then the end.
func (p *Port) run() {
	for {
		portsMu.Lock()
		e := p.end
		if e == nil || e.closed || len(e.queue) == 0 {
			p.running = false
			over := e != nil && e.over && !e.closed
			if over {
				e.closed = true
			}
			portsMu.Unlock()
			if over {
				p.cancel(e.cause)
				p.tellClosed()
			}
			return
		}
		m := e.pop()
		targets := p.listeners
		portsMu.Unlock()
		p.hear(targets, m)
	}
}

// hear calls the listeners of a message, one after the other.
func (p *Port) hear(targets []*target, m parcel) {
	l := links{ports: m.arrivals}
	defer l.abandon()
	for _, t := range targets {
		r := &request{ctx: p.ctx, args: m.args, target: t}
		r.args.Bind(&l)
		p.guard(m, func() error {
			_, err := t.call(r)
			return err
		})
	}
}

// tellClosed calls what OnClose was given, each once.
func (p *Port) tellClosed() {
	portsMu.Lock()
	all := p.onClose
	p.onClose = nil
	portsMu.Unlock()
	for _, f := range all {
		p.guard(parcel{}, func() error {
			f()
			return nil
		})
	}
}

// guard calls code of the app. A channel that has not left the app knows no log but zap's global one.
func (p *Port) guard(m parcel, f func() error) {
	log := zap.L()
	if m.from != nil {
		log = m.from.line.noise
	}
	defer func() {
		if v := recover(); v != nil {
			log.Error("panic in a port's listener", zap.String("panic", fmt.Sprint(v)), zap.ByteString("stack", debug.Stack()))
		}
	}()
	if err := f(); err != nil {
		log.Warn("message through a port refused", zap.Error(err))
	}
}
