package protocol

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestRawJSON(t *testing.T) {
	type holder struct {
		Raw json.RawMessage `json:"raw"`
	}
	for _, text := range []string{`{"a":[1,2.5,"é<&>",null,true],"b":{}}`, `"text"`, `-1e300`, `9007199254740993`, `[]`} {
		var v any
		out := encode(t, holder{json.RawMessage(text)})
		if err := DecodeValue(out, &v); err != nil {
			t.Fatal(err)
		}
		got := decodeInto[holder](t, out)
		if same, _ := json.Marshal(v.(map[string]any)["raw"]); !json.Valid(got.Raw) || strings.Contains(string(got.Raw), "\\u00") ||
			text[0] != '9' && text[0] != '-' && string(got.Raw) != text {
			t.Errorf("%s became %s, %s", text, same, got.Raw)
		}
	}
	for _, text := range []string{`{`, `1 2`, `nul`} {
		if _, err := AppendValue(nil, holder{json.RawMessage(text)}); !errors.Is(err, ErrUncloneable) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if got := decodeInto[holder](t, encode(t, holder{})); got.Raw != nil {
		t.Errorf("nil became %s", got.Raw)
	}
	cycle := map[string]any{}
	cycle["a"] = cycle
	laughs := any("ha")
	for range 40 {
		laughs = []any{laughs, laughs}
	}
	for name, c := range map[string]struct {
		v    any
		kind error
	}{
		"a cycle": {cycle, ErrLimit}, "a billion laughs": {laughs, ErrLimit}, "a Map": {new(Map), ErrType}, "bytes": {[]byte{1}, ErrType},
		"NaN": {decodeNaN, ErrType},
	} {
		var raw json.RawMessage
		if err := DecodeValue(encode(t, c.v), &raw); !errors.Is(err, c.kind) {
			t.Errorf("%s: %v, %.50s", name, err, raw)
		}
	}
}

func TestRawJSONUndefined(t *testing.T) {
	object := map[string]any{"a": Undefined{}, "b": []any{Undefined{}, 1}, "c": map[string]any{"d": Undefined{}}}
	packet := must(t)(AppendSend(AppendHeader(nil, 1), "c", object, object, []any{map[string]any{"when": math.Inf(-1)}}, []any{time.Time{}}))
	p, err := Parse(packet)
	if err != nil {
		t.Fatal(err)
	}
	args := &p.Frames[0].Args
	var whole any
	var text json.RawMessage
	if err := errors.Join(args.Decode(0, &whole), args.Decode(1, &text)); err != nil || string(text) != `{"b":[null,1],"c":{}}` {
		t.Errorf("%s, %v", text, err)
	}
	if _, ok := whole.(map[string]any)["a"]; !ok {
		t.Error("what another argument shares has lost its undefined")
	}
	for i, want := range map[int]string{2: `argument 3: element [0].when: -Infinity has no place in JSON`, 3: `argument 4: element [0]: Date has no place in JSON`} {
		if err := args.Decode(i, &text); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// decodeNaN is a value that JSON cannot hold.
var decodeNaN = func() float64 { zero := 0.0; return zero / zero }()

// pause is a value that takes so long to encode that the collector has been by.
type pause struct{}

func (pause) MarshalText() ([]byte, error) { runtime.GC(); return nil, nil }

// TestRawJSONStaysItself: what one text is decoded into is gone when the next one comes to lie at the same address, and not the same value.
func TestRawJSONStaysItself(t *testing.T) {
	var list []any
	for i := range 50 {
		list = append(list, json.RawMessage(fmt.Sprintf(`{"n":[%d]}`, i)), pause{})
	}
	shared := json.RawMessage(`{"shared":true}`)
	got := decodeInto[[]any](t, encode(t, append(list, &shared, &shared)))
	for i := range len(list) / 2 {
		if n := fmt.Sprint(got[2*i]); n != fmt.Sprintf("map[n:[%d]]", i) {
			t.Errorf("text %d became %s", i, n)
		}
	}
	got[len(list)].(map[string]any)["mark"] = true
	if got[len(list)+1].(map[string]any)["mark"] != true {
		t.Error("a text that appears twice became two")
	}
}
