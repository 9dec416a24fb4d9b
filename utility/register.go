package utility

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/oriel-go/oriel/utility/port"
)

// A Port is one end of the conversation between the app and a utility process.
type Port = port.Port

// Why a port's context has ended.
var (
	ErrClosed = port.ErrClosed // this side has closed it
	ErrGone   = port.ErrGone   // the other side has
)

// OnMessage hears what the other side posts. The returned function removes the listener.
func OnMessage[T any](p *Port, f func(ctx context.Context, message T)) (remove func()) {
	return port.OnMessage(p, f)
}

var (
	registered   = map[string]func(context.Context, *Port) error{}
	registeredMu sync.Mutex
)

// Register names a function that [Fork] can run in a process of its own. It is to be called from an init function, at any rate before
// [Main]. It panics if the name is taken.
//
// In its process, f gets the port to the app, and a context that ends when the app asks for the process's end or is gone. When f returns nil
// the process exits with code 0; an error is told to the app and makes that 1, a panic 2.
func Register(name string, f func(ctx context.Context, port *Port) error) {
	registeredMu.Lock()
	defer registeredMu.Unlock()
	if name == "" || f == nil {
		panic("utility: Register needs a name and a function")
	}
	if registered[name] != nil {
		panic(fmt.Sprintf("utility: %q is registered already", name))
	}
	registered[name] = f
}

func lookup(name string) func(context.Context, *Port) error {
	registeredMu.Lock()
	defer registeredMu.Unlock()
	return registered[name]
}

// Args returns Options.Args, in a utility process of the app's own executable.
func Args() []string {
	if own == nil {
		return nil
	}
	return own.Args
}

// Main runs the registered function if this process is a utility process, and then does not return. Else it does nothing. app.New calls
// it; a main function that does anything else before should begin with it.
func Main() {
	if own == nil {
		return
	}
	os.Exit(run(own))
}

const (
	channelError = "oriel:utility-error" // [message, stack]: why the process ends
	flushLimit   = 5 * time.Second       // for what was sent before the process ends
)

// errAsked is the cause of the context in a process that the app has asked to end.
var errAsked = errors.New("the app ends this process")

func run(s *setup) (code int) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	p, err := port.New(os.NewFile(portFD, "port"), port.Options{Context: ctx, Name: "app"})
	if err != nil {
		fmt.Fprintf(os.Stderr, "utility process %q: %v\n", s.Name, err)
		return failedCode
	}
	f := lookup(s.Name)
	if f == nil {
		return tell(p, fmt.Errorf("no utility function is registered as %q", s.Name), nil, failedCode)
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	go func() {
		<-asked
		cancel(errAsked)
	}()
	context.AfterFunc(p.Context(), func() { cancel(context.Cause(p.Context())) })
	if err := p.Hello(); err != nil {
		return failedCode // nobody is there any more
	}
	return call(ctx, p, f)
}

// call runs the function; what it panics with is told as an error.
func call(ctx context.Context, p *Port, f func(context.Context, *Port) error) (code int) {
	defer func() {
		if v := recover(); v != nil {
			stack := debug.Stack()
			fmt.Fprintf(os.Stderr, "panic: %v\n\n%s", v, stack)
			code = tell(p, fmt.Errorf("panic: %v", v), stack, 2)
		}
	}()
	err := f(ctx, p)
	if err != nil && ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx))) {
		err = nil // it was asked to end, and has
	}
	if err != nil {
		return tell(p, err, nil, 1)
	}
	flush(p)
	return 0
}

// tell reports why the process ends.
func tell(p *Port, err error, stack []byte, code int) int {
	_ = p.Report(channelError, err.Error(), string(stack))
	flush(p)
	return code
}

func flush(p *Port) {
	ctx, cancel := context.WithTimeout(context.Background(), flushLimit)
	defer cancel()
	_ = p.Flush(ctx)
}
