package router

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/protocol"
)

// A request is one message of the far end: an invoke, or a send, which has no id.
type request struct {
	d       *delivery
	id      uint32
	channel string
	args    protocol.Args
	meta    map[string]string
	ctx     context.Context
	scope   scope // of an invoke
	links   links

	counters *counters   // of the channel
	target   *target     // what is being called
	timer    *time.Timer // of the target's Timeout; nil if it has none
	sole     bool        // nobody but the target sees the arguments
	decoded  int         // bytes that the arguments have become, if they are many; Line.mu
	begun    bool        // the handler has begun; the turn went on
	done     bool        // the line has forgotten it; Line.mu
	unwanted bool        // the far end gave it up; Line.mu
	expired  bool        // the far end has been told that it took too long; Line.mu
}

// asked reports that the far end waits for an answer.
func (r *request) asked() bool { return r.id != 0 }

// ended returns why the context has ended that the request's handler has or would get, or nil while it lives.
func (r *request) ended() error {
	if r.ctx == &r.scope {
		return r.scope.why()
	}
	return context.Cause(r.ctx)
}

// begin is called between decoding and calling the app's function. It takes away what was for one message only.
func (r *request) begin() error {
	if !r.target.take() {
		return errTaken
	}
	if r.asked() {
		if d := r.target.timeout; d > 0 {
			r.timer = time.AfterFunc(d, r.expire)
		}
		r.args = protocol.Args{} // the packet need not live as long as the handler
		r.pass()
	}
	return nil
}

// beginWith is begin for a function whose arguments have been decoded already.
func (r *request) beginWith(args *protocol.Args) error {
	if n := args.Took(); r.asked() && n >= fewDecoded { // sends are heard one after the other
		if err := r.d.session.line.keep(r, n); err != nil {
			return err
		}
	}
	return r.begin()
}

// pass lets the message after a request have its turn.
func (r *request) pass() {
	if !r.begun {
		r.begun = true
		r.d.session.line.pass()
	}
}

// answer calls the handler of an invoke and sends what comes of it.
func (r *request) answer() {
	defer r.d.giveBack()
	r.links.ctx = r.ctx
	if r.links.ins != nil {
		context.AfterFunc(r.ctx, r.links.closeIns)
	}
	if r.links.ports != nil {
		context.AfterFunc(r.ctx, r.links.closePorts)
	}
	finished := false
	defer func() {
		if !finished { // the handler has ended its goroutine, or what it returned has while it was encoded
			defer r.fail(errNoAnswer)
			r.links.lose()
		}
	}()
	if s := r.d.session; !s.o.Allowed(r.channel) {
		err := notAllowed(r.channel, s.o.Origin)
		s.line.refused(err)
		r.refuse(err)
	} else if result, err := r.handle(s.nearest()); err == nil {
		r.succeed(result)
	} else {
		r.fail(err)
	}
	finished = true
}

// handle has a request handled, through the interceptors if there are any.
func (r *request) handle(nearest *Router) (any, error) {
	if !nearest.intercepted() {
		r.sole = true
		return r.ask(nearest)
	}
	r.pass()
	c, result, err := r.intercept(nearest)
	if err != nil && !c.reached && err != errPanic {
		err = &refusal{err}
	}
	return result, err
}

// ask finds the handler and calls it. One for a single request may be taken by somebody else's meanwhile; then there is another look.
func (r *request) ask(nearest *Router) (any, error) {
	for {
		if err := r.ended(); err != nil {
			return nil, err
		}
		r.target = nearest.handlerFor(r.channel)
		if r.target == nil {
			return nil, &refusal{noHandler(r.channel)}
		}
		if result, err := r.call(); err != errTaken {
			return result, err
		}
	}
}

// hear has a send heard, through the interceptors if there are any. Listeners hear it even if the document has gone since: it may have been its last.
func (r *request) hear() {
	s, l := r.d.session, r.d.session.line
	origin := s.o.Origin
	defer r.d.giveBack()
	defer l.leave(r)
	defer r.links.abandon()
	if reserved(r.channel) {
		if l.o.Reserved != nil {
			l.o.Reserved(r.d.from, r.channel, &r.args)
		}
		return
	}
	if !s.o.Allowed(r.channel) {
		r.counters.failed("ERR_NOT_ALLOWED")
		err := notAllowed(r.channel, origin)
		l.refused(err)
		l.noise.Warn("message refused", zap.String("origin", origin), zap.Error(err))
		return
	}
	nearest := s.nearest()
	if !nearest.intercepted() {
		_ = r.tell(nearest)
		return
	}
	if c, _, err := r.intercept(nearest); err != nil && (c.failed == nil || !errors.Is(err, c.failed)) {
		if !c.reached && err != errPanic {
			err = &refusal{err}
		}
		r.unheard(err)
	}
}

