package window_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
)

// A hostile is a renderer that has been taken over, as far as a script can be: it knows the token and sends what bytes it likes.
type hostile struct {
	t     *testing.T
	w     *window.Window
	world int
	doc   uint32
}

// takeOver gives a script of the test's the place of the runtime in the window's document, and says hello in the name of document doc.
func takeOver(t *testing.T, w *window.Window, doc uint32) *hostile {
	t.Helper()
	h := takeOverSilently(t, w, doc)
	h.send(1, h.hello(eval[string](t, w, "location.href")))
	return h
}

// takeOverSilently is takeOver without the hello. The way to main that a document has by then is the new one's.
func takeOverSilently(t *testing.T, w *window.Window, doc uint32) *hostile {
	t.Helper()
	var tree struct {
		FrameTree struct{ Frame struct{ ID string } }
	}
	command(t, w, "Page.getFrameTree", struct{}{}, &tree)
	var world struct{ ExecutionContextID int }
	command(t, w, "Page.createIsolatedWorld", map[string]any{"frameId": tree.FrameTree.Frame.ID, "worldName": fmt.Sprint("hostile", doc)}, &world)
	h := &hostile{t, w, world.ExecutionContextID, doc}
	h.run(fmt.Sprintf(`globalThis.native = __oriel(%q, '(() => {})', () => {});
		globalThis.bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
		globalThis.flood = (times, packets) => {
			for (let i = 0; i < times; i++) for (const p of packets) native.send(p.buffer, p.length);
		}`, w.Token()))
	return h
}

func command(t *testing.T, w *window.Window, method string, params, result any) {
	t.Helper()
	if err := w.DevToolsCommand(ctx(t), method, params, result); err != nil {
		t.Fatal(err)
	}
}

// run runs a script in the hostile world.
func (h *hostile) run(script string) {
	h.t.Helper()
	var result struct{ ExceptionDetails json.RawMessage }
	command(h.t, h.w, "Runtime.evaluate", map[string]any{"expression": script + "; 0", "contextId": h.world}, &result)
	if result.ExceptionDetails != nil {
		h.t.Fatalf("%s: %s", script, result.ExceptionDetails)
	}
}

// send sends packets, one after the other, and all of them that many times. It does not wait for that.
func (h *hostile) send(times int, packets ...[]byte) {
	h.t.Helper()
	var list []string
	for _, p := range packets {
		list = append(list, "bytes('"+base64.StdEncoding.EncodeToString(p)+"')")
	}
	h.run(fmt.Sprintf("setTimeout(() => flood(%d, [%s]))", times, strings.Join(list, ", ")))
}

func (h *hostile) header() []byte { return protocol.AppendHeader(nil, h.doc) }

func (h *hostile) hello(url string) []byte {
	return packet(protocol.AppendSend(protocol.AppendHello(h.header()), "oriel:document", url))
}

