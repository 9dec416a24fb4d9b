package window_test

import (
	"encoding/binary"
	"testing"

	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/renderer/ring"
)

// A document that has a ring takes no other, whatever it is like, nor the end of messages of another document's; it goes on with what it has.
func ringOfferedAgain(t *testing.T, a *app.App, other *window.Window) {
	w := open(t, a, window.Options{})
	defer w.Destroy()
	gone := make(chan window.RendererGone, 1)
	w.OnRendererGone(func(g window.RendererGone) { gone <- g })
	p99(t, w, 100)
	number := w.Document()
	head := func(version, document, size uint32) func([]byte) {
		return func(memory []byte) {
			for i, v := range []uint32{version, document, size} {
				if len(memory) >= 4*i+4 {
					binary.LittleEndian.PutUint32(memory[4*i:], v)
				}
			}
		}
	}
	for _, c := range []struct {
		size, document int
		fill           func([]byte)
	}{
		{1, 0, head(1, number, ring.Size)},
		{ring.DataOffset, 0, head(1, number, ring.Size)},
		{ring.MemorySize - ring.DataOffset, 0, head(1, number, ring.Size)},
		{ring.MemorySize, 0, head(2, number, ring.Size)},
		{ring.MemorySize, 0, head(1, number+1, ring.Size)},
		{ring.MemorySize, 0, head(1, number, 2*ring.Size)},
		{ring.MemorySize, 0, head(1, number, ring.Size)},
		{0, int(number) + 1, nil},
		{0, int(number), nil},
	} {
		if err := w.OfferRing(c.size, uint32(c.document), c.fill); err != nil {
			t.Fatal(err)
		}
		p99(t, w, 100)
	}
	if len(gone) > 0 {
		t.Errorf("gone: %+v", <-gone)
	}
	p99(t, other, 100)
}
