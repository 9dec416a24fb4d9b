package protocol

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"unicode/utf8"
)

// ErrType is the kind of the error for a value that does not fit the Go type
// it is to be decoded into.
var ErrType = errors.New("wrong type")

// Args are the arguments of a send or invoke, decoded one by one.
//
// Arguments that share a value share it decoded too, if one Args decodes both
// into the same type. An Args is not for concurrent use.
type Args struct {
	raw  []byte
	n    int
	refs bool
	at   int // index of the argument that starts at pos
	pos  int
	g    *graph
	l    Links
	took int
}

// Took returns roughly how much memory has been taken for what was decoded so far, strings and numbers aside.
func (a *Args) Took() int { return a.took }

// Bind says where streams and ports in the arguments are to be found. Without
// it they cannot be decoded.
func (a *Args) Bind(l Links) { a.l = l }

// Len returns the number of arguments.
func (a *Args) Len() int { return a.n }

// Size returns the bytes that the arguments take encoded.
func (a *Args) Size() int { return len(a.raw) }

// Decode decodes argument i, from 0, into the value that into points to, as
// [DecodeValue] does. An argument that is not there is undefined.
func (a *Args) Decode(i int, into any) error {
	d := decoder{b: a.raw, budget: decodeBudget(len(a.raw)), links: a.l}
	if i < 0 || i >= a.n {
		d.b = undefined
		return d.into(into)
	}
	if a.refs && a.g == nil {
		a.g = newGraph(a.raw, a.n)
	}
	d.g = a.g
	a.seek(i)
	d.pos = a.pos
	err := d.into(into)
	a.took += decodeBudget(len(a.raw)) - d.budget
	if err != nil {
		return asArgument(err, i)
	}
	a.at, a.pos = i+1, d.pos
	return nil
}

// Value returns argument i undecoded. It is not valid where arguments refer
// to each other; then ok is false.
func (a *Args) Value(i int) (v Value, ok bool) {
	if i < 0 || i >= a.n {
		return Value{raw: undefined}, true
	}
	if a.refs {
		return Value{}, false
	}
	a.seek(i)
	d := decoder{b: a.raw, pos: a.pos}
	d.skip()
	return Value{raw: a.raw[a.pos:d.pos:d.pos], l: a.l}, true
}

// seek moves to argument i.
func (a *Args) seek(i int) {
	if i < a.at {
		a.at, a.pos = 0, 0
	}
	d := decoder{b: a.raw, pos: a.pos}
	for ; a.at < i; a.at++ {
		d.skip()
	}
	a.pos = d.pos
}

// undefined is the encoding of undefined.
var undefined = []byte{0xc7, 0, byte(ExtUndefined)}

// Value is one checked value that has not been decoded.
type Value struct {
	raw  []byte
	refs bool
	l    Links
}

// Bind returns v with a place where streams and ports in it are to be found.
// Without it they cannot be decoded.
func (v Value) Bind(l Links) Value {
	v.l = l
	return v
}

// Clone returns v with its bytes copied, so that it does not keep the packet.
func (v Value) Clone() Value {
	v.raw = bytes.Clone(v.raw)
	return v
}

// Binary returns the content of a Uint8Array, an ArrayBuffer or a view, and
// whether v is one of these. It lies in the packet.
func (v Value) Binary() ([]byte, bool) {
	d := decoder{b: v.raw}
	return d.binary(d.peek())
}

// Bytes returns the encoding. It lies in the packet.
func (v Value) Bytes() []byte { return v.raw }

// Decode decodes v into the value that into points to, as [DecodeValue] does.
// The zero Value is undefined.
func (v Value) Decode(into any) error {
	d := decoder{b: v.raw, budget: decodeBudget(len(v.raw)), links: v.l}
	if v.raw == nil {
		d.b = undefined
	}
	if v.refs {
		d.g = newGraph(v.raw, 1)
	}
	return d.into(into)
}