func packet(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// raw is a packet with arbitrary bytes behind a right header.
func (h *hostile) raw(text string) []byte { return append(h.header(), text...) }

// violations are packets that nobody sends who keeps to the protocol, each for another reason. Request 1 must be open.
func (h *hostile) violations() map[string][]byte {
	wrong := h.raw("\x91\x01")
	wrong[0]++
	reserved := h.raw("\x91\x01")
	reserved[2] = 1
	nobody := h.raw("\x92\x06\x01")
	binary.LittleEndian.PutUint32(nobody[4:], 0)
	return map[string][]byte{
		"wrong version":             wrong,
		"reserved bytes":            reserved,
		"document 0":                nobody,
		"truncated":                 h.raw("\x94\x03\x07"),
		"no frame":                  h.raw("\xc0"),
		"unknown kind":              h.raw("\x91\x7f"),
		"an array of 4 G":           h.raw("\x93\x02\xa1x\xdd\xff\xff\xff\xff"),
		"too deep":                  h.raw("\x93\x02\xa1x\x91" + strings.Repeat("\x91", protocol.MaxDepth+1) + "\xc0"),
		"too many frames":           h.raw(strings.Repeat("\x92\x06\x09", protocol.MaxFrames+1)),
		"bytes behind":              append(protocol.AppendCancel(h.header(), 9), 0xc1),
		"id 0":                      h.raw("\x92\x06\x00"),
		"no channel":                h.raw("\x93\x02\xa0\x90"),
		"hello without an address":  protocol.AppendHello(protocol.AppendHeader(nil, h.doc+1)),
		"hello twice":               h.hello("app://test/"),
		"hello within":              protocol.AppendHello(protocol.AppendCancel(h.header(), 9)),
		"a request that is open":    packet(protocol.AppendInvoke(h.header(), 1, "ok:wait")),
		"an answer nobody asked":    packet(protocol.AppendResult(h.header(), 1, "x")),
		"a channel of others":       packet(protocol.AppendSend(h.header(), "shut")),
		"a request on such":         packet(protocol.AppendInvoke(h.header(), 2, "shut")),
		"a channel of Oriel's own":  packet(protocol.AppendSend(h.header(), "oriel:nothing")),
		"an error that is none":     packet(protocol.AppendSend(h.header(), "oriel:preload-error", 1)),
		"a chunk of no stream":      packet(protocol.Writer{}.AppendChunk(h.header(), 77, 1)),
		"an end of no stream":       protocol.AppendEnd(h.header(), 77),
		"an abort of no stream":     h.raw("\x96\x09\x4d\xa1x\xa1y\xc0\xc0"),
		"more credit than there is": h.raw("\x93\x0a\x4d\xce\xff\xff\xff\xff"),
		"too many streams":          h.raw("\x93\x02\xa1x\xdc\x01\x01" + strings.Repeat("\xc7\x05\x0e\x00\x00\x00\x00\x07", protocol.MaxStreams+1)),
		"several, and a right word": append(protocol.AppendHello(packet(protocol.AppendSend(h.header(), "ok:any"))), protocol.AppendHello(nil)...),
	}
}

// harmless are many packets that are dropped, refused or of no use, and yet may come from somebody who keeps to the protocol.
func (h *hostile) harmless() (packets [][]byte) {
	for i := range uint32(protocol.MaxViolations + 1) {
		packets = append(packets,
			packet(protocol.AppendInvoke(protocol.AppendHeader(nil, h.doc+7), 1, "ok:any")), // of a document that has gone
			protocol.AppendCancel(h.header(), 99),
			packet(protocol.AppendSend(h.header(), "ok:nobody", 1)),
			packet(protocol.AppendInvoke(h.header(), 1000+2*i, "ok:nobody")),
			packet(protocol.AppendInvoke(h.header(), 1001+2*i, "ok:number", "x")))
	}
	return packets
}

// A process that breaks the protocol is killed, after so many times and not before; other windows and the app go on.
func TestHostileRenderer(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	o := site(nil)
	o.Log = zap.New(core)
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		began := time.Now()
		heard := make(chan int, 10)
		ipc.On(a.IPC(), "ok:heard", func(_ context.Context, n int) { heard <- n })
		ipc.Handle(a.IPC(), "ok:wait", func(ctx context.Context, _ any) (any, error) { <-ctx.Done(); return nil, ctx.Err() })
		ipc.Handle(a.IPC(), "ok:number", func(_ context.Context, n int) (int, error) { return n, nil })
		ipc.Handle(a.IPC(), "shut", func(context.Context, any) (any, error) { t.Error("a channel that is shut was called"); return nil, nil })
		ipc.On(a.IPC(), "shut", func(context.Context, any) { t.Error("a channel that is shut was heard") })
		allow := []protocol.Rule{{Channels: []string{"ok:*"}, Origins: []string{a.Origin()}}}
		w, other := open(t, a, window.Options{Allow: allow}), open(t, a, window.Options{})
		gone := make(chan window.RendererGone, 10)
		w.OnRendererGone(func(g window.RendererGone) { gone <- g })
		other.OnRendererGone(func(g window.RendererGone) { t.Errorf("another window's process is gone: %+v", g) })

		for round := range 2 { // what one process has done is not the next one's fault
			h := takeOver(t, w, uint32(100*(round+1)))
			h.send(1, packet(protocol.AppendInvoke(h.header(), 1, "ok:wait")))
			h.send(1, h.harmless()...)
			sent := 0
			for _, p := range h.violations() {
				n := protocol.MaxViolations / len(h.violations())
				h.send(n, p)
				sent += n
			}
			h.send(protocol.MaxViolations-1-sent, h.raw("\xc1"))
			h.send(1, packet(protocol.AppendSend(h.header(), "ok:heard", round)))
			select {
			case <-heard:
			case g := <-gone:
				t.Fatalf("gone one violation too early: %+v", g)
			case <-ctx(t).Done():
				t.Fatal("the last word before the last violation was not heard")
			}
			h.send(10, h.raw("\xc1"))
			select {
			case g := <-gone:
				if g.Reason != window.ReasonViolations {
					t.Errorf("gone: %+v", g)
				}
			case <-ctx(t).Done():
				t.Fatal("a process that violates the protocol lives")
			}
			if got := eval[int](t, other, "api.invoke('ok:number', 7)"); got != 7 {
				t.Errorf("the other window's echo of 7 is %d", got)
			}
			if err := w.LoadURL(ctx(t), "/"); err != nil {
				t.Fatal(err)
			}
			if got := eval[int](t, w, "api.invoke('ok:number', 8)"); got != 8 {
				t.Errorf("the echo of 8 in the new process is %d", got)
			}
		}
		lines := logs.FilterMessage("the page's process violates the protocol").Len()
		if seconds := int(time.Since(began).Seconds()); lines == 0 || lines > seconds+2 {
			t.Errorf("%d lines about violations in %d seconds", lines, seconds)
		}
	})
}
