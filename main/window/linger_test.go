package window

import (
	"encoding/binary"
	"testing"

	"github.com/oriel-go/oriel/renderer/ring"
)

// lingering is a link by which a document can be heard, in memory that is whatever the document makes of it.
func lingering(t *testing.T) (l *frameLink, h *hearing, memory []byte) {
	memory = make([]byte, ring.MemorySize)
	l = &frameLink{document: 7, out: ring.New(memory, 7, func() {})}
	l.to.damaged = func(err error) { t.Errorf("counted against whoever is there now: %v", err) }
	h = &hearing{link: l, ring: l.out, freed: make(chan struct{})}
	h.users.Store(2)
	l.hearing = h
	return l, h, memory
}

// A document that has left its place is heard until it says in its ring that it has gone; then everything is given back.
func TestLinger(t *testing.T) {
	const left = 16 // where the ring's header says so
	l, h, memory := lingering(t)
	go h.listen()
	binary.LittleEndian.PutUint32(memory[left:], 1)
	if !l.Linger() {
		t.Fatal("it is not heard any more")
	}
	<-h.freed
	if l.Linger() {
		t.Error("it is heard again")
	}
	if (&frameLink{}).Linger() {
		t.Error("one without a ring is heard")
	}
}

// What a document that has left makes of its ring is not held against the one that is there now.
func TestLingerDamaged(t *testing.T) {
	const tail = 64
	l, h, memory := lingering(t)
	binary.LittleEndian.PutUint32(memory[tail:], 0x7ffffff3)
	l.Linger()
	h.listen() // to its end
	l.Close()
	<-h.freed
}
