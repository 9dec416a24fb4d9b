package router_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
)

// pieces is a link that keeps what it is given.
type pieces struct {
	packets, tails [][]byte
}

func (p *pieces) Send(packet []byte) error { return p.SendTail(packet, nil) }
func (p *pieces) Close()                   {}

func (p *pieces) SendTail(packet, tail []byte) error {
	p.packets, p.tails = append(p.packets, bytes.Clone(packet)), append(p.tails, tail)
	return nil
}

// TestTail: many bytes at the end of a packet are handed to the link as they are, and what it gets is one packet all the same.
func TestTail(t *testing.T) {
	many, few := bytes.Repeat([]byte{7}, 40<<10), []byte{1, 2}
	for _, c := range []struct {
		name string
		args []any
		tail bool
	}{
		{"many", []any{many}, true},
		{"few", []any{few}, false},
		{"last", []any{"text", few, many}, true},
		{"not last", []any{many, "text"}, false},
		{"within", []any{[]any{many}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			link := &pieces{}
			line := router.NewLine(router.LineOptions{})
			session := line.Begin(router.SessionOptions{Link: link, Document: 9})
			before := len(c.args)
			if err := session.Send("channel", c.args...); err != nil {
				t.Fatal(err)
			}
			if got := link.tails[0] != nil; got != c.tail || got && &link.tails[0][0] != &many[0] {
				t.Errorf("a tail: %v, want %v", got, c.tail)
			}
			parsed, err := protocol.Parse(append(link.packets[0], link.tails[0]...))
			if err != nil || parsed.Document != 9 || parsed.Frames[0].Args.Len() != before {
				t.Fatalf("%+v, %v", parsed, err)
			}
			for i, want := range c.args {
				var got any
				if err := parsed.Frames[0].Args.Decode(i, &got); err != nil {
					t.Fatal(err)
				}
				if w, ok := want.([]byte); ok && !bytes.Equal(w, got.([]byte)) {
					t.Errorf("argument %d came as %d bytes", i, len(got.([]byte)))
				}
			}
		})
	}
}

// TestOwnBytes: a handler or lone listener has many bytes without a copy, several listeners have one each.
func TestOwnBytes(t *testing.T) {
	many := bytes.Repeat([]byte{7}, 40<<10)
	link := &pieces{}
	r := router.NewRouter(nil)
	line := router.NewLine(router.LineOptions{Router: r})
	session := line.Begin(router.SessionOptions{Link: link, Document: 9})
	got, heard := make(chan []byte, 1), make(chan []byte, 2)
	router.Handle(r, "asked", func(_ context.Context, in []byte) (int, error) { got <- in; return len(in), nil })
	for range 2 {
		router.On(r, "told", func(_ context.Context, in []byte) { heard <- in })
	}
	alone := make(chan []byte, 1)
	router.On(r, "told alone", func(_ context.Context, in []byte) { alone <- in })
	within := func(packet, p []byte) bool {
		for i := range packet[:len(packet)-len(p)+1] {
			if &packet[i] == &p[0] {
				return true
			}
		}
		return false
	}
	ask, err := protocol.AppendInvoke(protocol.AppendHeader(nil, 9), 1, "asked", many)
	if err != nil {
		t.Fatal(err)
	}
	tell, err := protocol.AppendSend(protocol.AppendHeader(nil, 9), "told", many)
	if err != nil {
		t.Fatal(err)
	}
	tellOne, err := protocol.AppendSend(protocol.AppendHeader(nil, 9), "told alone", many)
	if err != nil {
		t.Fatal(err)
	}
	for _, packet := range [][]byte{ask, tell, tellOne} {
		parsed, err := protocol.Parse(packet)
		if err != nil {
			t.Fatal(err)
		}
		if err := session.Receive(nil, parsed.Frames, len(packet)); err != nil {
			t.Fatal(err)
		}
	}
	if in := <-got; !within(ask, in) || !bytes.Equal(in, many) || cap(in) != len(in) {
		t.Error("the handler has a copy, or more than its bytes")
	}
	if in := <-alone; !within(tellOne, in) || !bytes.Equal(in, many) || cap(in) != len(in) {
		t.Error("the lone listener has a copy, or more than its bytes")
	}
	one, other := <-heard, <-heard
	if within(tell, one) || within(tell, other) || &one[0] == &other[0] {
		t.Error("listeners share memory")
	}
}

