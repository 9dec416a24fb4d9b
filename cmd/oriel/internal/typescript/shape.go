package typescript

import (
	"go/types"
	"slices"
	"strings"

	"github.com/oriel-go/oriel/cmd/oriel/internal/channels"
)

// shape is how values of a Go type travel: the same classes as in protocol/typeinfo.go, found by go/types instead of reflect.
type shape uint8

const (
	shapeNone shape = iota // cannot travel
	shapeBool
	shapeNumber
	shapeLarge // integers that may come as BigInt
	shapeString
	shapeBytes
	shapeSlice
	shapeArray
	shapeMap
	shapeStruct
	shapePointer
	shapeUnknown // interfaces, and types that encode themselves
	shapeError
	shapeNative // one type there for one type here
	shapeReader // streams of bytes
	shapeValues // streams of anything
	shapePort
)

const (
	protocolPath = "github.com/oriel-go/oriel/protocol"
	routerPath   = "github.com/oriel-go/oriel/router"
)

// natives are the types that have exactly one counterpart.
var natives = map[string]string{
	"encoding/json.RawMessage":    "unknown",
	"time.Time":                   "Date",
	"math/big.Int":                "bigint",
	protocolPath + ".Undefined":   "undefined",
	protocolPath + ".InvalidDate": "Date",
	protocolPath + ".ArrayBuffer": "ArrayBuffer",
	protocolPath + ".View":        "ArrayBufferView",
	protocolPath + ".RegExp":      "RegExp",
	protocolPath + ".Map":         "Map<unknown, unknown>",
	protocolPath + ".Set":         "Set<unknown>",
	protocolPath + ".Error":       "Error",
	protocolPath + ".SparseArray": "unknown[]",
	protocolPath + ".Object":      "Record<string, unknown>",
	protocolPath + ".Ordered":     "unknown",
	protocolPath + ".Boxed":       "object",
	protocolPath + ".UTF16":       "string",
}

// nativeOf is the counterpart of a native type, "" for any other.
func nativeOf(t types.Type) string {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.Obj().Pkg() == nil {
		return ""
	}
	return natives[n.Obj().Pkg().Path()+"."+n.Obj().Name()]
}

// shapeOf classifies t for a direction.
func shapeOf(t types.Type, d Direction) shape {
	t = types.Unalias(t)
	under := t.Underlying()
	if hasMethod(t, "MessagePort", "", "") {
		return shapePort
	}
	if i, ok := under.(*types.Interface); ok {
		return interfaceShape(t, i, d)
	}
	switch {
	case nativeOf(t) != "":
		return shapeNative
	case elemOfStream(t) != nil:
		return shapeValues
	}
	if _, isPointer := under.(*types.Pointer); !isPointer {
		p := types.NewPointer(t)
		switch {
		case d == Out && (hasMethod(p, "EncodeMsgpack", "*github.com/vmihailenco/msgpack/v5.Encoder", "error") || hasMethod(p, "MarshalMsgpack", "", "[]byte, error")),
			d == In && (hasMethod(p, "DecodeMsgpack", "*github.com/vmihailenco/msgpack/v5.Decoder", "error") || hasMethod(p, "UnmarshalMsgpack", "[]byte", "error")):
			return shapeUnknown
		case d == Out && hasMethod(p, "MarshalText", "", "[]byte, error"), d == In && hasMethod(p, "UnmarshalText", "[]byte", "error"):
			return shapeString
		case d == Out && reads(p):
			return shapeReader
		}
	} else if d == Out && reads(t) {
		return shapeReader
	}
	if s, ok := under.(*types.Slice); ok && !isBinary(s.Elem(), d) {
		return shapeSlice
	}
	return kindShape(under)
}

// isBinary says whether slices and arrays of t are bytes. A byte that travels in a way of its own, as by MarshalText, does so there too.
func isBinary(t types.Type, d Direction) bool { return isByte(t) && shapeOf(t, d) == shapeNumber }

