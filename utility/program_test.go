package utility_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
	"github.com/oriel-go/oriel/utility"
)

const pythonExample = "../examples/python"

// python starts the example, which needs the port's format and nothing of Oriel.
func python(t *testing.T, o utility.Options) *utility.Process {
	t.Helper()
	dir, err := filepath.Abs(pythonExample)
	if err != nil {
		t.Fatal(err)
	}
	o.Program, o.Args, o.Env = "python3", []string{filepath.Join(dir, "words.py")}, append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	return fork(t, "words", o)
}

func TestPython(t *testing.T) {
	for _, sandbox := range []utility.Sandbox{{Off: true}, {Exec: true}} { // python3 may be a script that runs the true one
		p := python(t, utility.Options{Sandbox: sandbox})
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		words, err := router.Invoke[map[string]int](ctx, p.Port(), "count", "to be or not to be")
		if want := map[string]int{"to": 2, "be": 2, "or": 1, "not": 1}; err != nil || !reflect.DeepEqual(words, want) {
			t.Fatalf("%v, %v", words, err)
		}
		p.Port().IPC().UseInvoke(func(next router.Asker) router.Asker {
			return func(ctx context.Context, a *router.Ask, result any) error {
				a.Meta = map[string]string{"traceparent": "00-1-1-01"} // as in an app that traces
				return next(ctx, a, result)
			}
		})
		_, err = router.Invoke[string](ctx, p.Port(), "upper", 7)
		var told *protocol.ErrorValue
		if !errors.As(err, &told) || told.Name != "AttributeError" || !strings.Contains(told.Message, "upper") {
			t.Errorf("a failing handler: %v", err)
		}
		if _, err = router.Invoke[string](ctx, p.Port(), "nothing"); !errors.As(err, &told) || told.Code != "ERR_NO_HANDLER" {
			t.Errorf("no handler: %v", err)
		}
		said := messages(p)
		for _, v := range []any{"ä", int64(-5), int64(1) << 40, 0.5, true, nil, []any{map[string]any{"k": []byte{0, 1}}},
			bytes.Repeat([]byte("parts"), 100_000), bytes.Repeat([]byte("memory"), 2_000_000)} {
			if err := p.Post(v); err != nil {
				t.Fatal(err)
			}
			if got := next(t, said); !reflect.DeepEqual(got, v) {
				t.Errorf("%T came back as %T", v, got)
			}
		}
		if n := regions(t, os.Getpid()); n != 0 { // it has never heard of them
			t.Errorf("%d regions are mapped", n)
		}
		p.Kill()
		if e := wait(t, p); !e.Asked || e.Signal == 0 {
			t.Errorf("%+v", e)
		}
	}
}

func TestProgramInSandbox(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	p := fork(t, "sh", utility.Options{Program: "/bin/sh", Args: []string{"-c", "echo no > " + out + "; /bin/true; echo $?; echo yes > /dev/null"},
		Stdio: utility.Stdio{Stdout: utility.Pipe, Stderr: utility.Ignore}})
	var text bytes.Buffer
	if _, err := text.ReadFrom(p.Stdout()); err != nil {
		t.Fatal(err)
	}
	if wait(t, p); text.String() != "126\n" {
		t.Errorf("a program that may run none says %q", text.String())
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a program that may not write has written")
	}
	if _, err := utility.Fork(t.Context(), "x", utility.Options{Program: "/nowhere/x"}); !errors.Is(err, os.ErrNotExist) {
		t.Error("a program that is not there:", err)
	}
	if e := wait(t, fork(t, "sh", utility.Options{Program: "/bin/sh", Args: []string{"-c", "kill -SEGV $$"}, Sandbox: utility.Sandbox{Off: true}})); e.Reason != utility.LaunchFailed || e.Signal == 0 {
		t.Errorf("%+v", e)
	}
}
