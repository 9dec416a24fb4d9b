// Package port is one end of the conversation between an app and a utility process: typed handlers and messages both ways, by package
// router, over an inherited socket. Apps meet it through packages utility and utility/child.
package port

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
	"github.com/oriel-go/oriel/utility/internal/socket"
)

// MessageChannel is the channel of [Port.Post].
const MessageChannel = "message"

// ChannelError is the channel on which a process tells why it ends: its error's text, and a stack if there is one.
const ChannelError = protocol.ReservedPrefix + "utility-error"

// ChannelRegion is the channel on which a process says that it knows regions, and its app that it does, too.
const ChannelRegion = protocol.ReservedPrefix + "utility-region"

// Lent are bytes that are a listener's or handler's until it returns; see [router.Lent].
type Lent = router.Lent

// document is the number in the header of every packet: a port has one conversation in its life.
const document = 1

// Why a port has ended.
var (
	// ErrClosed says that this side has closed the port.
	ErrClosed = socket.ErrClosed
	// ErrGone says that the other side has closed it or has ended.
	ErrGone = socket.ErrGone
)

// Options describe a port.
type Options struct {
	// Context is the parent of every handler's; nil means [context.Background].
	Context context.Context
	// Router is asked where the port's own has no handler, and hears its messages too. May be nil.
	Router *router.Router
	// Name is what the other end is called in errors and in the log.
	Name string
	// Child says that this is the end of the process that has been started.
	Child bool
	// Hello hears, on the port's reading goroutine, that the other end is up. May be nil.
	Hello func()
	// Reserved hears messages on channels that are Oriel's own, on the reading goroutine. May be nil.
	Reserved func(channel string, args router.Args)
	Log      *zap.Logger // nil means none
}

// A Port is one end of the conversation with another process. What arrives before [Port.Start] waits, so that no message is lost to a
// listener that comes a moment later. Its methods may be called from any goroutine.
type Port struct {
	o       Options
	conn    *socket.Conn
	line    *router.Line
	session *router.Session
	started chan struct{}
	start   sync.Once
	drained chan struct{} // closed when everything that came has been heard
	asking  atomic.Int32  // calls that wait for an answer
	inline  bool          // what is being taken may be heard by the goroutine that reads
	turn    func()        // and this is the work
	hearing hearing
	region  sync.Once
}

// New makes a port of an end of a socket pair, which it takes over.
func New(f *os.File, o Options) (*Port, error) {
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	conn, err := socket.New(f)
	if err != nil {
		return nil, fmt.Errorf("port: %w", err)
	}
	p := &Port{o: o, conn: conn, started: make(chan struct{}), drained: make(chan struct{})}
	p.line = router.NewLine(router.LineOptions{Context: o.Context, Router: o.Router, Log: o.Log,
		Start: p.work})
	p.session = p.line.Begin(router.SessionOptions{Link: conn, Document: document, Origin: o.Name, Owner: p, Child: o.Child, GiveBack: p.giveBack})
	go p.read()
	return p, nil
}

// From returns the port whose message a handler or listener was called for, or nil if it was for another kind of message.
func From(ctx context.Context) *Port {
	s, _ := router.Current(ctx)
	if s == nil {
		return nil
	}
	p, _ := s.Owner().(*Port)
	return p
}

// IPC returns the port's router, for the functions of main/ipc: Handle, On and their like.
func (p *Port) IPC() *router.Router { return p.session.Router() }

// Context ends with the port; its cause tells why.
func (p *Port) Context() context.Context { return p.session.Context() }

// Start lets messages in.
func (p *Port) Start() { p.start.Do(func() { close(p.started) }) }

