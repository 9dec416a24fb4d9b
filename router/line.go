package router

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/protocol"
)

// LineOptions are what the sessions of a line have in common.
type LineOptions struct {
	// Context is the parent of every session's; nil means [context.Background].
	Context context.Context
	Router  *Router // nil means one of its own, that no app knows
	// Reserved hears messages on channels that are Oriel's own; from is what [Session.Receive] was told. May be nil.
	Reserved func(from any, channel string, args Args)
	// Refused hears of messages on channels that their sender may not use, which a far end that keeps to the protocol does not send. It is
	// called on any goroutine and must not block. May be nil.
	Refused func(err error)
	// Start takes the work on messages that have come while nobody was at work; nil means a goroutine for it. [Session.Receive] calls it,
	// and work, which runs code of the app, must run when that has returned.
	Start func(work func())
	Log   *zap.Logger // nil means none
}

// A Line is where messages wait for their turn, in the order they came, across the sessions of one place. One goroutine at a time has the
// turn: it looks handlers up, decodes, and runs listeners. When a handler begins, it keeps the goroutine for itself, and another one is started
// that takes the turn; if the handler is done before that has come to it, the first goes on. So a lone request costs one goroutine, many with short
// handlers cost few, and no message is overtaken before its handler begins. All sessions of a line together may have protocol.MaxInFlight
// messages, of protocol.MaxQueuedBytes, waiting or being worked on.
type Line struct {
	o     LineOptions
	noise *zap.Logger // for what a far end can bring about as often as it likes
	work  func()      // takeTurn; as a field it costs nothing to start

	mu      sync.Mutex
	waiting []*request
	first   int    // index of the next one in waiting
	taken   bool   // somebody has the turn
	heir    bool   // a goroutine has been started that takes it if nobody has
	hearing string // channel of the listeners that have it
	held    int    // messages waiting or being worked on
	bytes   int    // of the packets they came in
	decoded int    // bytes that the arguments of requests with a handler have become

	room     chan struct{} // closed when there is room for roomFor messages, and for roomSize bytes; nil if nobody waits for that
	roomFor  int
	roomSize int
}

// NewLine returns an empty line.
func NewLine(o LineOptions) *Line {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Router == nil {
		o.Router = NewRouter(nil)
	}
	if o.Context == nil {
		o.Context = context.Background()
	}
	l := &Line{o: o, noise: Quiet(o.Log, 20)}
	l.work = l.takeTurn
	return l
}

// admit puts a message in line, or says why not. l.mu is held.
func (l *Line) admit(d *delivery, m *protocol.Frame) error {
	size := d.size
	if d.left > 0 {
		size = 0 // the packet has been counted
	}
	c := l.o.Router.stats.find(m.Channel)
	if err := l.full(d, m, size); err != nil {
		if errors.Is(err, protocol.ErrLimit) {
			c.failed("ERR_LIMIT")
		}
		for _, problem := range []error{d.session.refuseStreams(m.Streams), d.session.refusePorts(m.Ports)} {
			if problem != nil {
				return problem
			}
		}
		return err
	}
	ins, err := d.session.openStreams(m.Streams, c)
	if err != nil {
		return err
	}
	ports, err := d.session.openPorts(m.Ports)
	if err != nil {
		(&links{ins: ins}).closeLater()
		return err
	}
	r := d.request()
	*r = request{d: d, id: m.ID, channel: m.Channel, args: m.Args, meta: m.Meta, ctx: d, counters: c, links: links{session: d.session, ins: ins, ports: ports}}
	if ins != nil || ports != nil {
		r.args.Bind(&r.links)
	}
	if m.Kind == protocol.KindInvoke {
		r.scope.d = d
		r.ctx = &r.scope
		d.session.open[m.ID] = r
	}
	r.counters.came(m)
	l.held++
	l.bytes += size
	d.left++
	l.waiting = append(l.waiting, r)
	return nil
}

// full says why a message cannot be put in line. l.mu is held.
func (l *Line) full(d *delivery, m *protocol.Frame, size int) error {
	switch {
	case m.Kind == protocol.KindInvoke && d.session.open[m.ID] != nil:
		return fmt.Errorf("%w: request %d is open already", ErrUnexpected, m.ID)
	case l.held >= protocol.MaxInFlight:
		return coded("ERR_LIMIT", protocol.ErrLimit, "More than %d messages wait%s", protocol.MaxInFlight, l.behind())
	case l.bytes+size > protocol.MaxQueuedBytes:
		return coded("ERR_LIMIT", protocol.ErrLimit, "More than %d bytes wait%s", protocol.MaxQueuedBytes, l.behind())
	}
	return nil
}

