package utility_test

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/oriel-go/oriel/router"
	"github.com/oriel-go/oriel/utility"
	"github.com/oriel-go/oriel/utility/port"
)

func init() {
	utility.Register("complains without end", func(_ context.Context, p *utility.Port) error {
		for i := range 100 {
			_ = p.Report(port.ChannelError, strconv.Itoa(i), "")
		}
		return errors.New("last")
	})
	utility.Register("ends its goroutine", func(_ context.Context, p *utility.Port) error {
		_ = p.Post("there")
		runtime.Goexit()
		return nil
	})
	utility.Register("silent", func(context.Context, *utility.Port) error { select {} })
	utility.Register("goexits", func(ctx context.Context, p *utility.Port) error {
		utility.OnMessage(p, func(_ context.Context, n int) {
			if n < 0 {
				runtime.Goexit()
			}
			_ = p.Post(n)
		})
		router.Handle(p.IPC(), "x", func(_ context.Context, n int) (int, error) {
			if n < 0 {
				runtime.Goexit()
			}
			return n, nil
		})
		return p.Serve(ctx)
	})
}

// A function that ends its goroutine, and the process with it in the end, is told of as one that fails.
func TestFunctionEndsItsGoroutine(t *testing.T) {
	p := fork(t, "ends its goroutine", utility.Options{})
	said := messages(p)
	if e := wait(t, p); e.Reason != utility.AbnormalExit || e.Code != 1 || e.Asked || e.Err == nil || !strings.Contains(e.Err.Error(), "runtime.Goexit") {
		t.Errorf("%+v", e)
	}
	next(t, said)
}

// Listeners and handlers that end their goroutines leave the others theirs, on both sides.
func TestGoexitOverAPort(t *testing.T) {
	p := fork(t, "goexits", utility.Options{})
	said := make(chan int, 10)
	utility.OnMessage(p.Port(), func(_ context.Context, n int) {
		said <- n
		if n%2 == 1 {
			runtime.Goexit()
		}
	})
	p.Port().Start()
	for _, n := range []int{1, -1, 2, 3, -1, -1, 4, 5} {
		if err := p.Post(n); err != nil {
			t.Fatal(err)
		}
		if n < 0 {
			if _, err := router.Invoke[int](t.Context(), p.Port(), "x", n); err == nil || !strings.Contains(err.Error(), "reply was never sent") {
				t.Error(err)
			}
			continue
		}
		if got := next(t, said); got != n {
			t.Errorf("%d instead of %d", got, n)
		}
		if got, err := router.Invoke[int](t.Context(), p.Port(), "x", n); got != n || err != nil {
			t.Error(got, err)
		}
	}
	p.Kill()
	wait(t, p)
}

// What an app is told of a process's end, it is told whatever the functions do that hear it.
func TestUnluckyEvents(t *testing.T) {
	for name, unlucky := range map[string]func(){"ends its goroutine": runtime.Goexit, "panics": func() { panic("x") }} {
		t.Run(name, func(t *testing.T) {
			heard := make(chan string, 10)
			defer utility.OnExit(func(utility.Exit) { unlucky() })()
			defer utility.OnExit(func(utility.Exit) { heard <- "any exit" })()
			p := fork(t, "exit", utility.Options{Args: []string{"error"}})
			p.OnSpawn(unlucky)
			p.OnError(func(error) { unlucky() })
			p.OnError(func(error) { heard <- "error" })
			p.OnExit(func(utility.Exit) { unlucky() })
			p.OnExit(func(utility.Exit) { heard <- "exit" })
			if e := wait(t, p); e.Reason != utility.AbnormalExit || e.Err == nil {
				t.Errorf("%+v", e)
			}
			for _, want := range []string{"error", "any exit", "exit"} {
				if got := next(t, heard); got != want {
					t.Errorf("%q instead of %q", got, want)
				}
			}
		})
	}
}

// A process that must be killed is, though a function that hears of it does not return.
func TestErrorThatIsHeardForEver(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	p := fork(t, "deaf program", utility.Options{Program: "sleep", Args: []string{"1000"}, StartWithin: 50 * time.Millisecond, Sandbox: utility.Sandbox{Off: true}})
	pid := p.PID()
	p.OnError(func(error) { <-stop })
	eventually(t, "it is killed", func() bool { return !alive(pid) })
}

// What a process says of its end is heard once, whatever it says.
func TestErrorIsHeardOnce(t *testing.T) {
	p := fork(t, "complains without end", utility.Options{})
	heard := make(chan error, 1000)
	p.OnError(func(err error) { heard <- err })
	if e := wait(t, p); e.Err == nil || e.Err.Error() != "0" || e.Reason != utility.AbnormalExit {
		t.Errorf("%+v", e)
	}
	if err := next(t, heard); err.Error() != "0" || len(heard) > 0 {
		t.Errorf("%v is heard, and %d more", err, len(heard))
	}
}

// A setup that does not come back holds up no supervisor.
func TestSuperviseUnluckySetup(t *testing.T) {
	s := utility.Supervise(t.Context(), "echo", utility.Options{}, utility.Restart{Limit: 1, Delay: time.Millisecond}, func(*utility.Process) error {
		runtime.Goexit()
		return nil
	})
	if err := doneWith(t, s); !errors.Is(err, utility.ErrGivenUp) || !strings.Contains(err.Error(), "runtime.Goexit") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	stop, begun := make(chan struct{}), make(chan bool)
	defer close(stop)
	s = utility.Supervise(ctx, "echo", utility.Options{}, utility.Restart{}, func(*utility.Process) error { close(begun); <-stop; return nil })
	next(t, begun)
	cancel()
	if err := doneWith(t, s); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func doneWith(t *testing.T, s *utility.Supervisor) error {
	t.Helper()
	select {
	case <-s.Done():
	case <-time.After(limit):
		t.Fatal("the supervisor does not end")
	}
	return s.Err()
}
