package script

import (
	"math"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/router"
)

// kinds are the views by the names of their constructors.
var kinds = func() map[string]protocol.ViewKind {
	kinds := map[string]protocol.ViewKind{"Uint8Array": 0} // which is bytes
	for kind, name := range views {
		kinds[name] = kind
	}
	return kinds
}()

// A copier copies values between the script and the wire, by the rules of structured clone.
type copier struct {
	vm       *goja.Runtime
	make     map[string]*goja.Object // constructors, as they were before the script
	toString goja.Callable
	set, add goja.Callable // of Map and Set
}

// views are the constructors of typed arrays by their kind on the wire. Uint8Array has none, it is bytes.
var views = map[protocol.ViewKind]string{
	protocol.ViewInt8: "Int8Array", protocol.ViewUint8Clamped: "Uint8ClampedArray", protocol.ViewInt16: "Int16Array",
	protocol.ViewUint16: "Uint16Array", protocol.ViewInt32: "Int32Array", protocol.ViewUint32: "Uint32Array",
	protocol.ViewFloat32: "Float32Array", protocol.ViewFloat64: "Float64Array", protocol.ViewBigInt64: "BigInt64Array",
	protocol.ViewBigUint64: "BigUint64Array", protocol.ViewDataView: "DataView",
}

func (c *copier) init(vm *goja.Runtime) {
	c.vm, c.make = vm, map[string]*goja.Object{}
	for _, name := range []string{"Date", "Map", "Set", "RegExp", "Uint8Array", "Object", "Error", "EvalError", "RangeError", "ReferenceError",
		"SyntaxError", "TypeError", "URIError"} {
		c.make[name] = vm.Get(name).ToObject(vm)
	}
	for _, name := range views {
		if o, ok := vm.Get(name).(*goja.Object); ok {
			c.make[name] = o
		}
	}
	method := func(of, name string) goja.Callable {
		f, _ := goja.AssertFunction(c.make[of].Get("prototype").ToObject(vm).Get(name))
		return f
	}
	c.toString, c.set, c.add = method("Object", "toString"), method("Map", "set"), method("Set", "add")
}

func (c *copier) construct(name string, args ...any) *goja.Object {
	values := make([]goja.Value, len(args))
	for i, a := range args {
		values[i] = c.vm.ToValue(a)
	}
	o, err := c.vm.New(c.make[name], values...)
	if err != nil {
		panic(err)
	}
	return o
}

// in copies a decoded value into the script. It runs on the loop.
func (c *copier) in(v any, wrap func(*router.Port) *goja.Object) goja.Value {
	return (&incoming{c, map[any]*goja.Object{}, wrap}).value(v)
}

// An incoming is one value on its way in, with what has been made of its parts: what is shared stays so.
type incoming struct {
	*copier
	made map[any]*goja.Object
	wrap func(*router.Port) *goja.Object // makes what stands for a port
}

// identity is what tells a slice from another with the same content.
type identity struct {
	at uintptr
	n  int
}

func identify(v any) any {
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Slice:
		if r.Len() == 0 {
			return nil
		}
		return identity{r.Pointer(), r.Len()}
	case reflect.Pointer:
		return v
	}
	return nil
}

func (n *incoming) value(v any) goja.Value {
	id := identify(v)
	if o := n.made[id]; id != nil && o != nil {
		return o
	}
	keep := func(o *goja.Object) *goja.Object {
		if id != nil {
			n.made[id] = o
		}
		return o
	}
	switch v := v.(type) {
	case nil:
		return goja.Null()
	case protocol.Undefined:
		return goja.Undefined()
	case []any:
		o := keep(n.vm.NewArray())
		for i, e := range v {
			_ = o.Set(itoa(i), n.value(e))
		}
		return o
	case *protocol.Object:
		return n.properties(keep(n.vm.NewObject()), v.Properties)
	case *protocol.Map:
		o := keep(n.construct("Map"))
		for _, e := range v.Entries {
			_, _ = n.set(o, n.value(e.Key), n.value(e.Value))
		}
		return o
	case *protocol.Set:
		o := keep(n.construct("Set"))
		for _, e := range v.Values {
			_, _ = n.add(o, n.value(e))
		}
		return o
	}
	return n.leaf(v, keep)
}

