package utility_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/router"
	"github.com/oriel-go/oriel/utility"
)

func init() {
	utility.Register("borrower", func(ctx context.Context, p *utility.Port) error {
		utility.OnMessage(p, func(_ context.Context, data utility.Lent) { _ = p.Post([]byte(data)) })
		router.Handle(p.IPC(), "sum", func(_ context.Context, data utility.Lent) (n int, err error) {
			for _, b := range data {
				n += int(b)
			}
			return n, nil
		})
		router.Handle(p.IPC(), "echo", func(_ context.Context, data utility.Lent) (utility.Lent, error) { return data, nil })
		return p.Serve(ctx)
	})
}

// regions counts those that a process has mapped.
func regions(t *testing.T, pid int) int {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(maps), "oriel-region")
}

// Large messages go through one region each way, in the sandbox and under limits too, whatever the listener's type.
func TestRegionBetweenProcesses(t *testing.T) {
	for _, name := range []string{"echo", "borrower"} {
		p := fork(t, name, utility.Options{Limits: utility.Limits{Memory: 512 << 20, Files: 64}})
		got := messages(p)
		for i := range 3 {
			if v := bytes.Repeat([]byte{byte(i)}, 100); !returns(t, p, got, v) {
				t.Errorf("%s: %d bytes do not come back", name, len(v))
			}
		}
		if n := regions(t, p.PID()); n != 0 {
			t.Errorf("%s: %d regions for small messages", name, n)
		}
		for _, size := range []int{1 << 20, 200 << 10, 3 << 20, 1<<20 + 1, 5 << 20, 9 << 20, 1 << 20} {
			if !returns(t, p, got, patterned(size)) {
				t.Errorf("%s: %d bytes do not come back", name, size)
			}
		}
		if n, m := regions(t, p.PID()), regions(t, os.Getpid()); n != 2 || m != 2 {
			t.Errorf("%s: the process has %d regions, the app %d", name, n, m)
		}
		p.Kill()
		wait(t, p)
		if n := regions(t, os.Getpid()); n != 0 {
			t.Errorf("%s: %d regions are left", name, n)
		}
	}
}

// returns reports whether a process that echoes sends back what it is sent.
func returns(t *testing.T, p *utility.Process, got <-chan any, v []byte) bool {
	t.Helper()
	if err := p.Post(v); err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(next(t, got), any(v))
}

// Handlers that borrow, many at a time, each see their own bytes.
func TestLentHandlers(t *testing.T) {
	p := fork(t, "borrower", utility.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	const n = 40
	failed := make(chan error, n)
	for i := range n {
		go func() {
			v := bytes.Repeat([]byte{byte(i + 1)}, 300<<10+i)
			sum, err := router.Invoke[int](ctx, p.Port(), "sum", v)
			if want := len(v) * (i + 1); err == nil && sum != want {
				err = fmt.Errorf("%d: the sum is %d, want %d", i, sum, want)
			}
			back, problem := router.Invoke[[]byte](ctx, p.Port(), "echo", v)
			if err == nil && (problem != nil || !bytes.Equal(back, v)) {
				err = fmt.Errorf("%d: %d of %d bytes come back, %v", i, len(back), len(v), problem)
			}
			failed <- err
		}()
	}
	for range n {
		if err := next(t, failed); err != nil {
			t.Error(err)
		}
	}
}
