package router

import (
	"errors"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/protocol"
)

// answers is a link that tells of each packet.
type answers chan []byte

func (a answers) Send(p []byte) error { a <- append([]byte(nil), p...); return nil }
func (answers) Close()                {}

// A page says a lot of memory in a few bytes: of what decoded arguments take while their handlers run there is a bound.
func TestDecodedEdge(t *testing.T) {
	type wide struct {
		N    int
		Rest [1 << 20]byte
	}
	l, out := NewLine(LineOptions{}), make(answers, 8)
	s := l.Begin(SessionOptions{Link: out, Document: 1, Allowed: func(string) bool { return true }})
	entered, release := make(chan int, 8), make(chan struct{})
	HandleFunc(l.o.Router, "wide", func(all []*wide) int {
		entered <- len(all)
		<-release
		return len(all)
	})
	call := func(id uint32, n int) {
		args := make([]any, n)
		for i := range args {
			args[i] = map[string]any{"N": i}
		}
		packet, err := protocol.AppendInvoke(protocol.AppendHeader(nil, 1), id, "wide", args)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := protocol.Parse(packet)
		if err == nil {
			err = s.Receive(nil, parsed.Frames, len(packet))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	answer := func() error {
		parsed, err := protocol.Parse(<-out)
		if err != nil {
			t.Fatal(err)
		}
		if f := parsed.Frames[0]; f.Kind == protocol.KindError {
			return &protocol.ErrorValue{Message: f.Message, Code: f.Code}
		}
		return nil
	}
	already := func(n int) (before int) { // so many bytes are others'
		l.mu.Lock()
		defer l.mu.Unlock()
		before, l.decoded = l.decoded, l.decoded+n
		return before
	}
	call(1, 1)
	<-entered
	one := already(0)
	if one < 1<<20 || one > 2<<20 {
		t.Errorf("a value of 1 MiB counts as %d bytes", one)
	}
	others := protocol.MaxDecodedBytes - 2*one
	already(others)
	call(2, 1) // just fits
	<-entered
	call(3, 1)
	var refused *protocol.ErrorValue
	if err := answer(); !errors.As(err, &refused) || refused.Code != "ERR_LIMIT" || !strings.Contains(refused.Message, "bytes of decoded arguments") {
		t.Errorf("one too many: %v", err)
	}
	call(4, 0) // takes next to nothing
	<-entered
	close(release)
	for range 3 {
		if err := answer(); err != nil {
			t.Error(err)
		}
	}
	if left := already(0); left != others {
		t.Errorf("%d bytes stay counted", left-others)
	}
	s.End(ErrCanceled)
}
