package protocol

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
)

// any decodes into the natural Go type.
func (d *decoder) any() (any, error) {
	if d.g != nil {
		if v, ok := d.decoded(d.natures()); ok {
			return v.Interface(), nil
		}
	}
	if s, ok := d.shortText(); ok {
		return s, nil
	}
	start := d.pos
	it := d.next()
	switch it.class {
	case classNil:
		return nil, nil
	case classBool:
		return it.bits != 0, nil
	case classInt:
		return int64(it.bits), nil
	case classUint:
		if it.bits > math.MaxInt64 {
			return it.bits, nil
		}
		return int64(it.bits), nil
	case classFloat:
		return math.Float64frombits(it.bits), nil
	case classStr:
		return d.text(&it)
	case classBin:
		return d.keep(start, slices.Clone(d.payload(&it))), nil
	}
	if d.depth++; d.depth > maxRecursion {
		return nil, fmt.Errorf("protocol: %w: nested too deeply", ErrLimit)
	}
	var v any
	var err error
	switch it.class {
	case classArray:
		v, err = d.anySlice(start, &it)
	case classMap:
		if d.ordered {
			v, err = d.anyObject(start, &it)
		} else {
			v, err = d.anyMap(start, &it)
		}
	default:
		v, err = d.anyExt(start, &it)
	}
	d.depth--
	return v, err
}

// keep remembers v as the natural value of what starts at start.
func (d *decoder) keep(start int, v any) any {
	if d.g != nil {
		d.remember(start, reflect.ValueOf(v), d.natures())
	}
	return v
}

const (
	anySize      = 16
	anyEntrySize = 64 // of a map[string]any; small maps take more
)

func (d *decoder) anySlice(start int, it *item) (any, error) {
	if err := d.take(int(it.size), anySize); err != nil {
		return nil, err
	}
	s := make([]any, it.size)
	d.keep(start, s)
	for i := range s {
		v, err := d.any()
		if err != nil {
			return nil, atIndex(err, i)
		}
		s[i] = v
	}
	return s, nil
}

func (d *decoder) anyMap(start int, it *item) (any, error) {
	if err := d.take(int(it.size), anyEntrySize); err != nil {
		return nil, err
	}
	m := make(map[string]any, it.size)
	d.keep(start, m)
	for range it.size {
		key, err := d.name()
		if err != nil {
			return nil, err
		}
		if m[key], err = d.any(); err != nil {
			return nil, atField(err, key)
		}
	}
	return m, nil
}

// natures tells apart, for references, what any has decoded with objects in their order and without.
func (d *decoder) natures() reflect.Type {
	if d.ordered {
		return reflect.TypeFor[anyOrdered]()
	}
	return nil
}

// anyOrdered stands for all types that any decodes into where objects keep their order.
type anyOrdered struct{}

func (d *decoder) anyObject(start int, it *item) (any, error) {
	if err := d.take(int(it.size), anyEntrySize); err != nil {
		return nil, err
	}
	o := &Object{make([]Property, it.size)}
	d.keep(start, o)
	for i := range o.Properties {
		name, err := d.name()
		if err != nil {
			return nil, err
		}
		v, err := d.any()
		if err != nil {
			return nil, atField(err, name)
		}
		o.Properties[i] = Property{name, v}
	}
	return o, nil
}

func (d *decoder) anyExt(start int, it *item) (any, error) {
	end := d.pos + int(it.size)
	switch it.ext {
	case ExtMap:
		return d.anyExtMap(start, end)
	case ExtSet:
		set := new(Set)
		d.keep(start, set)
		for d.pos < end {
			v, err := d.any()
			if err != nil {
				return nil, atIndex(err, len(set.Values))
			}
			set.Values = append(set.Values, v)
		}
		return set, nil
	case ExtError:
		return d.anyError(start)
	case ExtSparse:
		return d.anySparse(start, end)
	case ExtBoxed:
		v, err := d.any()
		return d.keep(start, Boxed{v}), err
	case ExtRegExp:
		var texts [2]string
		for i := range texts {
			head := d.next()
			var err error
			if texts[i], err = d.text(&head); err != nil {
				return nil, err
			}
		}
		return d.keep(start, RegExp{texts[0], texts[1]}), nil
	case ExtReference:
		v, err := d.follow(it, d.natures(), func() error { _, err := d.any(); return err })
		if err != nil || !v.IsValid() {
			return nil, err
		}
		return v.Interface(), nil
	case ExtStream, ExtPort:
		v, err := d.link(it)
		if err != nil {
			return nil, err
		}
		return d.keep(start, v), nil
	}
	return d.anyLeaf(start, it)
}

