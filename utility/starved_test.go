package utility_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/router"
	"github.com/oriel-go/oriel/utility"
)

func init() {
	utility.Register("makes bytes", func(ctx context.Context, p *utility.Port) error {
		router.Handle(p.IPC(), "bytes", func(_ context.Context, n int) ([]byte, error) { return make([]byte, n), nil })
		return p.Serve(ctx)
	})
}

// An app that has no descriptor left waits all the same for a process that reads slowly, and for what that says.
func TestNoDescriptors(t *testing.T) {
	p := fork(t, "echo", utility.Options{})
	got := messages(p)
	if err := p.Post("there"); err != nil {
		t.Fatal(err)
	}
	next(t, got)
	if err := unix.Kill(p.PID(), unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is stopped", func() bool { return strings.Contains(status(p.PID()), "T (stopped)") })
	const n = 100
	if err := starved(t, 0, func() error {
		for i := range n {
			if err := p.Post([]any{i, make([]byte, 60<<10)}); err != nil {
				return err
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if err := p.Port().Flush(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a process that does not read has read it all: %v", err)
		}
		return unix.Kill(p.PID(), unix.SIGCONT)
	}); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if v := next(t, got).([]any); v[0] != int64(i) {
			t.Fatalf("%v comes after %d messages", v[0], i)
		}
	}
}

// What such an app cannot take is lost, and so is its sender, who has done nothing wrong: the exit does not say so.
func TestNoDescriptorForMemory(t *testing.T) {
	p := fork(t, "makes bytes", utility.Options{KillAfter: 10 * time.Millisecond})
	if _, err := router.Invoke[[]byte](t.Context(), p.Port(), "bytes", 1); err != nil {
		t.Fatal(err)
	}
	if err := starved(t, 0, func() error {
		_, err := router.Invoke[[]byte](t.Context(), p.Port(), "bytes", 9<<20)
		return err
	}); !errors.Is(err, unix.EMFILE) {
		t.Error(err)
	}
	if e := wait(t, p); e.Err == nil || !errors.Is(e.Err, unix.EMFILE) || strings.Contains(e.Err.Error(), "rules") {
		t.Errorf("%+v", e)
	}
}