// Serve lets messages in and returns when the port has ended, with nil, or when ctx has, with its cause. It is mostly the last line of a
// utility process's function.
func (p *Port) Serve(ctx context.Context) error {
	p.Start()
	select {
	case <-p.drained:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Post sends a message: one argument as a rule. Message ports in it move to the other side. The other side hears it by [OnMessage]. It does not wait for the other side; what that does
// not take is kept, and more than protocol.MaxQueuedBytes of it is refused with the kind protocol.ErrLimit.
func (p *Port) Post(args ...any) error { return p.Send(MessageChannel, args...) }

// Send sends a message on a channel of its own; else it is Post.
func (p *Port) Send(channel string, args ...any) error { return p.session.Send(channel, args...) }

// Invoke asks the handler of a channel on the other side and decodes its answer into result, a pointer, unless that is nil. See
// router.Session.Invoke for the errors. It lets messages in, as Start does: the answer comes with them.
func (p *Port) Invoke(ctx context.Context, channel string, result any, args ...any) error {
	p.asking.Add(1)
	defer p.asking.Add(-1)
	p.Start()
	return p.session.Invoke(ctx, channel, result, args...)
}

// OnMessage hears what the other side posts. The returned function removes the listener.
func OnMessage[T any](p *Port, f func(ctx context.Context, message T)) (remove func()) {
	return router.On(p.IPC(), MessageChannel, f)
}

// Flush waits until all that was sent has left this process, also through message ports, or the port or ctx has ended.
func (p *Port) Flush(ctx context.Context) error {
	return errors.Join(p.session.FlushPorts(ctx), p.conn.Flush(ctx))
}

// Close ends the port at once; what was not flushed may be lost.
func (p *Port) Close() { p.session.End(ErrClosed) }

// Drained is closed when the port has ended and everything that came before that has been heard.
func (p *Port) Drained() <-chan struct{} { return p.drained }

// Hello tells the other side that this one is up. It is for those who make ports.
func (p *Port) Hello() error {
	err := p.conn.Send(protocol.AppendHello(protocol.AppendHeader(nil, document)))
	if err == nil {
		err = p.Report(ChannelRegion)
	}
	return err
}

// useRegion lets large packets go through memory. The process says first that it knows how, so that one that does not never hears of it.
func (p *Port) useRegion() {
	p.region.Do(func() {
		p.conn.UseRegion()
		if !p.o.Child {
			_ = p.Report(ChannelRegion) // or the port is at its end
		}
	})
}

// giveBack lets a packet's memory be used again.
func (p *Port) giveBack(from any) {
	if packet, ok := from.(*[]byte); ok {
		p.conn.Reuse(packet)
	}
}

// Report sends a message on a channel that is Oriel's own. It is for those who make ports.
func (p *Port) Report(channel string, args ...any) error {
	packet, err := protocol.AppendSend(protocol.AppendHeader(nil, document), channel, args...)
	if err != nil {
		return err
	}
	return p.conn.Send(packet)
}

// Tell tells the other end why this process ends, where there is no port yet but only its descriptor.
func Tell(fd int, why string) error {
	packet, err := protocol.AppendSend(protocol.AppendHeader(nil, document), ChannelError, why, "")
	if err == nil {
		_, err = unix.Write(fd, packet)
	}
	return err
}

const (
	// maxWaiting is how many messages may wait to be heard before no more are read. The rest waits where it comes from.
	maxWaiting = protocol.MaxInFlight / 2
	// lookAgain is how often it is looked, while nothing is read, whether a listener has asked the other side and so waits for what is not
	// read.
	lookAgain = 20 * time.Millisecond
)

// read takes packets until there is an end.
func (p *Port) read() {
	for stay := false; ; stay = p.inline {
		packet, err := p.conn.Receive(stay)
		if err == nil {
			err = p.take(packet)
		}
		if err != nil {
			p.finish(err)
			return
		}
		if !p.hear() {
			return
		}
	}
}

// finish ends the port.
func (p *Port) finish(err error) {
	switch {
	case errors.Is(err, io.EOF):
		err = ErrGone
	case errors.Is(err, unix.EMFILE):
		p.o.Log.Error("port ended: this end has no descriptor left", zap.String("port", p.o.Name), zap.Error(err))
	case !errors.Is(err, ErrClosed):
		p.o.Log.Error("port ended: the other end breaks its rules", zap.String("port", p.o.Name), zap.Error(err))
	}
	p.session.End(err)
	<-p.line.Below(1)
	close(p.drained)
}

// take checks a packet and puts its messages in line. An error is one after which nothing from the other side can be believed.
func (p *Port) take(packet []byte) error {
	parsed, err := protocol.Parse(packet)
	if err != nil {
		return err
	}
	if parsed.Document != document {
		return fmt.Errorf("a packet for document %d", parsed.Document)
	}
	frames := p.keepReserved(parsed.Frames)
	if len(frames) == 0 {
		return nil
	}
	size := 0 // what goes through message ports has windows of its own
	if !throughPorts(frames) {
		size = len(packet)
		select {
		case <-p.started:
		case <-p.Context().Done():
			return ErrClosed
		}
	}
	if !p.room(size) {
		return ErrClosed
	}
	var from any
	if len(packet) > socket.MaxDatagram {
		whole := packet // small ones stay off the heap
		from = &whole
	}
	if err := p.session.Receive(from, frames, len(packet)); errors.Is(err, router.ErrUnexpected) {
		return err
	} else if err != nil {
		p.o.Log.Warn("message refused", zap.String("port", p.o.Name), zap.Error(err))
	}
	return nil
}

// throughPorts says that the frames are for message ports, which have a start of their own.
func throughPorts(frames []protocol.Frame) bool {
	return !slices.ContainsFunc(frames, func(f protocol.Frame) bool { return f.Kind < protocol.KindPost })
}

// room waits until there is room for more messages, of so many bytes; it is false if the port ends meanwhile.
func (p *Port) room(size int) bool {
	for {
		room := p.line.Room(maxWaiting, size)
		select {
		case <-room:
			return true
		default:
		}
		if p.asking.Load() > 0 {
			return true
		}
		select {
		case <-room:
			return true
		case <-time.After(lookAgain):
		case <-p.Context().Done():
			return false
		}
	}
}

// keepReserved hears what is for Oriel itself, and returns the rest. It notes whether that may be heard by this goroutine.
func (p *Port) keepReserved(frames []protocol.Frame) []protocol.Frame {
	p.inline = true
	rest := frames[:0]
	for i := range frames { // frames are large: none is copied that stays where it is
		f := &frames[i]
		switch {
		case f.Kind == protocol.KindHello:
			if p.o.Hello != nil {
				p.o.Hello()
			}
			continue
		case f.Kind == protocol.KindSend && strings.HasPrefix(f.Channel, protocol.ReservedPrefix):
			if f.Channel == ChannelRegion {
				p.useRegion()
			} else if p.o.Reserved != nil {
				p.o.Reserved(f.Channel, &f.Args)
			}
			continue
		case f.Kind != protocol.KindSend || len(f.Streams) > 0:
			p.inline = false
		}
		if rest = rest[:len(rest)+1]; len(rest) != i+1 {
			rest[len(rest)-1] = *f
		}
	}
	return rest
}
