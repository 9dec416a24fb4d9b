package utility_test

import (
	"context"
	"encoding/binary"
	"reflect"
	"testing"

	"github.com/oriel-go/oriel/utility"
)

// messages collects what a process posts.
func messages(p *utility.Process) <-chan any {
	c := make(chan any, 1024)
	utility.OnMessage(p.Port(), func(_ context.Context, v any) { c <- v })
	p.Port().Start()
	return c
}

// patterned makes bytes no two stretches of which are alike.
func patterned(size int) []byte {
	b := make([]byte, 0, size+8)
	for i := uint64(1); len(b) < size; i++ {
		b = binary.LittleEndian.AppendUint64(b, i*0x9e3779b97f4a7c15)
	}
	return b[:size]
}

func TestMessages(t *testing.T) {
	p := fork(t, "echo", utility.Options{})
	sent := []any{"before it listens", int64(2), map[string]any{"deep": []any{true, nil, 1.5}}, []byte("bytes")}
	for _, size := range []int{40 << 10, 64 << 10, 1 << 20, 3 << 20, 3 << 20, 9 << 20} { // in one datagram and in parts, more than the socket holds, in memory
		sent = append(sent, patterned(size), []any{patterned(size)})
	}
	sent = append(sent, "last")
	for _, v := range sent {
		if err := p.Post(v); err != nil {
			t.Fatal(err)
		}
	}
	got := messages(p)
	for i, want := range sent {
		if v := next(t, got); !reflect.DeepEqual(v, want) {
			t.Errorf("message %d came back as %T", i, v)
		}
	}
}

func TestExit(t *testing.T) {
	for _, c := range []struct {
		how    string
		reason utility.Reason
		code   int
		err    string
	}{{"nil", utility.CleanExit, 0, ""}, {"error", utility.AbnormalExit, 1, "it went wrong"},
		{"panic", utility.AbnormalExit, 2, "panic: no way on"}, {"os.Exit", utility.AbnormalExit, 7, ""}} {
		e := wait(t, fork(t, "exit", utility.Options{Args: []string{c.how}, ServiceName: "Leaver"}))
		text := ""
		if e.Err != nil {
			text = e.Err.Error()
		}
		if e.Reason != c.reason || e.Code != c.code || text != c.err || e.Signal != 0 || e.Asked || e.ServiceName != "Leaver" {
			t.Errorf("%s: %+v", c.how, e)
		}
	}
}
