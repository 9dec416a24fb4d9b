package router_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
)

// A token stands for a port of the far end's, by its number.
type token uint32

func (token) MessagePort() {}

// tokens number themselves.
type tokens struct{ protocol.Links }

func (tokens) OutPort(p protocol.Port) (uint32, error) { return uint32(p.(token)), nil }

func withTokens() protocol.Writer { return protocol.Writer{Links: tokens{}} }

// drain takes the packets that have been sent and returns their frames.
func drain(t testing.TB, out <-chan []byte) (frames []protocol.Frame) {
	t.Helper()
	for {
		select {
		case packet := <-out:
			parsed, err := protocol.Parse(packet)
			if err != nil {
				t.Fatal(err)
			}
			frames = append(frames, parsed.Frames...)
		default:
			return frames
		}
	}
}

// taken lets the far end send ports, and returns the first of them.
func taken(t testing.TB, s *side, numbers ...token) *router.Port {
	t.Helper()
	came := make(chan *router.Port, 1)
	defer router.OnFunc(s.router, "ports", func(ports ...*router.Port) { came <- ports[0] })()
	args := make([]any, len(numbers))
	for i, n := range numbers {
		args[i] = n
	}
	if err := s.give(must(withTokens().AppendSend(header(), "ports", args...))); err != nil {
		t.Fatal(err)
	}
	return wait(t, came)
}

