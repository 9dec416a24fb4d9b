package ipc

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/protocol"
)

// A document is one loaded page: its open requests and the messages it sent that still wait for their turn.
type document struct {
	peer   *Peer
	sender Sender
	link   Link
	number uint32
	ctx    context.Context
	cancel context.CancelCauseFunc

	mu    sync.Mutex
	open  map[uint32]context.CancelCauseFunc
	queue []func() // what must keep its order behind a running listener
	busy  bool     // a goroutine is working through queue
}

func newDocument(p *Peer, c Conn, number uint32) *document {
	d := &document{peer: p, sender: c.Sender, link: c.Connect(), number: number, open: map[uint32]context.CancelCauseFunc{}}
	d.ctx, d.cancel = context.WithCancelCause(context.Background())
	return d
}

// end cancels everything the document asked for.
func (d *document) end(cause error) {
	d.cancel(cause)
	d.link.Close()
}

// send sends a packet whose header still lacks the document's number.
func (d *document) send(packet []byte) error {
	binary.LittleEndian.PutUint32(packet[4:], d.number)
	return d.link.Send(packet)
}

// take acts on one frame of the document. It does not block.
func (d *document) take(f *protocol.Frame, s Sender) {
	switch f.Kind {
	case protocol.KindInvoke:
		d.invoke(f, s)
	case protocol.KindSend:
		d.message(f, s)
	case protocol.KindCancel:
		d.mu.Lock()
		cancel := d.open[f.ID]
		d.mu.Unlock()
		if cancel != nil {
			cancel(ErrCanceled)
		}
	default:
		d.log().Warn("frame of a kind that a page has no use for", zap.Stringer("kind", f.Kind))
	}
}

func (d *document) log() *zap.Logger { return d.peer.o.Log }

// invoke finds the handler and starts it, in order with the messages before it.
func (d *document) invoke(f *protocol.Frame, s Sender) {
	ctx, cancel := context.WithCancelCause(context.WithValue(d.ctx, senderKey{}, s))
	if err := d.admit(f.ID, cancel); err != nil {
		cancel(err)
		d.fail(f.ID, f.Channel, err)
		return
	}
	id, channel, args := f.ID, f.Channel, f.Args
	if !d.peer.o.Allowed(s.Origin, channel) {
		d.finish(id, channel, nil, notAllowed(channel, s.Origin))
		return
	}
	h := d.peer.o.Router.handlerFor(channel)
	if h == nil {
		d.finish(id, channel, nil, noHandler(channel))
		return
	}
	answer := func() {
		result, err := d.run(ctx, channel, func() (any, error) { return h.call(ctx, &args) })
		d.finish(id, channel, result, err)
	}
	if d.idle() {
		go answer()
		return
	}
	if !d.inOrder(func() { go answer() }) {
		d.finish(id, channel, nil, fmt.Errorf("%w: more than %d messages wait", protocol.ErrLimit, protocol.MaxInFlight))
	}
}

func noHandler(channel string) error {
	return &protocol.PublicError{ErrorValue: protocol.ErrorValue{Message: fmt.Sprintf("No handler registered for '%s'", channel)}}
}

func notAllowed(channel, origin string) error {
	return &protocol.PublicError{ErrorValue: protocol.ErrorValue{
		Message: fmt.Sprintf("channel '%s' is not allowed for %s", channel, origin), Code: "ERR_CHANNEL_NOT_ALLOWED",
	}}
}

// admit notes an open request. Ids must be new and there is a limit.
func (d *document) admit(id uint32, cancel context.CancelCauseFunc) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.open[id] != nil:
		return fmt.Errorf("request %d is already open", id)
	case len(d.open) >= protocol.MaxInFlight:
		return fmt.Errorf("%w: more than %d requests are open", protocol.ErrLimit, protocol.MaxInFlight)
	}
	d.open[id] = cancel
	return nil
}