// DecodeValue checks raw, which must be exactly one value, and decodes it into
// the value that into points to.
//
// Objects go into structs (fields as in [AppendValue]; what has no field is
// ignored, what is missing stays as it is) and maps, arrays into slices and
// arrays, typed arrays into slices of numbers, any binary value into []byte.
// null and undefined give the zero value. Numbers must fit: 300 is not a
// uint8, 1.5 no int. A BigInt goes into any integer type that holds it.
//
// A string of a value with many may keep up to 512 bytes of memory that it
// shares with others; strings.Clone is for one that is to be kept for long.
//
// Into an any: nil, bool, int64 (uint64 if larger), float64, string, []byte,
// []any, map[string]any, time.Time, *big.Int, and this package's own types for
// the rest, Map, Set, Error and SparseArray as pointers. An [Ordered] takes the
// same, but objects with the order of their properties. Shared and cyclic values
// stay so wherever Go has a pointer, map or slice for them. But what would contain
// itself without a pointer or an any in between, as a struct { Kids []Same }, is an
// error: who writes such a type does not expect it to have no end.
func DecodeValue(raw []byte, into any) error {
	w := walker{b: raw, budget: MaxElements}
	if err := w.whole(); err != nil {
		return err
	}
	return Value{raw: raw, refs: w.refs}.Decode(into)
}

// decoder reads checked bytes. It may therefore trust heads and lengths, but
// not text, ranges, or what references blow up to.
type decoder struct {
	b      []byte
	pos    int
	depth  int
	budget int    // bytes that slices and maps may still take
	g      *graph // nil: no references in b
	links  Links  // nil: no streams and ports

	ordered bool               // any gives an object as an *Object
	texts   int                // strings read
	piece   string             // what short strings are cut from
	pieceAt int                // where it lies in b
	names   *[nameSlots]string // property names read before, nil until there may be many
}

// decodeBudget is how many bytes a value of n bytes may become. The factor is
// for objects in maps; the rest lets small values fill types that are large.
func decodeBudget(n int) int { return 16<<20 + 256*n }

// maxRecursion bounds nested decoding. The check bounds what lies within each
// other; a reference to an earlier argument may add to that.
const maxRecursion = 16 * MaxDepth

func (d *decoder) into(into any) error {
	switch p := into.(type) {
	case *any:
		v, err := d.any()
		*p = v
		return err
	case nil:
		return errors.New("protocol: decode into nil")
	}
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return fmt.Errorf("protocol: decode into %T, which is not a pointer", into)
	}
	v = v.Elem()
	return d.value(v, typeOf(v.Type()))
}

// next reads an item's head.
func (d *decoder) next() item {
	it := readItem(d.b[d.pos:])
	d.pos += int(it.head)
	return it
}

// peek is next without moving.
func (d *decoder) peek() item { return readItem(d.b[d.pos:]) }

// payload returns the bytes of a str, bin or ext. They lie in the packet.
func (d *decoder) payload(it *item) []byte {
	p := d.b[d.pos : d.pos+int(it.size)]
	d.pos += int(it.size)
	return p
}

// skip steps over a value. Exts are skipped whole.
func (d *decoder) skip() {
	for todo := uint64(1); todo > 0; todo-- {
		if n := int(plainLen[d.b[d.pos]]); n > 0 {
			d.pos += n
			continue
		}
		it := d.next()
		switch it.class {
		case classStr, classBin, classExt:
			d.pos += int(it.size)
		case classArray:
			todo += uint64(it.size)
		case classMap:
			todo += 2 * uint64(it.size)
		}
	}
}

// take charges n values of the given size to the budget.
func (d *decoder) take(n, size int) error {
	if size > 0 && n > d.budget/size {
		return fmt.Errorf("protocol: %w: the decoded value would be out of proportion", ErrLimit)
	}
	d.budget -= n * size
	return nil
}

var errText = fmt.Errorf("protocol: %w: text is not UTF-8", ErrPacket)

// text reads a string; lone surrogates become U+FFFD.
func (d *decoder) text(it *item) (string, error) {
	if it.class == classExt {
		return utf16Text(d.payload(it)), nil
	}
	if !utf8.Valid(d.b[d.pos:][:it.size]) {
		return "", errText
	}
	return d.cut(int(it.size)), nil
}

// A list of records has many short strings. From the first ownTexts of a message on, those of up to sharedText bytes are cut from copies of up to
// textPiece bytes of it, which takes few allocations. Who keeps such a string keeps its piece. Pieces follow each other: what a reference leads
// back to is on its own, so that together they are hardly more than the message.
const (
	ownTexts   = 16
	sharedText = 64
	textPiece  = 512
)

