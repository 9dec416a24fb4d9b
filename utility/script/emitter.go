package script

import (
	"slices"

	"github.com/dop251/goja"
)

// An emitter is the listeners of an object, by event.
type emitter map[string][]listener

type listener struct {
	call goja.Callable
	self *goja.Object
	once bool
}

func (e emitter) remove(event string, self *goja.Object) {
	if i := slices.IndexFunc(e[event], func(l listener) bool { return l.self.SameAs(self) }); i >= 0 {
		e[event] = slices.Concat(e[event][:i], e[event][i+1:])
	}
}

// call calls the listeners of an event, in the order they were added.
func (e emitter) call(event string, args ...goja.Value) error {
	for _, l := range e[event] {
		if l.once {
			e.remove(event, l.self)
		}
		if _, err := l.call(goja.Undefined(), args...); err != nil {
			return err
		}
	}
	return nil
}

// methods gives an object the methods of an EventEmitter; changed hears which event has other listeners.
func (m *machine) methods(o *goja.Object, e emitter, changed func(event string)) {
	add := func(once bool) func(goja.FunctionCall) goja.Value {
		return func(c goja.FunctionCall) goja.Value {
			call, ok := goja.AssertFunction(c.Argument(1))
			if !ok {
				panic(m.vm.NewTypeError("The \"listener\" argument must be of type function. Received %s", c.Argument(1)))
			}
			event := c.Argument(0).String()
			e[event] = append(e[event], listener{call, c.Argument(1).ToObject(m.vm), once})
			changed(event)
			return c.This
		}
	}
	remove := func(c goja.FunctionCall) goja.Value {
		event := c.Argument(0).String()
		e.remove(event, c.Argument(1).ToObject(m.vm))
		changed(event)
		return c.This
	}
	for name, f := range map[string]func(goja.FunctionCall) goja.Value{"on": add(false), "addListener": add(false), "once": add(true), "off": remove, "removeListener": remove} {
		_ = o.Set(name, f)
	}
}
