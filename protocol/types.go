package protocol

import (
	"encoding/binary"
	"math"
)

// The types below carry what JavaScript has and Go has not. They appear where
// a value is decoded into any, may be used as fields and parameters, and are
// encoded back to what they came from.

// Undefined is JavaScript's undefined. Decoded into anything but an any it is
// the zero value, as null is.
type Undefined struct{}

// InvalidDate is a Date whose time is NaN. Valid dates are time.Time.
type InvalidDate struct{}

// ArrayBuffer is the content of an ArrayBuffer. A plain []byte is a Uint8Array.
type ArrayBuffer []byte

// View is the content of a typed array other than Uint8Array, or a DataView.
type View struct {
	Kind ViewKind
	Data []byte // little endian, a whole number of elements
}

// RegExp is a regular expression, not compiled: Go's syntax is another one.
type RegExp struct {
	Source, Flags string
}

// Map is a JavaScript Map, in insertion order. Keys may be anything. Where the
// keys are known a Go map can be used instead, for decoding.
type Map struct {
	Entries []MapEntry
}

// MapEntry is one entry of a [Map].
type MapEntry struct {
	Key, Value any
}

// Set is a JavaScript Set, in insertion order.
type Set struct {
	Values []any
}

// Error is a JavaScript Error that travels as a value. The error a call fails
// with is an [ErrorValue].
type Error struct {
	Name, Message string
	Stack         string // "" for none
	Cause         any    // Undefined or nil for none
}

// Error returns name and message as JavaScript prints them.
func (e *Error) Error() string {
	if e.Name == "" {
		return e.Message
	}
	return e.Name + ": " + e.Message
}

// SparseArray is an array with holes or with named properties.
type SparseArray struct {
	Length     uint32
	Elements   []Element
	Properties []Property
}

// Element is one element of a [SparseArray].
type Element struct {
	Index uint32
	Value any
}

// Property is a named property of an [Object] or a [SparseArray].
type Property struct {
	Name  string
	Value any
}

// Object is an object with its properties in their order, which a map does not
// keep. Objects are decoded so within an [Ordered] or an Object.
type Object struct {
	Properties []Property
}

// Ordered holds what an any does, but each object in it as an *[Object].
type Ordered struct {
	Value any
}

// Boxed is a Boolean, Number, String or BigInt object.
type Boxed struct {
	Value any
}

// UTF16 is a string that UTF-8 cannot hold, since it has lone surrogates.
// Decoded into a Go string, those become U+FFFD.
type UTF16 []uint16

// Number is what the elements of a typed array are.
type Number interface {
	int8 | int16 | uint16 | int32 | uint32 | int64 | uint64 | float32 | float64
}

// NewView copies s into the typed array of its element type: []float64 gives a
// Float64Array. Without it a Go slice travels as an ordinary array.
func NewView[T Number](s []T) View {
	var v View
	var zero T
	switch any(zero).(type) {
	case int8:
		v.Kind = ViewInt8
	case int16:
		v.Kind = ViewInt16
	case uint16:
		v.Kind = ViewUint16
	case int32:
		v.Kind = ViewInt32
	case uint32:
		v.Kind = ViewUint32
	case int64:
		v.Kind = ViewBigInt64
	case uint64:
		v.Kind = ViewBigUint64
	case float32:
		v.Kind = ViewFloat32
	case float64:
		v.Kind = ViewFloat64
	}
	// Append cannot fail: s is a slice of fixed-size numbers.
	v.Data, _ = binary.Append(nil, binary.LittleEndian, s)
	return v
}

// Len returns the number of elements.
func (v View) Len() int {
	size := v.Kind.Size()
	if size == 0 {
		return 0
	}
	return len(v.Data) / size
}

// element returns element i as int64, uint64 or float64.
func (v View) element(i int) any {
	le := binary.LittleEndian
	b := v.Data[i*v.Kind.Size():]
	switch v.Kind {
	case ViewInt8:
		return int64(int8(b[0]))
	case ViewInt16:
		return int64(int16(le.Uint16(b)))
	case ViewUint16:
		return uint64(le.Uint16(b))
	case ViewInt32:
		return int64(int32(le.Uint32(b)))
	case ViewUint32:
		return uint64(le.Uint32(b))
	case ViewFloat32:
		return float64(math.Float32frombits(le.Uint32(b)))
	case ViewFloat64:
		return math.Float64frombits(le.Uint64(b))
	case ViewBigInt64:
		return int64(le.Uint64(b))
	case ViewBigUint64:
		return le.Uint64(b)
	case ViewFloat16:
		return float16(le.Uint16(b))
	}
	return uint64(b[0])
}

// float16 widens an IEEE 754 half.
func float16(h uint16) float64 {
	exp, frac := int(h>>10&0x1f), float64(h&0x3ff)
	f := math.Ldexp(1+frac/1024, exp-15)
	switch {
	case exp == 0x1f && frac != 0:
		return math.NaN()
	case exp == 0x1f:
		f = math.Inf(1)
	case exp == 0:
		f = math.Ldexp(frac, -24)
	}
	if h>>15 != 0 {
		f = -f
	}
	return f
}
