package protocol

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"iter"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// table is a stand-in for what numbers streams and ports.
type table struct {
	next    uint32
	sources map[uint32]Source
	ports   map[uint32]*fakePort
}

type fakePort struct{ ref uint32 }

func (*fakePort) MessagePort() {}

func (l *table) OutStream(s Source) (uint32, error) {
	l.next++
	l.sources[l.next] = s
	return l.next, nil
}

func (l *table) OutPort(p Port) (uint32, error) { return p.(*fakePort).ref, nil }

func (l *table) InStream(ref StreamRef) (Stream, error) { return newFakeStream(ref, l), nil }

func (l *table) InPort(ref uint32) (Port, error) {
	if l.ports[ref] == nil {
		l.ports[ref] = &fakePort{ref}
	}
	return l.ports[ref], nil
}

func newTable() *table { return &table{sources: map[uint32]Source{}, ports: map[uint32]*fakePort{}} }

// fakeStream has the chunks 1, 2 and 3; after them it fails if its number is 9.
type fakeStream struct {
	ref  StreamRef
	next int
	done chan struct{}
	once sync.Once
}

func newFakeStream(ref StreamRef, _ *table) *fakeStream {
	return &fakeStream{ref: ref, done: make(chan struct{})}
}

var errFake = errors.New("the writer failed")

func (s *fakeStream) Next() (Value, error) {
	if s.next++; s.next > 3 {
		if s.ref.ID == 9 {
			return Value{}, errFake
		}
		return Value{}, io.EOF
	}
	return Value{raw: []byte{byte(s.next)}}, nil
}

func (s *fakeStream) Read(p []byte) (int, error) { return copy(p, "abc"), io.EOF }

func (s *fakeStream) Done() <-chan struct{} { return s.done }

func (s *fakeStream) Close() error {
	s.once.Do(func() { close(s.done) })
	return nil
}

// result is one value as it travels in a frame of its own.
func (l *table) result(t testing.TB, v any) Frame {
	t.Helper()
	packet, err := Writer{Links: l}.AppendResult(AppendHeader(nil, 1), 1, v)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Parse(packet)
	if err != nil {
		t.Fatal(err)
	}
	f := p.Frames[0]
	f.Value = f.Value.Bind(l)
	return f
}

func TestGoldenLinks(t *testing.T) {
	text := strings.NewReader("a")
	port := &fakePort{3}
	values := map[string]any{
		"stream of bytes": text, "stream of values": make(chan int), "port": port, "stream twice": []any{text, text},
		"streams in an object": struct {
			A io.Reader `json:"a"`
			B []Port    `json:"b"`
		}{text, []Port{port}},
	}
	for _, g := range readGolden(t).Links {
		l := newTable()
		if g.Name == "stream of values" {
			l.next = 99999
		}
		f := l.result(t, values[g.Name])
		if got := hex.EncodeToString(f.Value.Bytes()); got != g.Hex {
			t.Errorf("%s: %s, not %s", g.Name, got, g.Hex)
		}
		var got any
		if err := f.Value.Decode(&got); err != nil {
			t.Errorf("%s: %v", g.Name, err)
		}
		if err := (Value{raw: unhex(t, g.Hex)}).Decode(&got); !errors.Is(err, ErrType) {
			t.Errorf("%s without links: %v", g.Name, err)
		}
	}
}

// numbers is a reader that is a map: it has no pointer.
type numbers struct{ io.Reader }

