package protocol

import "reflect"

// identity tells Go values with an identity apart: pointers, maps, slices.
type identity struct {
	p   uintptr
	len int
	t   reflect.Type
}

// identities numbers what was written. It is a table of its own because nearly all of a map's time for a list of records went into hashing the
// type, and into emptying the map for the next value.
type identities struct {
	slots []numbered // a power of two of them, or none
	used  int
	turn  uint32 // only slots of this turn are taken
}

type numbered struct {
	id     identity
	number uint32
	turn   uint32
}

const (
	firstSlots = 64
	keepSlots  = 1 << 12 // a larger table goes with its value
)

// slot returns where id is, or would be. There is room.
func (s *identities) slot(id identity) *numbered {
	mask := uint64(len(s.slots) - 1)
	for i := (uint64(id.p)>>3 ^ uint64(id.len)) * 0x9e3779b97f4a7c15 >> 32; ; i++ {
		if n := &s.slots[i&mask]; n.turn != s.turn || n.id == id {
			return n
		}
	}
}

func (s *identities) get(id identity) (uint32, bool) {
	if s.used == 0 {
		return 0, false
	}
	n := s.slot(id)
	return n.number, n.turn == s.turn
}

func (s *identities) put(id identity, number uint32) {
	if 2*s.used >= len(s.slots) {
		s.grow()
	}
	n := s.slot(id)
	if n.turn != s.turn {
		s.used++
	}
	*n = numbered{id, number, s.turn}
}

func (s *identities) grow() {
	old, turn := s.slots, s.turn
	s.slots, s.turn = make([]numbered, max(firstSlots, 2*len(old))), 1
	for _, n := range old {
		if n.turn == turn {
			n.turn = 1
			*s.slot(n.id) = n
		}
	}
}

// clear forgets all.
func (s *identities) clear() {
	s.used = 0
	if s.turn++; len(s.slots) > keepSlots || s.turn == 0 {
		*s = identities{turn: 1}
	}
}
