package script

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
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
	waiting   []message // until somebody listens
	hearing   int       // ports with a listener that are open
	timers    timers
	then      goja.Callable // Promise.prototype.then, as it was before the script
	uncaught  error         // what a microtask has thrown
	loaded    bool
	rejected  map[*goja.Promise]bool // that nobody has caught yet
	copies    copier
}

// maxStack is how deep calls may nest.
const maxStack = 4096

func newMachine(ctx context.Context, p *utility.Port) *machine {
	m := &machine{ctx: ctx, port: p, vm: goja.New(), jobs: make(chan func() error), listeners: emitter{},
		timers: newTimers(), rejected: map[*goja.Promise]bool{}}
	m.vm.SetMaxCallStackSize(maxStack)
	m.vm.SetPromiseRejectionTracker(func(p *goja.Promise, operation goja.PromiseRejectionOperation) {
		if operation == goja.PromiseRejectionReject {
			m.rejected[p] = true
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

// deliver brings a message of the app.
func (m *machine) deliver(_ context.Context, args router.Args) {
	came, err := decode(args)
	m.do(func() error {
		if err != nil || len(m.listeners["message"]) > 0 {
			return cmp.Or(err, m.emit(m.listeners, came))
		}
		m.waiting = append(m.waiting, came)
		return nil
	})
}

// A message is a value and the ports that came beside it.
type message struct {
	data  any
	ports []*router.Port
}

// decode takes a message, and its ports, which would be closed if nobody did.
func decode(args router.Args) (m message, err error) {
	m.data = protocol.Undefined{}
	if args.Len() > 0 {
		err = args.Decode(0, &m.data)
	}
	for i := 1; err == nil && i < args.Len(); i++ {
		var p *router.Port
		if err = args.Decode(i, &p); err == nil && p != nil {
			m.ports = append(m.ports, p)
		}
	}
	return m, err
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
		for _, p := range came.ports {
			p.Close()
		}
		fmt.Fprintf(os.Stderr, "(process %d) a message was dropped, which the engine cannot take: %s\n", pid(), m.words(thrown.Value()))
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
		var err error
		select {
		case job := <-m.jobs:
			err = job()
		case <-m.timers.clock.C:
			err = m.timers.fire()
		case <-m.ctx.Done():
			return context.Cause(m.ctx)
		}
		if err = cmp.Or(err, m.uncaught); err == nil {
			m.warnOfRejections()
			err = cmp.Or(m.catchUp(), m.uncaught)
		}
		if err != nil {
			return m.failed(err)
		}
		if m.loaded && len(m.timers.all) == 0 && len(m.listeners["message"]) == 0 && m.hearing == 0 {
			return nil
		}
	}
}

// catchUp brings the messages that have waited for a listener.
func (m *machine) catchUp() error {
	for len(m.waiting) > 0 && len(m.listeners["message"]) > 0 {
		came := m.waiting[0]
		m.waiting = m.waiting[1:]
		if err := m.emit(m.listeners, came); err != nil {
			return err
		}
	}
	return nil
}

// warnOfRejections tells of promises that were rejected and that nobody has caught. As in Electron, they do not end the process.
func (m *machine) warnOfRejections() {
	for p := range m.rejected {
		fmt.Fprintf(os.Stderr, "(process %d) UnhandledPromiseRejectionWarning: %s\n", pid(), m.words(p.Result()))
	}
	clear(m.rejected)
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
	} else if errors.As(err, &thrown) && m.vm.Try(func() { e.message, e.stack = thrown.Value().String(), thrown.String() }) != nil {
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