// cut returns the text of n bytes, which are UTF-8, at the position, and moves on.
func (d *decoder) cut(n int) string {
	at := d.pos
	d.pos += n
	if d.texts++; d.texts <= ownTexts || n > sharedText || at < d.pieceAt {
		return string(d.b[at:d.pos])
	}
	if d.pos > d.pieceAt+len(d.piece) {
		d.pieceAt, d.piece = at, string(d.b[at:min(at+textPiece, len(d.b))])
	}
	return d.piece[at-d.pieceAt : d.pos-d.pieceAt]
}

// shortText reads a string of less than 32 bytes, if that is what comes.
func (d *decoder) shortText() (string, bool) {
	c := d.b[d.pos]
	n := int(c & 0x1f)
	if c&0xe0 != 0xa0 || !utf8.Valid(d.b[d.pos+1:][:n]) {
		return "", false
	}
	d.pos++
	return d.cut(n), true
}

// nameSlots is how many property names are known at once; fewer bytes than manyNames have too few of them to remember any.
const (
	nameSlots = 64
	manyNames = 1 << 10
)

// name reads the name of a property. The same few come again and again, and share their memory.
func (d *decoder) name() (string, error) {
	it := d.next()
	if it.class != classStr || it.size == 0 || d.names == nil && len(d.b)-d.pos < manyNames {
		return d.text(&it)
	}
	if d.names == nil {
		d.names = new([nameSlots]string)
	}
	p := d.b[d.pos : d.pos+int(it.size)]
	known := &d.names[(31*(31*len(p)+int(p[0]))+7*int(p[len(p)/2])+int(p[len(p)-1]))%nameSlots]
	if *known == string(p) {
		d.pos += len(p)
		return *known, nil
	}
	var err error
	*known, err = d.text(&it)
	return *known, err
}

// graph knows the referenceable values of one frame.
type graph struct {
	offsets []uint32 // where each starts
	done    map[place]reflect.Value
}

// place is a value of the frame, decoded into a type (nil: any).
type place struct {
	at uint32
	t  reflect.Type
}

// newGraph lists where the referenceable values in raw, n checked values back
// to back, start.
func newGraph(raw []byte, n int) *graph {
	g := &graph{done: make(map[place]reflect.Value)}
	w := walker{b: raw, budget: MaxElements, offsets: &g.offsets}
	for range n {
		if w.value() != nil {
			break // cannot be: raw was checked
		}
	}
	return g
}

// remember notes what the value at start has become, so that references to it
// can share it.
func (d *decoder) remember(start int, v reflect.Value, t reflect.Type) {
	if d.g != nil {
		d.g.done[place{uint32(start), t}] = v
	}
}

// rememberTree remembers a slice or map of a type that nobody expects to lead back to itself: only when it is whole, so that nothing within
// can share it.
func (d *decoder) rememberTree(start int, v reflect.Value, info *typeInfo) {
	if info.tree && v.Kind() != reflect.Array {
		d.remember(start, v, info.t)
	}
}

// decoded returns what the value at pos has become already, because a
// reference from another argument was followed first.
func (d *decoder) decoded(t reflect.Type) (reflect.Value, bool) {
	if d.g == nil {
		return reflect.Value{}, false
	}
	v := d.g.done[place{uint32(d.pos), t}]
	if v.IsValid() {
		d.skip()
	}
	return v, v.IsValid()
}

// follow handles a reference: it calls again with the position at the value
// meant, unless that was decoded into the same type already.
func (d *decoder) follow(it *item, t reflect.Type, again func() error) (reflect.Value, error) {
	n := binary.BigEndian.Uint32(d.payload(it))
	if d.g == nil || int(n) >= len(d.g.offsets) {
		return reflect.Value{}, fmt.Errorf("protocol: %w: reference to nothing", ErrPacket)
	}
	target := place{d.g.offsets[n], t}
	if v, ok := d.g.done[target]; ok {
		if !v.IsValid() {
			return v, typeErrorf("a value that contains itself needs a pointer")
		}
		return v, nil
	}
	back := d.pos
	d.pos = int(target.at)
	d.g.done[target] = reflect.Value{} // open
	err := again()
	d.pos = back
	if err != nil {
		return reflect.Value{}, err
	}
	return d.g.done[target], nil
}
