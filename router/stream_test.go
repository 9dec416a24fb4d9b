package router_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
)

// noise is a reader of n bytes that no two pieces of are alike, until it fails with err.
type noise struct {
	random *rand.ChaCha8
	left   int64
	err    error
	read   atomic.Int64
	closed chan struct{}
}

func newNoise(n int64, err error) *noise {
	return &noise{random: rand.NewChaCha8([32]byte{1}), left: n, err: err, closed: make(chan struct{})}
}

func (n *noise) Read(p []byte) (int, error) {
	if n.left == 0 {
		return 0, n.err
	}
	p = p[:min(int64(len(p)), n.left)]
	_, _ = n.random.Read(p)
	n.left -= int64(len(p))
	n.read.Add(int64(len(p)))
	return len(p), nil
}

func (n *noise) Close() error {
	close(n.closed)
	return nil
}

// sameNoise fails unless r gives what newNoise(n) does, and then io.EOF.
func sameNoise(t *testing.T, r io.Reader, n int64) {
	t.Helper()
	want, got := make([]byte, 1<<16), make([]byte, 1<<16)
	for source := newNoise(n, io.EOF); n > 0; {
		size := min(n, int64(len(want)))
		_, _ = source.Read(want[:size])
		if _, err := io.ReadFull(r, got[:size]); err != nil || !bytes.Equal(got[:size], want[:size]) {
			t.Fatalf("%d bytes before the end: %v", n, err)
		}
		n -= size
	}
	if k, err := r.Read(got); k != 0 || err != io.EOF {
		t.Errorf("after the end: %d bytes, %v", k, err)
	}
}

// Readers, channels and iterators leave in results, also within a struct, and arrive as whatever asks for them.
func TestStreamsOfResults(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	before := runtime.NumGoroutine()
	type out struct {
		Body  io.Reader
		Rows  iter.Seq2[map[string]int, error]
		Texts <-chan string
	}
	router.HandleFunc(far.router, "all", func(ctx context.Context, size int64) out {
		texts := make(chan string)
		go func() {
			defer close(texts)
			for i := range 1000 {
				select {
				case texts <- fmt.Sprint(i):
				case <-ctx.Done():
					return
				}
			}
		}()
		rows := func(yield func(map[string]int, error) bool) {
			for i := range 1000 {
				if ctx.Err() != nil || !yield(map[string]int{"i": i}, nil) {
					return
				}
			}
		}
		return out{newNoise(size, io.EOF), rows, texts}
	})
	for _, size := range []int64{0, 1, protocol.ChunkBytes - 1, protocol.ChunkBytes, protocol.ChunkBytes + 1, protocol.StreamWindow, 5 << 20} {
		var in struct {
			Body  io.ReadCloser
			Rows  iter.Seq2[map[string]int, error]
			Texts <-chan string
		}
		if err := near.session.Invoke(patience(t), "all", &in, size); err != nil {
			t.Fatal(err)
		}
		sameNoise(t, in.Body, size)
		n := 0
		for row, err := range in.Rows {
			if err != nil || row["i"] != n {
				t.Fatalf("row %d: %v, %v", n, row, err)
			}
			n++
		}
		for text := range in.Texts {
			if text != fmt.Sprint(n-1000) {
				t.Fatalf("text %d: %s", n, text)
			}
			n++
		}
		if n != 2000 {
			t.Errorf("%d rows and texts", n)
		}
	}
	settled(t, before)
	if err := errors.Join(near.problem(), far.problem()); err != nil {
		t.Error(err)
	}
}

