package window

import (
	"errors"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/main/internal/host"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/protocol"
)

// So many bytes may wait for the UI thread to send them.
func TestLinkEdge(t *testing.T) {
	l := &frameLink{frame: &cef.Frame{}, coming: true} // it never comes
	packet := make([]byte, 8<<10)                      // small enough to be kept as it is
	for range protocol.MaxQueuedBytes / len(packet) {
		if err := l.Send(packet); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Send(packet[:protocol.HeaderSize+2]); !errors.Is(err, protocol.ErrLimit) {
		t.Errorf("one packet more: %v", err)
	}
}

func quietWindow() *Window {
	w := &Window{log: zap.NewNop(), queue: host.Queue{Log: zap.NewNop()}}
	w.guard.noise = w.log
	return w
}

// A document may tell of so many errors of its preload.
func TestPreloadErrorsEdge(t *testing.T) {
	w := quietWindow()
	raw, err := protocol.AppendSend(protocol.AppendHeader(nil, 1), "oriel:preload-error", "message", "stack")
	if err != nil {
		t.Fatal(err)
	}
	packet, err := protocol.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	tell := func() int32 {
		w.reserved(ipc.Sender{}, packet.Frames[0].Channel, &packet.Frames[0].Args)
		return w.guard.violations.Load()
	}
	for i := range maxPreloadErrors {
		if n := tell(); n != 0 {
			t.Fatalf("error %d is a violation", i+1)
		}
	}
	if n := tell(); n != 1 {
		t.Errorf("one more makes %d violations", n)
	}
}

func TestConsoleTextEdge(t *testing.T) {
	w := quietWindow()
	heard := make(chan string, 2)
	w.OnConsole(func(m ConsoleMessage) { heard <- m.Text })
	for n, want := range map[int]int{maxConsoleText: maxConsoleText, maxConsoleText + 1: maxConsoleText + len("…")} {
		w.consoleMessage(nil, cef.LogSeverityInfo, strings.Repeat("x", n), "", 1)
		if got := <-heard; len(got) != want {
			t.Errorf("%d bytes became %d", n, len(got))
		}
	}
}
