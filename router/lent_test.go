package router_test

import (
	"bytes"
	"context"
	"runtime"
	"testing"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
)

// Lent bytes lie in the packet, and the packet is given back once, when its only listener or handler has returned, if nobody else can have kept
// anything of it.
func TestLent(t *testing.T) {
	many := bytes.Repeat([]byte{7}, 40<<10)
	on := func(r *router.Router, seen *[]byte) {
		router.On(r, "c", func(_ context.Context, p router.Lent) { *seen = p })
	}
	handle := func(r *router.Router, seen *[]byte) {
		router.Handle(r, "c", func(_ context.Context, p router.Lent) (router.Lent, error) { *seen = p; return p, nil })
	}
	watch := func(r *router.Router, _ *[]byte) {
		r.Use(func(next router.Handler) router.Handler { return next })
	}
	for _, c := range []struct {
		name   string
		args   []any
		twice  bool // two messages in the packet
		asked  bool
		listen []func(*router.Router, *[]byte)
		lies   bool // in the packet
		back   bool
	}{
		{name: "listener", listen: []func(*router.Router, *[]byte){on}, lies: true, back: true},
		{name: "few bytes", args: []any{many[:3]}, listen: []func(*router.Router, *[]byte){on}, lies: true, back: true},
		{name: "null", args: []any{nil}, listen: []func(*router.Router, *[]byte){on}},
		{name: "nothing", args: []any{}, listen: []func(*router.Router, *[]byte){on}},
		{name: "two messages", twice: true, listen: []func(*router.Router, *[]byte){on}, lies: true},
		{name: "intercepted", listen: []func(*router.Router, *[]byte){on, watch}},
		{name: "asked and intercepted", asked: true, lies: true, listen: []func(*router.Router, *[]byte){handle, watch}},
		{name: "handler", asked: true, lies: true, back: true, listen: []func(*router.Router, *[]byte){handle}},
		{name: "panic", lies: true, back: true, listen: []func(*router.Router, *[]byte){func(r *router.Router, seen *[]byte) {
			router.On(r, "c", func(_ context.Context, p router.Lent) { *seen = p; panic("no") })
		}}},
		{name: "goroutine ended", lies: true, back: true, listen: []func(*router.Router, *[]byte){func(r *router.Router, seen *[]byte) {
			router.On(r, "c", func(_ context.Context, p router.Lent) { *seen = p; runtime.Goexit() })
		}}},
		{name: "with another", listen: []func(*router.Router, *[]byte){on, on}},
		{name: "kept", lies: true, listen: []func(*router.Router, *[]byte){func(r *router.Router, seen *[]byte) {
			router.On(r, "c", func(_ context.Context, p []byte) { *seen = p })
		}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.args == nil {
				c.args = []any{many}
			}
			packet, err := protocol.AppendSend(protocol.AppendHeader(nil, 1), "c", c.args...)
			if c.asked {
				packet, err = protocol.AppendInvoke(protocol.AppendHeader(nil, 1), 1, "c", c.args...)
			}
			if c.twice {
				packet, err = protocol.AppendSend(packet, "c", "text")
			}
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := protocol.Parse(packet)
			if err != nil {
				t.Fatal(err)
			}
			back := make(chan any, 2)
			line := router.NewLine(router.LineOptions{Start: func(work func()) { // and it is done when Receive returns
				done := make(chan bool)
				go func() {
					defer close(done)
					work()
				}()
				<-done
			}})
			session := line.Begin(router.SessionOptions{Link: &pieces{}, Document: 1, GiveBack: func(from any) { back <- from }})
			var seen []byte
			for _, f := range c.listen {
				f(session.Router(), &seen)
			}
			if err := session.Receive(&packet, parsed.Frames, len(packet)); err != nil {
				t.Fatal(err)
			}
			if c.back {
				if from := <-back; from != &packet {
					t.Error("not what came")
				}
			}
			<-line.Below(1)
			if len(back) > 0 {
				t.Error("given back once too often")
			}
			if lies := len(seen) > 0 && inside(packet, seen); lies != c.lies {
				t.Errorf("%d bytes lie in the packet: %v", len(seen), lies)
			}
		})
	}
}

// inside reports whether a part lies in the whole: what is written to one is seen in the other.
func inside(whole, part []byte) bool {
	part[0]++
	defer func() { part[0]-- }()
	return bytes.Contains(whole, part)
}

// Who has borrowed bytes may write to them, and no other listener sees it. It is so for what comes through a port, too.
func TestLentIsNobodyElses(t *testing.T) {
	many := bytes.Repeat([]byte{7}, 40<<10)
	line := router.NewLine(router.LineOptions{Start: func(work func()) { work() }})
	s := line.Begin(router.SessionOptions{Link: &pieces{}, Document: 1})
	here, there := router.NewMessageChannel()
	heard := make(chan bool, 6)
	scribble := func(_ context.Context, p router.Lent) {
		heard <- bytes.Equal(p, many)
		clear(p)
	}
	for range 3 {
		router.On(s.Router(), "c", scribble)
		router.OnMessage(there, scribble)
	}
	parsed, err := protocol.Parse(must(protocol.AppendSend(header(), "c", many)))
	if err == nil {
		err = s.Receive(nil, parsed.Frames, len(many))
	}
	if err != nil {
		t.Fatal(err)
	}
	there.Start()
	post(t, here, many)
	for range cap(heard) {
		if !wait(t, heard) {
			t.Error("a listener saw what another one has written")
		}
	}
}
