package protocol

import (
	"bytes"
	"encoding"
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"strconv"

	"github.com/vmihailenco/msgpack/v5"
)

// value decodes into v by its shape.
func (d *decoder) value(v reflect.Value, info *typeInfo) error {
	if info.in <= shapeString && d.short(v, info) {
		return nil
	}
	if d.depth++; d.depth > maxRecursion {
		return fmt.Errorf("protocol: %w: nested too deeply", ErrLimit)
	}
	err := d.shaped(v, info)
	d.depth--
	return err
}

// short decodes booleans, numbers and strings in their commonest forms, and says whether it has.
func (d *decoder) short(v reflect.Value, info *typeInfo) bool {
	c := d.b[d.pos]
	switch info.in {
	case shapeString:
		s, ok := d.shortText()
		if ok {
			v.SetString(s)
		}
		return ok
	case shapeInt:
		switch {
		case c < 0x80:
			v.SetInt(int64(c))
			d.pos++
			return true
		case c == 0xcc && !v.OverflowInt(math.MaxUint8):
			v.SetInt(int64(d.b[d.pos+1]))
			d.pos += 2
			return true
		case c == 0xcd && !v.OverflowInt(math.MaxUint16):
			v.SetInt(int64(binary.BigEndian.Uint16(d.b[d.pos+1:])))
			d.pos += 3
			return true
		}
	case shapeFloat:
		if c == 0xcb {
			f := math.Float64frombits(binary.BigEndian.Uint64(d.b[d.pos+1:]))
			if v.OverflowFloat(f) {
				return false
			}
			v.SetFloat(f)
			d.pos += 9
			return true
		}
	case shapeBool:
		if c == 0xc2 || c == 0xc3 {
			v.SetBool(c == 0xc3)
			d.pos++
			return true
		}
	}
	return false
}

func (d *decoder) shaped(v reflect.Value, info *typeInfo) error {
	if info.in == shapeAny {
		x, err := d.any()
		if err == nil {
			set(v, x)
		}
		return err
	}
	switch info.in {
	case shapePointer, shapeMap, shapeSlice, shapeBytes:
		if x, ok := d.decoded(info.t); ok {
			v.Set(x)
			return nil
		}
	}
	it := d.peek()
	if it.class == classNil || it.class == classExt && it.ext == ExtUndefined && info.t != orderedType {
		d.pos += int(it.head)
		v.SetZero()
		if info.channels {
			closeChannels(v, info)
		}
		return nil
	}
	if it.class == classExt {
		switch it.ext {
		case ExtReference:
			return d.reference(v, info)
		case ExtBoxed:
			if info.in < shapeBytes {
				d.pos += int(it.head)
				return d.value(v, info)
			}
		}
	}
	switch info.in {
	case shapePointer:
		return d.pointer(v, info)
	case shapeSlice, shapeArray, shapeMap, shapeStruct, shapeBytes:
		return d.container(v, info)
	case shapeTime, shapeBigInt, shapeNative, shapeInterface:
		return d.natural(v, info)
	case shapeText:
		return d.unmarshalText(v)
	case shapeJSON:
		return d.rawJSON(v)
	case shapeCustom:
		return d.custom(v)
	case shapeStream:
		return d.stream(v, info)
	case shapePort:
		return d.natural(v, info)
	case shapeNone:
		return typeErrorf("nothing can be decoded into %s", v.Type())
	}
	return d.scalar(v, info, it)
}

// set stores x, the natural value, in an interface.
func set(v reflect.Value, x any) {
	if x == nil {
		v.SetZero()
		return
	}
	v.Set(reflect.ValueOf(x))
}

// reference decodes a back reference into v.
func (d *decoder) reference(v reflect.Value, info *typeInfo) error {
	it := d.next()
	start := -1
	shared, err := d.follow(&it, info.t, func() error {
		start = d.pos
		return d.value(v, info)
	})
	switch {
	case err != nil:
		return err
	case start >= 0: // decoded into v just now
		whole := reflect.New(info.t).Elem()
		whole.Set(v)
		d.remember(start, whole, info.t)
		return nil
	case shared.IsValid():
		v.Set(shared)
	}
	return nil
}

// mismatch is the error for an item that does not fit.
func (d *decoder) mismatch(want string, it item) error {
	return typeErrorf("expected %s, got %s", want, d.describe(it))
}

// describe names an item, whose head has not been read, as JavaScript would.
func (d *decoder) describe(it item) string {
	switch it.class {
	case classNil:
		return "null"
	case classBool:
		return "boolean"
	case classInt, classUint, classFloat:
		return "number"
	case classStr:
		return "string"
	case classBin:
		return "Uint8Array"
	case classArray:
		return "array"
	case classMap:
		return "object"
	}
	switch it.ext {
	case ExtUndefined:
		return "undefined"
	case ExtTimestamp:
		return "Date"
	case ExtInvalidDate:
		return "invalid Date"
	case ExtArrayBuffer:
		return "ArrayBuffer"
	case ExtView:
		return ViewKind(d.b[d.pos+int(it.head)]).String()
	case ExtBigInt:
		return "bigint"
	case ExtRegExp:
		return "RegExp"
	case ExtMap:
		return "Map"
	case ExtSet:
		return "Set"
	case ExtError:
		return "Error"
	case ExtSparse:
		return "array with holes"
	case ExtBoxed:
		return "boxed primitive"
	case ExtUTF16:
		return "string"
	case ExtStream:
		return "ReadableStream"
	case ExtPort:
		return "MessagePort"
	}
	return "reference"
}

