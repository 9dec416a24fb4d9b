package protocol

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"sync"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

// ErrUncloneable is the kind of the error for a Go value that has no place on
// the wire: functions, channels, complex numbers and the like.
var ErrUncloneable = errors.New("value cannot be cloned")

// AppendValue appends v's encoding to dst. On an error dst is returned as it
// was.
//
// Structs and maps become plain objects (fields by msgpack tag, else json tag,
// else name; "-", omitempty and omitzero work as usual; map keys are sorted),
// slices and arrays become arrays, []byte a Uint8Array, time.Time a Date,
// big.Int a BigInt, nil null. Integers beyond ±[MaxSafeInteger] arrive as
// BigInt. Types with a MarshalText become strings, a json.RawMessage what its
// text stands for; msgpack's CustomEncoder and Marshaler are obeyed. Streams and
// ports need a [Writer]. A pointer, map or slice that appears twice, or within
// itself, is one value there too.
func AppendValue(dst []byte, v any) ([]byte, error) {
	e := newEncoder(dst)
	defer e.release()
	if err := e.any(v); err != nil {
		return dst, err
	}
	return e.done(dst)
}

// encoder writes values. Its msgpack encoder appends to its own buf.
type encoder struct {
	buf     []byte
	start   int // of what this encoder writes, within buf
	mp      *msgpack.Encoder
	depth   int
	hops    int        // pointers and interfaces followed since the last item
	items   int        // of any kind, for MaxElements
	count   uint32     // referenceable items written
	seen    identities // what was written already, by its number
	names   []string   // of the maps being written, one behind the other
	pending []identity // pointers whose target is about to be written
	links   Links      // nil: no streams and ports
	linked  int        // streams and ports, for MaxStreams
	single  bool       // what is being written is nowhere else, and may not live as long as the numbers
}

// Write and WriteByte let msgpack append.
func (e *encoder) Write(p []byte) (int, error) {
	if len(e.buf)-e.start+len(p) > MaxPacket {
		return 0, errTooLarge
	}
	e.buf = append(e.buf, p...)
	return len(p), nil
}

// WriteByte appends one byte.
func (e *encoder) WriteByte(c byte) error {
	e.buf = append(e.buf, c)
	return nil
}

// frameItems is more than a frame has besides its values.
const frameItems = 8

var errTooLarge = fmt.Errorf("protocol: %w: larger than %d bytes", ErrLimit, MaxPacket-HeaderSize)

var errTooMany = fmt.Errorf("protocol: %w: more than %d values", ErrLimit, MaxElements)

var encoders = sync.Pool{New: func() any {
	e := &encoder{}
	e.mp = msgpack.NewEncoder(e)
	return e
}}

func newEncoder(dst []byte) *encoder {
	e := encoders.Get().(*encoder)
	e.buf, e.start = dst, len(dst)
	return e
}

// release gives the encoder back, without anything of the caller's in it.
func (e *encoder) release() {
	e.buf, e.links, e.single = nil, nil, false
	clear(e.names[:cap(e.names)])
	if cap(e.names) > keepNames {
		e.names = nil
	}
	e.names = e.names[:0]
	e.depth, e.hops, e.items, e.linked = 0, 0, 0, 0
	e.restart()
	encoders.Put(e)
}

const keepNames = 1 << 10 // a larger list goes with its value

// restart begins a new numbering of references.
func (e *encoder) restart() {
	e.count = 0
	e.seen.clear()
	e.pending = e.pending[:0]
}

// done returns what was written, if it can be sent at all.
func (e *encoder) done(dst []byte) ([]byte, error) {
	if len(e.buf)-e.start > MaxPacket-HeaderSize {
		return dst, errTooLarge
	}
	if e.items+frameItems > MaxElements {
		return dst, errTooMany
	}
	return e.buf, nil
}

// mark numbers the referenceable item about to be written and lets all that
// leads to it remember the number.
func (e *encoder) mark() {
	for _, id := range e.pending {
		e.seen.put(id, e.count)
	}
	e.pending = e.pending[:0]
	e.hops = 0
	e.count++
	e.items++
}

// known writes a back reference if id was written before. Otherwise the next
// item will be remembered as id.
func (e *encoder) known(id identity) (bool, error) {
	if e.single {
		return false, nil
	}
	n, ok := e.seen.get(id)
	if !ok {
		e.pending = append(e.pending, id)
		return false, nil
	}
	e.scalar()
	if err := e.mp.EncodeExtHeader(ExtReference, 4); err != nil {
		return true, err
	}
	e.buf = binary.BigEndian.AppendUint32(e.buf, n)
	return true, nil
}

// enter and leave frame everything that counts for depth.
func (e *encoder) enter() error {
	if e.depth == MaxDepth {
		return fmt.Errorf("%w: nested more than %d deep", ErrLimit, MaxDepth)
	}
	e.depth++
	e.hops = 0
	return nil
}

