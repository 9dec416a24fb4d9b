package protocol

import (
	"bytes"
	"math/big"
	"reflect"
	"time"
	"unicode/utf16"
)

// container decodes into slices, arrays, maps and structs.
func (d *decoder) container(v reflect.Value, info *typeInfo) error {
	it := d.peek()
	switch info.in {
	case shapeStruct:
		if it.class != classMap {
			return d.mismatch("object", it)
		}
		return d.structValue(v, info)
	case shapeMap:
		return d.mapValue(v, info)
	}
	if p, ok := d.binary(it); ok && info.elem.isByte(info.elem.in) {
		return d.bytes(v, info, p)
	}
	switch {
	case it.class == classArray:
		return d.array(v, info)
	case it.class == classBin:
		return d.numbers(v, View{ViewUint8Clamped, d.b[d.pos+int(it.head):][:it.size]})
	case it.class == classExt && it.ext == ExtView:
		p := d.b[d.pos+int(it.head):][:it.size]
		return d.numbers(v, View{ViewKind(p[0]), p[1:]})
	case it.class == classExt && it.ext == ExtSet:
		return d.set(v)
	case it.class == classExt && it.ext == ExtSparse:
		return d.sparse(v)
	}
	if info.in == shapeBytes {
		return d.mismatch("bytes", it)
	}
	return d.mismatch("array", it)
}

// binary returns the bytes of the item at pos if that is what it is.
func (d *decoder) binary(it item) ([]byte, bool) {
	p := func() []byte { return d.b[d.pos+int(it.head):][:it.size] }
	switch {
	case it.class == classBin, it.class == classExt && it.ext == ExtArrayBuffer:
		return p(), true
	case it.class == classExt && it.ext == ExtView:
		return p()[1:], true
	}
	return nil, false
}

// bytes copies p into a slice or array of bytes.
func (d *decoder) bytes(v reflect.Value, info *typeInfo, p []byte) error {
	start := d.pos
	d.skip()
	s, err := d.room(v, len(p), start)
	if err != nil {
		return err
	}
	copy(s.Bytes(), p) // also where the element's type has a name
	return nil
}

// room makes v hold n elements: a new slice, or the array cleared. A slice is
// remembered as what starts at start.
func (d *decoder) room(v reflect.Value, n, start int) (reflect.Value, error) {
	if v.Kind() == reflect.Array {
		if n > v.Len() {
			return v, typeErrorf("expected at most %d elements, got %d", v.Len(), n)
		}
		v.SetZero()
		return v, nil
	}
	if err := d.take(n, max(1, int(v.Type().Elem().Size()))); err != nil { // what takes no memory takes the time of who looks at it
		return v, err
	}
	s := reflect.MakeSlice(v.Type(), n, n)
	if d.g != nil && !typeOf(v.Type()).tree {
		d.remember(start, s, v.Type())
	}
	v.Set(s)
	return s, nil
}

func (d *decoder) array(v reflect.Value, info *typeInfo) error {
	start := d.pos
	it := d.next()
	if info.elem.in == shapeString && v.CanAddr() {
		if into, ok := v.Addr().Interface().(*[]string); ok {
			return d.strings(into, start, int(it.size), info)
		}
	}
	s, err := d.room(v, int(it.size), start)
	if err != nil {
		return err
	}
	for i := range int(it.size) {
		if err := d.value(s.Index(i), info.elem); err != nil {
			return atIndex(err, i)
		}
	}
	if info.channels {
		closeChannels(v, info)
	}
	d.rememberTree(start, s, info)
	return nil
}

// strings decodes the n elements of an array, which starts at start, without reflection on each.
func (d *decoder) strings(into *[]string, start, n int, info *typeInfo) error {
	if err := d.take(n, int(info.elem.t.Size())); err != nil {
		return err
	}
	s := make([]string, n)
	*into = s
	if d.g != nil {
		d.remember(start, reflect.ValueOf(s), info.t)
	}
	for i := range s {
		var short bool
		if s[i], short = d.shortText(); short {
			continue
		}
		if err := d.value(reflect.ValueOf(&s[i]).Elem(), info.elem); err != nil {
			return atIndex(err, i)
		}
	}
	return nil
}

// items counts the values up to end without decoding them.
func (d *decoder) items(end int) int {
	c, n := decoder{b: d.b, pos: d.pos}, 0
	for ; c.pos < end; n++ {
		c.skip()
	}
	return n
}

// set decodes a Set into a slice or array.
func (d *decoder) set(v reflect.Value) error {
	start := d.pos
	it := d.next()
	n := d.items(d.pos + int(it.size))
	s, err := d.room(v, n, start)
	if err != nil {
		return err
	}
	info := typeOf(v.Type())
	for i := range n {
		if err := d.value(s.Index(i), info.elem); err != nil {
			return atIndex(err, i)
		}
	}
	d.rememberTree(start, s, info)
	return nil
}

// sparse decodes an array with holes: they are zero values, and named
// properties are dropped.
func (d *decoder) sparse(v reflect.Value) error {
	start := d.pos
	it := d.next()
	end := d.pos + int(it.size)
	length := d.next()
	s, err := d.room(v, int(length.bits), start)
	if err != nil {
		return err
	}
	info := typeOf(v.Type())
	for d.pos < end {
		key := d.next()
		if key.class != classUint {
			d.pos += int(key.size)
			d.skip()
			continue
		}
		if err := d.value(s.Index(int(key.bits)), info.elem); err != nil {
			return atIndex(err, int(key.bits))
		}
	}
	d.rememberTree(start, s, info)
	return nil
}

