package protocol

import (
	"errors"
	"strings"
	"testing"
)

type node struct {
	Name string  `json:"name"`
	Next *node   `json:"next"`
	Kids []*node `json:"kids"`
}

func TestTypedCycle(t *testing.T) {
	a := &node{Name: "a"}
	a.Next = &node{Name: "b", Next: a}
	a.Kids = []*node{a, a.Next}
	got := decodeInto[*node](t, encode(t, a))
	if got.Next.Next != got || got.Kids[0] != got || got.Kids[1] != got.Next || got.Next.Name != "b" {
		t.Errorf("%+v", got)
	}
	// By value the outermost struct cannot be pointed at; the rest still closes.
	byValue := decodeInto[node](t, encode(t, a))
	if again := byValue.Next.Next; again.Next != byValue.Next && again.Next.Next != again {
		t.Errorf("%+v", byValue)
	}
}

func TestSharedArguments(t *testing.T) {
	shared := map[string]any{"name": "x"}
	packet := must(t)(AppendSend(AppendHeader(nil, 1), "c", shared, []any{shared}, shared))
	p, err := Parse(packet)
	if err != nil {
		t.Fatal(err)
	}
	args := &p.Frames[0].Args
	var last, first *node
	var list []*node
	// In any order.
	for i, into := range map[int]any{2: &last, 0: &first, 1: &list} {
		if err := args.Decode(i, into); err != nil {
			t.Fatal(err)
		}
	}
	if last != first || list[0] != first || first.Name != "x" {
		t.Error(last, first, list)
	}
	var v any
	if err := args.Decode(1, &v); err != nil || v.([]any)[0].(map[string]any)["name"] != "x" {
		t.Error(v, err)
	}
	if _, ok := args.Value(1); ok {
		t.Error("an argument that refers to another was handed out alone")
	}
	var gone *node
	if err := args.Decode(3, &gone); err != nil || gone != nil {
		t.Error(gone, err)
	}
}

func TestArgumentErrors(t *testing.T) {
	packet := must(t)(AppendSend(AppendHeader(nil, 1), "c", 1, map[string]any{"title": 5}))
	p, err := Parse(packet)
	if err != nil {
		t.Fatal(err)
	}
	var in struct {
		Title string `json:"title"`
	}
	err = p.Frames[0].Args.Decode(1, &in)
	if want := `argument 2: field "title": expected string, got number`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	v, ok := p.Frames[0].Args.Value(1)
	if err := v.Decode(new(map[string]int)); err != nil || !ok {
		t.Error(err)
	}
}

// Each level refers twice to the one before: 2^50 values if it were a tree.
func TestReferencesDoNotMultiply(t *testing.T) {
	v := any([]any{"x"})
	for range 50 {
		v = []any{v, v}
	}
	raw := encode(t, v)
	for _, into := range []any{new(any), new([]any), new([][]any), new([][][]any)} {
		if err := DecodeValue(raw, into); err != nil {
			t.Errorf("%T: %v", into, err)
		}
	}
	var back any
	if err := DecodeValue(raw, &back); err != nil || len(encode(t, back)) != len(raw) {
		t.Error(err)
	}
}

func TestChainOfReferencesAcrossArguments(t *testing.T) {
	// Argument n holds argument n-1 at its bottom: decoding the last one alone
	// nests through all of them.
	args := []any{[]any{}}
	for range 200 {
		v := args[len(args)-1]
		for range 60 {
			v = []any{v}
		}
		args = append(args, v)
	}
	packet := must(t)(AppendSend(AppendHeader(nil, 1), "c", args...))
	p, err := Parse(packet)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := p.Frames[0].Args.Decode(200, &v); !errors.Is(err, ErrLimit) {
		t.Errorf("decoded %T, %v", v, err)
	}
}

func TestOutOfProportion(t *testing.T) {
	type large struct{ A [1 << 16]int64 }
	raw := append([]byte{0xdc, 0xff, 0xff}, strings.Repeat("\xc0", 0xffff)...)
	var v []large
	if err := DecodeValue(raw, &v); !errors.Is(err, ErrLimit) {
		t.Errorf("%d elements, %v", len(v), err)
	}
	sparse := encode(t, SparseArray{Length: 1<<32 - 1})
	var ints []int
	if err := DecodeValue(sparse, &ints); !errors.Is(err, ErrLimit) {
		t.Errorf("%d elements, %v", len(ints), err)
	}
}
