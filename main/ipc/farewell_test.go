package ipc_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/protocol"
)

// A leaver is a document that may linger.
type leaver struct {
	*doc
	lingers bool
}

func (l leaver) Linger() bool { return l.lingers }

// aPort is a message port, and numbers itself.
type aPort struct{ protocol.Links }

func (aPort) MessagePort()                          {}
func (aPort) OutPort(protocol.Port) (uint32, error) { return 1, nil }

// say hands a packet over as if it came by the way that is this document's alone.
func (l leaver) say(packet []byte) error {
	return l.rig.peer.Receive(ipc.Conn{Sender: l.sender(), Document: l.number}, packet)
}

func (l leaver) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

const farewell = 2 * time.Second

// leavingRig is a rig whose documents are heard for a while after they have left, what it hears, and how often somebody says what he may not.
func leavingRig(t *testing.T) (r *rig, heard chan word, refused *int) {
	r, heard, refused = newRig(t), make(chan word, 10), new(int)
	r.peer = ipc.NewPeer(ipc.PeerOptions{
		Router: r.window, Farewell: farewell, Refused: func(error) { *refused++ },
		Allowed:  func(origin, channel string) bool { return origin == home && channel != "shut" },
		Reserved: func(ipc.Sender, string, ipc.Args) { *refused++ },
	})
	ipc.On(r.app, "bye", func(ctx context.Context, text string) {
		if !errors.Is(context.Cause(ctx), ipc.ErrNavigated) {
			t.Errorf("the context of %q has ended by %v", text, context.Cause(ctx))
		}
		s := ipc.SenderFrom(ctx)
		heard <- word{text, s.FrameID, s.Origin}
	})
	ipc.Handle(r.app, "ask", func(context.Context, any) (any, error) { t.Error("one who has left is answered"); return nil, nil })
	return r, heard, refused
}

func (r *rig) arrive(number uint32, frame, origin string, lingers bool) leaver {
	r.t.Helper()
	l := leaver{r.doc(number, frame, origin), lingers}
	if err := r.peer.Receive(ipc.Conn{Sender: l.sender(), Connect: func(uint32) ipc.Link { return l }}, l.hello()); err != nil {
		r.t.Fatal(err)
	}
	return l
}

func sendOf(l leaver, channel string, args ...any) []byte {
	return must(protocol.AppendSend(l.header(), channel, args...))
}

// What a document says that another frame's has replaced is heard for a while, as its own; it can do nothing else, and nothing to the one after it.
func TestFarewell(t *testing.T) {
	for name, leave := range map[string]func(r *rig) leaver{
		"the frame goes first": func(r *rig) leaver {
			r.peer.Gone("old", ipc.ErrNavigated)
			return r.arrive(2, "new", "https://elsewhere.example", true)
		},
		"the next one speaks first": func(r *rig) leaver {
			l := r.arrive(2, "new", "https://elsewhere.example", true)
			r.peer.Gone("old", ipc.ErrNavigated)
			return l
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, heard, refused := leavingRig(t)
				old := r.arrive(1, "old", home, true)
				next := leave(r)
				if f := r.peer.Frame(); f == nil || f.Sender().FrameID != "new" {
					t.Fatalf("the document is %+v", f)
				}
				stays := func(packet []byte) {
					t.Helper()
					if err := old.say(packet); err != nil {
						t.Error(err)
					}
				}
				stays(sendOf(old, "bye", "one"))
				stays(must(protocol.AppendInvoke(old.header(), 1, "ask")))
				stays(must(protocol.AppendResult(old.header(), 1, "unasked")))
				stays(sendOf(old, "shut"))
				stays(sendOf(old, "oriel:preload-error", "message", "stack"))
				stays(must(protocol.Writer{Links: aPort{}}.AppendSend(old.header(), "bye", aPort{})))
				stays(sendOf(old, "bye", "two"))
				for _, text := range []string{"one", "two"} {
					if got := wait(t, heard); got != (word{text, "old", home}) {
						t.Errorf("heard %+v", got)
					}
				}
				// The next one's number, or the old one's on the next one's way, gets nobody anywhere.
				for name, err := range map[string]error{
					"on the next one's way":     next.say(sendOf(old, "bye", "no")),
					"in the next one's name":    old.say(sendOf(next, "bye", "no")),
					"by a message":              old.give(sendOf(old, "bye", "no")),
					"from the next one's frame": r.peer.Receive(ipc.Conn{Sender: next.sender(), Document: old.number}, sendOf(old, "bye", "no")),
				} {
					if !errors.Is(err, ipc.ErrStale) && name != "in the next one's name" || err == nil {
						t.Errorf("%s: %v", name, err)
					}
				}
				synctest.Wait()
				old.silent()
				if *refused > 0 || len(heard) > 0 {
					t.Errorf("%d refusals, %d words more", *refused, len(heard))
				}
				<-time.After(farewell)
				synctest.Wait()
				if err := old.say(sendOf(old, "bye", "late")); !errors.Is(err, ipc.ErrStale) || !old.isClosed() || next.isClosed() {
					t.Errorf("after the farewell: %v; its link is closed: %v, the next one's: %v", err, old.isClosed(), next.isClosed())
				}
			})
		})
	}
}

// One who breaks the protocol when he has left is not heard any more, and it is not held against who is there now.
func TestFarewellBroken(t *testing.T) {
	for name, packet := range map[string]func(l leaver) []byte{
		"no packet": func(leaver) []byte { return []byte("GET / HTTP/1.1") },
		"hello":     leaver.hello,
	} {
		synctest.Test(t, func(t *testing.T) {
			r, heard, _ := leavingRig(t)
			old := r.arrive(1, "old", home, true)
			r.peer.Gone("old", ipc.ErrNavigated)
			err := old.say(packet(old))
			if !errors.Is(err, ipc.ErrStale) || errors.Is(err, ipc.ErrUnexpected) || errors.As(err, new(*protocol.CheckError)) || !old.isClosed() {
				t.Errorf("%s: %v; its link is closed: %v", name, err, old.isClosed())
			}
			if err := old.say(sendOf(old, "bye", "more")); !errors.Is(err, ipc.ErrStale) || len(heard) > 0 {
				t.Errorf("%s: a word after that: %v", name, err)
			}
			<-time.After(farewell) // its link is not closed twice
			synctest.Wait()
		})
	}
}

// Who has nothing more to say, or is replaced in his own frame, is gone at once.
func TestNoFarewell(t *testing.T) {
	r, _, _ := leavingRig(t)
	one := r.arrive(1, "frame", home, false)
	r.peer.Gone("frame", ipc.ErrNavigated)
	two := r.arrive(2, "frame", home, true)
	three := r.arrive(3, "frame", home, true)
	r.peer.End(ipc.ErrRendererGone)
	for _, l := range []leaver{one, two, three} {
		if !l.isClosed() {
			t.Errorf("document %d lingers", l.number)
		}
	}
}
