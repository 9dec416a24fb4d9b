package window_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
)

// port is the value of a message port of that number.
func port(number int) string {
	return string([]byte{0xd6, 0x0f, byte(number >> 24), byte(number >> 16), byte(number >> 8), byte(number)})
}

// portViolations are what no renderer says of message ports that keeps to the protocol. It has opened none.
func (h *hostile) portViolations() map[string][]byte {
	return map[string][]byte{
		"a post to no port":        h.raw("\x93\x0c\x05\x91\x01"),
		"a post to one of main's":  h.raw("\x93\x0c\x02\x91\x01"),
		"a close of no port":       protocol.AppendClose(h.header(), 7),
		"taken of no port":         protocol.AppendTaken(h.header(), 7, 1),
		"a port of main's numbers": h.raw("\x93\x02\xa6ok:any\x91" + port(2)),
		"a port twice":             h.raw("\x93\x02\xa6ok:any\x92" + port(9) + port(9)),
		"port 0":                   h.raw("\x93\x02\xa6ok:any\x91" + port(0)),
		"taken 0":                  h.raw("\x93\x0e\x05\x00"),
		"an answer with a port":    h.raw("\x93\x04\x09" + port(9)),
	}
}

// sendPorts is a message on "ok:port" with ports of those numbers.
func (h *hostile) sendPorts(from, n int) (packet []byte) {
	packet = h.header()
	for i := range n {
		packet = append(packet, "\x93\x02\xa7ok:port\x91"+port(from+2*i)...)
	}
	return packet
}

// posted is a message of that many bytes through port number, which is below 128.
func (h *hostile) posted(number, size int) []byte {
	return packet(protocol.Writer{}.AppendPost(h.header(), uint32(number), make([]byte, size)))
}

// A renderer that lies about ports, floods them or opens them without end harms itself only: its ports are closed, it is killed when it has
// lied too often, and others' ports go on.
func TestHostilePorts(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	o := site(nil)
	o.Log = zap.New(core)
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		came := make(chan *ipc.Port, 4*protocol.MaxPorts)
		ipc.On(a.IPC(), "ok:port", func(_ context.Context, p *ipc.Port) { came <- p })
		heard := make(chan int, 10)
		ipc.On(a.IPC(), "ok:heard", func(_ context.Context, n int) { heard <- n })
		allow := []protocol.Rule{{Channels: []string{"ok:*"}, Origins: []string{a.Origin()}}}
		w, other := open(t, a, window.Options{Allow: allow}), open(t, a, window.Options{Preload: `
			const { ipcRenderer } = require('electron');
			ipcRenderer.on('port', ({ ports: [port] }) => { port.onmessage = ({ data }) => port.postMessage(data + 1); });`})
		gone := make(chan window.RendererGone, 10)
		w.OnRendererGone(func(g window.RendererGone) { gone <- g })
		h := takeOver(t, w, 100)
		take := func() *ipc.Port {
			t.Helper()
			select {
			case p := <-came:
				return p
			case <-ctx(t).Done():
				t.Fatal("no port came")
				return nil
			}
		}
		said := 0
		reached := func() { // all that was sent has been taken
			t.Helper()
			said++
			h.send(1, packet(protocol.AppendSend(h.header(), "ok:heard", said)))
			select {
			case n := <-heard:
				if n != said {
					t.Fatalf("%d is heard, not %d", n, said)
				}
			case g := <-gone:
				t.Fatalf("gone too early: %+v", g)
			case <-ctx(t).Done():
				t.Fatal("the process is not heard")
			}
		}
		ended := func(what string, p *ipc.Port) {
			t.Helper()
			select {
			case <-p.Done():
			case <-ctx(t).Done():
				t.Fatalf("%s: the port lives", what)
			}
		}

		// Beyond the window.
		h.send(1, h.sendPorts(1, 1))
		p := take()
		h.send(protocol.PortWindow>>14+3, h.posted(1, 1<<14))
		reached()
		n := 0
		ipc.OnMessage(p, func(context.Context, []byte) { n++ })
		p.Start()
		if ended("beyond the window", p); n != protocol.PortWindow>>14 {
			t.Errorf("%d messages are heard", n)
		}
		// More is taken than was posted.
		h.send(1, h.sendPorts(3, 1), protocol.AppendTaken(h.header(), 3, 1))
		ended("taken for nothing", take())
		h.send(1, h.sendPorts(5, 1), h.raw("\x93\x0c\x05\x91"+port(5)))
		ended("a port through itself", take())
		// Opened and closed, again and again: no violation.
		for range 20 {
			h.send(100, h.sendPorts(11, 1), protocol.AppendClose(h.header(), 11))
		}
		reached()
		for range 2000 {
			take()
		}
		// As many as there may be, one more, and as many again.
		h.send(1, h.sendPorts(1001, protocol.MaxPorts-3))
		var all []*ipc.Port
		for range protocol.MaxPorts - 3 {
			all = append(all, take())
		}
		h.send(1, h.sendPorts(5001, 1))
		reached()
		if len(came) > 0 {
			t.Error("a port beyond the limit is taken")
		}
		x, _ := ipc.NewMessageChannel()
		if err := w.PostMessage("port", nil, x); !errors.Is(err, protocol.ErrLimit) {
			t.Errorf("a port more from main: %v", err)
		}
		h.send(1, h.sendPorts(6001, protocol.MaxPorts))
		reached()
		// Each lie counts, until there are too many.
		sent := 0
		for _, p := range h.portViolations() {
			h.send(80, p)
			sent += 80
		}
		reached()
		ours, theirs := ipc.NewMessageChannel()
		if err := other.PostMessage("port", nil, theirs); err != nil {
			t.Fatal(err)
		}
		answers := make(chan int, 1)
		ipc.OnMessage(ours, func(_ context.Context, n int) { answers <- n })
		ours.Start()
		h.send(protocol.MaxViolations, h.posted(127, 1000))
		select {
		case g := <-gone:
			if g.Reason != window.ReasonViolations {
				t.Errorf("gone: %+v", g)
			}
		case <-ctx(t).Done():
			t.Fatal("a process that lies about ports lives")
		}
		for _, p := range all {
			select {
			case <-p.Done():
			case <-ctx(t).Done():
				t.Fatal("a port outlives its process")
			}
		}
		if err := ours.Post(41); err != nil {
			t.Fatal(err)
		}
		select {
		case n := <-answers:
			if n != 42 {
				t.Errorf("another window's port answers %d", n)
			}
		case <-ctx(t).Done():
			t.Error("another window's port is silent")
		}
		var closed bool
		for _, e := range logs.All() {
			closed = closed || strings.Contains(fmt.Sprint(e.Message, e.ContextMap()), "beyond its window")
		}
		if !closed {
			t.Error("the log does not tell of the window")
		}
		if s := a.IPC().Stats().Ports; s.Open != 1 || s.Failed < 3 {
			t.Errorf("%+v", s)
		}
	})
}
