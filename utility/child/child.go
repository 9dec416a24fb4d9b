// Package child is the utility process's side for programs other than the app itself:
//
//	func main() { os.Exit(child.Run(serve)) }
//
//	func serve(ctx context.Context, p *child.Port) error {
//		child.OnMessage(p, func(ctx context.Context, text string) { p.Post(strings.ToUpper(text)) })
//		return p.Serve(ctx)
//	}
//
// An app starts such a program by utility.Fork with Options.Program. It knows nothing of Chromium, nor of how processes are started.
package child

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/utility/port"
)

// Lent are bytes that are a listener's or handler's until it returns; see router.Lent.
type Lent = port.Lent

// EnvPort names, in the environment, the descriptor of the port's socket.
const EnvPort = "ORIEL_PORT"

// A Port is the conversation with the app.
type Port = port.Port

// ErrNoPort says that no app has started this program as a utility process.
var ErrNoPort = errors.New("this program was not started as a utility process: " + EnvPort + " is not set")

// ErrAsked is the cause of the context's end when the app asks the process to end.
var ErrAsked = errors.New("the app ends this process")

// errGoexit is about a function that does not return.
var errGoexit = errors.New("its function has ended its goroutine (runtime.Goexit)")

// The exit codes of [Run].
const (
	codeError  = 1
	codePanic  = 2 // as of every Go program
	codeNoPort = 125
)

// flushLimit is how long a process stays for what it has sent.
const flushLimit = 5 * time.Second

// OnMessage hears what the app posts. The returned function removes the listener.
func OnMessage[T any](p *Port, f func(ctx context.Context, message T)) (remove func()) {
	return port.OnMessage(p, f)
}

// Connect opens the port to the app and says that it is up. Nothing is delivered before the port's Start. It can be called once.
func Connect(ctx context.Context) (*Port, error) {
	p, err := open(ctx)
	if err == nil {
		err = p.Hello()
	}
	return p, err
}

func open(ctx context.Context) (*Port, error) {
	text := os.Getenv(EnvPort)
	if text == "" {
		return nil, ErrNoPort
	}
	fd, err := strconv.Atoi(text)
	if err != nil || fd < 3 {
		return nil, fmt.Errorf("%s is %q: it must be the number of a descriptor", EnvPort, text)
	}
	_ = os.Unsetenv(EnvPort) // what this process starts has no port
	unix.CloseOnExec(fd)
	return port.New(os.NewFile(uintptr(fd), EnvPort), port.Options{Context: ctx, Name: "app", Child: true})
}

// Run opens the port, calls f and returns the code to exit with: 0 when f returns nil, 1 for an error and 2 for a panic, both of which are
// told to the app. If f ends its goroutine, Run ends the process with 1. The context that f gets ends when the app asks for the process's end or is gone.
func Run(f func(ctx context.Context, p *Port) error) (code int) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	p, err := open(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return codeNoPort
	}
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	defer signal.Stop(asked)
	go func() {
		select {
		case <-asked:
			cancel(ErrAsked)
		case <-ctx.Done():
		}
	}()
	context.AfterFunc(p.Context(), func() { cancel(context.Cause(p.Context())) })
	if err := p.Hello(); err != nil {
		return codeNoPort // nobody is there any more
	}
	defer flush(p)
	return call(ctx, p, f)
}

// call calls f; what it fails or panics with is told.
func call(ctx context.Context, p *Port, f func(context.Context, *Port) error) (code int) {
	returned := false
	defer func() {
		v := recover()
		if v == nil && !returned { // nothing could return from Run any more, and without this nothing would end the process
			tell(p, errGoexit, "")
			flush(p)
			os.Exit(codeError)
		}
		if v != nil {
			stack := debug.Stack()
			fmt.Fprintf(os.Stderr, "panic: %v\n\n%s", v, stack)
			tell(p, fmt.Errorf("panic: %v", v), string(stack))
			code = codePanic
		}
	}()
	err := f(ctx, p)
	returned = true
	if err == nil || ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx))) {
		return 0 // or it was asked to end, and has
	}
	var stacked interface{ Stack() string }
	stack := ""
	if errors.As(err, &stacked) {
		stack = stacked.Stack()
	}
	tell(p, err, stack)
	return codeError
}

// tell reports why the process ends. If that cannot be sent, nobody is there to read it.
func tell(p *Port, err error, stack string) { _ = p.Report(port.ChannelError, err.Error(), stack) }

func flush(p *Port) {
	ctx, cancel := context.WithTimeout(context.Background(), flushLimit)
	defer cancel()
	_ = p.Flush(ctx)
}
