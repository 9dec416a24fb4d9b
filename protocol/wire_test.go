package protocol

import "testing"

func TestTypedArguments(t *testing.T) {
	type note struct {
		Title string `json:"title"`
		N     int
	}
	p := AppendHeader(nil, 7)
	p, err := AppendInvoke(p, 9, "notes:save", note{"x", 300}, []any{1, "a", map[string]any{"b": nil}})
	if err != nil {
		t.Fatal(err)
	}
	packet, err := Parse(p)
	if err != nil {
		t.Fatal(err)
	}
	args := packet.Frames[0].Args
	var n note
	if err := args.Decode(0, &n); err != nil || n != (note{"x", 300}) {
		t.Fatal(n, err)
	}
	var bad struct {
		Title int `json:"title"`
	}
	err = args.Decode(0, &bad)
	if want := `argument 1: field "title": expected number, got string`; err == nil || err.Error() != want {
		t.Fatalf("got %v, want %s", err, want)
	}
}
