package protocol

import (
	"encoding"
	"encoding/binary"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/vmihailenco/msgpack/v5"
)

// slice writes a slice as an array.
func (e *encoder) slice(v reflect.Value, info *typeInfo) error {
	if v.IsNil() {
		e.scalar()
		return e.null()
	}
	if info.elem.t.Size() > 0 { // different slices of nothing may be equal
		if done, err := e.sliceKnown(v); done || err != nil {
			return err
		}
	}
	return e.elements(v, info)
}

// array writes a Go array, one of bytes as bin.
func (e *encoder) array(v reflect.Value, info *typeInfo) error {
	if !info.elem.isByte(info.elem.out) {
		return e.elements(v, info)
	}
	e.mark()
	return e.bin(addressable(v).Elem().Bytes())
}

func (e *encoder) elements(v reflect.Value, info *typeInfo) error {
	e.mark()
	if err := e.enter(); err != nil {
		return err
	}
	e.arrayLen(v.Len())
	if info.elem.out == shapeString && v.CanAddr() {
		if list, ok := v.Addr().Interface().(*[]string); ok {
			return e.strings(*list)
		}
	}
	for i := range v.Len() {
		if err := e.value(v.Index(i), info.elem); err != nil {
			return atIndex(err, i)
		}
		if len(e.buf)-e.start > MaxPacket {
			return errTooLarge
		}
	}
	e.leave()
	return nil
}

// strings writes the elements of an array that is open, without reflection on each.
func (e *encoder) strings(list []string) error {
	e.items += len(list)
	for i, s := range list {
		if err := e.string(s); err != nil {
			return atIndex(err, i)
		}
	}
	e.leave()
	return nil
}

// stringMap writes the commonest map without reflection on its values.
func (e *encoder) stringMap(m map[string]any) error {
	if m == nil {
		e.scalar()
		return e.null()
	}
	v := reflect.ValueOf(m)
	if done, err := e.known(identity{v.Pointer(), 0, v.Type()}); done || err != nil {
		return err
	}
	e.mark()
	if err := e.enter(); err != nil {
		return err
	}
	e.mapLen(len(m))
	start := len(e.names)
	for key := range m {
		e.names = append(e.names, key)
	}
	end := len(e.names)
	slices.Sort(e.names[start:end])
	for i := start; i < end; i++ {
		key := e.names[i]
		if err := e.key(key); err != nil {
			return err
		}
		if err := e.any(m[key]); err != nil {
			return atField(err, key)
		}
	}
	e.names = e.names[:start]
	e.leave()
	return nil
}

// mapValue writes any other map.
func (e *encoder) mapValue(v reflect.Value, info *typeInfo) error {
	if v.IsNil() {
		e.scalar()
		return e.null()
	}
	if done, err := e.known(identity{v.Pointer(), 0, v.Type()}); done || err != nil {
		return err
	}
	e.mark()
	if err := e.enter(); err != nil {
		return err
	}
	type entry struct {
		key   string
		value reflect.Value
	}
	entries := make([]entry, 0, v.Len())
	for iter := v.MapRange(); iter.Next(); {
		key, err := keyText(iter.Key())
		if err != nil {
			return err
		}
		entries = append(entries, entry{key, iter.Value()})
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	e.mapLen(len(entries))
	for i, entry := range entries {
		if i > 0 && entry.key == entries[i-1].key {
			return fmt.Errorf("%w: two keys of a %s are both %q", ErrUncloneable, v.Type(), entry.key)
		}
		if err := e.key(entry.key); err != nil {
			return err
		}
		if err := e.value(entry.value, info.elem); err != nil {
			return atField(err, entry.key)
		}
	}
	e.leave()
	return nil
}

// keyText returns the property name for a map key.
func keyText(k reflect.Value) (string, error) {
	if k.Kind() == reflect.Interface && !k.IsNil() {
		k = k.Elem()
	}
	if k.Kind() == reflect.String {
		return k.String(), nil
	}
	if k.Kind() == reflect.Pointer && k.IsNil() {
		return "", nil // as encoding/json has it
	}
	if m, ok := k.Interface().(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		return string(text), err
	}
	switch {
	case k.CanInt():
		return strconv.FormatInt(k.Int(), 10), nil
	case k.CanUint():
		return strconv.FormatUint(k.Uint(), 10), nil
	}
	return "", fmt.Errorf("%w: map key of type %s; use protocol.Map", ErrUncloneable, k.Type())
}

// structValue writes a struct as a plain object.
func (e *encoder) structValue(v reflect.Value, info *typeInfo) error {
	e.mark()
	if err := e.enter(); err != nil {
		return err
	}
	n := len(info.fields)
	for i := range info.fields {
		if f := &info.fields[i]; f.absent {
			if _, ok := f.get(v); !ok {
				n--
			}
		}
	}
	e.mapLen(n)
	for i := range info.fields {
		f := &info.fields[i]
		var fv reflect.Value
		if !f.absent {
			fv = v.Field(f.index[0])
		} else {
			var ok bool
			if fv, ok = f.get(v); !ok {
				continue
			}
		}
		n--
		e.items++
		e.buf = append(e.buf, f.key...)
		if err := e.value(fv, f.info); err != nil {
			return atField(err, f.name)
		}
	}
	if n != 0 { // the head would be another object's
		return fmt.Errorf("%w: a %s that changed while it was written", ErrUncloneable, v.Type())
	}
	e.leave()
	return nil
}

// get returns the field's value in v, and whether it is to be written.
func (f *field) get(v reflect.Value) (reflect.Value, bool) {
	for i, x := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v, !(f.omitEmpty && empty(v) || f.omitZero && zero(v))
}

// zeroer says itself whether omitzero leaves it out.
type zeroer interface{ IsZero() bool }

// zero is what omitzero leaves out, as in encoding/json: a nil pointer is not asked.
func zero(v reflect.Value) bool {
	inner := v
	if v.Kind() == reflect.Interface {
		inner = v.Elem()
	}
	if inner.Kind() == reflect.Pointer && inner.IsNil() {
		return true
	}
	if z, ok := v.Interface().(zeroer); ok {
		return z.IsZero()
	}
	if z, ok := addressable(v).Interface().(zeroer); ok {
		return z.IsZero()
	}
	return v.IsZero()
}

// empty is what omitempty leaves out.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// addressable returns a pointer to v, or to a copy of it.
func addressable(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return v.Addr()
	}
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return p
}

