package engine

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestLineReader(t *testing.T) {
	long := strings.Repeat("x", 3*maxLogLine)
	text := strings.Join([]string{"one", "", long[:maxLogLine], long[:maxLogLine+1], long, "last"}, "\n")
	l := lineReader{r: bufio.NewReaderSize(strings.NewReader(text), maxLogLine)}
	for _, want := range []string{"one", "", long[:maxLogLine], long[:maxLogLine], long[:maxLogLine], "last"} {
		if got, err := l.next(); got != want || err != nil {
			t.Errorf("got %d bytes (%.20q), %v; want %d bytes (%.20q)", len(got), got, err, len(want), want)
		}
	}
	if _, err := l.next(); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}

func TestLogLine(t *testing.T) {
	for _, c := range []struct {
		line    string
		level   zapcore.Level
		message string
		pid, at string
	}{
		{"[17:1122/220924.514542:ERROR:dbus/bus.cc:405] no bus", zapcore.ErrorLevel, "no bus", "17", "dbus/bus.cc:405"},
		{"[17:1122/220924.514542:WARNING:a.cc:1] hm", zapcore.WarnLevel, "hm", "17", "a.cc:1"},
		{"[17:1122/220924.514542:INFO:CONSOLE:1] hi", zapcore.InfoLevel, "hi", "17", "CONSOLE:1"},
		{"[17:1122/220924.514542:VERBOSE2:a.cc:1] more", zapcore.DebugLevel, "more", "17", "a.cc:1"},
		{"[17:1122/220924.514542:FATAL:base/memory/shared_memory_switch.cc:1] dead", zapcore.ErrorLevel, "dead", "17", "base/memory/shared_memory_switch.cc:1"},
		{"[17:1122/220924.514542:ERROR:base/memory/shared_memory_switch.cc:1] no salt", zapcore.DebugLevel, "no salt", "17", "base/memory/shared_memory_switch.cc:1"},
		{"ALSA lib: no card", zapcore.WarnLevel, "ALSA lib: no card", "", ""},
		{"a\x1b[2Jb\xffc\td\r", zapcore.WarnLevel, "a\uFFFD[2Jb\uFFFDc\td\uFFFD", "", ""},
	} {
		core, logs := observer.New(zapcore.DebugLevel)
		logLine(zap.New(core), c.line)
		e := logs.All()[0]
		pid, _ := e.ContextMap()["pid"].(string)
		at, _ := e.ContextMap()["at"].(string)
		if e.Level != c.level || e.Message != c.message || pid != c.pid || at != c.at {
			t.Errorf("%q became %v %q %v", c.line, e.Level, e.Message, e.ContextMap())
		}
	}
}

func TestRateLimit(t *testing.T) {
	core, logs := observer.New(zapcore.DebugLevel)
	var r rateLimit
	now, taken := time.Unix(1000, 0), 0
	for range maxLogRate + 5 {
		if r.allow(now, zap.New(core)) {
			taken++
		}
	}
	if !r.allow(now.Add(time.Second), zap.New(core)) {
		t.Error("the next second has no room")
	}
	if taken != maxLogRate || logs.Len() != 1 || logs.All()[0].ContextMap()["dropped"] != int64(5) {
		t.Errorf("%d lines were taken, %v reported", taken, logs.All())
	}
}
