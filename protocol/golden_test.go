package protocol

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"math/big"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// golden is testdata/golden.json, which the JavaScript tests read too.
type golden struct {
	Values, MainOnly, Links, Packets, Bad, BadFromPage []struct{ Name, Hex, JS string }
}

func readGolden(t testing.TB) golden {
	t.Helper()
	b, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func goldenCycle() any {
	inner := make([]any, 2)
	o := map[string]any{"a": inner}
	inner[0], inner[1] = o, inner
	return o
}

func goldenShared() any {
	o := map[string]any{}
	return []any{o, []byte{0}, o}
}

func goldenMap() any {
	m := &Map{}
	m.Entries = []MapEntry{{"m", m}}
	return m
}

func goldenError() any {
	e := &Error{Name: "RangeError", Message: "again"}
	e.Cause = e
	return e
}

// goldenValues are the values of golden.json as they are decoded into any.
var goldenValues = map[string]any{
	"null": nil, "true": true, "false": false, "undefined": Undefined{}, "zero": int64(0), "negative zero": math.Copysign(0, -1),
	"one": int64(1), "127": int64(127), "128": int64(128), "255": int64(255), "256": int64(256), "65535": int64(65535),
	"65536": int64(65536), "2^32-1": int64(1<<32 - 1), "2^32": int64(1 << 32), "largest safe": int64(MaxSafeInteger),
	"-1": int64(-1), "-32": int64(-32), "-33": int64(-33), "-128": int64(-128), "-129": int64(-129), "-32768": int64(-32768),
	"-32769": int64(-32769), "-2^31": int64(-1 << 31), "-2^31-1": int64(-1<<31 - 1), "smallest safe": int64(-MaxSafeInteger),
	"half": 0.5, "2^53": float64(1 << 53), "infinity": math.Inf(-1), "nan": math.NaN(),
	"empty string": "", "ascii": "notes:save", "string 31": strings.Repeat("a", 31), "string 32": strings.Repeat("a", 32),
	"latin": "Grüße", "astral": "👍🏽", "string 16 wide": strings.Repeat("é", 16), "string 128 wide": strings.Repeat("é", 128),
	"byte order mark": "\ufeffa", "lone surrogate": UTF16{'a', 0xd800, 'b'},
	"bytes": []byte{1, 2, 3}, "no bytes": []byte{}, "ArrayBuffer": ArrayBuffer{1, 2},
	"Int8Array": NewView([]int8{-1}), "Uint8ClampedArray": View{ViewUint8Clamped, []byte{255}},
	"Int16Array": NewView([]int16{-2, 3}), "Uint16Array": NewView([]uint16{65535}), "Int32Array": NewView([]int32{-1}),
	"Uint32Array": NewView([]uint32{1<<32 - 1}), "Float32Array": NewView([]float32{1.5}), "Float64Array": NewView([]float64{0.1}),
	"BigInt64Array": NewView([]int64{-1}), "BigUint64Array": NewView([]uint64{1}), "DataView": View{ViewDataView, []byte{0}},
	"empty array": []any{}, "array": []any{int64(1), "a", nil}, "array 16": []any{
		int64(0), int64(0), int64(0), int64(0), int64(0), int64(0), int64(0), int64(0),
		int64(0), int64(0), int64(0), int64(0), int64(0), int64(0), int64(0), int64(0)},
	"holes":          &SparseArray{Length: 3, Elements: []Element{{0, int64(1)}, {2, int64(3)}}},
	"only a hole":    &SparseArray{Length: 1},
	"named property": &SparseArray{Length: 2, Elements: []Element{{0, int64(1)}, {1, int64(2)}}, Properties: []Property{{"name", "x"}}},
	"empty object":   map[string]any{}, "object": map[string]any{"a": int64(1), "b": map[string]any{"c": []any{true}}},
	"__proto__": map[string]any{"__proto__": int64(1)}, "surrogate key": map[string]any{"\uFFFD": int64(1)},
	"epoch": time.Unix(0, 0).UTC(), "Date": time.UnixMilli(1700000000123).UTC(), "before 1970": time.UnixMilli(-1).UTC(),
	"far Date": time.UnixMilli(8.64e15).UTC(), "invalid Date": InvalidDate{},
	"BigInt 0": new(big.Int), "BigInt": big.NewInt(256), "negative BigInt": new(big.Int).Neg(new(big.Int).Lsh(big.NewInt(1), 64)),
	"RegExp": RegExp{`a\/b`, "gi"}, "Map": &Map{[]MapEntry{{int64(1), "a"}, {map[string]any{}, nil}}}, "Set": &Set{[]any{int64(1), "a"}},
	"Error":               &Error{Name: "TypeError", Message: "bad", Cause: "why"},
	"error without cause": &Error{Name: "Error"},
	"boxed number":        Boxed{int64(1)}, "boxed string": Boxed{"a"}, "boxed boolean": Boxed{false}, "boxed BigInt": Boxed{big.NewInt(1)},
	"shared": goldenShared(), "cycle": goldenCycle(), "Map in itself": goldenMap(), "Error in itself": goldenError(),
}

func TestGoldenValues(t *testing.T) {
	for _, g := range readGolden(t).Values {
		want, ok := goldenValues[g.Name]
		if !ok {
			t.Errorf("%s: no Go value", g.Name)
			continue
		}
		raw := unhex(t, g.Hex)
		if err := CheckValue(raw); err != nil {
			t.Errorf("%s: %v", g.Name, err)
			continue
		}
		var got any
		if err := DecodeValue(raw, &got); err != nil {
			t.Errorf("%s: %v", g.Name, err)
		}
		if g.Name == "nan" {
			if f, ok := got.(float64); !ok || f == f {
				t.Errorf("nan: got %v", got)
			}
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: decoded as %#v", g.Name, got)
		}
		if g.Name == "surrogate key" {
			continue // a Go key cannot hold it
		}
		// Both what was decoded and what is written here give the same bytes.
		for _, v := range []any{want, got} {
			out, err := AppendValue(nil, v)
			if err != nil {
				t.Errorf("%s: %v", g.Name, err)
			} else if g.Name != "2^53" && hex.EncodeToString(out) != g.Hex {
				t.Errorf("%s: encoded as %x, not %s", g.Name, out, g.Hex)
			}
		}
	}
}

func TestGoldenMainOnly(t *testing.T) {
	values := map[string]any{"int64 beyond safe": int64(math.MinInt64), "uint64 max": uint64(math.MaxUint64), "2^53 as int": int64(1 << 53)}
	for _, g := range readGolden(t).MainOnly {
		v, ok := values[g.Name]
		if !ok {
			continue
		}
		out, err := AppendValue(nil, v)
		if err != nil || hex.EncodeToString(out) != g.Hex {
			t.Errorf("%s: %x, %v", g.Name, out, err)
		}
	}
}

// must makes a frame function chainable in the table below.
func must(t testing.TB) func([]byte, error) []byte {
	return func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

func TestGoldenPackets(t *testing.T) {
	ok := must(t)
	o := map[string]any{}
	type note struct {
		Title string `json:"title"`
	}
	packets := map[string]func([]byte) []byte{
		"hello":  AppendHello,
		"cancel": func(b []byte) []byte { return AppendCancel(b, 300) },
		"send":   func(b []byte) []byte { return ok(AppendSend(b, "notes:changed")) },
		"invoke": func(b []byte) []byte { return ok(AppendInvoke(b, 70000, "notes:save", note{"a"}, 2)) },
		"send with meta": func(b []byte) []byte {
			return ok(Writer{Meta: map[string]string{"traceparent": "00-1"}}.AppendSend(b, "x", 2))
		},
		"invoke with meta": func(b []byte) []byte {
			return ok(Writer{Meta: map[string]string{"tracestate": "a=1", "traceparent": "00-1"}}.AppendInvoke(b, 1, "x", 2))
		},
		"result":     func(b []byte) []byte { return ok(AppendResult(b, math.MaxUint32, "ok")) },
		"error":      func(b []byte) []byte { return ok(AppendError(b, 2, ErrorValue{"TypeError", "no", "E_NO", []int{1}})) },
		"bare error": func(b []byte) []byte { return ok(AppendError(b, 2, ErrorValue{Name: "Error"})) },
		"reference between arguments": func(b []byte) []byte {
			return ok(AppendSend(b, "x", o, []any{o}))
		},
		"several": func(b []byte) []byte {
			return AppendCancel(ok(AppendInvoke(ok(AppendSend(b, "x", o, o)), 1, "y", o, o)), 1)
		},
		"chunk of bytes": func(b []byte) []byte { return ok(Writer{}.AppendChunk(b, 128, []byte{1, 2, 3})) },
		"chunk":          func(b []byte) []byte { return ok(Writer{}.AppendChunk(b, 1, "a")) },
		"end":            func(b []byte) []byte { return AppendEnd(b, 1) },
		"abort":          func(b []byte) []byte { return ok(AppendAbort(b, 1, ErrorValue{"TypeError", "no", "E_NO", []int{1}})) },
		"credit":         func(b []byte) []byte { return AppendCredit(b, 1, StreamWindow) },
		"stop":           func(b []byte) []byte { return AppendStop(b, 1) },
		"post":           func(b []byte) []byte { return ok(Writer{}.AppendPost(b, 3, 1, o)) },
		"close":          func(b []byte) []byte { return AppendClose(b, 2) },
		"taken":          func(b []byte) []byte { return AppendTaken(b, 3, 1<<20+500) },
	}
	for _, g := range readGolden(t).Packets {
		write, found := packets[g.Name]
		if !found {
			t.Errorf("%s: no Go packet", g.Name)
			continue
		}
		if got := hex.EncodeToString(write(AppendHeader(nil, 0x01020304))); got != g.Hex {
			t.Errorf("%s: written as %s, not %s", g.Name, got, g.Hex)
		}
		packet, err := Parse(unhex(t, g.Hex))
		if err != nil || packet.Document != 0x01020304 || len(packet.Frames) == 0 {
			t.Errorf("%s: %+v, %v", g.Name, packet, err)
		}
	}
}

func TestGoldenBad(t *testing.T) {
	g := readGolden(t)
	for _, g := range append(g.Bad, g.BadFromPage...) {
		raw := unhex(t, g.Hex)
		err := Check(raw)
		if err == nil {
			t.Errorf("%s: accepted", g.Name)
		}
		if _, parseErr := Parse(raw); parseErr == nil || parseErr.Error() != err.Error() {
			t.Errorf("%s: Check says %v, Parse %v", g.Name, err, parseErr)
		}
	}
}
