package router

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/oriel-go/oriel/protocol"
)

// A mill lives a life of sessions as a fuzzer's bytes say: frames of a hostile far end, and what the app and Chromium do meanwhile.
type mill struct {
	t      *testing.T
	input  []byte
	router *Router
	line   *Line
	logs   *observer.ObservedLogs
	gate   chan struct{}
	all    []*far
	ports  []*Port // of the app's; nobody else touches the list
	calls  sync.WaitGroup
	cancel context.CancelFunc
	ctx    context.Context
}

// A far is the far end of one session. It counts what it asked and what it is answered.
type far struct {
	t       *testing.T
	session *Session

	mu     sync.Mutex
	asked  map[uint32]int
	closed int
}

func (f *far) Send(packet []byte) error {
	p, err := protocol.Parse(append([]byte(nil), packet...))
	if err != nil {
		f.t.Errorf("a bad packet was sent: %v: %x", err, packet)
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range p.Frames {
		if m.Kind == protocol.KindResult || m.Kind == protocol.KindError {
			if f.asked[m.ID]--; f.asked[m.ID] < 0 {
				f.t.Errorf("request %d is answered once too often", m.ID)
			}
		}
	}
	return nil
}

func (f *far) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed++
}

// byte and bytes take from the input; behind its end are zeros.
func (m *mill) byte() byte {
	if len(m.input) == 0 {
		return 0
	}
	b := m.input[0]
	m.input = m.input[1:]
	return b
}

func (m *mill) bytes() []byte {
	n := min(int(m.byte()), len(m.input))
	b := m.input[:n]
	m.input = m.input[n:]
	return b
}

// fuzzed has fields of many kinds.
type fuzzed struct {
	A any               `json:"a"`
	B []byte            `json:"b"`
	I int16             `json:"i"`
	S string            `json:"s"`
	L []fuzzed          `json:"l"`
	M map[string]fuzzed `json:"m"`
	P *fuzzed           `json:"p"`
	T time.Time         `json:"t"`
}

// channels are the names that a mill's frames have; the last has no handler.
var channels = []string{"any", "wait", "typed", "many", "source", "sink", "fail", "panic", "nobody"}

func newMill(t *testing.T, input []byte) *mill {
	core, logs := observer.New(zap.ErrorLevel)
	m := &mill{t: t, input: input, router: NewRouter(nil), logs: logs, gate: make(chan struct{})}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.line = NewLine(LineOptions{Router: m.router, Log: zap.New(core)})
	Handle(m.router, "any", func(_ context.Context, v any) (any, error) { return v, nil })
	Handle(m.router, "wait", func(ctx context.Context, _ Args) (int, error) {
		select {
		case <-m.gate:
		case <-ctx.Done():
		}
		return 1, ctx.Err()
	})
	Handle(m.router, "typed", func(_ context.Context, v fuzzed) (fuzzed, error) { return v, nil })
	HandleFunc(m.router, "many", func(n int, s string, m map[any]any, rest ...[]byte) (int, error) {
		return n + len(s) + len(m) + len(rest), nil
	})
	Handle(m.router, "source", func(ctx context.Context, n uint8) (<-chan int, error) {
		c := make(chan int)
		go func() {
			defer close(c)
			for i := range int(n) {
				select {
				case c <- i:
				case <-ctx.Done():
					return
				}
			}
		}()
		return c, nil
	})
	Handle(m.router, "sink", func(_ context.Context, in []protocol.Stream) (int, error) {
		n := 0
		for _, s := range in {
			c, _ := io.Copy(io.Discard, s)
			n += int(c)
		}
		return n, nil
	})
	Handle(m.router, "fail", func(context.Context, Args) (any, error) { return func() {}, errors.New("no") })
	Handle(m.router, "panic", func(context.Context, Args) (any, error) { panic("ouch") })
	OnFunc(m.router, "ports", func(ports ...*Port) {
		for _, p := range ports {
			OnMessageFunc(p, func(v any, ports ...*Port) {
				if p.Post(v, ports...) != nil { // then they are still here
					for _, back := range ports {
						back.Close()
					}
				}
			})
			p.Start()
		}
	})
	for _, name := range channels[:3] {
		On(m.router, name, func(context.Context, Args) {})
	}
	m.begin()
	return m
}