func interfaceShape(t types.Type, i *types.Interface, d Direction) shape {
	switch {
	case i.Empty():
		return shapeUnknown
	case reads(t) && d == In && !closes(t, i):
		return shapeNone // what comes from a page reads and closes only
	case reads(t):
		return shapeReader
	case hasMethod(t, "Error", "", "string"):
		return shapeError
	}
	return shapeUnknown
}

// kindShape classifies by the underlying type alone.
func kindShape(under types.Type) shape {
	switch u := under.(type) {
	case *types.Basic:
		return basicShape(u)
	case *types.Slice:
		if isByte(u.Elem()) {
			return shapeBytes
		}
		return shapeSlice
	case *types.Array:
		return shapeArray
	case *types.Map:
		return shapeMap
	case *types.Struct:
		return shapeStruct
	case *types.Pointer:
		return shapePointer
	}
	return shapeNone
}

func basicShape(b *types.Basic) shape {
	switch {
	case b.Kind() == types.UntypedNil:
		return shapePointer
	case b.Info()&types.IsBoolean != 0:
		return shapeBool
	case b.Kind() == types.Int64, b.Kind() == types.Uint64, b.Kind() == types.Uintptr:
		return shapeLarge
	case b.Info()&(types.IsInteger|types.IsFloat) != 0:
		return shapeNumber
	case b.Info()&types.IsString != 0:
		return shapeString
	}
	return shapeNone
}

func isByte(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.Uint8
}

func reads(t types.Type) bool { return hasMethod(t, "Read", "[]byte", "int, error") }

// closes says whether an interface that reads is an io.Reader or an io.ReadCloser.
func closes(t types.Type, i *types.Interface) bool {
	return i.NumMethods() == 1 || i.NumMethods() == 2 && hasMethod(t, "Close", "", "error")
}

// hasMethod says whether t has the method, given its parameters' and results' types as Go writes them.
func hasMethod(t types.Type, name, in, out string) bool {
	s := types.NewMethodSet(t).Lookup(nil, name)
	if s == nil {
		return false
	}
	sig := s.Type().(*types.Signature)
	return tupleText(sig.Params()) == in && tupleText(sig.Results()) == out && !sig.Variadic()
}

func tupleText(t *types.Tuple) string {
	var all []string
	for v := range t.Variables() {
		all = append(all, types.TypeString(v.Type(), nil))
	}
	return strings.Join(all, ", ")
}

// elemOfStream is what a channel to receive from, an iter.Seq or an iter.Seq2 with errors yields; nil for any other type.
func elemOfStream(t types.Type) types.Type {
	switch u := t.Underlying().(type) {
	case *types.Chan:
		if u.Dir() != types.SendOnly {
			return u.Elem()
		}
	case *types.Signature:
		if u.Params().Len() != 1 || u.Results().Len() != 0 {
			return nil
		}
		yield, ok := u.Params().At(0).Type().Underlying().(*types.Signature)
		if !ok || yield.Variadic() || tupleText(yield.Results()) != "bool" {
			return nil
		}
		if n := yield.Params().Len(); n == 1 || n == 2 && tupleText(types.NewTuple(yield.Params().At(1))) == "error" {
			return yield.Params().At(0).Type()
		}
	}
	return nil
}

// chunkOf is what a stream's chunks are. One that Go writes says each as a whole.
func chunkOf(t types.Type, d Direction) types.Type {
	if d == Out {
		return channels.Whole(elemOfStream(t))
	}
	return elemOfStream(t)
}

// holdsStream says whether a stream is somewhere in t. Types that have been looked at already are in seen.
func holdsStream(t types.Type, d Direction, seen *[]types.Type) bool {
	t = types.Unalias(t)
	if slices.ContainsFunc(*seen, func(u types.Type) bool { return types.Identical(t, u) }) {
		return false
	}
	*seen = append(*seen, t)
	switch shapeOf(t, d) {
	case shapeReader, shapeValues:
		return true
	case shapeStruct:
		return slices.ContainsFunc(fieldsOf(t), func(f field) bool { return holdsStream(f.typ, d, seen) })
	case shapeSlice, shapeArray, shapeMap, shapePointer:
		e, ok := t.Underlying().(interface{ Elem() types.Type })
		return ok && holdsStream(e.Elem(), d, seen)
	}
	return false
}