// anyLeaf decodes the exts without children.
func (d *decoder) anyLeaf(start int, it *item) (any, error) {
	p := d.payload(it)
	switch it.ext {
	case ExtUndefined:
		return Undefined{}, nil
	case ExtTimestamp:
		return d.keep(start, timestamp(p)), nil
	case ExtInvalidDate:
		return d.keep(start, InvalidDate{}), nil
	case ExtBigInt:
		return bigInt(p), nil
	case ExtUTF16:
		return utf16Units(p), nil
	case ExtArrayBuffer:
		return d.keep(start, ArrayBuffer(slices.Clone(p))), nil
	case ExtView:
		return d.keep(start, View{ViewKind(p[0]), slices.Clone(p[1:])}), nil
	}
	return nil, fmt.Errorf("protocol: %w: ext %d", ErrPacket, it.ext)
}

func (d *decoder) anyExtMap(start, end int) (any, error) {
	m := new(Map)
	d.keep(start, m)
	for d.pos < end {
		key, err := d.any()
		if err != nil {
			return nil, atIndex(err, len(m.Entries))
		}
		value, err := d.any()
		if err != nil {
			return nil, atIndex(err, len(m.Entries))
		}
		m.Entries = append(m.Entries, MapEntry{key, value})
	}
	return m, nil
}

func (d *decoder) anyError(start int) (any, error) {
	e := new(Error)
	d.keep(start, e)
	for _, into := range []*string{&e.Name, &e.Message, &e.Stack} {
		head := d.next()
		if head.class == classNil {
			continue
		}
		var err error
		if *into, err = d.text(&head); err != nil {
			return nil, err
		}
	}
	cause, err := d.any()
	if err != nil {
		return nil, atField(err, "cause")
	}
	if cause != (any)(Undefined{}) {
		e.Cause = cause
	}
	return e, nil
}

func (d *decoder) anySparse(start, end int) (any, error) {
	s := new(SparseArray)
	d.keep(start, s)
	length := d.next()
	s.Length = uint32(length.bits)
	for d.pos < end {
		key := d.next()
		if key.class == classUint {
			v, err := d.any()
			if err != nil {
				return nil, atIndex(err, int(key.bits))
			}
			s.Elements = append(s.Elements, Element{uint32(key.bits), v})
			continue
		}
		name, err := d.text(&key)
		if err != nil {
			return nil, err
		}
		v, err := d.any()
		if err != nil {
			return nil, atField(err, name)
		}
		s.Properties = append(s.Properties, Property{name, v})
	}
	return s, nil
}

// timestamp reads a checked msgpack timestamp.
func timestamp(p []byte) time.Time {
	switch len(p) {
	case 4:
		return time.Unix(int64(binary.BigEndian.Uint32(p)), 0).UTC()
	case 8:
		n := binary.BigEndian.Uint64(p)
		return time.Unix(int64(n&(1<<34-1)), int64(n>>34)).UTC()
	}
	return time.Unix(int64(binary.BigEndian.Uint64(p[4:])), int64(binary.BigEndian.Uint32(p))).UTC()
}

// bigInt reads a checked BigInt.
func bigInt(p []byte) *big.Int {
	n := new(big.Int).SetBytes(p[1:])
	if p[0] == 1 {
		n.Neg(n)
	}
	return n
}

func utf16Units(p []byte) UTF16 {
	units := make(UTF16, len(p)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(p[2*i:])
	}
	return units
}

func utf16Text(p []byte) string {
	var b strings.Builder
	b.Grow(len(p))
	for _, r := range utf16.Decode(utf16Units(p)) {
		b.WriteRune(r)
	}
	return b.String()
}
