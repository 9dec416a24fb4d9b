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

type (
	comment struct {
		Text    string             `json:"text"`
		Replies []comment          `json:"replies"`
		ByName  map[string]comment `json:"byName"`
		About   *comment           `json:"about"`
		More    any                `json:"more"`
	}
	nest   []nest
	folder map[string]folder
)

// A page's value has no more cycles than its Go type lets one expect: a function that walks a tree of slices or maps comes to an end.
func TestTreesHaveAnEnd(t *testing.T) {
	cycle := func(key string, around func(any) any) map[string]any {
		o := map[string]any{"text": "x"}
		o[key] = around(o)
		return o
	}
	list := func(x any) any { return []any{x} }
	inMap := func(x any) any { return map[string]any{"a": x} }
	itself := []any{nil}
	itself[0] = itself
	set := &Set{Values: []any{nil}}
	set.Values[0] = set
	sparse := &SparseArray{Length: 2, Elements: []Element{{1, nil}}}
	sparse.Elements[0].Value = sparse
	ring := map[string]any{}
	ring["a"] = map[string]any{"b": ring}
	for i, c := range []struct {
		in, into any
		want     string // the field in the error; "" for none
	}{
		{cycle("replies", list), new(comment), "replies[0].replies[0]"},
		{cycle("replies", list), new(*comment), "replies[0].replies[0]"},
		{cycle("replies", func(x any) any { return Set{[]any{x}} }), new(comment), "replies[0].replies[0]"},
		{cycle("byName", inMap), new(comment), "byName.a.byName.a"},
		{itself, new(nest), "[0][0]"},
		{set, new(nest), "[0][0]"},
		{sparse, new(nest), "[1][1]"},
		{ring, new(folder), "a.b.a.b"},
		{cycle("replies", func(x any) any { return []any{map[string]any{"about": x}} }), new(comment), ""},
		{cycle("more", list), new(comment), ""},
		{cycle("about", func(x any) any { return x }), new(comment), ""},
	} {
		err := DecodeValue(encode(t, c.in), c.into)
		var at *ValueError
		switch {
		case c.want == "" && err != nil, c.want != "" && (!errors.Is(err, ErrType) || !errors.As(err, &at) || at.Path != c.want):
			t.Errorf("%d into %T: %v, want one at %q", i, c.into, err, c.want)
		case c.want != "" && !strings.Contains(err.Error(), "a value that contains itself needs a pointer"):
			t.Errorf("%d: %v", i, err)
		}
	}
	reply := map[string]any{"text": "same"}
	replies := []any{reply, reply}
	all := decodeInto[[]comment](t, encode(t, []any{map[string]any{"replies": replies}, map[string]any{"replies": replies}}))
	if &all[0].Replies[0] != &all[1].Replies[0] || all[1].Replies[1].Text != "same" {
		t.Error("what is shared is not")
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
	nested := any([]any{})
	for range 50 {
		nested = []any{nested, nested}
	}
	if err := DecodeValue(encode(t, nested), new(nest)); err != nil {
		t.Error(err)
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

// Large is embedded by a pointer.
type Large struct{ A [1 << 16]int64 }

func TestOutOfProportion(t *testing.T) {
	type large struct{ A [1 << 16]int64 }
	raw := append([]byte{0xdc, 0xff, 0xff}, strings.Repeat("\xc0", 0xffff)...)
	var v []large
	if err := DecodeValue(raw, &v); !errors.Is(err, ErrLimit) {
		t.Errorf("%d elements, %v", len(v), err)
	}
	empty := append([]byte{0xdc, 0xff, 0xff}, strings.Repeat("\x80", 0xffff)...)
	var pointers []*large
	if err := DecodeValue(empty, &pointers); !errors.Is(err, ErrLimit) {
		t.Errorf("%d pointers, %v", len(pointers), err)
	}
	one := encode(t, map[string]any{"A": []any{}})
	many := append([]byte{0xdc, 0xff, 0xff}, strings.Repeat(string(one), 0xffff)...)
	var embedded []struct{ *Large }
	if err := DecodeValue(many, &embedded); !errors.Is(err, ErrLimit) {
		t.Errorf("%d embedded, %v", len(embedded), err)
	}
	sparse := encode(t, SparseArray{Length: 1<<32 - 1})
	var ints []int
	if err := DecodeValue(sparse, &ints); !errors.Is(err, ErrLimit) {
		t.Errorf("%d elements, %v", len(ints), err)
	}
}