// scalar decodes booleans, numbers and strings: it, which lies at pos.
func (d *decoder) scalar(v reflect.Value, info *typeInfo, it item) error {
	switch info.in {
	case shapeBool:
		if it.class != classBool {
			return d.mismatch("boolean", it)
		}
		v.SetBool(it.bits != 0)
	case shapeInt:
		n, err := d.integer(it, v.Type())
		if err != nil {
			return err
		}
		if v.OverflowInt(n) {
			return tooLarge(strconv.FormatInt(n, 10), v.Type())
		}
		v.SetInt(n)
	case shapeUint:
		n, err := d.unsigned(it, v.Type())
		if err != nil {
			return err
		}
		if v.OverflowUint(n) {
			return tooLarge(strconv.FormatUint(n, 10), v.Type())
		}
		v.SetUint(n)
	case shapeFloat:
		switch it.class {
		case classInt:
			v.SetFloat(float64(int64(it.bits)))
		case classUint:
			v.SetFloat(float64(it.bits))
		case classFloat:
			if err := setFloat(v, math.Float64frombits(it.bits)); err != nil {
				return err
			}
		default:
			return d.mismatch("number", it)
		}
	case shapeString:
		if !it.text() {
			return d.mismatch("string", it)
		}
		d.pos += int(it.head)
		s, err := d.text(&it)
		if err != nil {
			return err
		}
		v.SetString(s)
		return nil
	}
	d.pos += int(it.head) + int(it.size) // a BigInt has a size
	return nil
}

func tooLarge(n string, t reflect.Type) error {
	return typeErrorf("%s does not fit into %s", n, t.Kind())
}

// integer returns the item at pos as an int64.
func (d *decoder) integer(it item, t reflect.Type) (int64, error) {
	switch it.class {
	case classInt:
		return int64(it.bits), nil
	case classUint:
		if it.bits <= math.MaxInt64 {
			return int64(it.bits), nil
		}
		return 0, tooLarge(strconv.FormatUint(it.bits, 10), t)
	case classFloat:
		f := math.Float64frombits(it.bits)
		if f != math.Trunc(f) || math.IsInf(f, 0) {
			return 0, typeErrorf("expected integer, got %s", numberText(f))
		}
		if f >= -1<<63 && f < 1<<63 {
			return int64(f), nil
		}
		return 0, tooLarge(strconv.FormatFloat(f, 'g', -1, 64), t)
	case classExt:
		if it.ext == ExtBigInt {
			if n := bigInt(d.b[d.pos+int(it.head):][:it.size]); n.IsInt64() {
				return n.Int64(), nil
			}
			return 0, tooLarge("a bigint", t)
		}
	}
	return 0, d.mismatch("number", it)
}

// unsigned returns the item at pos as a uint64.
func (d *decoder) unsigned(it item, t reflect.Type) (uint64, error) {
	switch {
	case it.class == classUint:
		return it.bits, nil
	case it.class == classFloat && math.Float64frombits(it.bits) >= 1<<63:
		if f := math.Float64frombits(it.bits); f < 1<<64 {
			return uint64(f), nil
		}
	case it.class == classExt && it.ext == ExtBigInt:
		if n := bigInt(d.b[d.pos+int(it.head):][:it.size]); n.IsUint64() {
			return n.Uint64(), nil
		}
		return 0, tooLarge("a bigint", t)
	}
	n, err := d.integer(it, t)
	if err == nil && n < 0 {
		return 0, tooLarge(strconv.FormatInt(n, 10), t)
	}
	return uint64(n), err
}

// pointer decodes into what v points to, a new value unless it has one.
func (d *decoder) pointer(v reflect.Value, info *typeInfo) error {
	if info.elem.in == shapeNative {
		if done, err := d.nativePointer(v); done || err != nil {
			return err
		}
	}
	start := d.pos
	if v.IsNil() || d.g != nil {
		if err := d.take(1, int(info.elem.t.Size())); err != nil {
			return err
		}
		// With references about, never write into a value from elsewhere.
		v.Set(reflect.New(info.elem.t))
	}
	d.remember(start, v.Elem().Addr(), info.t)
	return d.value(v.Elem(), info.elem)
}

// nativePointer stores a natural value that is a pointer already, so that it
// stays the one that cycles lead back to.
func (d *decoder) nativePointer(v reflect.Value) (bool, error) {
	start := d.pos
	x, err := d.any()
	if err != nil {
		return true, err
	}
	if xv := reflect.ValueOf(x); xv.IsValid() && xv.Type() == v.Type() {
		v.Set(xv)
		return true, nil
	}
	d.pos = start
	return false, nil
}

// unmarshalText decodes a string by UnmarshalText.
func (d *decoder) unmarshalText(v reflect.Value) error {
	it := d.peek()
	if !it.text() {
		return d.mismatch("string", it)
	}
	d.pos += int(it.head)
	s, err := d.text(&it)
	if err != nil {
		return err
	}
	return ownError(v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s)))
}

// custom lets the value decode itself, from its own checked bytes.
func (d *decoder) custom(v reflect.Value) error {
	start := d.pos
	d.skip()
	raw := d.b[start:d.pos:d.pos]
	if d.g != nil || d.links != nil {
		w := walker{b: raw, budget: MaxElements}
		if err := w.whole(); err != nil || w.refs || w.links > 0 {
			return typeErrorf("%s cannot decode references", v.Type())
		}
	}
	if u, ok := v.Addr().Interface().(msgpack.Unmarshaler); ok {
		return ownError(u.UnmarshalMsgpack(bytes.Clone(raw))) // which may keep or change them, as with msgpack itself
	}
	dec := msgpack.GetDecoder()
	defer msgpack.PutDecoder(dec)
	dec.UsePreallocateValues(false)
	dec.ResetReader(bytes.NewReader(raw))
	dec.SetCustomStructTag("json")
	return ownError(v.Addr().Interface().(msgpack.CustomDecoder).DecodeMsgpack(dec))
}