// behind says what keeps the line waiting.
func (l *Line) behind() string {
	if l.hearing == "" {
		return ""
	}
	return fmt.Sprintf(", behind a listener on '%s'", l.hearing)
}

// refused tells of a message on a channel that its sender may not use.
func (l *Line) refused(err error) {
	if l.o.Refused != nil {
		l.o.Refused(err)
	}
}

// leave forgets a message that is done with, and reports whether an answer is still wanted.
func (l *Line) leave(r *request) (wanted bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.done {
		return false
	}
	r.done = true
	r.counters.left(r.d.at)
	l.held--
	if r.d.left--; r.d.left == 0 {
		l.bytes -= r.d.size
	}
	l.decoded -= r.decoded
	if r.asked() {
		delete(r.d.session.open, r.id)
	}
	return !r.unwanted && !r.expired && r.d.session.ended == nil
}

// fewDecoded are so few bytes of decoded arguments that protocol.MaxInFlight is bound enough.
const fewDecoded = 4 << 10

// keep counts the bytes that a request's decoded arguments take as long as it is being worked on, or says that there are too many of them.
func (l *Line) keep(r *request, n int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	others := l.decoded - r.decoded
	if others > 0 && others+n > protocol.MaxDecodedBytes {
		return &refusal{coded("ERR_LIMIT", protocol.ErrLimit, "More than %d bytes of decoded arguments are being worked on", protocol.MaxDecodedBytes)}
	}
	if !r.done {
		l.decoded, r.decoded = others+n, n
	}
	return nil
}

// claim takes the turn if nobody has it and somebody waits. l.mu is held.
func (l *Line) claim() bool {
	if l.taken || l.first == len(l.waiting) {
		return false
	}
	l.taken = true
	return true
}

// pass gives the turn back: to a goroutine of its own if somebody waits. Who passed it may be faster to take it again.
func (l *Line) pass() {
	l.mu.Lock()
	l.taken, l.hearing = false, ""
	start := !l.heir && l.first < len(l.waiting)
	l.heir = l.heir || start
	l.tellRoom()
	l.mu.Unlock()
	if start {
		go l.inherit()
	}
}

// inherit takes the turn that was passed, unless somebody else has.
func (l *Line) inherit() {
	l.mu.Lock()
	l.heir = false
	mine := l.claim()
	l.mu.Unlock()
	if mine {
		l.takeTurn()
	}
}

// next returns the first message in line, or nil and gives the turn back.
func (l *Line) next() *request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.take()
}

// retake takes the turn again and returns the first message in line, or nil if somebody else has the turn or nobody waits.
func (l *Line) retake() *request {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.claim() {
		return nil
	}
	return l.take()
}

// take is next. l.mu is held.
func (l *Line) take() *request {
	l.hearing = ""
	defer l.tellRoom()
	if l.first == len(l.waiting) {
		l.waiting, l.first, l.taken = l.waiting[:0], 0, false
		if cap(l.waiting) > 1024 {
			l.waiting = nil
		}
		return nil
	}
	r := l.waiting[l.first]
	l.waiting[l.first] = nil
	l.first++
	if !r.asked() {
		l.hearing = r.channel
	}
	return r
}

// takeTurn has the turn: it takes one message after the other until there is none or a handler has begun.
func (l *Line) takeTurn() {
	growStack()
	var r *request
	defer func() {
		if r != nil && !r.begun { // a listener has ended the goroutine
			l.pass()
		}
	}()
	for r = l.next(); r != nil; {
		if r.asked() {
			r.answer()
		} else {
			r.hear()
		}
		if r.begun {
			r = l.retake()
		} else {
			r = l.next()
		}
	}
}

// growStack makes a new goroutine's stack as large as decoding wants it, in one step and while there is nothing on it to move: done bit by
// bit later, that takes a third of the time of a small request.
//
//go:noinline
func growStack() {
	var room [4 << 10]byte
	stackUser(&room)
}

//go:noinline
func stackUser(*[4 << 10]byte) {}