func (d *decoder) structValue(v reflect.Value, info *typeInfo) error {
	start := d.pos
	it := d.next()
	for i := range int(it.size) {
		var f *field
		if i < len(info.fields) && bytes.HasPrefix(d.b[d.pos:], info.fields[i].key) { // mostly they come in order
			f = &info.fields[i]
			d.pos += len(f.key)
		} else if head := d.next(); head.class == classStr {
			f = info.byName[string(d.payload(&head))]
		} else {
			d.pos += int(head.size)
		}
		if f == nil {
			d.skip()
			continue
		}
		var into reflect.Value
		if len(f.index) == 1 {
			into = v.Field(f.index[0])
		} else {
			var err error
			if into, err = d.settable(f, v); err != nil {
				return atField(err, f.name)
			}
		}
		if err := d.value(into, f.info); err != nil {
			return atField(err, f.name)
		}
	}
	if info.channels {
		closeChannels(v, info)
	}
	if d.g != nil {
		whole := reflect.New(info.t).Elem()
		whole.Set(v)
		d.remember(start, whole, info.t)
	}
	return nil
}

// settable returns f in v; embedded pointers on the way are filled.
func (d *decoder) settable(f *field, v reflect.Value) (reflect.Value, error) {
	for i, x := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if err := d.take(1, int(v.Type().Elem().Size())); err != nil {
					return v, err
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v, nil
}

const mapEntrySize = 32 // besides key and value

// mapValue decodes an object, a Map or, where it fits, a Set.
func (d *decoder) mapValue(v reflect.Value, info *typeInfo) error {
	start := d.pos
	it := d.peek()
	isMap := it.class == classExt && it.ext == ExtMap
	isSet := it.class == classExt && it.ext == ExtSet && info.setOfKey
	if it.class != classMap && !isMap && !isSet {
		return d.mismatch("object", it)
	}
	d.pos += int(it.head)
	n := int(it.size)
	if isMap || isSet {
		n = d.items(d.pos + n)
	}
	if isMap {
		n /= 2
	}
	size := int(info.key.t.Size()+info.elem.t.Size()) + mapEntrySize
	if err := d.take(n, size); err != nil {
		return err
	}
	m := reflect.MakeMapWithSize(info.t, n)
	if !info.tree {
		d.remember(start, m, info.t)
	}
	v.Set(m)
	for range n {
		// Both are new each time: a pointer into them may be remembered.
		key, value := reflect.New(info.key.t).Elem(), reflect.New(info.elem.t).Elem()
		name, err := d.mapKey(key, info.key, it.class == classMap)
		switch {
		case err != nil:
			return err
		case !isSet:
			err = d.value(value, info.elem)
		case value.Kind() == reflect.Bool:
			value.SetBool(true)
		}
		if err != nil {
			return atField(err, name)
		}
		m.SetMapIndex(key, value)
	}
	d.rememberTree(start, m, info)
	return nil
}

// natural decodes what has one Go type only, and interfaces.
func (d *decoder) natural(v reflect.Value, info *typeInfo) error {
	it := d.peek()
	want := naturalName(info)
	if p, ok := d.binary(it); ok && info.t == reflect.TypeFor[ArrayBuffer]() {
		return d.bytes(v, info, p)
	}
	if info.in == shapeInterface && readerType.AssignableTo(info.t) || info.t == readCloserType {
		if p, ok := d.binary(it); ok {
			return d.reader(v, p)
		}
	}
	described := d.describe(it)
	outer := d.ordered
	d.ordered = outer || info.t == orderedType || info.t == reflect.TypeFor[Object]()
	x, err := d.any()
	d.ordered = outer
	if err != nil {
		return err
	}
	if info.t == orderedType {
		v.Set(reflect.ValueOf(Ordered{x}))
		return nil
	}
	switch y := x.(type) {
	case int64:
		if info.in == shapeBigInt {
			x = big.NewInt(y)
		}
	case uint64:
		if info.in == shapeBigInt {
			x = new(big.Int).SetUint64(y)
		}
	case string:
		if info.t == reflect.TypeFor[UTF16]() {
			x = UTF16(utf16.Encode([]rune(y)))
		}
	}
	xv := reflect.ValueOf(x)
	switch {
	case xv.IsValid() && xv.Type().AssignableTo(info.t):
		v.Set(xv)
	case xv.IsValid() && xv.Kind() == reflect.Pointer && xv.Type().Elem() == info.t:
		v.Set(xv.Elem())
	default:
		return typeErrorf("expected %s, got %s", want, described)
	}
	return nil
}

// naturalName names what natural wants.
func naturalName(info *typeInfo) string {
	switch info.t {
	case reflect.TypeFor[time.Time]():
		return "Date"
	case bigIntType:
		return "bigint"
	case reflect.TypeFor[View]():
		return "typed array"
	case reflect.TypeFor[SparseArray]():
		return "array with holes"
	case reflect.TypeFor[Boxed]():
		return "boxed primitive"
	case reflect.TypeFor[UTF16]():
		return "string"
	case errorType:
		return "Error"
	case readerType, readCloserType:
		return "ReadableStream or bytes"
	}
	return info.t.Name()
}
