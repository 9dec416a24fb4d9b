package utility_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/router"
	"github.com/oriel-go/oriel/utility"
	"github.com/oriel-go/oriel/utility/child"
)

func init() {
	utility.Register("holds", func(ctx context.Context, p *utility.Port) error {
		router.Handle(p.IPC(), "hold", func(ctx context.Context, _ any) (any, error) { <-ctx.Done(); return nil, context.Cause(ctx) })
		router.Handle(p.IPC(), "swallow", func(ctx context.Context, in io.Reader) (int64, error) { <-ctx.Done(); return 0, context.Cause(ctx) })
		router.Handle(p.IPC(), "numbers", func(ctx context.Context, _ any) (iter.Seq[int], error) {
			return func(yield func(int) bool) {
				for i := 0; yield(i); i++ {
				}
			}, nil
		})
		router.On(p.IPC(), "ask", func(context.Context, any) {
			for range 10 {
				go func() { _ = p.Invoke(context.Background(), "app holds", nil) }()
			}
		})
		return p.Serve(ctx)
	})
}

// endless is a source that never ends and hears when it is closed.
type endless struct{ closed chan struct{} }

func (e *endless) Read(b []byte) (int, error) { return len(b), nil }
func (e *endless) Close() error               { close(e.closed); return nil }

// Everything that is between an app and a process ends with an error that says so when the process is killed.
func TestKilledMidway(t *testing.T) {
	for _, kill := range []struct {
		how string
		do  func(*utility.Process)
	}{{"Kill", (*utility.Process).Kill}, {"SIGKILL", func(p *utility.Process) { _ = unix.Kill(p.PID(), unix.SIGKILL) }}} {
		t.Run(kill.how, func(t *testing.T) {
			p := fork(t, "holds", utility.Options{KillAfter: 50 * time.Millisecond})
			asked, released := make(chan bool, 10), make(chan error, 10)
			router.Handle(p.Port().IPC(), "app holds", func(ctx context.Context, _ any) (any, error) {
				asked <- true
				<-ctx.Done()
				released <- context.Cause(ctx)
				return nil, nil
			})
			if err := p.Port().Send("ask", nil); err != nil {
				t.Fatal(err)
			}
			numbers, err := router.Invoke[iter.Seq2[int, error]](t.Context(), p.Port(), "numbers", nil)
			if err != nil {
				t.Fatal(err)
			}
			readEnd := make(chan error, 1)
			begun := make(chan bool)
			go func() {
				for n, err := range numbers {
					if n == 0 && err == nil {
						close(begun)
					}
					if err != nil {
						readEnd <- err
						return
					}
				}
				readEnd <- nil
			}()
			next(t, begun)
			for range cap(asked) {
				next(t, asked)
			}
			source := &endless{make(chan struct{})}
			ends := make(chan error, 10001)
			go func() { ends <- p.Port().Invoke(context.Background(), "swallow", nil, source) }()
			for range 10000 {
				go func() { ends <- p.Port().Invoke(context.Background(), "hold", nil) }()
			}
			kill.do(p)
			wait(t, p)
			for range cap(ends) {
				if err := next(t, ends); err == nil || !errors.Is(err, utility.ErrGone) && !strings.Contains(err.Error(), child.ErrAsked.Error()) {
					t.Fatal("a call:", err)
				}
			}
			if err := next(t, readEnd); !errors.Is(err, utility.ErrGone) {
				t.Error("who reads a stream:", err)
			}
			next(t, source.closed)
			for range cap(released) {
				if err := next(t, released); !errors.Is(err, utility.ErrGone) {
					t.Error("a handler here:", err)
				}
			}
		})
	}
}
