package ipc

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/protocol"
)

// A request is one message of a document: an invoke, or a send, which has no id.
type request struct {
	d       *delivery
	id      uint32
	channel string
	args    protocol.Args
	ctx     context.Context
	cancel  context.CancelCauseFunc // of an invoke

	target   *target // what is being called
	begun    bool    // the handler has begun; the turn went on
	done     bool    // the line has forgotten it; Peer.mu
	unwanted bool    // the page gave it up; Peer.mu
}

// asked reports that the page waits for an answer.
func (r *request) asked() bool { return r.id != 0 }

// begin is called between decoding and calling the app's function. It takes away what was for one message only.
func (r *request) begin() error {
	if !r.target.take() {
		return errTaken
	}
	if r.asked() {
		r.begun = true
		r.args = protocol.Args{} // the packet need not live as long as the handler
		r.d.frame.peer.pass()
	}
	return nil
}

// errTaken: another message has taken the function that was for one only.
var errTaken = errors.New("ipc: taken by another message")

var (
	errPanic    = coded("ERR_PANIC", nil, "The handler failed: internal error")
	errNoAnswer = coded("ERR_NO_REPLY", nil, "reply was never sent")
)

// coded makes an error whose text is for the page.
func coded(code string, kind error, format string, args ...any) error {
	return &protocol.PublicError{ErrorValue: protocol.ErrorValue{Message: fmt.Sprintf(format, args...), Code: code}, Cause: kind}
}

func noHandler(channel string) error {
	return coded("ERR_NO_HANDLER", nil, "No handler registered for '%s'", channel)
}

func notAllowed(channel, origin string) error {
	return coded("ERR_NOT_ALLOWED", ErrNotAllowed, "Channel '%s' is not allowed for origin '%s'", channel, origin)
}

// answer calls the handler of an invoke and sends what comes of it.
func (r *request) answer() {
	finished := false
	defer func() {
		if !finished { // the handler has ended its goroutine
			r.fail(errNoAnswer)
		}
	}()
	p, origin := r.d.frame.peer, r.d.sender.Origin
	if !p.o.Allowed(origin, r.channel) {
		r.refuse(notAllowed(r.channel, origin))
	} else if result, err := r.ask(); err == nil {
		r.succeed(result)
	} else {
		r.fail(err)
	}
	finished = true
}

// ask finds the handler and calls it. One for a single request may be taken by somebody else's meanwhile; then there is another look.
func (r *request) ask() (any, error) {
	for {
		if err := context.Cause(r.ctx); err != nil {
			return nil, err
		}
		r.target = r.d.frame.nearest().handlerFor(r.channel)
		if r.target == nil {
			return nil, &refusal{noHandler(r.channel)}
		}
		if result, err := r.call(); err != errTaken {
			return result, err
		}
	}
}

// hear calls the listeners of a send, one after the other. They hear it even if the document has gone since: it may have been its last.
func (r *request) hear() {
	p, origin := r.d.frame.peer, r.d.sender.Origin
	defer p.leave(r)
	if strings.HasPrefix(r.channel, protocol.ReservedPrefix) {
		if p.o.Reserved != nil {
			p.o.Reserved(r.d.sender, r.channel, &r.args)
		}
		return
	}
	if !p.o.Allowed(origin, r.channel) {
		p.noise.Warn("message refused", zap.String("origin", origin), zap.Error(notAllowed(r.channel, origin)))
		return
	}
	for _, r.target = range r.d.frame.nearest().listenersFor(r.channel) {
		switch _, err := r.call(); {
		case err == nil || err == errTaken:
		case isRefusal(err):
			p.noise.Warn("message refused", zap.String("channel", r.channel), zap.String("origin", origin), r.text(err))
		default:
			p.o.Log.Error("listener failed", zap.String("channel", r.channel), r.text(err))
		}
	}
}

// nearest is the router to begin with.
func (f *Frame) nearest() *Router {
	f.peer.mu.Lock()
	defer f.peer.mu.Unlock()
	if f.router != nil {
		return f.router
	}
	return f.peer.o.Router
}

// call calls code of the app; a panic becomes an error.
func (r *request) call() (result any, err error) {
	defer r.recover(&err)
	return r.target.call(r)
}

// recover is to be deferred around code of the app.
func (r *request) recover(err *error) {
	if v := recover(); v != nil {
		r.d.frame.peer.o.Log.Error("panic in a handler", zap.String("channel", r.channel), zap.String("panic", fmt.Sprint(v)),
			zap.ByteString("stack", debug.Stack()))
		*err = errPanic
	}
}

// A refusal is an error that is the caller's business and no failure of the app.
type refusal struct{ error }

func (e *refusal) Unwrap() error { return e.error }

func isRefusal(err error) bool { return errors.As(err, new(*refusal)) }

// refuse answers a request that is not to be handled.
func (r *request) refuse(err error) { r.fail(&refusal{err}) }

// succeed answers a request. A result that cannot be sent is a failure.
func (r *request) succeed(result any) {
	b := buffers.Get().(*buffer)
	defer b.release()
	if err := r.encode(b, result); err != nil {
		r.fail(fmt.Errorf("the result cannot be sent: %w", err))
		return
	}
	r.deliver(b)
}

// encode runs code of the app too: values may encode themselves.
func (r *request) encode(b *buffer, result any) (err error) {
	defer r.recover(&err)
	b.begin()
	b.packet, err = protocol.AppendResult(b.packet, r.id, result)
	return err
}

// fail answers a request with an error.
func (r *request) fail(err error) {
	p, text := r.d.frame.peer, r.text(err)
	if isRefusal(err) {
		p.noise.Warn("request refused", zap.String("channel", r.channel), zap.String("origin", r.d.sender.Origin), text)
	} else if context.Cause(r.ctx) == nil {
		p.o.Log.Error("handler failed", zap.String("channel", r.channel), text)
	}
	b := buffers.Get().(*buffer)
	defer b.release()
	if problem := r.encodeError(b, err); problem != nil {
		p.o.Log.Error("an error's data cannot be sent", zap.String("channel", r.channel), zap.Error(problem))
	}
	if len(b.packet) == protocol.HeaderSize { // describing the error has failed
		b.packet, _ = protocol.AppendError(b.packet, r.id, protocol.AsError(errPanic))
	}
	r.deliver(b)
}

// text is err for the log. It is code of the app.
func (r *request) text(err error) (field zap.Field) {
	var problem error
	defer func() {
		if problem != nil {
			field = zap.Error(problem)
		}
	}()
	defer r.recover(&problem)
	return zap.String("error", err.Error())
}

// encodeError runs code of the app too: errors tell their text, code and data themselves.
func (r *request) encodeError(b *buffer, err error) (problem error) {
	b.begin()
	defer r.recover(&problem)
	b.packet, problem = protocol.AppendError(b.packet, r.id, protocol.AsError(err))
	return problem
}

// deliver sends the answer, unless nobody waits for it any more.
func (r *request) deliver(b *buffer) {
	f := r.d.frame
	f.peer.leave(r)
	r.cancel(nil)
	f.peer.mu.Lock()
	nobody := r.unwanted || f.ended != nil
	f.peer.mu.Unlock()
	if nobody {
		return
	}
	if err := f.send(b.packet); err != nil {
		f.peer.o.Log.Debug("answer lost", zap.String("channel", r.channel), zap.Error(err))
	}
}
