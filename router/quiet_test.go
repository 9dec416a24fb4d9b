package router

import (
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/oriel-go/oriel/protocol"
)

// clock is a zap clock that the test moves.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time                         { return c.now }
func (c *clock) NewTicker(d time.Duration) *time.Ticker { return time.NewTicker(d) }

// What a far end can bring about as often as it likes makes 20 lines at once.
func TestQuietLine(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	s := NewLine(LineOptions{Log: zap.New(core, zap.WithClock(&clock{time.Unix(1000, 0)}))}).Begin(SessionOptions{
		Link: nowhere{}, Document: 1, Allowed: func(string) bool { return false }})
	packet, err := protocol.AppendSend(protocol.AppendHeader(nil, 1), "shut")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := protocol.Parse(packet)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 21 {
		if err := s.Receive(nil, parsed.Frames, len(packet)); err != nil {
			t.Fatal(err)
		}
		<-s.line.Below(1)
		if lines, want := logs.Len(), min(n+1, 20); lines != want {
			t.Errorf("%d refused messages make %d lines", n+1, lines)
		}
	}
}

func TestQuiet(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	c := &clock{time.Unix(1000, 0)}
	log := Quiet(zap.New(core, zap.WithClock(c)), 3)
	say := func(n int) int {
		for range n {
			log.With(zap.Int("window", 1)).Warn("refused")
			log.Info("not asked for")
		}
		return len(logs.TakeAll())
	}
	if n := say(1000); n != 3 {
		t.Errorf("%d lines at once, want 3", n)
	}
	for range 5 {
		c.now = c.now.Add(time.Second)
		if n := say(1000); n != 1 {
			t.Errorf("%d lines after a second, want 1", n)
		}
	}
	c.now = c.now.Add(time.Hour)
	log.Warn("refused")
	if more := logs.TakeAll()[0].ContextMap()["more"]; more != int64(999) {
		t.Errorf("%v were left out, want 999", more)
	}
	if n := say(1000); n != 2 {
		t.Errorf("%d lines more after an hour, want 2", n)
	}
}