func TestStreamsOut(t *testing.T) {
	c := make(chan string, 2)
	c <- "a"
	c <- "b"
	close(c)
	seq := func(yield func(int) bool) { _ = yield(1) && yield(2) && yield(3) }
	failing := func(yield func(int, error) bool) {
		if yield(1, nil) {
			yield(0, errFake)
		}
	}
	for _, x := range []struct {
		name string
		v    any
		kind StreamKind
		want []any
		err  error
	}{
		{"channel", c, StreamValues, []any{"a", "b"}, nil},
		{"receive-only channel", (<-chan string)(c), StreamValues, nil, nil},
		{"iter.Seq", iter.Seq[int](seq), StreamValues, []any{1, 2, 3}, nil},
		{"bare function", seq, StreamValues, []any{1, 2, 3}, nil},
		{"iter.Seq2", iter.Seq2[int, error](failing), StreamValues, []any{1}, errFake},
		{"reader", bytes.NewBufferString("text"), StreamBytes, nil, nil},
		{"reader in a struct", struct{ R io.Reader }{strings.NewReader("text")}, StreamBytes, nil, nil},
		{"reader by value", numbers{strings.NewReader("text")}, StreamBytes, nil, nil},
		{"buffer by value", []bytes.Buffer{*bytes.NewBufferString("text")}, StreamBytes, nil, nil},
	} {
		l := newTable()
		f := l.result(t, x.v)
		s := l.sources[1]
		if len(f.Streams) != 1 || f.Streams[0] != (StreamRef{x.kind, 1}) || s.Kind() != x.kind {
			t.Errorf("%s: %v", x.name, f.Streams)
			continue
		}
		if s.Reader != nil {
			if b, err := io.ReadAll(s.Reader); string(b) != "text" || err != nil {
				t.Errorf("%s: %q, %v", x.name, b, err)
			}
			continue
		}
		var got []any
		err := s.Values(t.Context(), func(v any) bool { got = append(got, v); return true })
		if !slices.Equal(got, x.want) || err != x.err {
			t.Errorf("%s: %v, %v", x.name, got, err)
		}
	}
	l := newTable()
	for _, v := range []any{(chan int)(nil), iter.Seq[int](nil), (*bytes.Buffer)(nil), (*fakePort)(nil), struct{ R io.Reader }{}} {
		if f := l.result(t, v); len(f.Streams)+len(f.Ports) > 0 {
			t.Errorf("%T: nil is a stream", v)
		}
	}
	for _, v := range []any{make(chan<- int), func(func(int)) {}, func(func(int, int) bool) {}, func(func(int) bool) int { return 0 }, func() {}} {
		if _, err := (Writer{Links: l}).AppendResult(nil, 1, v); !errors.Is(err, ErrUncloneable) {
			t.Errorf("%T: %v", v, err)
		}
	}
}

// A source stops when its reader has enough, or the call's context ends.
func TestSourceStops(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	l := newTable()
	endless := func(yield func(int) bool) {
		for i := 0; yield(i); i++ {
		}
	}
	l.result(t, []any{make(chan int), iter.Seq[int](endless)})
	n := 0
	if err := l.sources[2].Values(ctx, func(any) bool { n++; return n < 5 }); n != 5 || err != nil {
		t.Errorf("%d values, %v", n, err)
	}
	cancel(errFake)
	if err := l.sources[1].Values(ctx, func(any) bool { return true }); err != errFake {
		t.Errorf("a channel whose context has ended: %v", err)
	}
}

func TestStreamsIn(t *testing.T) {
	l := newTable()
	type in struct {
		Body  io.Reader             `json:"body"`
		Close io.ReadCloser         `json:"close"`
		Seq   iter.Seq[int]         `json:"seq"`
		Seq2  iter.Seq2[int, error] `json:"seq2"`
		C     <-chan int            `json:"c"`
		Any   any                   `json:"any"`
		Port  *fakePort             `json:"port"`
		Whole io.Reader             `json:"whole"`
	}
	stream := make(chan int)
	l.next = 3
	f := l.result(t, map[string]any{"body": bytes.NewBufferString("x"), "close": bytes.NewBufferString("x"), "seq": iter.Seq[int](func(func(int) bool) {}),
		"seq2": iter.Seq[int](func(func(int) bool) {}), "c": stream, "any": make(chan int), "port": &fakePort{5}, "whole": []byte("whole")})
	var v in
	if err := f.Value.Decode(&v); err != nil {
		t.Fatal(err)
	}
	if len(f.Streams) != 6 || !slices.Equal(f.Ports, []uint32{5}) {
		t.Errorf("%v, %v", f.Streams, f.Ports)
	}
	for _, r := range []io.Reader{v.Body, v.Close} {
		if b, err := io.ReadAll(r); string(b) != "abc" || err != nil {
			t.Errorf("%q, %v", b, err)
		}
	}
	if b, _ := io.ReadAll(v.Whole); string(b) != "whole" {
		t.Errorf("bytes as a reader: %q", b)
	}
	if got := slices.Collect(v.Seq); !slices.Equal(got, []int{1, 2, 3}) {
		t.Errorf("seq: %v", got)
	}
	var errs []error
	for x, err := range v.Seq2 {
		errs = append(errs, err)
		if x == 2 && err == nil {
			break
		}
	}
	if len(errs) != 2 {
		t.Errorf("seq2: %v", errs)
	}
	sum := 0
	for x := range v.C {
		sum += x
	}
	if sum != 6 || v.Port.ref != 5 || reflect.TypeOf(v.Any) != reflect.TypeFor[*fakeStream]() {
		t.Errorf("%d, %v, %T", sum, v.Port, v.Any)
	}
}

