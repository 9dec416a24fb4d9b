package protocol

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
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
		"undefined in it": {[]any{Undefined{}}, ErrType}, "NaN": {decodeNaN, ErrType},
	} {
		var raw json.RawMessage
		if err := DecodeValue(encode(t, c.v), &raw); !errors.Is(err, c.kind) {
			t.Errorf("%s: %v, %.50s", name, err, raw)
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
