package script

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/dop251/goja"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
	"github.com/oriel-go/oriel/utility"
)

// A machine is an engine with its event loop: everything of the script runs on the goroutine of run.
type machine struct {
	ctx  context.Context
	port *utility.Port
	vm   *goja.Runtime
	jobs chan func() error // what is to be done next

	listeners emitter   // of process.parentPort
	waiting   []waiting // until somebody listens
	hearing   int       // ports with a listener that are open
	timers    timers
	then      goja.Callable // Promise.prototype.then, as it was before the script
	uncaught  error         // what a microtask has thrown
	loaded    bool
	rejected  map[*goja.Promise]uint64 // that nobody has caught yet, in the order of these numbers
	rejects   uint64                   // the number given last
	copies    copier
}

// maxStack is how deep calls may nest.
const maxStack = 4096

func newMachine(ctx context.Context, p *utility.Port) *machine {
	m := &machine{ctx: ctx, port: p, vm: goja.New(), jobs: make(chan func() error), listeners: emitter{},
		timers: newTimers(), rejected: map[*goja.Promise]uint64{}}
	m.vm.SetMaxCallStackSize(maxStack)
	m.vm.SetPromiseRejectionTracker(func(p *goja.Promise, operation goja.PromiseRejectionOperation) {
		if operation == goja.PromiseRejectionReject {
			m.rejects++
			m.rejected[p] = m.rejects
		} else {
			delete(m.rejected, p)
		}
	})
	m.copies.init(m.vm)
	m.globals()
	return m
}

// do has a job done on the loop and waits until it is; it does nothing when the process ends.
func (m *machine) do(job func() error) {
	done := make(chan struct{})
	select {
	case m.jobs <- func() error { defer close(done); return job() }:
		<-done
	case <-m.ctx.Done():
	}
}

// load runs the script to its end; messages wait for that.
func (m *machine) load(s Source) {
	m.do(func() error {
		m.loaded = true
		program, err := goja.Compile(s.Name, s.Text, false)
		if err == nil {
			_, err = m.vm.RunProgram(program)
		}
		return err
	})
}

// deliver brings a message of the app, if the script can be given it. It returns when that has been heard, so that as many wait as for any function, and no more.
func (m *machine) deliver(_ context.Context, args router.Args) {
	came, ok := decode(args)
	if !ok {
		return
	}
	heard := make(chan struct{})
	m.do(func() error {
		m.waiting = append(m.waiting, waiting{came, heard})
		return nil
	})
	select {
	case <-heard:
	case <-m.ctx.Done():
	}
}

// A waiting message tells when it has been heard.
type waiting struct {
	message
	heard chan struct{}
}

// A message is a value and the ports that came beside it.
type message struct {
	data  any
	ports []*router.Port
}

// decode takes a message, and its ports, which would be closed if nobody did. One that is none for a script is dropped.
func decode(args router.Args) (m message, ok bool) {
	m.data = protocol.Undefined{}
	var err error
	if args.Len() > 0 {
		var value protocol.Ordered
		err = args.Decode(0, &value)
		m.data = value.Value
	}
	for i := 1; err == nil && i < args.Len(); i++ {
		var p *router.Port
		if args.Decode(i, &p) != nil || p == nil {
			err = fmt.Errorf("argument %d is no message port", i+1)
			break
		}
		m.ports = append(m.ports, p)
	}
	if err != nil {
		m.drop(err.Error())
	}
	return m, err == nil
}

// drop tells of a message that the script cannot be given.
func (m *message) drop(why string) {
	for _, p := range m.ports {
		p.Close()
	}
	fmt.Fprintf(os.Stderr, "(process %d) a message was dropped: %s\n", pid(), why)
}

// emit calls the listeners for messages with an event, whose ports are those in the value and those beside it.
func (m *machine) emit(to emitter, came message) error {
	var ports []any
	made := map[*router.Port]*goja.Object{} // one may be in the value and beside it
	wrap := func(p *router.Port) *goja.Object {
		if made[p] == nil {
			made[p] = m.wrap(p)
			ports = append(ports, made[p])
		}
		return made[p]
	}
	event := m.vm.NewObject()
	if thrown := m.vm.Try(func() { _ = event.Set("data", m.copies.in(came.data, wrap)) }); thrown != nil {
		came.drop("the engine cannot take it: " + m.words(thrown.Value()))
		return nil
	}
	for _, p := range came.ports {
		wrap(p)
	}
	_ = event.Set("ports", m.vm.NewArray(ports...))
	return to.call("message", event)
}