func (m *mill) begin() {
	f := &far{t: m.t, asked: map[uint32]int{}}
	f.session = m.line.Begin(SessionOptions{Link: f, Document: 1, Allowed: func(channel string) bool { return channel != "fail" }})
	m.all = append(m.all, f)
}

func (m *mill) now() *far { return m.all[len(m.all)-1] }

// give hands a packet to the session as it would come.
func (m *mill) give(packet []byte, err error) {
	p, parseErr := protocol.Parse(packet)
	if err != nil || parseErr != nil {
		return
	}
	f := m.now()
	f.mu.Lock()
	for _, frame := range p.Frames {
		if frame.Kind == protocol.KindInvoke {
			f.asked[frame.ID]++ // at most
		}
	}
	f.mu.Unlock()
	_ = f.session.Receive(nil, p.Frames, len(packet))
}

func (m *mill) step() {
	head := protocol.AppendHeader(nil, 1)
	id := func() uint32 { return uint32(m.byte()%8) + 1 }
	channel := func() string { return channels[int(m.byte())%len(channels)] }
	switch m.byte() % 20 {
	case 0: // anything
		m.give(append(head, m.bytes()...), nil)
	case 1, 2: // a request with any argument
		packet, _ := protocol.AppendInvoke(head, id(), channel(), nil)
		m.give(append(packet[:len(packet)-1], m.bytes()...), nil)
	case 3:
		packet, _ := protocol.AppendSend(head, channel(), nil)
		m.give(append(packet[:len(packet)-1], m.bytes()...), nil)
	case 4:
		m.give(protocol.AppendCancel(head, id()), nil)
	case 5:
		m.give(append(append(head, 0x93, 4, byte(id())), m.bytes()...), nil)
	case 6:
		m.give(protocol.AppendError(head, id(), protocol.ErrorValue{Message: string(m.bytes())}))
	case 7:
		m.give(protocol.Writer{}.AppendChunk(head, id(), make([]byte, int(m.byte())<<10)))
	case 8:
		m.give([][]byte{protocol.AppendEnd(head, id()), protocol.AppendCredit(head, id(), uint32(m.byte())<<10), protocol.AppendStop(head, id())}[m.byte()%3], nil)
	case 9: // a request with streams
		packet, _ := protocol.AppendInvoke(head, id(), "sink", []any{nil})
		m.give(append(packet[:len(packet)-1], 0xc7, 5, 14, m.byte()%2, 0, 0, 0, byte(id())), nil)
	case 10:
		s, name := m.now().session, channel()
		m.calls.Go(func() { _ = s.Invoke(m.ctx, name, nil, 1) })
		runtime.Gosched()
	case 11:
		_ = m.now().session.Send(channel(), string(m.bytes()))
	case 12:
		m.now().session.End(ErrCanceled)
		m.begin()
	case 13:
		select {
		case m.gate <- struct{}{}:
		default:
		}
	default:
		m.portStep(head)
	}
}

// portStep is what a far end, and the app, may do with ports.
func (m *mill) portStep(head []byte) {
	number := func() byte { return m.byte()%12 + 1 }
	value := func() []byte { return []byte{0xd6, 15, 0, 0, 0, number()} }
	switch m.byte() % 6 {
	case 0:
		m.give(append(append(head, 0x93, 2, 0xa5, 'p', 'o', 'r', 't', 's', 0x91), value()...), nil)
	case 1: // through a port, perhaps with another one
		head = append(head, 0x93, 12, number())
		if m.byte()%2 == 0 {
			m.give(append(append(head, 0x92, 0xc0), value()...), nil)
		} else {
			m.give(append(append(head, 0x91, 0xc5, m.byte(), 0), make([]byte, int(head[len(head)-1])<<8)...), nil)
		}
	case 2:
		m.give(protocol.AppendClose(head, uint32(number())), nil)
	case 3:
		m.give(protocol.AppendTaken(head, uint32(number()), uint32(m.byte())<<8+1), nil)
	case 4:
		a, b := NewMessageChannel()
		_ = a.Post(string(m.bytes()))
		_ = m.now().session.Send("ports", b)
		m.ports = append(m.ports, a)
	case 5:
		if n := len(m.ports); n > 0 {
			p := m.ports[int(m.byte())%n]
			if m.byte()%4 == 0 {
				p.Close()
			} else {
				_ = p.Post(make([]byte, int(m.byte())<<10), m.ports[int(m.byte())%n])
			}
		}
	}
}