// The error that a stream ends with comes out of an iterator that has room for it; so does a chunk that does not fit.
func TestStreamErrors(t *testing.T) {
	l := newTable()
	l.next = 8
	f := l.result(t, make(chan int))
	var seq iter.Seq2[int, error]
	if err := f.Value.Decode(&seq); err != nil {
		t.Fatal(err)
	}
	var last error
	n := 0
	for _, last = range seq {
		n++
	}
	if n != 4 || last != errFake {
		t.Errorf("%d, %v", n, last)
	}
	var texts iter.Seq2[string, error]
	if err := f.Value.Decode(&texts); err != nil {
		t.Fatal(err)
	}
	for _, last = range texts {
	}
	if !errors.Is(last, ErrType) || !strings.HasPrefix(last.Error(), "a chunk of the stream: expected string") {
		t.Errorf("a number into a string: %v", last)
	}
	for _, into := range []any{new(string), new([]byte), new(io.Writer), new(*fakePort), new(map[string]any)} {
		if err := f.Value.Decode(into); !errors.Is(err, ErrType) || !strings.Contains(err.Error(), "ReadableStream") {
			t.Errorf("%T: %v", into, err)
		}
	}
	f = l.result(t, "text")
	for _, into := range []any{new(io.Reader), new(<-chan int), new(iter.Seq[int]), new(*fakePort)} {
		if err := f.Value.Decode(into); !errors.Is(err, ErrType) || !strings.Contains(err.Error(), "got string") {
			t.Errorf("%T: %v", into, err)
		}
	}
}

// A channel that nobody receives from any more ends with its stream.
func TestAbandonedChannel(t *testing.T) {
	l := newTable()
	s := newFakeStream(StreamRef{StreamValues, 1}, l)
	var c <-chan int
	f := l.result(t, make(chan int))
	if err := f.Value.Bind(only{l, s}).Decode(&c); err != nil {
		t.Fatal(err)
	}
	<-c
	_ = s.Close()
	for range c {
	}
}

type only struct {
	*table
	s *fakeStream
}

func (o only) InStream(StreamRef) (Stream, error) { return o.s, nil }

// Many streams, and other values that have a number of their own, may stand side by side behind interfaces and pointers.
func TestManyBehindInterfaces(t *testing.T) {
	const n = 2 * maxHops
	readers, buffers, dates := make([]io.Reader, n), make([]*ArrayBuffer, n), make([]*time.Time, n)
	for i := range n {
		readers[i], buffers[i], dates[i] = strings.NewReader("x"), &ArrayBuffer{1}, new(time.Time)
	}
	for _, v := range []any{readers, buffers, dates} {
		packet, err := Writer{Links: newTable()}.AppendResult(AppendHeader(nil, 1), 1, v)
		if err != nil || Check(packet) != nil {
			t.Errorf("%T: %v", v, err)
		}
	}
}

func TestLinkLimits(t *testing.T) {
	stream := "\xc7\x05\x0e\x01\x00\x00\x00\x01"
	packet := func(n int) []byte {
		return append(AppendHeader(nil, 1), "\x93\x04\x01\xdc"+string([]byte{byte(n >> 8), byte(n)})+strings.Repeat(stream, n)...)
	}
	p, err := Parse(packet(MaxStreams))
	if err != nil || len(p.Frames[0].Streams) != MaxStreams {
		t.Error(err)
	}
	if err := Check(packet(MaxStreams + 1)); !errors.Is(err, ErrLimit) {
		t.Errorf("a stream too many: %v", err)
	}
	for n, want := range map[int]error{MaxStreams: nil, MaxStreams + 1: ErrLimit} {
		ports := make([]*fakePort, n)
		for i := range ports {
			ports[i] = &fakePort{uint32(i + 1)}
		}
		said, err := Writer{Links: newTable()}.AppendSend(AppendHeader(nil, 1), "c", ports)
		if !errors.Is(err, want) || err == nil && Check(said) != nil {
			t.Errorf("%d ports in a message: %v", n, err)
		}
	}
	credit := func(n uint32) error { return Check(AppendCredit(AppendHeader(nil, 1), 1, n)) }
	if credit(StreamWindow) != nil || !errors.Is(credit(StreamWindow+1), ErrPacket) {
		t.Error("credit of more than the window")
	}
	_, err = Writer{Links: newTable()}.AppendResult(nil, 1, selfish(stream))
	if !errors.Is(err, ErrUncloneable) {
		t.Errorf("a stream of a custom encoder's own making: %v", err)
	}
}
