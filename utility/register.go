package utility

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/oriel-go/oriel/internal/heap"
	"github.com/oriel-go/oriel/utility/child"
	"github.com/oriel-go/oriel/utility/port"
)

// heapFloor is how large a heap Go's collector takes for granted in a utility process: that of one which is there for a few large messages would
// double with each of them.
const heapFloor = 8 << 20

// A Port is one end of the conversation between the app and a utility process.
type Port = port.Port

// Lent are bytes that are a listener's or handler's until it returns: utility.OnMessage(p, func(ctx context.Context, picture utility.Lent) { … }).
// For many bytes that is much faster than []byte. See router.Lent.
type Lent = port.Lent

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
	serving      atomic.Bool // this process runs a registered function
)

// ErrInUtility says that a utility process wants to start another one. That is for the app to do.
var ErrInUtility = errors.New("a utility process starts no others")

// inApp refuses what only the app itself may do. A utility process whose main function begins with that is made to run its function first.
func inApp() error {
	if serving.Load() {
		return ErrInUtility
	}
	Main()
	return nil
}

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
	f := lookup(own.Name)
	if f == nil {
		f = func(context.Context, *Port) error { return fmt.Errorf("%w: %q", ErrNotRegistered, own.Name) }
	}
	serving.Store(true)
	reserve := heap.Reserve(heapFloor)
	code := child.Run(f)
	runtime.KeepAlive(reserve)
	os.Exit(code)
}
