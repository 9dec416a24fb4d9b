package router

import (
	"context"
	"errors"
	"testing"

	"github.com/oriel-go/oriel/protocol"
)

// nowhere is a link whose packets nobody reads.
type nowhere struct{}

func (nowhere) Send([]byte) error { return nil }
func (nowhere) Close()            {}

// A dying link is one whose far end goes while a packet is on its way there.
type dying struct {
	nowhere
	session *Session
}

func (d *dying) Send([]byte) error {
	ended := make(chan struct{})
	go func() { d.session.End(errGone); close(ended) }()
	<-ended
	return errors.New("the link is closed")
}

var errGone = errors.New("the far end is gone")

// What cannot be sent because the session ends meanwhile fails with the cause of that.
func TestEndsWhileSending(t *testing.T) {
	for name, say := range map[string]func(s *Session) error{
		"Invoke": func(s *Session) error { return s.Invoke(context.Background(), "ask", nil) },
		"Send":   func(s *Session) error { return s.Send("tell") },
	} {
		link := &dying{}
		link.session = NewLine(LineOptions{}).Begin(SessionOptions{Link: link, Document: 1})
		if err := say(link.session); !errors.Is(err, errGone) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// So many calls may wait for the far end's answer.
func TestCallsEdge(t *testing.T) {
	s := NewLine(LineOptions{}).Begin(SessionOptions{Link: nowhere{}, Document: 1})
	for i := range protocol.MaxInFlight {
		if _, _, err := s.expect(&counters{}); err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
	}
	if _, _, err := s.expect(&counters{}); !errors.Is(err, protocol.ErrLimit) {
		t.Errorf("one more: %v", err)
	}
	s.forget(7)
	if id, _, err := s.expect(&counters{}); err != nil || id == 7 {
		t.Errorf("there is room: %d, %v", id, err)
	}
	s.End(ErrCanceled)
}

// An answer that comes late is no violation, however many calls were given up: each may have one. Another is.
func TestGivenUpEdge(t *testing.T) {
	for _, n := range []int{maxGivenUp, maxGivenUp + 1, 3*maxGivenUp + 5} {
		s := NewLine(LineOptions{}).Begin(SessionOptions{Link: nowhere{}, Document: 1})
		var ids []uint32
		for range n {
			id, answered, err := s.expect(&counters{})
			if err != nil {
				t.Fatal(err)
			}
			s.giveUp(id, answered)
			ids = append(ids, id)
		}
		give := func(id uint32) error {
			return s.Receive(nil, []protocol.Frame{{Kind: protocol.KindResult, ID: id}}, 20)
		}
		for i, id := range ids {
			if err := give(id); err != nil {
				t.Fatalf("%d given up: late answer %d: %v", n, i, err)
			}
		}
		if err := give(ids[0]); !errors.Is(err, ErrUnexpected) {
			t.Errorf("%d given up: another answer: %v", n, err)
		}
	}
}

// There is room for a packet as long as its bytes are within the limit, or nothing waits that could make room.
func TestRoomForBytes(t *testing.T) {
	l := NewLine(LineOptions{})
	has := func(size int) bool {
		select {
		case <-l.Room(10, size):
			return true
		default:
			return false
		}
	}
	l.bytes, l.taken = protocol.MaxQueuedBytes-10, true // a listener is at work
	if !has(10) || has(11) {
		t.Error("the limit is another one while messages wait")
	}
	room := l.Room(10, 11)
	l.bytes--
	l.pass()
	<-room
	l.bytes = protocol.MaxQueuedBytes // of handlers that have begun
	if !has(10) {
		t.Error("who brings messages waits for handlers, which may wait for what is brought")
	}
}