// left says what has not ended yet.
func (m *mill) left() string {
	l := m.line
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held != 0 || l.bytes != 0 || l.first != len(l.waiting) || l.taken {
		return fmt.Sprintf("the line holds %d messages of %d bytes", l.held, l.bytes)
	}
	for _, f := range m.all {
		s := f.session
		s.streams.mu.Lock()
		streams := fmt.Sprint(len(s.streams.in), len(s.streams.out), s.streams.live, s.streams.unread)
		s.streams.mu.Unlock()
		portsMu.Lock()
		ports, unheard := len(s.ports.open), s.ports.unheard
		portsMu.Unlock()
		if ports != 0 || unheard != 0 {
			return fmt.Sprintf("%d ports, %d bytes at them", ports, unheard)
		}
		if len(s.open) != 0 || len(s.calls.open) != 0 || streams != "0 0 0 0" {
			return fmt.Sprintf("%d requests, %d calls, streams %s", len(s.open), len(s.calls.open), streams)
		}
	}
	return ""
}

// FuzzSession: whatever comes in whatever order, nothing panics, no request is answered twice, and nothing is left when sessions have ended.
func FuzzSession(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 0, 0, 1, 0x07, 1, 0, 2, 4, 0x81, 0xa1, 'a', 1, 1, 3, 1, 1, 0xc0, 4, 3, 12, 10, 0, 5, 1, 1, 0xc0, 3, 0, 1, 0xc3})
	f.Add([]byte{9, 1, 1, 0, 7, 1, 200, 7, 1, 200, 8, 1, 0, 0, 0, 1, 1, 4, 1, 0x09, 8, 0, 1, 4, 1, 2, 1, 3, 7, 12})
	f.Add([]byte{1, 1, 1, 1, 0xc0, 1, 1, 1, 1, 0xc0, 13, 13, 10, 1, 10, 1, 6, 1, 2, 'n', 'o', 5, 2, 1, 0xc0, 0, 3, 0x91, 1, 0xc0, 12, 12})
	f.Add([]byte{14, 0, 0, 14, 1, 0, 1, 200, 14, 3, 0, 1, 14, 2, 0, 14, 1, 0, 0, 2, 14, 0, 2, 14, 4, 3, 1, 2, 3, 14, 5, 0, 1, 255, 0, 14, 3, 1, 0, 12})
	f.Add([]byte{14, 4, 0, 14, 4, 0, 14, 5, 0, 1, 255, 1, 14, 5, 0, 1, 255, 0, 14, 5, 0, 0, 14, 3, 1, 255, 14, 0, 4, 14, 1, 4, 0, 6, 12, 14, 4, 0})
	f.Fuzz(func(t *testing.T, input []byte) {
		before := runtime.NumGoroutine()
		stuck := time.AfterFunc(20*time.Second, func() { panic("stuck") }) // with every goroutine's stack
		m := newMill(t, input)
		for n := 0; len(m.input) > 0 && n < 1000; n++ {
			m.step()
		}
		for _, f := range m.all {
			f.session.End(ErrCanceled)
		}
		for _, p := range m.ports {
			p.Close()
		}
		m.cancel()
		m.calls.Wait()
		for end := time.Now().Add(10 * time.Second); m.left() != "" || runtime.NumGoroutine() > before; time.Sleep(50 * time.Microsecond) {
			if time.Now().After(end) {
				stacks := make([]byte, 1<<16)
				t.Fatalf("%s; %d goroutines, %d before\n%s", m.left(), runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
			}
		}
		stuck.Stop()
		for i, f := range m.all {
			if f.closed != 1 {
				t.Errorf("the link of session %d was closed %d times", i, f.closed)
			}
		}
		for _, e := range m.logs.FilterMessage("panic in a handler").All() {
			if e.ContextMap()["channel"] != "panic" {
				t.Errorf("panic: %v", e.ContextMap())
			}
		}
	})
}
