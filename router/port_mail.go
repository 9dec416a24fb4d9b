package router

import (
	"runtime"

	"github.com/oriel-go/oriel/protocol"
)

// A mailbox is what waits at an end. It is apart from that, so that it can be cleared when the end has been collected: when all that refers to a
// channel goes at once, nobody closes it.
type mailbox struct{ parcels []parcel }

// waits is how many messages wait at the end. portsMu is held, as in all that follows.
func (e *end) waits() int {
	if e.mail == nil {
		return 0
	}
	return len(e.mail.parcels)
}

// put lets a message wait.
func (e *end) put(m parcel) {
	if e.mail == nil {
		e.mail = &mailbox{}
		runtime.AddCleanup(e, lost, e.mail)
	}
	e.mail.parcels = append(e.mail.parcels, m)
	e.bytes += m.cost()
	if m.from != nil {
		m.from.ports.unheard += m.cost()
	}
}

// pop takes the first message that waits.
func (e *end) pop() parcel {
	m := e.mail.pop()
	if e.bytes -= m.cost(); e.bytes < protocol.PortWindow && e.room != nil {
		close(e.room)
		e.room = nil
	}
	if e.waits() == 0 && e.empty != nil {
		close(e.empty)
		e.empty = nil
	}
	return m
}

func (b *mailbox) pop() parcel {
	m := b.parcels[0]
	b.parcels[0] = parcel{}
	b.parcels = b.parcels[1:]
	if m.from != nil {
		m.from.ports.unheard -= m.cost()
	}
	return m
}

// lost drops what has waited at an end that has been collected.
func lost(b *mailbox) {
	portsMu.Lock()
	defer portsMu.Unlock()
	for len(b.parcels) > 0 {
		m := b.pop()
		m.drop()
	}
}
