package ipc_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/protocol"
)

const home = "app://test"

// A rig is a Peer and what stands in for the renderer: packets are made by package protocol, answers are noted.
type rig struct {
	t      testing.TB
	app    *ipc.Router
	window *ipc.Router
	peer   *ipc.Peer
	logs   *observer.ObservedLogs
	rules  []protocol.Rule

	mu       sync.Mutex
	reserved []string
}

func newRig(t testing.TB) *rig { return newRigIn(t, context.Background()) }

func newRigIn(t testing.TB, ctx context.Context) *rig {
	core, logs := observer.New(zap.WarnLevel)
	app := ipc.NewRouter(nil)
	r := &rig{t: t, app: app, window: ipc.NewRouter(app), logs: logs, rules: []protocol.Rule{{Channels: []string{"*"}, Origins: []string{home}}}}
	r.peer = ipc.NewPeer(ipc.PeerOptions{
		Context: ctx, Router: r.window, Log: zap.New(core),
		Allowed: func(origin, channel string) bool { return protocol.Allowed(r.rules, origin, channel) },
		Reserved: func(_ ipc.Sender, channel string, _ ipc.Args) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.reserved = append(r.reserved, channel)
		},
	})
	return r
}

// A doc is a document in the stand-in renderer, and the link to it.
type doc struct {
	rig    *rig
	number uint32
	frame  string
	origin string

	mu     sync.Mutex
	frames []protocol.Frame
	closed bool
	news   chan struct{} // has room for one
}

var errLinkClosed = errors.New("the link is closed")

func (d *doc) Send(packet []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return errLinkClosed
	}
	parsed, err := protocol.Parse(slices.Clone(packet))
	if err != nil {
		d.rig.t.Errorf("main sent a bad packet: %v", err)
		return err
	}
	if parsed.Document != d.number {
		d.rig.t.Errorf("document %d was sent a packet for %d", d.number, parsed.Document)
	}
	d.frames = append(d.frames, parsed.Frames...)
	select {
	case d.news <- struct{}{}:
	default:
	}
	return nil
}

func (d *doc) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		d.rig.t.Error("the link is closed twice")
	}
	d.closed = true
}

func (r *rig) doc(number uint32, frame, origin string) *doc {
	return &doc{rig: r, number: number, frame: frame, origin: origin, news: make(chan struct{}, 1)}
}

// open lets a document of the app's own say hello.
func (r *rig) open(number uint32) *doc {
	r.t.Helper()
	d := r.doc(number, "frame", home)
	d.must(d.hello())
	if err := r.peer.Committed(d.sender()); err != nil {
		r.t.Fatal(err)
	}
	return d
}

// hello is the packet of a document that begins.
func (d *doc) hello() []byte {
	return must(protocol.AppendSend(protocol.AppendHello(d.header()), "oriel:document", d.origin+"/"))
}

func (d *doc) header() []byte { return protocol.AppendHeader(nil, d.number) }

// give hands a packet over as if it came from the document.
func (d *doc) give(packet []byte) error {
	return d.rig.peer.Receive(ipc.Conn{Sender: d.sender(), Connect: func(uint32) ipc.Link { return d }}, packet)
}

// sender is the document as Chromium names it.
func (d *doc) sender() ipc.Sender {
	return ipc.Sender{WindowID: 1, FrameID: d.frame, MainFrame: true, URL: d.origin + "/", Origin: d.origin}
}

func (d *doc) must(packet []byte) {
	d.rig.t.Helper()
	if err := d.give(packet); err != nil {
		d.rig.t.Fatal(err)
	}
}

func (d *doc) invoke(id uint32, channel string, args ...any) {
	d.rig.t.Helper()
	packet, err := protocol.AppendInvoke(d.header(), id, channel, args...)
	if err != nil {
		d.rig.t.Fatal(err)
	}
	d.must(packet)
}

func (d *doc) send(channel string, args ...any) {
	d.rig.t.Helper()
	packet, err := protocol.AppendSend(d.header(), channel, args...)
	if err != nil {
		d.rig.t.Fatal(err)
	}
	d.must(packet)
}

func (d *doc) cancel(id uint32) {
	d.rig.t.Helper()
	d.must(protocol.AppendCancel(d.header(), id))
}

// next waits for a frame that match wants and takes it.
func (d *doc) next(match func(protocol.Frame) bool) protocol.Frame {
	d.rig.t.Helper()
	deadline := time.After(limit)
	for {
		d.mu.Lock()
		if i := slices.IndexFunc(d.frames, match); i >= 0 {
			f := d.frames[i]
			d.frames = slices.Delete(d.frames, i, i+1)
			d.mu.Unlock()
			return f
		}
		d.mu.Unlock()
		select {
		case <-d.news:
		case <-deadline:
			d.rig.t.Fatal("nothing came")
		}
	}
}

func (d *doc) answer(id uint32) protocol.Frame {
	d.rig.t.Helper()
	return d.next(func(f protocol.Frame) bool { return f.ID == id })
}

func (d *doc) heard(channel string) protocol.Frame {
	d.rig.t.Helper()
	return d.next(func(f protocol.Frame) bool { return f.Kind == protocol.KindSend && f.Channel == channel })
}

// heardQuestion waits for what main asks on the channel and returns its number.
func (d *doc) heardQuestion(channel string) uint32 {
	d.rig.t.Helper()
	return d.next(func(f protocol.Frame) bool { return f.Kind == protocol.KindInvoke && f.Channel == channel }).ID
}

// silent fails if anything has come that was not asked for. What main does meanwhile must have ended.
func (d *doc) silent() {
	d.rig.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.frames) > 0 {
		d.rig.t.Errorf("document %d got %+v", d.number, d.frames)
	}
}

// result is the answer to a request as T.
func result[T any](d *doc, id uint32) (v T) {
	d.rig.t.Helper()
	f := d.answer(id)
	if f.Kind != protocol.KindResult {
		d.rig.t.Fatalf("%v: %s: %s", f.Kind, f.Name, f.Message)
	}
	if err := f.Value.Decode(&v); err != nil {
		d.rig.t.Fatal(err)
	}
	return v
}

// logged reports whether a line of the log has all of the texts.
func (r *rig) logged(texts ...string) bool {
	return slices.ContainsFunc(r.logs.All(), func(e observer.LoggedEntry) bool {
		line := e.Message
		for _, f := range e.Context {
			line += " " + f.Key + "=" + f.String
			if err, ok := f.Interface.(error); ok {
				line += err.Error()
			} else if b, ok := f.Interface.([]byte); ok {
				line += string(b)
			}
		}
		return !slices.ContainsFunc(texts, func(s string) bool { return !strings.Contains(line, s) })
	})
}

// limit is for what takes a moment, on a machine that is busy with other things.
const limit = 30 * time.Second

// wait returns v when it comes.
func wait[T any](t testing.TB, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(limit):
		t.Fatal("nothing came")
	}
	return v
}

// settled waits until there are no more goroutines than n.
func settled(t testing.TB, n int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > n; {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d expected\n%s", runtime.NumGoroutine(), n, stacks[:runtime.Stack(stacks, true)])
		}
		time.Sleep(time.Millisecond)
	}
}