// isNil is IsNil for values that may be of any kind.
func isNil(v reflect.Value) bool {
	return (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.IsNil()
}

// text writes what MarshalText returns.
func (e *encoder) text(v reflect.Value) error {
	e.scalar()
	if isNil(v) {
		return e.null()
	}
	text, err := addressable(v).Interface().(encoding.TextMarshaler).MarshalText()
	if err != nil {
		return err
	}
	return e.string(string(text))
}

// custom lets the value encode itself, and checks what it wrote.
func (e *encoder) custom(v reflect.Value) error {
	if isNil(v) {
		e.scalar()
		return e.null()
	}
	pending := e.pending
	e.pending = nil
	start := len(e.buf)
	e.mp.SetCustomStructTag("json")
	defer e.mp.Reset(e) // also after a panic: whatever it was told, the next value is not to be written so
	var err error
	switch m := addressable(v).Interface().(type) {
	case msgpack.CustomEncoder:
		err = m.EncodeMsgpack(e.mp)
	case msgpack.Marshaler:
		var b []byte
		if b, err = m.MarshalMsgpack(); err == nil {
			_, err = e.Write(b)
		}
	}
	if err != nil {
		return err
	}
	w := walker{b: e.buf[start:], budget: MaxElements, base: e.depth}
	if err = w.whole(); err == nil {
		err = checkTexts(w.b)
	}
	if err != nil {
		return fmt.Errorf("%s encoded itself badly: %w", v.Type(), err)
	}
	if w.refs || w.links > 0 {
		return fmt.Errorf("%w: %s wrote a reference", ErrUncloneable, v.Type())
	}
	e.pending = pending
	if first := readItem(w.b); first.referenceable() {
		e.mark()
		w.count--
	}
	e.scalar()
	e.count += w.count
	e.items += MaxElements - w.budget
	return nil
}

// checkTexts refuses texts in checked bytes that the other side could not decode.
func checkTexts(b []byte) error {
	for len(b) > 0 {
		it := readItem(b)
		b = b[it.head:]
		if it.class == classStr && !utf8.Valid(b[:it.size]) {
			return errText
		}
		if it.class == classStr || it.class == classBin || it.class == classExt && (it.ext < ExtRegExp || it.ext > ExtBoxed) {
			b = b[it.size:]
		}
	}
	return nil
}

// bigInt writes n; a nil one is null.
func (e *encoder) bigInt(n *big.Int) error {
	if n == nil {
		return e.null()
	}
	sign := byte(0)
	if n.Sign() < 0 {
		sign = 1
	}
	magnitude := n.Bytes()
	if err := e.mp.EncodeExtHeader(ExtBigInt, 1+len(magnitude)); err != nil {
		return err
	}
	e.buf = append(append(e.buf, sign), magnitude...)
	return nil
}

// nested writes an ext of msgpack items. Its length is known only afterwards,
// so it always has the long form.
func (e *encoder) nested(ext int8, items func() error) error {
	e.mark()
	if err := e.enter(); err != nil {
		return err
	}
	e.buf = append(e.buf, 0xc9, 0, 0, 0, 0, byte(ext))
	start := len(e.buf)
	if err := items(); err != nil {
		return err
	}
	binary.BigEndian.PutUint32(e.buf[start-5:], uint32(len(e.buf)-start))
	e.leave()
	return nil
}

// leaf writes an ext with the given payload.
func (e *encoder) leaf(ext int8, payload ...byte) error {
	if err := e.mp.EncodeExtHeader(ext, len(payload)); err != nil {
		return err
	}
	_, err := e.Write(payload)
	return err
}
