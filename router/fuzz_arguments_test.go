package router

import (
	"context"
	"encoding/json"
	"math/big"
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/oriel-go/oriel/protocol"
)

// signatures are handlers of every shape.
var signatures = []any{
	func() {}, func(Args) {}, func(context.Context, Args) {}, func(any, any) {}, func(...any) {}, func(fuzzed, ...fuzzed) {},
	func(int8, uint64, float32, bool) {}, func(string, []byte, [3]byte, []string) {}, func(map[string]int, map[int]any, map[[2]int8]bool) {},
	func(*fuzzed, **int, *any) {}, func(time.Time, *big.Int, big.Int, json.RawMessage) {}, func(url.URL, time.Duration, json.Number) {},
	func(protocol.Map, protocol.Set, protocol.RegExp, protocol.View, protocol.UTF16) {}, func(error, protocol.Boxed, protocol.SparseArray) {},
	func(struct {
		fuzzed
		Other any `json:",omitempty"`
	}, [][]map[string][]any) {
	},
}

// FuzzArguments decodes arbitrary arguments for functions of every shape: a function is called with as many values as it has parameters, of
// their types, or not at all.
func FuzzArguments(f *testing.F) {
	for _, args := range [][]any{{}, {1, "x"}, {map[string]any{"a": []any{1, nil}, "i": -1, "t": time.Unix(1, 2)}}, {[]byte{1}, 1.5, true}, {nil, protocol.Undefined{}}} {
		packet, err := protocol.AppendSend(protocol.AppendHeader(nil, 1), "x", args...)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packet[protocol.HeaderSize+4:])
	}
	f.Add([]byte("\x92\x01\xc6\x00\x00\x00\x04tail")) // as many bytes at the end are written
	f.Add([]byte("\x92\x01\xc6\x00\x00\x9c\x40"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		packet, err := protocol.Parse(append(protocol.AppendHeader(nil, 1), append([]byte{0x93, 2, 0xa1, 'x'}, raw...)...))
		if err != nil || packet.Frames[0].Kind != protocol.KindSend {
			return
		}
		args := packet.Frames[0].Args
		for _, s := range signatures {
			typ := reflect.TypeOf(s)
			var in []reflect.Value
			if typ.NumIn() > 0 && typ.In(0) == contextType {
				in = append(in, reflect.ValueOf(t.Context()))
			}
			in, err := parameters(in, typ, &args)
			if err != nil {
				if err.Error() == "" {
					t.Errorf("%v: an error without a text", typ)
				}
				continue
			}
			reflect.ValueOf(s).Call(in) // panics where number or types are wrong
		}
	})
}