// leaf copies what holds no other values, but for the cause of an error.
func (n *incoming) leaf(v any, keep func(*goja.Object) *goja.Object) goja.Value {
	switch v := v.(type) {
	case []byte:
		return keep(n.construct("Uint8Array", n.vm.NewArrayBuffer(v)))
	case protocol.ArrayBuffer:
		return n.vm.ToValue(n.vm.NewArrayBuffer(v))
	case protocol.View:
		if name := views[v.Kind]; n.make[name] != nil {
			return n.construct(name, n.vm.NewArrayBuffer(v.Data))
		}
		return goja.Undefined() // Float16Array, which the engine has not
	case time.Time:
		return n.construct("Date", v.UnixMilli())
	case protocol.InvalidDate:
		return n.construct("Date", math.NaN())
	case protocol.RegExp:
		return n.construct("RegExp", v.Source, v.Flags)
	case protocol.Boxed:
		return n.value(v.Value).ToObject(n.vm)
	case protocol.UTF16:
		return goja.StringFromUTF16(v)
	case *router.Port:
		return keep(n.wrap(v))
	case protocol.Stream:
		_ = v.Close()
		panic(n.vm.NewTypeError("scripts have no streams"))
	case *protocol.SparseArray:
		o := keep(n.vm.NewArray())
		_ = o.Set("length", v.Length)
		for _, e := range v.Elements {
			_ = o.Set(itoa(int(e.Index)), n.value(e.Value))
		}
		return n.properties(o, v.Properties)
	case *protocol.Error:
		name := v.Name
		if n.make[name] == nil {
			name = "Error"
		}
		o := keep(n.construct(name, v.Message))
		_ = o.Set("stack", v.Stack)
		if _, none := v.Cause.(protocol.Undefined); v.Cause != nil && !none {
			_ = o.Set("cause", n.value(v.Cause))
		}
		return o
	}
	return n.vm.ToValue(v) // booleans, numbers, strings, BigInts
}

// properties gives an object the properties that came. One may be called __proto__.
func (n *incoming) properties(o *goja.Object, came []protocol.Property) *goja.Object {
	for _, p := range came {
		_ = o.DefineDataProperty(p.Name, n.value(p.Value), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE)
	}
	return o
}

// out copies a value of the script into what the wire takes. It throws what structured clone throws.
func (c *copier) out(v goja.Value) any { return (&outgoing{c, map[*goja.Object]any{}, 0}).value(v) }

// An outgoing is one value on its way out.
type outgoing struct {
	*copier
	made  map[*goja.Object]any
	depth int
}

func (g *outgoing) uncloneable() {
	e := g.construct("Error", "An object could not be cloned.")
	_ = e.Set("name", "DataCloneError")
	panic(e)
}

func (g *outgoing) value(v goja.Value) any {
	switch {
	case v == nil || goja.IsUndefined(v):
		return protocol.Undefined{}
	case goja.IsNull(v):
		return nil
	}
	o, ok := v.(*goja.Object)
	if !ok {
		return g.primitive(v)
	}
	if known, ok := g.made[o]; ok {
		return known
	}
	if g.depth++; g.depth > protocol.MaxDepth {
		g.uncloneable()
	}
	defer func() { g.depth-- }()
	if _, callable := goja.AssertFunction(o); callable {
		g.uncloneable()
	}
	return g.object(o)
}

func (g *outgoing) primitive(v goja.Value) any {
	if _, symbol := v.(*goja.Symbol); symbol {
		g.uncloneable()
	}
	if s, ok := v.(goja.String); ok {
		return text(s)
	}
	e := v.Export()
	if b, ok := e.(*big.Int); ok {
		return new(big.Int).Set(b)
	}
	return e
}

// text is a string as it travels: in UTF-8, or in UTF-16 where a surrogate stands alone, for which that has no place.
func text(s goja.String) any {
	whole := s.String()
	if !strings.ContainsRune(whole, utf8.RuneError) {
		return whole
	}
	units := make(protocol.UTF16, s.Length())
	for i := range units {
		units[i] = s.CharAt(i)
	}
	if slices.Equal(utf16.Encode([]rune(whole)), units) {
		return whole // it has the character that stands for others
	}
	return units
}

