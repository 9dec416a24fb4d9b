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
	set := func(o *goja.Object, name string, f func(goja.FunctionCall) goja.Value) { _ = o.Set(name, f) }
	g := vm.GlobalObject()
	_ = g.Set("global", g)
	set(g, "setTimeout", func(c goja.FunctionCall) goja.Value { return m.timer(c, 1, false) })
	set(g, "setInterval", func(c goja.FunctionCall) goja.Value { return m.timer(c, 1, true) })
	set(g, "setImmediate", func(c goja.FunctionCall) goja.Value { return m.timer(c, 0, false) })
	for _, name := range []string{"clearTimeout", "clearInterval", "clearImmediate"} {
		set(g, name, m.clear)
	}
	set(g, "queueMicrotask", func(c goja.FunctionCall) goja.Value {
		f := m.function(c)
		p, resolve, _ := vm.NewPromise()
		_ = resolve(nil)
		then, _ := goja.AssertFunction(vm.ToValue(p).ToObject(vm).Get("then"))
		_, _ = then(vm.ToValue(p), vm.ToValue(func(goja.FunctionCall) goja.Value {
			m.must(f(goja.Undefined()))
			return goja.Undefined()
		}))
		return goja.Undefined()
	})
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
	_ = process.Set("nextTick", g.Get("queueMicrotask"))
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

// must throws in the script what a call of it has thrown.
func (m *machine) must(_ goja.Value, err error) {
	if err != nil {
		panic(err)
	}
}

// timer starts a timer of setTimeout or the like, and returns its number.
func (m *machine) timer(c goja.FunctionCall, least int64, again bool) goja.Value {
	f, rest := m.function(c), []goja.Value(nil)
	delay := max(c.Argument(1).ToInteger(), least)
	if least == 0 { // setImmediate has no delay
		delay, rest = 0, c.Arguments[1:]
	} else if len(c.Arguments) > 2 {
		rest = c.Arguments[2:]
	}
	if delay > 1<<31-1 {
		delay = 1
	}
	m.lastTimer++
	id, wait := m.lastTimer, time.Duration(delay)*time.Millisecond
	m.timers[id] = time.AfterFunc(wait, func() {
		m.do(func() error {
			t := m.timers[id]
			if t == nil {
				return nil // cleared meanwhile
			}
			if !again {
				delete(m.timers, id)
			}
			_, err := f(goja.Undefined(), rest...)
			if again && m.timers[id] != nil {
				t.Reset(wait)
			}
			return err
		})
	})
	return m.vm.ToValue(id)
}

func (m *machine) clear(c goja.FunctionCall) goja.Value {
	id := c.Argument(0).ToInteger()
	if t := m.timers[id]; t != nil {
		t.Stop()
		delete(m.timers, id)
	}
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

// pid is this process's number as the app knows it, which is another one than its own in a sandbox.
func pid() int {
	if link, err := os.Readlink("/proc/self"); err == nil {
		if n, err := strconv.Atoi(link); err == nil {
			return n
		}
	}
	return os.Getpid()
}
