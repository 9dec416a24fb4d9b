package protocol

import (
	"encoding/json"
	"math/big"
	"runtime"
	"testing"
	"time"
)

// TestItemsCounted: who writes a value counts at least the items that the check will find, so that nothing is sent that is not taken.
func TestItemsCounted(t *testing.T) {
	cause := &Error{Name: "Error", Message: "why", Stack: "at", Cause: 1}
	for _, v := range []any{
		nil, true, 1, 1.5, "text", []byte{1}, []int{1, 2}, [2]string{"a", "b"}, []string{"a"}, map[string]any{"a": 1}, map[int]bool{1: true},
		benchRecords()[0], time.Now(), big.NewInt(5), json.RawMessage(`{"a":[1,"b"]}`), Undefined{}, InvalidDate{}, ArrayBuffer{1}, NewView([]int16{1}),
		RegExp{"a", "g"}, &Map{[]MapEntry{{1, 2}, {"a", nil}}}, Set{[]any{1, 2}}, &Error{Name: "Error"}, cause,
		SparseArray{Length: 3, Elements: []Element{{1, 1}}, Properties: []Property{{"a", 1}}}, Boxed{"x"}, UTF16{0xd800}, selfish("\x93\x01\x90\xc0"), []any{cause, cause},
	} {
		e := newEncoder(nil)
		if err := e.any(v); err != nil {
			t.Fatal(err)
		}
		w := walker{b: e.buf, budget: MaxElements}
		if err := w.whole(); err != nil {
			t.Fatal(err)
		}
		if is := MaxElements - w.budget; e.items < is || e.items > is+2 {
			t.Errorf("%T counts as %d items and is %d", v, e.items, is)
		}
		e.release()
	}
}

// TestTextsBehindReferences: references that lead back and back again do not make each short text keep hundreds of bytes.
func TestTextsBehindReferences(t *testing.T) {
	const n = 10_000
	raw := []byte{0x82, 0xa1, 'A', 0xdc, n >> 8, n & 0xff}
	for range n {
		raw = append(raw, 0x91, 0xa1, 'x')
	}
	raw = append(raw, 0xa1, 'B', 0xdc, n>>8, n&0xff)
	for i := range n { // the last one first
		raw = append(raw, 0xd6, byte(ExtReference), 0, 0, byte((n-i+1)>>8), byte(n-i+1))
	}
	var v struct {
		A any
		B [][]string // not what the A are decoded into already
	}
	decode := func() uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := DecodeValue(raw, &v); err != nil || v.B[0][0] != "x" || v.B[n-1][0] != "x" {
			t.Fatal(err, v.B[:1])
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	if used := decode(); used > uint64(len(raw))*100 {
		t.Errorf("%d bytes took %d", len(raw), used)
	}
}