// object copies an object. Nothing asks a getter that does not have to be asked for the copy.
func (g *outgoing) object(o *goja.Object) any {
	if portOf(o) != nil {
		g.uncloneable() // ports are transferred beside a message
	}
	tag, err := g.toString(o)
	if err != nil {
		panic(err)
	}
	switch o.ClassName() {
	case "Array":
		n := int(o.Get("length").ToInteger())
		if n > protocol.MaxElements {
			g.uncloneable()
		}
		list := make([]any, n)
		g.made[o] = list
		for i := range list {
			list[i] = g.value(o.Get(itoa(i)))
		}
		return list
	case "Date":
		return g.date(o)
	case "RegExp":
		return protocol.RegExp{Source: g.get(o, "source").String(), Flags: g.get(o, "flags").String()}
	case "Error":
		return g.error(o)
	case "Boolean", "Number", "String", "BigInt":
		valueOf, ok := goja.AssertFunction(o.Get("valueOf"))
		if !ok {
			g.uncloneable()
		}
		v, err := valueOf(o)
		if err != nil {
			panic(err)
		}
		return protocol.Boxed{Value: g.primitive(v)}
	case "Promise", "WeakMap", "WeakSet", "Symbol":
		g.uncloneable()
	}
	if _, ok := exported[*goja.Promise](o); ok {
		g.uncloneable()
	}
	if buffer, ok := exported[goja.ArrayBuffer](o); ok {
		return protocol.ArrayBuffer(append([]byte(nil), buffer.Bytes()...))
	}
	name := tag.String()
	return g.container(o, name[len("[object "):len(name)-1])
}

// container copies what its tag tells apart: collections, views of buffers, and plain objects.
func (g *outgoing) container(o *goja.Object, tag string) any {
	switch tag {
	case "Map":
		m := &protocol.Map{}
		g.made[o] = m
		g.each(o, func(v goja.Value) {
			pair := v.ToObject(g.vm)
			m.Entries = append(m.Entries, protocol.MapEntry{Key: g.value(pair.Get("0")), Value: g.value(pair.Get("1"))})
		})
		return m
	case "Set":
		s := &protocol.Set{}
		g.made[o] = s
		g.each(o, func(v goja.Value) { s.Values = append(s.Values, g.value(v)) })
		return s
	case "WeakMap", "WeakSet", "WeakRef", "Promise", "Generator":
		g.uncloneable()
	}
	kind, known := kinds[tag]
	if known {
		buffer, ok := exported[goja.ArrayBuffer](o.Get("buffer"))
		if !ok {
			g.uncloneable()
		}
		whole := buffer.Bytes()
		from, n := g.get(o, "byteOffset").ToInteger(), g.get(o, "byteLength").ToInteger()
		if from < 0 || n < 0 || from > int64(len(whole)) || n > int64(len(whole))-from {
			g.uncloneable() // it only says that it is one
		}
		data := append([]byte(nil), whole[from:from+n]...)
		if tag == "Uint8Array" {
			return data
		}
		return protocol.View{Kind: kind, Data: data}
	}
	m := &protocol.Object{}
	g.made[o] = m
	for _, key := range o.Keys() {
		m.Properties = append(m.Properties, protocol.Property{Name: key, Value: g.value(o.Get(key))})
	}
	return m
}

func (g *outgoing) each(o *goja.Object, f func(goja.Value)) {
	g.vm.ForOf(o, func(v goja.Value) bool {
		f(v)
		return true
	})
}

// get is a property that an object of its kind has; without its prototype it may not have it.
func (g *outgoing) get(o *goja.Object, name string) goja.Value {
	v := o.Get(name)
	if v == nil {
		g.uncloneable()
	}
	return v
}

func (g *outgoing) date(o *goja.Object) any {
	number := o.ToNumber().ToFloat()
	if math.IsNaN(number) {
		return protocol.InvalidDate{}
	}
	return time.UnixMilli(int64(number))
}

func (g *outgoing) error(o *goja.Object) any {
	e := &protocol.Error{Name: "Error", Cause: protocol.Undefined{}}
	for name, to := range map[string]*string{"name": &e.Name, "message": &e.Message} {
		if v := o.Get(name); v != nil { // neither need be there
			*to = v.String()
		}
	}
	g.made[o] = e
	if stack := o.Get("stack"); stack != nil {
		e.Stack = stack.String()
	}
	if cause := o.Get("cause"); cause != nil {
		e.Cause = g.value(cause)
	}
	return e
}

func itoa(i int) string { return strconv.Itoa(i) }

// exported is what the engine has for a value if that is of one type. Of other objects it would make a copy, all getters asked.
func exported[T any](v goja.Value) (t T, ok bool) {
	if v == nil || v.ExportType() != reflect.TypeFor[T]() {
		return t, false
	}
	t, ok = v.Export().(T)
	return t, ok
}
