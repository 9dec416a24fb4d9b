package script

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/dop251/goja"

	"github.com/oriel-go/oriel/utility"
)

// globals gives the script what it has besides the language.
func (m *machine) globals() {
	vm := m.vm
	m.then, _ = goja.AssertFunction(vm.Get("Promise").ToObject(vm).Get("prototype").ToObject(vm).Get("then"))
	set := func(o *goja.Object, name string, f func(goja.FunctionCall) goja.Value) { _ = o.Set(name, f) }
	g := vm.GlobalObject()
	_ = g.Set("global", g)
	set(g, "setTimeout", func(c goja.FunctionCall) goja.Value { return m.timer(c, 1, false) })
	set(g, "setInterval", func(c goja.FunctionCall) goja.Value { return m.timer(c, 1, true) })
	set(g, "setImmediate", func(c goja.FunctionCall) goja.Value { return m.timer(c, 0, false) })
	for _, name := range []string{"clearTimeout", "clearInterval", "clearImmediate"} {
		set(g, name, m.clear)
	}
	set(g, "queueMicrotask", func(c goja.FunctionCall) goja.Value { return m.microtask(c, nil) })
	set(g, "structuredClone", func(c goja.FunctionCall) goja.Value { return m.copies.in(m.copies.out(c.Argument(0)), nil) })
	m.console(set)
	m.channels()
	process := vm.NewObject()
	_ = g.Set("process", process)
	_ = process.Set("argv", append([]string{os.Args[0]}, utility.Args()...))
	_ = process.Set("pid", pid())
	_ = process.Set("platform", runtime.GOOS)
	_ = process.Set("type", "utility")
	_ = process.Set("env", environment())
	set(process, "cwd", func(goja.FunctionCall) goja.Value { dir, _ := os.Getwd(); return vm.ToValue(dir) })
	set(process, "exit", func(c goja.FunctionCall) goja.Value { m.exit(int(c.Argument(0).ToInteger())); return nil })
	set(process, "nextTick", func(c goja.FunctionCall) goja.Value { return m.microtask(c, c.Arguments[min(1, len(c.Arguments)):]) })
	port := vm.NewObject()
	_ = process.Set("parentPort", port)
	set(port, "postMessage", func(c goja.FunctionCall) goja.Value { return m.post(c, m.port.Post) })
	m.methods(port, m.listeners, func(string) {})
	for _, name := range []string{"start", "pause"} { // messages flow from the first listener on
		set(port, name, func(goja.FunctionCall) goja.Value { return goja.Undefined() })
	}
}

func environment() map[string]string {
	env := map[string]string{}
	for _, e := range os.Environ() {
		name, value, _ := strings.Cut(e, "=")
		env[name] = value
	}
	return env
}

// flushLimit is how long a process stays for what it has sent.
const flushLimit = 5 * time.Second

// exit ends the process as process.exit does, but for what was sent, which gets out.
func (m *machine) exit(code int) {
	ctx, cancel := context.WithTimeout(m.ctx, flushLimit)
	defer cancel()
	_ = m.port.Flush(ctx)
	os.Exit(code)
}

// function is the function that a call got as its first argument.
func (m *machine) function(c goja.FunctionCall) goja.Callable {
	f, ok := goja.AssertFunction(c.Argument(0))
	if !ok {
		panic(m.vm.NewTypeError("The \"callback\" argument must be of type function. Received %s", c.Argument(0)))
	}
	return f
}

// microtask has a function called when what runs now is done. What it throws and nobody catches ends the script, as in a timer.
func (m *machine) microtask(c goja.FunctionCall, args []goja.Value) goja.Value {
	f := m.function(c)
	p, resolve, _ := m.vm.NewPromise()
	_ = resolve(nil)
	_, _ = m.then(m.vm.ToValue(p), m.vm.ToValue(func(goja.FunctionCall) goja.Value {
		if _, err := f(goja.Undefined(), args...); err != nil && m.uncaught == nil {
			m.uncaught = err
		}
		return goja.Undefined()
	}))
	return goja.Undefined()
}

func (m *machine) console(set func(*goja.Object, string, func(goja.FunctionCall) goja.Value)) {
	console := m.vm.NewObject()
	_ = m.vm.Set("console", console)
	for name, out := range map[string]*os.File{"log": os.Stdout, "info": os.Stdout, "debug": os.Stdout, "warn": os.Stderr, "error": os.Stderr} {
		set(console, name, func(c goja.FunctionCall) goja.Value {
			words := make([]string, len(c.Arguments))
			for i, v := range c.Arguments {
				words[i] = m.inspect(v)
			}
			fmt.Fprintln(out, strings.Join(words, " "))
			return goja.Undefined()
		})
	}
}

// inspect writes a value for people: text as it is, errors with their stack, objects as JSON where that can be.
func (m *machine) inspect(v goja.Value) string {
	o, ok := v.(*goja.Object)
	if !ok {
		return v.String()
	}
	if o.ClassName() == "Error" {
		if stack := o.Get("stack"); stack != nil {
			return stack.String()
		}
	}
	if _, callable := goja.AssertFunction(o); !callable {
		if text, err := json.Marshal(o); err == nil {
			return string(text)
		}
	}
	return o.String()
}

// words is inspect for what a script could still say no to: it may throw as it is asked, where nobody would catch that.
func (m *machine) words(v goja.Value) (text string) {
	if m.try(func() { text = m.inspect(v) }) != nil {
		return "a value that cannot be shown"
	}
	return text
}

// pid is this process's number as the app knows it, which is another one than its own in a sandbox.
func pid() int {
	if link, err := os.Readlink("/proc/self"); err == nil {
		if n, err := strconv.Atoi(link); err == nil {
			return n
		}
	}
	return os.Getpid()
}
