package protocol

import (
	"errors"
	"reflect"
	"testing"
)

// An Ordered brings every object's properties in their order, wherever it is, and sends them so.
func TestOrdered(t *testing.T) {
	shared := &Object{[]Property{{"z", int64(1)}, {"a", "x"}}}
	cycle := &Object{[]Property{{"first", nil}, {"again", nil}}}
	cycle.Properties[0].Value, cycle.Properties[1].Value = []any{cycle}, &Map{[]MapEntry{{Key: shared, Value: cycle}}}
	for name, v := range map[string]any{
		"nothing": nil, "undefined": Undefined{}, "number": int64(7), "text": "t", "empty": &Object{[]Property{}}, "object": shared,
		"list": []any{shared, shared, &Set{[]any{shared}}}, "boxed": Boxed{"b"}, "error": &Error{Name: "E", Message: "m", Cause: shared},
		"sparse": &SparseArray{Length: 3, Elements: []Element{{1, shared}}, Properties: []Property{{"p", shared}}},
	} {
		if got := decodeInto[Ordered](t, encode(t, Ordered{v})); !reflect.DeepEqual(got.Value, v) {
			t.Errorf("%s came back as %#v", name, got.Value)
		}
	}
	got, _ := decodeInto[Ordered](t, encode(t, Ordered{[]any{shared, cycle, shared}})).Value.([]any)
	if len(got) != 3 || got[0] != got[2] {
		t.Fatalf("a list came back as %#v", got)
	}
	o := got[1].(*Object)
	if inner := o.Properties[0].Value.([]any); inner[0] != any(o) || o.Properties[1].Value.(*Map).Entries[0] != (MapEntry{got[0], o}) {
		t.Errorf("a cycle came back as %#v", o)
	}
	if got := decodeInto[map[string]any](t, encode(t, shared)); !reflect.DeepEqual(got, map[string]any{"z": int64(1), "a": "x"}) {
		t.Errorf("into a map: %#v", got)
	}
	if got := decodeInto[Object](t, encode(t, map[string]any{"b": map[string]any{}, "a": nil})); !reflect.DeepEqual(got, Object{[]Property{{"a", nil}, {"b", &Object{[]Property{}}}}}) {
		t.Errorf("a map came back as %#v", got)
	}
	if err := DecodeValue([]byte{0x90}, new(Object)); !errors.Is(err, ErrType) {
		t.Errorf("a list as an Object: %v", err)
	}
}

// The two kinds of any do not mix where arguments share a value.
func TestOrderedBeside(t *testing.T) {
	type pair struct {
		One Ordered
		Two any
	}
	shared := map[string]any{"k": int64(1)}
	got := decodeInto[pair](t, encode(t, map[string]any{"One": []any{shared}, "Two": []any{shared}}))
	if want := (pair{Ordered{[]any{&Object{[]Property{{"k", int64(1)}}}}}, []any{shared}}); !reflect.DeepEqual(got, want) {
		t.Errorf("they came back as %#v", got)
	}
}
