package router

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"weak"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/protocol"
)

// A core is what a Port does. The other end of the channel refers to it, and not to the Port: so it can be told that the app has let go of that.
type core struct {
	ctx    context.Context // ends with the port
	cancel context.CancelCauseFunc

	// Under portsMu.
	port      weak.Pointer[Port]
	kept      *Port // the port, if it must not be collected
	end       *end  // nil if it has moved
	listeners []*target
	onClose   []func()
	started   bool
	running   bool // a goroutine hears what comes
}

// handle returns the end's Port. portsMu is held.
func (e *end) handle() *Port {
	if e.core == nil {
		e.core = &core{end: e}
		e.core.ctx, e.core.cancel = context.WithCancelCause(context.Background())
		if e.closed { // before it was sent
			e.over = true
			e.core.cancel(ErrPortClosed)
		}
	}
	p := e.core.port.Value()
	if p == nil {
		p = &Port{e.core}
		e.core.port = weak.Make(p)
		runtime.AddCleanup(p, dropped, weak.Make(e.core))
		e.core.wake()
	}
	return p
}

// dropped is called when a Port has been collected: nobody will post to it or hear it any more.
func dropped(w weak.Pointer[core]) {
	c := w.Value()
	if c == nil {
		return
	}
	portsMu.Lock()
	again := c.port.Value() != nil
	portsMu.Unlock()
	if !again {
		c.close()
	}
}

func (c *core) close() {
	portsMu.Lock()
	e := c.end
	if e != nil {
		e.close(ErrPortClosed)
	}
	portsMu.Unlock()
	if e != nil {
		c.cancel(ErrPortClosed)
	}
}

// room returns nil if a message may be posted that waits for the other side, or is refused, else a channel that is closed when it may be so.
func (c *core) room() <-chan struct{} {
	portsMu.Lock()
	defer portsMu.Unlock()
	if c.end == nil || c.end.closed || c.end.over {
		return nil
	}
	to := c.end.other
	if to.bytes < protocol.PortWindow {
		return nil
	}
	if to.room == nil {
		to.room = make(chan struct{})
	}
	return to.room
}

func (c *core) listen(t *target) (remove func()) {
	portsMu.Lock()
	defer portsMu.Unlock()
	c.listeners = append(c.listeners[:len(c.listeners):len(c.listeners)], t)
	return func() {
		portsMu.Lock()
		defer portsMu.Unlock()
		c.listeners = slices.DeleteFunc(slices.Clone(c.listeners), func(other *target) bool { return other == t })
	}
}

// wake sees to it that what has come is heard. portsMu is held.
func (c *core) wake() {
	e := c.end
	if c.running || e == nil || e.closed {
		return
	}
	if c.started && e.waits() > 0 || e.over && e.waits() == 0 {
		c.running = true
		go c.run()
	}
}

// run hears messages while there are any, and then the end. A listener that ends the goroutine ends its own part only.
func (c *core) run() {
	finished := false
	defer func() {
		if !finished {
			go c.run()
		}
	}()
	c.hearAll()
	finished = true
}

func (c *core) hearAll() {
	for {
		portsMu.Lock()
		e := c.end
		if e == nil || e.closed || e.waits() == 0 {
			c.running = false
			over := e != nil && e.over && !e.closed
			if over {
				e.closed = true
			}
			portsMu.Unlock()
			if over {
				c.cancel(e.cause)
				c.tellClosed()
			}
			return
		}
		m := e.pop()
		e.took(&m)
		targets := c.listeners
		portsMu.Unlock()
		c.hear(targets, m)
	}
}

// hear calls the listeners of a message, one after the other.
func (c *core) hear(targets []*target, m parcel) {
	l := links{ports: m.arrivals}
	defer l.abandon()
	c.tell(targets, m, &l)
}

func (c *core) tell(targets []*target, m parcel, l *links) {
	defer func() {
		if len(targets) > 0 { // a listener has ended the goroutine
			c.tell(targets[1:], m, l)
		}
	}()
	for len(targets) > 0 {
		r := &request{ctx: c.ctx, args: m.args, target: targets[0]}
		r.args.Bind(l)
		c.guard(m, func() error {
			_, err := r.target.call(r)
			return err
		})
		targets = targets[1:]
	}
}

// tellClosed calls what OnClose was given, each once.
func (c *core) tellClosed() {
	finished := false
	defer func() {
		if !finished { // one has ended the goroutine
			go c.tellClosed()
		}
	}()
	for f := c.nextOnClose(); f != nil; f = c.nextOnClose() {
		c.guard(parcel{}, func() error {
			f()
			return nil
		})
	}
	finished = true
}

// nextOnClose takes what OnClose was given first, or returns nil.
func (c *core) nextOnClose() (f func()) {
	portsMu.Lock()
	defer portsMu.Unlock()
	if len(c.onClose) > 0 {
		f, c.onClose = c.onClose[0], c.onClose[1:]
	}
	return f
}

// guard calls code of the app. A channel that has not left the app knows no log but zap's global one.
func (c *core) guard(m parcel, f func() error) {
	log := zap.L()
	if m.from != nil {
		log = m.from.line.noise
	}
	returned := false
	defer func() {
		if v := recover(); v != nil {
			log.Error("panic in a port's listener", zap.String("panic", fmt.Sprint(v)), zap.ByteString("stack", debug.Stack()))
		} else if !returned {
			log.Error("a port's listener has ended its goroutine", zap.ByteString("stack", debug.Stack()))
		}
	}()
	if err := f(); err != nil {
		log.Warn("message through a port refused", zap.Error(err))
	}
	returned = true
}