// tell calls the listeners of a send, one after the other, and returns what they failed with, which has been logged and counted.
func (r *request) tell(nearest *Router) (failed error) {
	targets := nearest.listenersFor(r.channel)
	r.sole = len(targets) == 1 && !nearest.intercepted()
	return r.tellAll(targets)
}

// tellAll calls listeners, one after the other.
func (r *request) tellAll(targets []*target) (failed error) {
	over := false
	defer func() {
		if !over { // a listener has ended the goroutine
			defer r.tellAll(targets[1:])
			r.unheard(errGoexit)
		}
	}()
	for len(targets) > 0 {
		r.target = targets[0]
		if _, err := r.call(); err != nil && err != errTaken {
			r.unheard(err)
			failed = errors.Join(failed, err)
		}
		targets = targets[1:]
	}
	over = true
	return failed
}

// unheard logs and counts why a message was refused or a listener failed.
func (r *request) unheard(err error) {
	l := r.d.session.line
	r.counters.failed(r.describe(err).Code)
	if isRefusal(err) {
		l.noise.Warn("message refused", zap.String("channel", r.channel), zap.String("origin", r.d.session.o.Origin), r.text(err))
	} else {
		l.o.Log.Error("listener failed", zap.String("channel", r.channel), r.text(err))
	}
}

// call calls code of the app; a panic becomes an error.
func (r *request) call() (result any, err error) {
	defer r.recover(&err)
	return r.target.call(r)
}

// recover is to be deferred around code of the app.
func (r *request) recover(err *error) {
	if v := recover(); v != nil {
		r.d.session.line.o.Log.Error("panic in a handler", zap.String("channel", r.channel), zap.String("panic", fmt.Sprint(v)),
			zap.ByteString("stack", debug.Stack()))
		*err = errPanic
	}
}

// refuse answers a request that is not to be handled.
func (r *request) refuse(err error) { r.fail(&refusal{err}) }

// succeed answers a request. A result that cannot be sent is a failure.
func (r *request) succeed(result any) {
	b := buffers.Get().(*buffer)
	defer b.release()
	if err := r.encode(b, result); err != nil {
		r.links.lose(result)
		r.fail(fmt.Errorf("the result cannot be sent: %w", err))
		return
	}
	r.deliver(b, nil)
}

// encode runs code of the app too: values may encode themselves.
func (r *request) encode(b *buffer, result any) (err error) {
	defer r.recover(&err)
	b.begin()
	value, tail := cutOff(result)
	if b.packet, err = (protocol.Writer{Links: &r.links}).AppendResult(b.packet, r.id, value); err == nil {
		b.addTail(tail)
	}
	return err
}

// fail answers a request with an error.
func (r *request) fail(err error) {
	l, text := r.d.session.line, r.text(err)
	if isRefusal(err) {
		l.noise.Warn("request refused", zap.String("channel", r.channel), zap.String("origin", r.d.session.o.Origin), text)
	} else if r.ended() == nil {
		l.o.Log.Error("handler failed", zap.String("channel", r.channel), text)
	}
	b := buffers.Get().(*buffer)
	defer b.release()
	e := r.describe(err)
	if problem := r.encodeError(b, e); problem != nil {
		l.o.Log.Error("an error's data cannot be sent", zap.String("channel", r.channel), zap.Error(problem))
	}
	if len(b.packet) == protocol.HeaderSize { // encoding the data has panicked
		e = protocol.AsError(errPanic)
		b.packet, _ = protocol.AppendError(b.packet, r.id, e)
	}
	r.deliver(b, &e)
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

// describe runs code of the app too: errors tell their text, code and data themselves.
func (r *request) describe(err error) (e protocol.ErrorValue) {
	var problem error
	defer func() {
		if problem != nil {
			e = protocol.AsError(problem)
		}
	}()
	defer r.recover(&problem)
	return protocol.AsError(err)
}

// encodeError runs code of the app too: data may encode itself.
func (r *request) encodeError(b *buffer, e protocol.ErrorValue) (problem error) {
	b.begin()
	defer r.recover(&problem)
	b.packet, problem = protocol.AppendError(b.packet, r.id, e)
	return problem
}

// deliver sends the answer, which tells of e unless that is nil. It is counted only, and not sent, if nobody waits for it any more. The request's
// context lives on while streams of the answer are written.
func (r *request) deliver(b *buffer, e *protocol.ErrorValue) {
	s := r.d.session
	if r.timer != nil {
		r.timer.Stop()
	}
	if !s.line.leave(r) {
		if !r.expired {
			r.counters.canceled.Add(1)
		}
		r.links.lose()
		r.scope.end(nil)
		return
	}
	if e != nil {
		r.counters.failed(e.Code)
	}
	r.counters.went(b)
	if err := s.send(b); err != nil {
		s.line.o.Log.Debug("answer lost", zap.String("channel", r.channel), zap.Error(err))
		r.links.lose()
	}
	r.links.start(r.counters, r.scope.end)
}