func (e *encoder) leave() { e.depth-- }

// scalar is called before an item that has no number.
func (e *encoder) scalar() {
	e.hops = 0
	e.items++
	e.pending = e.pending[:0]
}

// any encodes v; the common types go without reflection.
func (e *encoder) any(v any) error {
	switch v := v.(type) {
	case nil:
		e.scalar()
		return e.null()
	case bool:
		e.scalar()
		return e.bool(v)
	case string:
		e.scalar()
		return e.string(v)
	case int:
		e.scalar()
		return e.int(int64(v))
	case int64:
		e.scalar()
		return e.int(v)
	case float64:
		e.scalar()
		return e.float(v)
	case []byte:
		return e.bytes(reflect.ValueOf(v))
	case map[string]any:
		return e.stringMap(v)
	}
	rv := reflect.ValueOf(v)
	info := typeOf(rv.Type())
	if info.isError && (rv.Kind() != reflect.Pointer || !rv.IsNil()) {
		return e.goError(v.(error))
	}
	return e.value(rv, info)
}

// key writes the name of a property.
func (e *encoder) key(s string) error {
	e.items++
	return e.string(s)
}

// float writes a whole number in safe range as an int, as JavaScript does.
func (e *encoder) float(f float64) error {
	if f == math.Trunc(f) && math.Abs(f) <= MaxSafeInteger && (f != 0 || !math.Signbit(f)) {
		return e.int(int64(f))
	}
	if f != f {
		f = math.Float64frombits(0x7ff8 << 48) // the one NaN that JavaScript writes
	}
	return e.float64(f)
}

// bytes writes a slice of bytes as bin.
func (e *encoder) bytes(v reflect.Value) error {
	if v.IsNil() {
		e.scalar()
		return e.null()
	}
	if done, err := e.sliceKnown(v); done || err != nil {
		return err
	}
	e.mark()
	return e.bin(v.Bytes())
}

// sliceKnown is known for a slice; empty ones have no identity.
func (e *encoder) sliceKnown(v reflect.Value) (bool, error) {
	if v.Len() == 0 {
		return false, nil
	}
	return e.known(identity{v.Pointer(), v.Len(), v.Type()})
}

// value encodes v by its shape.
func (e *encoder) value(v reflect.Value, info *typeInfo) error {
	switch info.out {
	case shapeBool:
		e.scalar()
		return e.bool(v.Bool())
	case shapeInt:
		e.scalar()
		return e.int(v.Int())
	case shapeUint:
		e.scalar()
		return e.uint(v.Uint())
	case shapeFloat:
		e.scalar()
		return e.float(v.Float())
	case shapeString:
		e.scalar()
		return e.string(v.String())
	case shapeSlice:
		return e.slice(v, info)
	case shapeArray:
		return e.array(v, info)
	case shapeMap:
		return e.mapValue(v, info)
	case shapeStruct:
		return e.structValue(v, info)
	case shapeBytes:
		return e.bytes(v)
	case shapePointer:
		return e.pointer(v, info)
	case shapeAny, shapeInterface:
		return e.iface(v)
	case shapeTime:
		e.mark()
		return e.mp.EncodeTime(v.Interface().(time.Time))
	case shapeBigInt:
		e.scalar()
		n := v.Interface().(big.Int)
		return e.bigInt(&n)
	case shapeNative:
		return e.native(v)
	case shapeText:
		return e.text(v)
	case shapeJSON:
		return e.rawJSON(v.Bytes())
	case shapeCustom:
		return e.custom(v)
	case shapeStream:
		return e.stream(v)
	case shapePort:
		return e.port(v)
	}
	return fmt.Errorf("%w: %s", ErrUncloneable, v.Type())
}

const maxHops = 100 // pointers to pointers to …; only a cycle has more

// pointer encodes what v points to.
func (e *encoder) pointer(v reflect.Value, info *typeInfo) error {
	if v.IsNil() {
		e.scalar()
		return e.null()
	}
	if e.hops++; e.hops > maxHops {
		return fmt.Errorf("%w: %s points to itself", ErrUncloneable, v.Type())
	}
	if info.elem.out == shapeBigInt {
		e.scalar()
		return e.bigInt(v.Interface().(*big.Int))
	}
	// Pointers to different values without size may be equal.
	if info.elem.t.Size() > 0 {
		if done, err := e.known(identity{v.Pointer(), 0, v.Type()}); done || err != nil {
			return err
		}
	}
	return e.value(v.Elem(), info.elem)
}

// iface encodes what is in an interface. An error in it becomes an Error with
// the text that a page may see.
func (e *encoder) iface(v reflect.Value) error {
	if v.IsNil() {
		e.scalar()
		return e.null()
	}
	if e.hops++; e.hops > maxHops {
		return fmt.Errorf("%w: %s holds itself", ErrUncloneable, v.Type())
	}
	return e.any(v.Elem().Interface())
}
