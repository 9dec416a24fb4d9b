package protocol

import (
	"encoding"
	"encoding/json"
	"io"
	"math/big"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

// shape is how values of a Go type travel.
type shape uint8

const (
	shapeNone shape = iota // cannot travel: func, chan, complex, …
	shapeBool
	shapeInt
	shapeUint
	shapeFloat
	shapeString
	shapeBytes // slices of bytes, named or not
	shapeSlice
	shapeArray
	shapeMap
	shapeStruct
	shapePointer
	shapeAny       // interface without methods
	shapeInterface // interface with methods
	shapeTime
	shapeBigInt
	shapeNative // the types of types.go
	shapeJSON   // json.RawMessage
	shapeText   // encoding.TextMarshaler, TextUnmarshaler
	shapeCustom // msgpack's CustomEncoder, Marshaler and their twins
	shapeStream // readers, channels, iterators
	shapePort
)

// typeInfo is what the codec knows about a Go type. It is complete when
// typeOf returns it and does not change afterwards.
type typeInfo struct {
	t        reflect.Type
	in, out  shape     // decoding, encoding
	elem     *typeInfo // slice, array, map, pointer
	key      *typeInfo // map
	fields   []field
	byName   map[string]*field
	isError  bool // an error that is not one of ours: travels as an Error
	setOfKey bool // map[K]struct{} or map[K]bool: a Set fits in
	channels bool // its zero value has channels that never end
	tree     bool // a slice or map that may have another of its type in it, and no pointer or interface on the way there
}

var (
	timeType   = reflect.TypeFor[time.Time]()
	bigIntType = reflect.TypeFor[big.Int]()
	errorType  = reflect.TypeFor[error]()

	rawJSONType = reflect.TypeFor[json.RawMessage]()

	customEncoder = reflect.TypeFor[msgpack.CustomEncoder]()
	marshaler     = reflect.TypeFor[msgpack.Marshaler]()
	customDecoder = reflect.TypeFor[msgpack.CustomDecoder]()
	unmarshaler   = reflect.TypeFor[msgpack.Unmarshaler]()
	textMarshal   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshal = reflect.TypeFor[encoding.TextUnmarshaler]()
	readerType    = reflect.TypeFor[io.Reader]()
	orderedType   = reflect.TypeFor[Ordered]()
	portType      = reflect.TypeFor[Port]()
)

var nativeTypes = map[reflect.Type]bool{
	reflect.TypeFor[Undefined]():   true,
	reflect.TypeFor[InvalidDate](): true,
	reflect.TypeFor[ArrayBuffer](): true,
	reflect.TypeFor[View]():        true,
	reflect.TypeFor[RegExp]():      true,
	reflect.TypeFor[Map]():         true,
	reflect.TypeFor[Set]():         true,
	reflect.TypeFor[Error]():       true,
	reflect.TypeFor[SparseArray](): true,
	reflect.TypeFor[Object]():      true,
	reflect.TypeFor[Ordered]():     true,
	reflect.TypeFor[Boxed]():       true,
	reflect.TypeFor[UTF16]():       true,
}

var (
	typeCache sync.Map // reflect.Type → *typeInfo
	typeMutex sync.Mutex
)

// typeOf returns the info for t, built at the first question.
func typeOf(t reflect.Type) *typeInfo {
	if info, ok := typeCache.Load(t); ok {
		return info.(*typeInfo)
	}
	typeMutex.Lock()
	defer typeMutex.Unlock()
	fresh := make(map[reflect.Type]*typeInfo)
	info := buildType(t, fresh)
	for _, info := range fresh {
		info.tree = (info.in == shapeSlice || info.in == shapeMap) && info.elem.holds(info, map[*typeInfo]bool{})
	}
	// Only now, complete, may other goroutines see them.
	for t, info := range fresh {
		typeCache.LoadOrStore(t, info)
	}
	return info
}

// buildType fills fresh with t and all it is made of; types may be recursive.
func buildType(t reflect.Type, fresh map[reflect.Type]*typeInfo) *typeInfo {
	if info, ok := typeCache.Load(t); ok {
		return info.(*typeInfo)
	}
	if info, ok := fresh[t]; ok {
		return info
	}
	info := &typeInfo{t: t}
	fresh[t] = info
	info.isError = t.Implements(errorType) && t != reflect.TypeFor[*Error]()
	info.in = shapeOf(t, customDecoder, unmarshaler, textUnmarshal)
	info.out = shapeOf(t, customEncoder, marshaler, textMarshal)
	if info.out != shapeCustom && info.out != shapeText && t.Kind() != reflect.Interface && reads(t) {
		info.out = shapeStream
	}
	for _, s := range []shape{info.in, info.out} {
		switch s {
		case shapeSlice, shapeBytes, shapeArray, shapePointer:
			info.elem = buildType(t.Elem(), fresh)
		case shapeMap:
			info.key, info.elem = buildType(t.Key(), fresh), buildType(t.Elem(), fresh)
			info.setOfKey = t.Elem().Kind() == reflect.Bool ||
				t.Elem().Kind() == reflect.Struct && t.Elem().NumField() == 0
		case shapeStruct:
			if info.fields == nil {
				info.fields = structFields(t, fresh)
				info.byName = make(map[string]*field, len(info.fields))
				for i := range info.fields {
					info.byName[info.fields[i].name] = &info.fields[i]
				}
			}
		}
	}
	info.channels = hasChannels(info)
	return info
}

// holds says whether a value of info's type may have one of the other type in it, or be one, without a pointer or an interface between them.
func (info *typeInfo) holds(other *typeInfo, seen map[*typeInfo]bool) bool {
	if info == other || seen[info] {
		return info == other
	}
	seen[info] = true
	switch info.in {
	case shapeSlice, shapeArray, shapeMap:
		return info.elem.holds(other, seen)
	case shapeStruct:
		return slices.ContainsFunc(info.fields, func(f field) bool { return f.info.holds(other, seen) })
	}
	return false
}

// shapeOf classifies t, given the interfaces that take over for a direction.
func shapeOf(t reflect.Type, custom1, custom2, text reflect.Type) shape {
	switch {
	case t == timeType:
		return shapeTime
	case t == bigIntType:
		return shapeBigInt
	case t == rawJSONType:
		return shapeJSON
	case nativeTypes[t]:
		return shapeNative
	case t.Kind() != reflect.Interface && t.Implements(portType):
		return shapePort
	case isStream(t):
		return shapeStream
	}
	// A pointer to such a type is an ordinary pointer, so that nil is null.
	if t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface {
		p := reflect.PointerTo(t)
		if p.Implements(custom1) || p.Implements(custom2) {
			return shapeCustom
		}
		if p.Implements(text) {
			return shapeText
		}
	}
	switch t.Kind() {
	case reflect.Bool:
		return shapeBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return shapeInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return shapeUint
	case reflect.Float32, reflect.Float64:
		return shapeFloat
	case reflect.String:
		return shapeString
	case reflect.Slice:
		if e := t.Elem(); e.Kind() == reflect.Uint8 && shapeOf(e, custom1, custom2, text) == shapeUint {
			return shapeBytes
		}
		return shapeSlice
	case reflect.Array:
		return shapeArray
	case reflect.Map:
		return shapeMap
	case reflect.Struct:
		return shapeStruct
	case reflect.Pointer:
		return shapePointer
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return shapeAny
		}
		return shapeInterface
	}
	return shapeNone
}

// isByte says whether slices and arrays of it are bytes: as encoding/json has it, what travels in a way of its own does so there too.
func (info *typeInfo) isByte(s shape) bool { return s == shapeUint && info.t.Kind() == reflect.Uint8 }