// run does jobs until the script has ended.
func (m *machine) run() error {
	stop := context.AfterFunc(m.ctx, func() { m.vm.Interrupt(context.Cause(m.ctx)) })
	defer stop()
	for {
		var job func() error
		select {
		case job = <-m.jobs:
		case <-m.timers.clock.C:
			job = m.timers.fire
		case <-m.ctx.Done():
			return context.Cause(m.ctx)
		}
		if err := m.guard(func() error { return m.step(job) }); err != nil {
			return m.failed(err)
		}
		if m.loaded && len(m.timers.all) == 0 && len(m.listeners["message"]) == 0 && m.hearing == 0 {
			return nil
		}
	}
}

// step does a job and what has come of it.
func (m *machine) step(job func() error) error {
	if err := job(); err != nil || m.uncaught != nil {
		return cmp.Or(err, m.uncaught)
	}
	m.warnOfRejections()
	err := m.catchUp()
	return cmp.Or(err, m.uncaught)
}

// guard calls f. What ends a script wherever it is, the engine gives those that call it from outside as a panic.
func (m *machine) guard(f func() error) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case *goja.InterruptedError:
			err = v
		case *goja.StackOverflowError:
			err = v
		default:
			panic(v)
		}
	}()
	return f()
}

// try calls f, and reports whether it has thrown, or the script's end has come.
func (m *machine) try(f func()) (thrown error) {
	return m.guard(func() error {
		if e := m.vm.Try(f); e != nil {
			return e
		}
		return nil
	})
}

// catchUp brings the message that waits for a listener.
func (m *machine) catchUp() error {
	for len(m.waiting) > 0 && len(m.listeners["message"]) > 0 {
		came := m.waiting[0]
		m.waiting = m.waiting[1:]
		err := m.emit(m.listeners, came.message)
		close(came.heard)
		if err != nil {
			return err
		}
	}
	return nil
}

// warnOfRejections tells of promises that were rejected and that nobody has caught. As in Electron, they do not end the process.
func (m *machine) warnOfRejections() {
	rejected := m.rejected
	m.rejected = map[*goja.Promise]uint64{} // to be shown, they may reject others
	for _, p := range slices.SortedFunc(maps.Keys(rejected), func(a, b *goja.Promise) int { return cmp.Compare(rejected[a], rejected[b]) }) {
		fmt.Fprintf(os.Stderr, "(process %d) UnhandledPromiseRejectionWarning: %s\n", pid(), m.words(p.Result()))
	}
}

// A scriptError is what a script has thrown and not caught.
type scriptError struct{ message, stack string }

func (e *scriptError) Error() string { return e.message }

// Stack is where it was thrown.
func (e *scriptError) Stack() string { return e.stack }

// failed is why the script ends.
func (m *machine) failed(err error) error {
	var interrupted *goja.InterruptedError
	if errors.As(err, &interrupted) {
		return context.Cause(m.ctx)
	}
	e := &scriptError{}
	var thrown *goja.Exception
	var overflow *goja.StackOverflowError
	if errors.As(err, &overflow) {
		e.message = "RangeError: Maximum call stack size exceeded"
		e.stack = e.message + "\n" + strings.Join(firstLines(overflow.String()), "\n")
	} else if errors.As(err, &thrown) && m.try(func() { e.message, e.stack = thrown.Value().String(), thrown.String() }) != nil {
		e.message = "a value that cannot be shown" // it throws when asked for its text
	} else if thrown == nil {
		e.message = err.Error()
	}
	fmt.Fprintln(os.Stderr, cmp.Or(e.stack, e.message))
	return e
}

// firstLines are as many lines of a stack as JavaScript engines show.
func firstLines(stack string) []string {
	lines := strings.Split(strings.TrimRight(stack, "\n"), "\n")
	return lines[:min(len(lines), 10)]
}
