package utility_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/utility"
)

func TestSuperviseRepairs(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	said := make(chan string, 10)
	s := utility.Supervise(ctx, "echo", utility.Options{}, utility.Restart{Delay: time.Millisecond}, func(p *utility.Process) error {
		utility.OnMessage(p.Port(), func(_ context.Context, v string) { said <- v })
		return p.Post("hello")
	})
	pids := map[int]bool{}
	for range 3 {
		if v := next(t, said); v != "hello" {
			t.Fatal(v)
		}
		p, err := s.Current(ctx)
		if err != nil {
			t.Fatal(err)
		}
		pids[p.PID()] = true
		_ = unix.Kill(p.PID(), unix.SIGKILL)
		<-p.Port().Context().Done()
		if next, err := s.Current(ctx); err != nil || next == p {
			t.Errorf("after the end of %d: %v, %v", p.PID(), next, err)
		}
		wait(t, p)
	}
	if len(pids) != 3 {
		t.Errorf("these processes ran: %v", pids)
	}
	next(t, said)
	cancel()
	select {
	case <-s.Done():
	case <-time.After(limit):
		t.Fatal("the supervisor does not end with its context")
	}
	if _, err := s.Current(t.Context()); !errors.Is(err, context.Canceled) || s.Err() == nil {
		t.Error(err)
	}
}

func TestSuperviseGivesUp(t *testing.T) {
	runs := 0
	s := utility.Supervise(t.Context(), "exit", utility.Options{Args: []string{"error"}}, utility.Restart{Limit: 3, Delay: time.Millisecond},
		func(*utility.Process) error { runs++; return nil })
	select {
	case <-s.Done():
	case <-time.After(limit):
		t.Fatal("the supervisor does not give up")
	}
	if err := s.Err(); !errors.Is(err, utility.ErrGivenUp) || !strings.Contains(err.Error(), "it went wrong") || runs != 4 {
		t.Errorf("after %d runs: %v", runs, err)
	}
	s = utility.Supervise(t.Context(), "exit", utility.Options{Args: []string{"nil"}}, utility.Restart{}, nil)
	<-s.Done()
	if s.Err() != nil {
		t.Errorf("a process that has done its work: %v", s.Err())
	}
	if p, err := s.Current(t.Context()); p != nil || !errors.Is(err, utility.ErrFinished) {
		t.Errorf("there is %v, %v", p, err)
	}
}