// TestBytesSeenByInterceptor: a listener that writes to its bytes changes nothing that an interceptor has.
func TestBytesSeenByInterceptor(t *testing.T) {
	many := bytes.Repeat([]byte{7}, 40<<10)
	r := router.NewRouter(nil)
	session := router.NewLine(router.LineOptions{Router: r}).Begin(router.SessionOptions{Link: &pieces{}, Document: 9})
	after := make(chan []byte, 1)
	r.Use(func(next router.Handler) router.Handler {
		return func(ctx context.Context, c *router.Call) (any, error) {
			result, err := next(ctx, c)
			var in []byte
			_ = c.Args.Decode(0, &in)
			after <- in
			return result, err
		}
	})
	router.On(r, "told", func(_ context.Context, in []byte) { clear(in) })
	tell, err := protocol.AppendSend(protocol.AppendHeader(nil, 9), "told", many)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := protocol.Parse(tell)
	if err != nil {
		t.Fatal(err)
	}
	if err := session.Receive(nil, parsed.Frames, len(tell)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(<-after, many) {
		t.Error("the listener and the interceptor share memory")
	}
}

// lender lends its bytes as the last of two arguments.
type lender struct {
	bytes []byte
	lent  int // and given back
}

func (l *lender) Lend() ([]any, func()) {
	l.lent++
	return []any{"text", l.bytes}, func() { l.lent++ }
}

// TestTailOfInvoke: so are many bytes that are asked with, unless something comes behind them, and those that are lent for the while.
func TestTailOfInvoke(t *testing.T) {
	many := bytes.Repeat([]byte{7}, 40<<10)
	lent := &lender{bytes: many}
	for _, c := range []struct {
		name string
		args []any
		meta map[string]string
		tail bool
	}{
		{"last", []any{"text", many}, nil, true},
		{"few", []any{"text", []byte{1}}, nil, false},
		{"something behind", []any{"text", many}, map[string]string{"traceparent": "00"}, false},
		{"lent", []any{lent}, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			link := &ending{}
			r := router.NewRouter(nil)
			r.UseInvoke(func(next router.Asker) router.Asker {
				return func(ctx context.Context, a *router.Ask, result any) error {
					a.Meta = c.meta
					return next(ctx, a, result)
				}
			})
			link.session = router.NewLine(router.LineOptions{Router: r}).Begin(router.SessionOptions{Link: link, Document: 9})
			if err := link.session.Invoke(patience(t), "channel", nil, c.args...); !errors.Is(err, errOver) {
				t.Fatal(err)
			}
			if got := link.tails[0] != nil; got != c.tail || got && &link.tails[0][0] != &many[0] {
				t.Errorf("a tail: %v, want %v", got, c.tail)
			}
			parsed, err := protocol.Parse(append(link.packets[0], link.tails[0]...))
			if err != nil || parsed.Frames[0].Args.Len() != 2 || len(parsed.Frames[0].Meta) != len(c.meta) {
				t.Fatalf("%+v, %v", parsed, err)
			}
			var got []byte
			if err := parsed.Frames[0].Args.Decode(1, &got); err != nil || len(got) > 1 && !bytes.Equal(got, many) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
	if lent.lent != 2 {
		t.Errorf("lent and given back %d times", lent.lent)
	}
}

// ending is a link whose session ends with the first packet.
type ending struct {
	pieces
	session *router.Session
}

func (e *ending) SendTail(packet, tail []byte) error {
	defer func() { go e.session.End(errOver) }()
	return e.pieces.SendTail(packet, tail)
}

func (e *ending) Send(packet []byte) error { return e.SendTail(packet, nil) }