// A stream that comes with a request can leave in its result, changed on the way: the context lives until the last byte.
func TestStreamThrough(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	router.Handle(far.router, "upper", func(ctx context.Context, in struct{ Body io.Reader }) (io.Reader, error) {
		r, w := io.Pipe()
		go func() {
			b := make([]byte, 1000)
			for {
				n, err := in.Body.Read(b)
				_, _ = w.Write(bytes.ToUpper(b[:n]))
				if err != nil {
					_ = w.CloseWithError(err)
					return
				}
			}
		}()
		return r, ctx.Err()
	})
	text := strings.Repeat("a stream of text ", 1<<18)
	r, err := router.Invoke[io.ReadCloser](patience(t), near.session, "upper", map[string]any{"Body": strings.NewReader(text)})
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(r); string(b) != strings.ToUpper(text) || err != nil {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

// What is not read is not written: the writer is never more than the window ahead, and what is read goes on.
func TestBackpressure(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	source := newNoise(1<<40, io.EOF)
	var yielded atomic.Int64
	router.Handle(far.router, "endless", func(context.Context, any) ([]any, error) {
		values := func(yield func([]byte) bool) {
			for yield(make([]byte, 1000)) {
				yielded.Add(1000 + 3 + protocol.ChunkOverhead)
			}
		}
		return []any{source, iter.Seq[[]byte](values)}, nil
	})
	both, err := router.Invoke[[]protocol.Stream](patience(t), near.session, "endless")
	if err != nil {
		t.Fatal(err)
	}
	for read := int64(0); read < 64<<20; {
		n, err := io.CopyN(io.Discard, both[0], 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		read += n
		if ahead := source.read.Load() - read; ahead > protocol.StreamWindow+2*protocol.ChunkBytes {
			t.Fatalf("the writer is %d bytes ahead", ahead)
		}
		if n := yielded.Load(); n > protocol.StreamWindow {
			t.Fatalf("%d bytes of values that nobody reads were sent", n)
		}
	}
	for _, s := range both {
		_ = s.Close()
	}
	wait(t, source.closed)
	if err := errors.Join(near.problem(), far.problem()); err != nil {
		t.Error(err)
	}
}

// Whoever stops reading is heard: a reader is closed, a channel's producer learns by its context, an iterator's yield says no.
func TestStreamStops(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	before := runtime.NumGoroutine()
	ended := make(chan error, 2)
	source := newNoise(1<<40, io.EOF)
	router.Handle(far.router, "channel", func(ctx context.Context, _ any) (<-chan int, error) {
		c := make(chan int)
		go func() {
			for i := 0; ctx.Err() == nil; i++ {
				select {
				case c <- i:
				case <-ctx.Done():
				}
			}
			ended <- context.Cause(ctx)
		}()
		return c, nil
	})
	router.Handle(far.router, "iterator", func(ctx context.Context, _ any) (iter.Seq[int], error) {
		return func(yield func(int) bool) {
			for i := 0; yield(i); i++ {
			}
			ended <- nil
		}, nil
	})
	router.Handle(far.router, "reader", func(context.Context, any) (io.Reader, error) { return source, nil })
	router.Handle(far.router, "blocked", func(context.Context, any) (io.Reader, error) {
		r, _ := io.Pipe()
		return r, nil
	})
	for _, channel := range []string{"channel", "iterator", "reader", "blocked"} {
		s, err := router.Invoke[protocol.Stream](patience(t), near.session, channel)
		if err != nil {
			t.Fatal(err)
		}
		if channel != "blocked" {
			if _, err := s.Next(); err != nil {
				t.Fatal(err)
			}
		}
		_ = s.Close()
		wait(t, s.Done())
		if _, err := s.Next(); err != router.ErrStreamClosed {
			t.Errorf("%s: after Close: %v", channel, err)
		}
		switch channel {
		case "channel":
			if err := wait(t, ended); err != router.ErrCanceled {
				t.Errorf("the producer's context ended with %v", err)
			}
		case "iterator":
			wait(t, ended)
		case "reader":
			wait(t, source.closed)
		}
	}
	settled(t, before)
	if err := errors.Join(near.problem(), far.problem()); err != nil {
		t.Error(err)
	}
}

// What a stream fails with reaches its reader as the error of a call does.
func TestStreamErrorsTravel(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	disk := remote{"disk full"}
	router.Handle(far.router, "reader", func(context.Context, any) (io.Reader, error) { return newNoise(300_000, disk), nil })
	router.Handle(far.router, "iterator", func(context.Context, any) (iter.Seq2[int, error], error) {
		return func(yield func(int, error) bool) { _ = yield(1, nil) && yield(0, disk) }, nil
	})
	router.Handle(far.router, "panic", func(context.Context, any) (iter.Seq[int], error) {
		return func(func(int) bool) { panic("secret") }, nil
	})
	router.Handle(far.router, "uncloneable", func(context.Context, any) (iter.Seq[any], error) {
		return func(yield func(any) bool) { yield(func() {}) }, nil
	})
	for channel, want := range map[string]string{"reader": "disk full", "iterator": "disk full", "panic": "internal error", "uncloneable": "cannot be cloned"} {
		s, err := router.Invoke[protocol.Stream](patience(t), near.session, channel)
		for err == nil {
			_, err = s.Next()
		}
		var e *protocol.ErrorValue
		if !errors.As(err, &e) || !strings.Contains(e.Message, want) || want == "disk full" && (e.Code != "E_CODE" || e.Data == nil) {
			t.Errorf("%s: %v", channel, err)
		}
		if strings.Contains(fmt.Sprint(err), "secret") {
			t.Errorf("%s tells %v", channel, err)
		}
	}
	if !far.logged("panic=secret") {
		t.Error("the panic is not in the log")
	}
}

// A stream that comes with a request ends with the request, read or not; one for a listener lives on if the listener has taken it.
func TestStreamsOfArguments(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	before := runtime.NumGoroutine()
	router.Handle(far.router, "ignores", func(context.Context, any) (int, error) { return 1, nil })
	router.Handle(far.router, "number", func(context.Context, int) (int, error) { return 1, nil })
	readers := make(chan io.ReadCloser, 2)
	router.On(far.router, "hear", func(_ context.Context, r io.ReadCloser) { readers <- r })
	router.On(far.router, "ignore", func(context.Context, struct{}) {})
	for _, channel := range []string{"ignores", "number", "nobody"} {
		source := newNoise(1<<40, io.EOF)
		_, _ = router.Invoke[int](patience(t), near.session, channel, source)
		wait(t, source.closed)
	}
	for _, channel := range []string{"ignore", "silence"} {
		source := newNoise(1<<40, io.EOF)
		if err := near.session.Send(channel, map[string]any{"r": source}); err != nil {
			t.Error(err)
		}
		wait(t, source.closed)
	}
	source := newNoise(5<<20, io.EOF)
	if err := near.session.Send("hear", source); err != nil {
		t.Error(err)
	}
	sameNoise(t, wait(t, readers), 5<<20)
	wait(t, source.closed)
	// What cannot be sent is closed as well.
	source = newNoise(1, io.EOF)
	if err := near.session.Send("hear", source, func() {}); !errors.Is(err, protocol.ErrUncloneable) {
		t.Error(err)
	}
	wait(t, source.closed)
	settled(t, before)
	if err := errors.Join(near.problem(), far.problem()); err != nil {
		t.Error(err)
	}
}

// When the far end goes away both ends of every stream learn it.
func TestStreamsEndWithSession(t *testing.T) {
	near, far := pair(t, router.SessionOptions{})
	before := runtime.NumGoroutine()
	ended := make(chan error, 1)
	source := newNoise(1<<40, io.EOF)
	router.Handle(far.router, "both", func(ctx context.Context, in io.Reader) (io.Reader, error) {
		go func() {
			_, err := io.Copy(io.Discard, in)
			ended <- err
		}()
		return source, nil
	})
	r, err := router.Invoke[io.Reader](patience(t), near.session, "both", newNoise(1<<40, io.EOF))
	if err != nil {
		t.Fatal(err)
	}
	gone := errors.New("gone")
	far.session.End(gone)
	if err := wait(t, ended); !errors.Is(err, gone) {
		t.Errorf("reading ended with %v", err)
	}
	wait(t, source.closed)
	near.session.End(gone)
	if _, err := io.Copy(io.Discard, r); !errors.Is(err, gone) {
		t.Errorf("reading ended with %v", err)
	}
	settled(t, before-2) // the links too
}

// invokeWith is an invoke whose argument holds the streams.
func invokeWith(id uint32, streams ...uint32) []byte {
	return sendFrame(append([]byte{0x94, 3, byte(id), 0xa1, 'x'}, 0x91), streams)
}

func sendFrame(head []byte, streams []uint32) []byte {
	p := append(header(), head...)
	p = append(p, 0xdc, byte(len(streams)>>8), byte(len(streams)))
	for _, id := range streams {
		p = append(p, 0xc7, 5, 0x0e, 0, byte(id>>24), byte(id>>16), byte(id>>8), byte(id))
	}
	return p
}

func chunk(id uint32, size int) []byte {
	return must(protocol.Writer{}.AppendChunk(header(), id, make([]byte, size)))
}

// A far end that does not keep to the protocol is refused, and nothing that it sends is kept beyond the limits.
func TestHostileStreams(t *testing.T) {
	s, out := alone(t)
	taken := make(chan protocol.Stream, 2)
	release := make(chan struct{})
	router.Handle(s.router, "x", func(_ context.Context, in []protocol.Stream) (any, error) {
		taken <- in[0]
		<-release
		return nil, nil
	})
	router.Handle(s.router, "y", func(context.Context, any) (iter.Seq[int], error) {
		return func(yield func(int) bool) { yield(1) }, nil
	})
	unexpected := func(name string, packet []byte) {
		t.Helper()
		if err := s.give(packet); !errors.Is(err, router.ErrUnexpected) {
			t.Errorf("%s: %v", name, err)
		}
	}
	fine := func(packet []byte) {
		t.Helper()
		if err := s.give(packet); err != nil {
			t.Error(err)
		}
	}
	unexpected("a chunk for no stream", chunk(1, 1))
	unexpected("an end for no stream", protocol.AppendEnd(header(), 1))
	fine(protocol.AppendCredit(header(), 1, 1)) // may have crossed the end
	fine(protocol.AppendStop(header(), 1))
	fine(invokeWith(1, 1))
	unexpected("a stream twice", invokeWith(2, 1))
	unexpected("a stream twice in one message", invokeWith(2, 7, 7))
	unexpected("a stream in a chunk", sendFrame([]byte{0x93, 7, 1}, []uint32{3}))
	fine(protocol.AppendEnd(header(), 1)) // what it was told to stop is over

	fine(invokeWith(3, 2))
	wait(t, taken)
	in := wait(t, taken)
	for range 4 {
		fine(chunk(2, protocol.ChunkBytes))
	}
	unexpected("more than there is credit for", chunk(2, 1))
	unexpected("and again", chunk(2, 1))
	if _, err := in.Next(); !errors.Is(err, router.ErrUnexpected) {
		t.Errorf("the stream's reader: %v", err)
	}
	fine(protocol.AppendEnd(header(), 2))
	unexpected("an end twice", protocol.AppendEnd(header(), 2))

	// One past the number of streams is refused with a word to the caller, and what comes for it is dropped.
	ids := make([]uint32, protocol.MaxStreams)
	for i := range ids {
		ids[i] = uint32(i + 100)
	}
	fine(invokeWith(4, ids...))
	if err := s.give(invokeWith(5, 1000)); !errors.Is(err, protocol.ErrLimit) {
		t.Errorf("a stream too many: %v", err)
	}
	fine(chunk(1000, protocol.ChunkBytes))
	close(release)

	found := map[protocol.Kind]bool{}
	for packet := range out {
		p, err := protocol.Parse(packet)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range p.Frames {
			found[f.Kind] = true
			if f.Kind == protocol.KindError && f.ID == 5 && f.Code != "ERR_LIMIT" {
				t.Errorf("the caller is told %+v", f)
			}
			if f.Kind == protocol.KindStop && f.ID == 1000 {
				s.session.End(errOver)
			}
		}
	}
	if !found[protocol.KindError] || !found[protocol.KindStop] {
		t.Errorf("main sent %v", found)
	}
}

// Credit beyond the window ends the stream.
func TestTooMuchCredit(t *testing.T) {
	s, out := alone(t)
	router.Handle(s.router, "x", func(ctx context.Context, _ any) (<-chan int, error) { return make(chan int), nil })
	if err := s.give(must(protocol.AppendInvoke(header(), 1, "x"))); err != nil {
		t.Fatal(err)
	}
	wait(t, out)
	if err := s.give(protocol.AppendCredit(header(), 1, 1)); !errors.Is(err, router.ErrUnexpected) {
		t.Error(err)
	}
	p, err := protocol.Parse(wait(t, out))
	if err != nil || p.Frames[0].Kind != protocol.KindAbort {
		t.Errorf("%+v, %v", p, err)
	}
	s.session.End(errOver)
}

// Chunks that are larger than they cost are bounded by what all streams may have unread.
func TestUnreadBytes(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	const size, n = 8 << 20, protocol.MaxStreamBytes / (8 << 20)
	for _, beyond := range []int{0, 1} {
		s, _ := alone(t)
		router.Handle(s.router, "x", func(context.Context, ipcArgs) (any, error) { <-release; return nil, nil })
		var ids []uint32
		for i := range uint32(n + 1) {
			ids = append(ids, i+1)
		}
		if err := s.give(invokeWith(1, ids...)); err != nil {
			t.Fatal(err)
		}
		give := func(id uint32, size int) error { return s.give(chunk(id, size-5)) } // the value's head counts
		for _, id := range ids[:n-1] {
			if err := give(id, size); err != nil {
				t.Fatalf("stream %d: %v", id, err)
			}
		}
		if err := give(ids[n-1], size+beyond); (err == nil) != (beyond == 0) || err != nil && !errors.Is(err, protocol.ErrLimit) {
			t.Errorf("%d bytes beyond the limit: %v", beyond, err)
		}
		if beyond > 0 {
			// The writer did nothing wrong, so what else it has sent by now is dropped without a word.
			if late := give(ids[n-1], size); late != nil {
				t.Errorf("a chunk that was on its way: %v", late)
			}
		} else if err := give(ids[n], 100); !errors.Is(err, protocol.ErrLimit) {
			t.Errorf("one chunk more: %v", err)
		}
		s.session.End(errOver)
	}
}

type ipcArgs = router.Args