func TestHostilePorts(t *testing.T) {
	s, _ := alone(t)
	taken(t, s, 1)
	for name, packet := range map[string][]byte{
		"a post to nothing":          must(protocol.Writer{}.AppendPost(header(), 7, "x")),
		"a close of nothing":         protocol.AppendClose(header(), 8),
		"a number of ours":           must(withTokens().AppendSend(header(), "x", token(2))),
		"a number that is taken":     must(withTokens().AppendSend(header(), "x", token(1))),
		"a number twice":             must(withTokens().AppendSend(header(), "x", token(3), token(3))),
		"ours, through a port":       must(withTokens().AppendPost(header(), 1, token(2))),
		"taken, within an answer":    must(withTokens().AppendResult(header(), 9, token(1))),
		"an answer nobody asked for": must(withTokens().AppendResult(header(), 9, token(5))),
	} {
		if err := s.give(packet); !errors.Is(err, router.ErrUnexpected) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.give(must(withTokens().AppendInvoke(header(), 1, "nobody", token(11)))); err != nil {
		t.Error(err)
	}
}

// The far end may post to a port that has been closed here until it knows; then its number means nothing.
func TestPortCloseCrossesPost(t *testing.T) {
	s, out := alone(t)
	p := taken(t, s, 1)
	p.Close()
	if f := drain(t, out); len(f) != 1 || f[0].Kind != protocol.KindClose || f[0].ID != 1 {
		t.Fatalf("closing says %v", f)
	}
	if err := s.give(must(withTokens().AppendPost(header(), 1, "late", token(3)))); err != nil {
		t.Error(err)
	}
	if f := drain(t, out); len(f) != 1 || f[0].Kind != protocol.KindClose || f[0].ID != 3 {
		t.Errorf("a port for nobody is answered with %v", f)
	}
	if err := s.give(protocol.AppendClose(header(), 1)); err != nil {
		t.Error(err)
	}
	if err := s.give(must(protocol.Writer{}.AppendPost(header(), 1, "later"))); !errors.Is(err, router.ErrUnexpected) {
		t.Errorf("a post after the close: %v", err)
	}
	q := taken(t, s, 1) // the number is free
	_, closed := inbox(q)
	if err := s.give(protocol.AppendClose(header(), 1)); err != nil {
		t.Error(err)
	}
	wait(t, closed)
	if f := drain(t, out); len(f) != 1 || f[0].Kind != protocol.KindClose || f[0].ID != 1 {
		t.Errorf("a close is answered with %v", f)
	}
	q.Close()
	if f := drain(t, out); len(f) != 0 {
		t.Errorf("a closed port says %v", f)
	}
}

func TestTooManyPorts(t *testing.T) {
	s, out := alone(t)
	packet := func(from, n int) []byte {
		b := header()
		for i := range n {
			b = must(withTokens().AppendSend(b, "keep", token(2*(from+i)+1)))
		}
		return b
	}
	var kept []*router.Port
	heard := make(chan bool, 3*protocol.MaxPorts)
	router.On(s.router, "keep", func(_ context.Context, p *router.Port) {
		kept = append(kept, p)
		heard <- true
	})
	if err := s.give(packet(0, protocol.MaxPorts)); err != nil {
		t.Fatal(err)
	}
	for range protocol.MaxPorts {
		wait(t, heard)
	}
	a, _ := router.NewMessageChannel()
	if err := s.session.Send("one more", a); !errors.Is(err, protocol.ErrLimit) {
		t.Errorf("a port more from here: %v", err)
	}
	drain(t, out)
	if err := s.give(packet(protocol.MaxPorts, protocol.MaxPorts)); !errors.Is(err, protocol.ErrLimit) || errors.Is(err, router.ErrUnexpected) {
		t.Errorf("ports beyond the limit: %v", err)
	}
	if f := drain(t, out); len(f) != protocol.MaxPorts {
		t.Errorf("%d ports are closed", len(f))
	}
	if err := s.give(packet(2*protocol.MaxPorts, 1)); !errors.Is(err, router.ErrUnexpected) {
		t.Errorf("ports without end: %v", err)
	}
	kept[0].Close()
	if err := s.give(protocol.AppendClose(header(), 1)); err != nil {
		t.Error(err)
	}
	for i := range protocol.MaxPorts {
		if err := s.give(protocol.AppendClose(header(), uint32(2*(protocol.MaxPorts+i)+1))); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.session.Send("one more", a); err != nil {
		t.Errorf("a port again: %v", err)
	}
}

// A far end that posts beyond its window, or says that it has taken what was not posted, breaks the protocol.
func TestPortWindowBroken(t *testing.T) {
	s, out := alone(t)
	first := taken(t, s, 1)
	half := protocol.PortWindow/2 - protocol.PostOverhead
	frame := must(protocol.Writer{}.AppendPost(header(), 1, make([]byte, half-5)))
	for range 2 {
		if err := s.give(append([]byte(nil), frame...)); err != nil {
			t.Fatal(err)
		}
	}
	drain(t, out)
	if err := s.give(must(protocol.Writer{}.AppendPost(header(), 1, 1))); !errors.Is(err, router.ErrUnexpected) {
		t.Errorf("a post beyond the window: %v", err)
	}
	if f := drain(t, out); len(f) != 1 || f[0].Kind != protocol.KindClose {
		t.Errorf("the far end is told %v", f)
	}
	if !s.logged("message port closed") {
		t.Error("the log does not tell")
	}
	runtime.KeepAlive(first)
	p := taken(t, s, 3)
	post(t, p, "x")
	cost := uint32(protocol.PostCost(2))
	if err := s.give(protocol.AppendTaken(header(), 3, cost)); err != nil {
		t.Error(err)
	}
	post(t, p, "x")
	if err := s.give(protocol.AppendTaken(header(), 3, cost+1)); !errors.Is(err, router.ErrUnexpected) {
		t.Errorf("more is taken than was posted: %v", err)
	}
	wait(t, p.Done())
	if err := s.give(protocol.AppendTaken(header(), 3, 1)); err != nil {
		t.Errorf("a word that crosses the close: %v", err)
	}
	if err := s.give(protocol.AppendTaken(header(), 5, 1)); !errors.Is(err, router.ErrUnexpected) {
		t.Errorf("a word about no port: %v", err)
	}
}

// As many bytes as may wait at all ports of a far end are taken, and not one more.
func TestPortOverflowEdge(t *testing.T) {
	const size, n = 16 << 20, protocol.MaxQueuedBytes / (16 << 20)
	for _, beyond := range []int{0, 1} {
		s, _ := alone(t)
		var kept []*router.Port
		for i := range uint32(n + 1) {
			kept = append(kept, taken(t, s, token(2*i+1)))
		}
		give := func(i, cost int) error {
			return s.give(must(protocol.Writer{}.AppendPost(header(), uint32(2*i+1), make([]byte, cost-protocol.PostOverhead-5)))) // the value's head
		}
		for i := range n - 1 {
			if err := give(i, size); err != nil {
				t.Fatal(err)
			}
		}
		if err := give(n-1, size+beyond); (err == nil) != (beyond == 0) || err != nil && !errors.Is(err, protocol.ErrLimit) {
			t.Errorf("%d bytes beyond the limit: %v", beyond, err)
		}
		if err := s.give(must(protocol.Writer{}.AppendPost(header(), 2*n+1, "one more"))); (err == nil) != (beyond == 1) {
			t.Errorf("one message more, where %d bytes were refused: %v", beyond*size, err)
		}
		runtime.KeepAlive(kept)
	}
}

// What all ports of a far end together have waiting here is bounded. The port that goes beyond it is closed; what had come is heard.
func TestPortOverflow(t *testing.T) {
	s, out := alone(t)
	const size = 16 << 20
	number := uint32(1)
	var kept []*router.Port
	for held := 0; held+size+1000 < protocol.MaxQueuedBytes; held += size {
		kept = append(kept, taken(t, s, token(number)))
		if err := s.give(must(protocol.Writer{}.AppendPost(header(), number, make([]byte, size)))); err != nil {
			t.Fatal(err)
		}
		number += 2
	}
	p := taken(t, s, token(number))
	if err := s.give(must(protocol.Writer{}.AppendPost(header(), number, "first"))); err != nil {
		t.Fatal(err)
	}
	drain(t, out)
	if err := s.give(must(protocol.Writer{}.AppendPost(header(), number, make([]byte, size)))); !errors.Is(err, protocol.ErrLimit) || errors.Is(err, router.ErrUnexpected) {
		t.Errorf("more than may wait at all ports: %v", err)
	}
	if f := drain(t, out); len(f) != 1 || f[0].Kind != protocol.KindClose || f[0].ID != number {
		t.Errorf("the far end is told %v", f)
	}
	if !s.logged("message port closed") {
		t.Error("the log does not tell")
	}
	values, closed := inbox(p)
	wait(t, closed)
	expect(t, values, "first")
	if err := context.Cause(p.Context()); !errors.Is(err, protocol.ErrLimit) {
		t.Errorf("the port ends with %v", err)
	}
	// What is heard makes room.
	last := kept[len(kept)-1]
	router.OnMessage(last, func(context.Context, router.Args) {})
	last.Start()
	f := wait(t, out)
	if f, err := protocol.Parse(f); err != nil || f.Frames[0].Kind != protocol.KindTaken || f.Frames[0].ID != number-2 {
		t.Fatalf("hearing says %v", f)
	}
	if err := s.give(must(protocol.Writer{}.AppendPost(header(), number-2, make([]byte, size)))); err != nil {
		t.Error(err)
	}
	runtime.KeepAlive(kept)
}
