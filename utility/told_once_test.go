package utility_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/utility"
)

// Of each of many processes that end together those who watch hear once, and who has waited for one finds it listed no more.
func TestEndsAreToldOnce(t *testing.T) {
	const count = 50
	var mu sync.Mutex
	every, own := map[int]int{}, map[int]int{}
	tell := func(in map[int]int) func(utility.Exit) {
		return func(e utility.Exit) { mu.Lock(); defer mu.Unlock(); in[e.PID]++ }
	}
	defer utility.OnExit(tell(every))()
	var all sync.WaitGroup
	for i := range count {
		all.Go(func() {
			p, err := utility.Fork(context.Background(), "echo", utility.Options{Sandbox: utility.Sandbox{Off: i%2 == 0}})
			if err != nil {
				t.Error(err)
				return
			}
			p.OnExit(tell(own))
			if i%3 == 0 {
				_ = unix.Kill(p.PID(), unix.SIGKILL)
			} else {
				p.Kill()
			}
			if p.Wait(); slices.Contains(utility.Processes(), p) {
				t.Error("a process that has ended is listed")
			}
		})
	}
	all.Wait()
	eventually(t, "all are told of", func() bool { mu.Lock(); defer mu.Unlock(); return len(every) == count && len(own) == count })
	mu.Lock()
	defer mu.Unlock()
	for pid, n := range every {
		if n != 1 || own[pid] != 1 {
			t.Errorf("of process %d %d and %d times", pid, n, own[pid])
		}
	}
}

// Whoever hears of an end may start a process and wait for its end.
func TestForkFromAnEvent(t *testing.T) {
	ended := make(chan utility.Exit, 1)
	var once sync.Once
	defer utility.OnExit(func(utility.Exit) {
		once.Do(func() {
			p, err := utility.Fork(context.Background(), "echo", utility.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			p.Kill()
			ended <- p.Wait()
		})
	})()
	wait(t, fork(t, "exit", utility.Options{Args: []string{"error"}}))
	next(t, ended)
}

// The end of its context ends a supervisor while it waits, and who waits for the next process.
func TestSuperviseEndsWhileItWaits(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	ctx, cancel := context.WithCancelCause(t.Context())
	s := utility.Supervise(ctx, "exit", utility.Options{Log: zap.New(core), Args: []string{"error"}}, utility.Restart{Delay: time.Hour}, nil)
	eventually(t, "it waits", func() bool { return logs.FilterMessage("utility process starts again").Len() == 2 })
	current := make(chan error, 1)
	go func() { _, err := s.Current(context.Background()); current <- err }()
	enough := errors.New("enough")
	cancel(enough)
	if err := doneWith(t, s); err != enough {
		t.Error(err)
	}
	if err := next(t, current); err != enough {
		t.Error(err)
	}
}

// What no restart can mend is not tried again.
func TestSuperviseImpossible(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	s := utility.Supervise(t.Context(), "nobody knows it", utility.Options{Log: zap.New(core)}, utility.Restart{}, nil)
	if err := doneWith(t, s); !errors.Is(err, utility.ErrNotRegistered) || errors.Is(err, utility.ErrGivenUp) {
		t.Error(err)
	}
	if lines := logs.TakeAll(); len(lines) != 1 || lines[0].Message != "utility process given up" {
		t.Errorf("%+v", lines)
	}
}
