package utility_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/oriel-go/oriel/router"
	"github.com/oriel-go/oriel/utility"
)

func init() {
	utility.Register("calls", func(ctx context.Context, p *utility.Port) error {
		router.Handle(p.IPC(), "turn", func(_ context.Context, in io.Reader) (io.Reader, error) {
			r, w := io.Pipe()
			go func() {
				for b := make([]byte, 4096); ; {
					n, err := in.Read(b)
					for i := range b[:n] {
						b[i] = ^b[i]
					}
					_, _ = w.Write(b[:n])
					if err != nil {
						_ = w.CloseWithError(err)
						return
					}
				}
			}()
			return r, nil
		})
		router.Handle(p.IPC(), "endless", func(ctx context.Context, _ any) (<-chan int, error) {
			numbers := make(chan int)
			go func() {
				defer close(numbers)
				for i := 0; ; i++ {
					select {
					case numbers <- i:
					case <-ctx.Done():
						_ = p.Post("stopped")
						return
					}
				}
			}()
			return numbers, nil
		})
		router.Handle(p.IPC(), "wait", func(ctx context.Context, _ any) (any, error) {
			_ = p.Post("waits")
			<-ctx.Done()
			return nil, p.Post("waits no more")
		})
		router.Handle(p.IPC(), "relay", func(ctx context.Context, n int) (int, error) {
			var back int
			err := p.Invoke(ctx, "back", &back, n)
			return back + 1, err
		})
		failure := make(chan error, 1)
		router.On(p.IPC(), "fail", func(_ context.Context, text string) { failure <- errors.New(text) })
		p.Start()
		select {
		case err := <-failure:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	utility.Register("talker", func(context.Context, *utility.Port) error {
		fmt.Println("one")
		fmt.Println("two")
		fmt.Fprintln(os.Stderr, "wrong")
		fmt.Print(strings.Repeat("x", 20<<10), "\nno end of line")
		return nil
	})
}

// Streams go both ways over a port, more than any buffer holds, and one that nobody wants any more ends on the other side.
func TestStreamsOverAPort(t *testing.T) {
	p := fork(t, "calls", utility.Options{})
	said := messages(p)
	in := patterned(5 << 20)
	out, err := router.Invoke[io.ReadCloser](t.Context(), p.Port(), "turn", bytes.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(out)
	for i := range got {
		got[i] = ^got[i]
	}
	if err != nil || !bytes.Equal(got, in) {
		t.Errorf("%d of %d bytes came back: %v", len(got), len(in), err)
	}
	broken := io.MultiReader(strings.NewReader("abc"), failing{})
	if out, err = router.Invoke[io.ReadCloser](t.Context(), p.Port(), "turn", broken); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(out); len(got) != 3 || err == nil || !strings.HasSuffix(err.Error(), "torn") {
		t.Errorf("a stream that fails: %q, %v", got, err)
	}
	numbers, err := router.Invoke[iter.Seq2[int, error]](t.Context(), p.Port(), "endless", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for n, err := range numbers {
		if n != want || err != nil {
			t.Fatalf("%d: %d, %v", want, n, err)
		}
		if want++; want == 5000 {
			break
		}
	}
	if v := next(t, said); v != "stopped" {
		t.Error(v)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("torn") }

// Either side asks the other, also within a handler, and a request that is given up ends where it is handled.
func TestCallsOverAPort(t *testing.T) {
	p := fork(t, "calls", utility.Options{})
	said := messages(p)
	router.Handle(p.Port().IPC(), "back", func(_ context.Context, n int) (int, error) { return 10 * n, nil })
	if n, err := router.Invoke[int](t.Context(), p.Port(), "relay", 4); n != 41 || err != nil {
		t.Errorf("there and back: %d, %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- p.Port().Invoke(ctx, "wait", nil, nil) }()
	if v := next(t, said); v != "waits" {
		t.Fatal(v)
	}
	cancel()
	if err := next(t, result); !errors.Is(err, context.Canceled) {
		t.Error("a request that was given up:", err)
	}
	if v := next(t, said); v != "waits no more" {
		t.Error(v)
	}
}

// An app hears when a process is up, why its function fails, and that it has ended, in this order.
func TestEvents(t *testing.T) {
	p := fork(t, "calls", utility.Options{})
	events := make(chan string, 4)
	p.OnSpawn(func() { events <- "spawn" })
	p.OnError(func(error) { panic("not the end of the app") })
	p.OnError(func(err error) { events <- "error: " + err.Error() })
	p.OnExit(func(e utility.Exit) { events <- fmt.Sprint("exit: ", e.Reason, " ", e.Code) })
	if err := p.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if e := next(t, events); e != "spawn" {
		t.Error(e)
	}
	p.OnSpawn(func() { events <- "late spawn" })
	if e := next(t, events); e != "late spawn" {
		t.Error(e)
	}
	if err := p.Port().Send("fail", "it broke"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"error: it broke", "exit: abnormal-exit 1"} {
		if e := next(t, events); e != want {
			t.Errorf("%s, want %s", e, want)
		}
	}
	p.OnExit(func(utility.Exit) { events <- "late exit" })
	if e := next(t, events); e != "late exit" {
		t.Error(e)
	}
	p.OnError(func(err error) { events <- "late error: " + err.Error() })
	if e := next(t, events); e != "late error: it broke" {
		t.Error(e)
	}
}

// What a process prints is in the log when it has ended: line by line, long ones in pieces, under the service's name.
func TestOutputInLog(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	wait(t, fork(t, "talker", utility.Options{ServiceName: "Talker", Log: zap.New(core), Stdio: utility.Stdio{Stdout: utility.Log, Stderr: utility.Log}}))
	lines := map[any][]string{}
	for _, e := range logs.FilterLoggerName("Talker").All() {
		stream := e.ContextMap()["stream"]
		lines[stream] = append(lines[stream], e.Message)
	}
	out := lines["stdout"]
	if len(out) != 5 || out[0] != "one" || out[1] != "two" || out[2]+out[3] != strings.Repeat("x", 20<<10) || out[4] != "no end of line" {
		t.Errorf("%d lines: %.100q", len(out), out)
	}
	if err := lines["stderr"]; len(err) != 1 || err[0] != "wrong" {
		t.Errorf("standard error: %q", err)
	}
}
