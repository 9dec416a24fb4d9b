package script

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dop251/goja"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
)

// A scriptPort is a message port in the script's hands.
type scriptPort struct {
	m         *machine
	port      *router.Port
	self      *goja.Object
	listeners emitter
	bound     bool // what comes is heard
	counted   bool // it keeps the process alive
	closed    bool
}

// portKey is under what an object has its port. It is no name that a script could say.
var portKey = goja.NewSymbol("port")

// portOf returns the port that an object stands for, or nil.
func portOf(o *goja.Object) *scriptPort {
	v := o.GetSymbol(portKey)
	if v == nil {
		return nil
	}
	p, _ := v.Export().(*scriptPort)
	if p == nil || p.self != o {
		return nil // it has only inherited it
	}
	return p
}

// channels gives the script MessageChannel.
func (m *machine) channels() {
	_ = m.vm.Set("MessageChannel", func(c goja.ConstructorCall) *goja.Object {
		one, two := router.NewMessageChannel()
		_ = c.This.Set("port1", m.wrap(one))
		_ = c.This.Set("port2", m.wrap(two))
		return nil
	})
}

// wrap makes the object that stands for a port.
func (m *machine) wrap(port *router.Port) *goja.Object {
	o := m.vm.NewObject()
	p := &scriptPort{m: m, port: port, self: o, listeners: emitter{}}
	_ = o.DefineDataPropertySymbol(portKey, m.vm.ToValue(p), goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE)
	m.methods(o, p.listeners, p.changed)
	_ = o.Set("postMessage", func(c goja.FunctionCall) goja.Value {
		return m.post(c, func(args ...any) error { return p.port.Post(args[0], ports(args[1:])...) })
	})
	_ = o.Set("start", func(goja.FunctionCall) goja.Value { p.port.Start(); return goja.Undefined() })
	_ = o.Set("close", func(goja.FunctionCall) goja.Value { p.port.Close(); p.end(); return goja.Undefined() })
	var handler goja.Value = goja.Null()
	_ = o.DefineAccessorProperty("onmessage", m.vm.ToValue(func(goja.FunctionCall) goja.Value { return handler }),
		m.vm.ToValue(func(c goja.FunctionCall) goja.Value {
			if old, ok := handler.(*goja.Object); ok {
				p.listeners.remove("message", old)
			}
			handler = c.Argument(0)
			call, ok := goja.AssertFunction(handler)
			if ok {
				p.listeners["message"] = append(p.listeners["message"], listener{call, handler.ToObject(m.vm), false})
			}
			p.changed("message")
			if ok {
				p.port.Start() // now that it is heard
			}
			return goja.Undefined()
		}), goja.FLAG_FALSE, goja.FLAG_TRUE)
	return o
}

func ports(args []any) (list []*router.Port) {
	for _, a := range args {
		list = append(list, a.(*router.Port))
	}
	return list
}

// changed is called when the script has added or removed a listener. Without one, a port that the script has let go of may be collected.
func (p *scriptPort) changed(string) {
	if !p.bound && len(p.listeners["message"])+len(p.listeners["close"]) > 0 {
		p.bound = true
		router.OnMessage(p.port, func(_ context.Context, args router.Args) {
			came, ok := decode(args)
			if !ok {
				return
			}
			p.m.do(func() error {
				defer p.count() // a listener may have been there for once
				return p.m.emit(p.listeners, came)
			})
		})
		p.port.OnClose(func() {
			p.m.do(func() error {
				defer p.end()
				return p.listeners.call("close")
			})
		})
	}
	p.count()
}

// end notes that the port is closed, or has moved.
func (p *scriptPort) end() {
	p.closed = true
	p.count()
}

// count keeps the process alive as long as the port may bring something.
func (p *scriptPort) count() {
	if counts := !p.closed && len(p.listeners["message"]) > 0; counts != p.counted {
		p.counted = counts
		if counts {
			p.m.hearing++
		} else {
			p.m.hearing--
		}
	}
}

// refuse throws why a message was not sent.
func (m *machine) refuse(err error) {
	name, text := "Error", err.Error()
	if errors.Is(err, protocol.ErrUncloneable) {
		name = "DataCloneError"
		_, text, _ = strings.Cut(text, protocol.ErrUncloneable.Error()+": ")
		text, _, _ = strings.Cut(text, ": ")
	}
	e := m.copies.construct("Error", text)
	_ = e.Set("name", name)
	panic(e)
}

// post sends what postMessage was called with: a value, and an array of ports that move to the other side.
func (m *machine) post(c goja.FunctionCall, send func(args ...any) error) goja.Value {
	args := []any{m.copies.out(c.Argument(0))}
	var moved []*scriptPort
	if list := c.Argument(1); !goja.IsUndefined(list) && !goja.IsNull(list) {
		i := 0
		m.vm.ForOf(list, func(v goja.Value) bool {
			var p *scriptPort
			if o, ok := v.(*goja.Object); ok {
				p = portOf(o)
			}
			if p == nil {
				panic(m.vm.NewTypeError(fmt.Sprintf("Port at index %d is not a valid port", i)))
			}
			if slices.Contains(moved, p) {
				m.refuse(fmt.Errorf("%w: Port at index %d is a duplicate of an earlier port", protocol.ErrUncloneable, i))
			}
			args, moved = append(args, p.port), append(moved, p)
			i++
			return true
		})
	}
	if err := send(args...); err != nil {
		m.refuse(err)
	}
	for _, p := range moved {
		p.end()
	}
	return goja.Undefined()
}
