package utility_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/oriel-go/oriel/router"
	"github.com/oriel-go/oriel/utility"
)

func TestMain(m *testing.M) {
	utility.Main()
	if beginParent != nil {
		beginParent()
	}
	os.Exit(m.Run())
}

func init() {
	utility.Register("echo", func(ctx context.Context, p *utility.Port) error {
		utility.OnMessage(p, func(_ context.Context, v any) { _ = p.Post(v) })
		router.Handle(p.IPC(), "double", func(_ context.Context, n int) (int, error) { return 2 * n, nil })
		return p.Serve(ctx)
	})
	utility.Register("exit", func(_ context.Context, p *utility.Port) error {
		switch utility.Args()[0] {
		case "nil":
			return nil
		case "error":
			return errors.New("it went wrong")
		case "panic":
			panic("no way on")
		}
		os.Exit(7)
		return nil
	})
}

// limit is how long a test waits for what must happen.
const limit = 20 * time.Second

func fork(t *testing.T, name string, o utility.Options) *utility.Process {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p, err := utility.Fork(ctx, name, o)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		p.Wait()
	})
	return p
}

// wait returns how a process ended, which it must do soon.
func wait(t *testing.T, p *utility.Process) utility.Exit {
	t.Helper()
	select {
	case <-p.Done():
	case <-time.After(limit):
		t.Fatalf("%s does not end", p.Name())
	}
	return p.Wait()
}

// next takes what a channel gives, which must come soon.
func next[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(limit):
		t.Fatal("nothing came")
		panic("not reached")
	}
}
