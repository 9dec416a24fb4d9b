package utility_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/utility"
)

func init() {
	utility.Register("surroundings", func(_ context.Context, p *utility.Port) error {
		dir, err := os.Getwd()
		if err != nil {
			return err
		}
		return p.Post(map[string]any{"env": os.Environ(), "dir": dir, "args": utility.Args(), "argv": os.Args[1:]})
	})
	utility.Register("flood", func(ctx context.Context, p *utility.Port) error {
		for i := range flood {
			if err := p.Post(i); err != nil {
				return err
			}
		}
		flushing, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		defer cancel()
		fmt.Println(errors.Is(p.Flush(flushing), context.DeadlineExceeded)) // it stays so; what does not end is shown by time alone
		return p.Serve(ctx)
	})
}

// A process has the app's environment and folder or those that it is given, and its arguments; how it was started is not among them.
func TestSurroundings(t *testing.T) {
	t.Setenv("ORIEL_TEST_INHERITED", "yes")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Clean(t.TempDir())
	for _, c := range []struct {
		o    utility.Options
		env  []string // nil for the app's
		dir  string
		args []any
	}{
		{utility.Options{}, nil, here, []any{}},
		{utility.Options{Env: []string{"ONLY=this", "ORIEL_PORT=9", "ORIEL_UTILITY=x"}, Dir: dir, Args: []string{"--flag", "\xff", ""}}, []string{"ONLY=this"}, dir, []any{"--flag", "\xff", ""}},
		{utility.Options{Env: []string{}}, []string{}, here, []any{}},
	} {
		said := next(t, messages(fork(t, "surroundings", c.o))).(map[string]any)
		var env []string
		for _, e := range said["env"].([]any) {
			env = append(env, e.(string))
		}
		if c.env != nil && !slices.Equal(env, c.env) || c.env == nil && !slices.Contains(env, "ORIEL_TEST_INHERITED=yes") ||
			slices.ContainsFunc(env, func(e string) bool {
				return strings.HasPrefix(e, "ORIEL_PORT=") || strings.HasPrefix(e, "ORIEL_UTILITY=")
			}) {
			t.Errorf("the environment is %q", env)
		}
		if said["dir"] != c.dir {
			t.Errorf("the folder is %v, not %s", said["dir"], c.dir)
		}
		if args, _ := said["args"].([]any); len(args) != len(c.args) || len(args) > 0 && args[0] != c.args[0] {
			t.Errorf("arguments: %q", args)
		}
		if argv, _ := said["argv"].([]any); len(argv) > 0 {
			t.Errorf("on the command line: %q", argv)
		}
	}
}

// A program that never opens its port is killed when its time is over, and the exit says why.
func TestNeverUp(t *testing.T) {
	p := fork(t, "sleep", utility.Options{Program: "sleep", Args: []string{mark(30)}, StartWithin: 50 * time.Millisecond})
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if err := p.Ready(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("a process without a port: %v", err)
	}
	if e := wait(t, p); e.Reason != utility.LaunchFailed || e.Signal != unix.SIGKILL || e.Err == nil || !strings.Contains(e.Err.Error(), "did not open its port in time (50ms): it has to say hello") {
		t.Errorf("%+v", e)
	}
}

const (
	// unheard is how many messages of a process wait in the app, by the page about utility processes; then its port is not read.
	unheard = protocol.MaxInFlight / 2
	// datagram is how many messages may come with the last of them, in 64 KiB.
	datagram = 64 << 10 / 10
	flood    = unheard + 300_000 // more than the system keeps
)

// Of a process that says more than is heard, so many messages wait here and the rest there; they are all heard, in order.
func TestUnheardMessages(t *testing.T) {
	p := fork(t, "flood", utility.Options{Stdio: utility.Stdio{Stdout: utility.Pipe}})
	first, goOn, done := make(chan bool), make(chan bool), make(chan int, 1)
	n := 0
	utility.OnMessage(p.Port(), func(_ context.Context, got int) {
		if n == 0 {
			close(first)
			<-goOn
		}
		if n++; got != n-1 || n == flood {
			done <- got
		}
	})
	p.Port().Start()
	next(t, first)
	came := func() int { return int(p.Port().IPC().Stats().Channels["message"].Messages) }
	eventually(t, "as many wait as may", func() bool { return came() >= unheard })
	if line, err := bufio.NewReader(p.Stdout()).ReadString('\n'); line != "true\n" {
		t.Errorf("the rest does not wait in the process: %q, %v", line, err)
	}
	if c := came(); c > unheard+datagram {
		t.Errorf("%d messages have been read", c)
	}
	close(goOn)
	if got := next(t, done); got != flood-1 {
		t.Errorf("message %d is %d", n-1, got)
	}
}

// A supervisor starts again at once, then waits ever longer, tells of each in the log, and of the end.
func TestSuperviseTells(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	s := utility.Supervise(t.Context(), "exit", utility.Options{Args: []string{"error"}, Log: zap.New(core)}, utility.Restart{Limit: 4, Delay: 2 * time.Millisecond}, nil)
	next(t, s.Done())
	var delays []any
	for _, e := range logs.FilterMessage("utility process starts again").All() {
		delays = append(delays, e.ContextMap()["in"])
	}
	if want := []any{time.Duration(0), 2 * time.Millisecond, 4 * time.Millisecond, 8 * time.Millisecond}; !slices.Equal(delays, want) {
		t.Errorf("it waited %v", delays)
	}
	if given := logs.FilterMessage("utility process given up").All(); len(given) != 1 || !errors.Is(s.Err(), utility.ErrGivenUp) {
		t.Errorf("the log says %v, the supervisor %v", given, s.Err())
	}
}