// message hands a send to the listeners, one after the other.
func (d *document) message(f *protocol.Frame, s Sender) {
	channel, args := f.Channel, f.Args
	if reserved(channel) {
		if d.peer.o.Reserved != nil {
			d.inOrder(func() { d.peer.o.Reserved(s, channel, &args) })
		}
		return
	}
	if !d.peer.o.Allowed(s.Origin, channel) {
		d.log().Warn("message refused", zap.Error(notAllowed(channel, s.Origin)))
		return
	}
	ctx := context.WithValue(d.ctx, senderKey{}, s)
	d.inOrder(func() {
		for _, l := range d.peer.o.Router.listenersFor(channel) {
			_, err := d.run(ctx, channel, func() (any, error) { return nil, l.call(ctx, &args) })
			if err != nil {
				d.log().Error("listener failed", zap.String("channel", channel), zap.Error(err))
			}
		}
	})
}

func reserved(channel string) bool {
	return len(channel) >= len(protocol.ReservedPrefix) && channel[:len(protocol.ReservedPrefix)] == protocol.ReservedPrefix
}

// idle reports that nothing is waiting for its turn. Only the goroutine that takes frames makes that untrue again.
func (d *document) idle() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.busy
}

// inOrder runs job after the jobs before it, never on the caller's goroutine. It refuses what would make the queue outgrow what a page
// may have on its way.
func (d *document) inOrder(job func()) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.queue) >= protocol.MaxInFlight {
		d.log().Error("message dropped: too many wait", zap.Int("limit", protocol.MaxInFlight))
		return false
	}
	d.queue = append(d.queue, job)
	if !d.busy {
		d.busy = true
		go d.drain()
	}
	return true
}

func (d *document) drain() {
	for {
		d.mu.Lock()
		jobs := d.queue
		d.queue = nil
		if len(jobs) == 0 {
			d.busy = false
			d.mu.Unlock()
			return
		}
		d.mu.Unlock()
		for _, job := range jobs {
			job()
		}
	}
}

// run calls code of the app; a panic becomes an error.
func (d *document) run(ctx context.Context, channel string, call func() (any, error)) (result any, err error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	defer func() {
		if v := recover(); v != nil {
			d.log().Error("panic in a handler", zap.String("channel", channel), zap.Any("panic", v), zap.ByteString("stack", debug.Stack()))
			err = &protocol.PublicError{ErrorValue: protocol.ErrorValue{Message: "the handler failed: internal error", Code: "ERR_PANIC"}}
		}
	}()
	return call()
}

// finish answers a request. If the document has gone, nobody is left to hear it.
func (d *document) finish(id uint32, channel string, result any, err error) {
	d.mu.Lock()
	cancel := d.open[id]
	delete(d.open, id)
	d.mu.Unlock()
	if cancel != nil {
		cancel(nil)
	}
	if d.ctx.Err() != nil {
		return
	}
	if err == nil {
		var packet []byte
		packet, err = protocol.AppendResult(protocol.AppendHeader(nil, 1), id, result)
		if err == nil {
			d.deliver(packet, channel)
			return
		}
	}
	d.fail(id, channel, err)
}

func (d *document) fail(id uint32, channel string, err error) {
	v := protocol.AsError(err)
	if errors.As(err, new(*argumentError)) {
		v.Name, v.Code = "TypeError", "ERR_INVALID_ARG"
	} else {
		d.log().Error("handler failed", zap.String("channel", channel), zap.Error(err))
	}
	packet, encodeErr := protocol.AppendError(protocol.AppendHeader(nil, 1), id, v)
	if encodeErr != nil {
		d.log().Error("an error's data cannot be sent", zap.String("channel", channel), zap.Error(encodeErr))
		v.Data = nil
		packet, _ = protocol.AppendError(protocol.AppendHeader(nil, 1), id, v)
	}
	d.deliver(packet, channel)
}

func (d *document) deliver(packet []byte, channel string) {
	if err := d.send(packet); err != nil {
		d.log().Warn("answer lost", zap.String("channel", channel), zap.Error(err))
	}
}
