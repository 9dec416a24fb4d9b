package socket

import "sync/atomic"

// maxSpare is the largest packet whose memory is kept to be used again.
const maxSpare = 4 << 20

// A spare keeps the memory of one packet that nobody needs any more.
type spare struct{ memory atomic.Pointer[[]byte] }

// take returns an empty slice for size bytes.
func (s *spare) take(size int) []byte {
	if p := s.memory.Swap(nil); p != nil && cap(*p) >= size && cap(*p)/4 <= size {
		return (*p)[:0]
	}
	return make([]byte, 0, size)
}

// Reuse gives a packet's memory back, for one that is to come. Nobody may refer to it any more. Any goroutine may call it.
func (c *Conn) Reuse(packet *[]byte) {
	if cap(*packet) <= maxSpare {
		c.in.spare.memory.Store(packet)
	}
}
