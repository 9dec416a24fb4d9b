package router

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"github.com/oriel-go/oriel/protocol"
)

// A buffer is for a packet on its way out.
type buffer struct{ packet []byte }

// maxBuffer is the largest capacity that is kept for the next packet.
const maxBuffer = 2 << 20

var buffers = sync.Pool{New: func() any { return &buffer{make([]byte, 0, 256)} }}

// begin starts a packet; the document's number comes last.
func (b *buffer) begin() { b.packet = protocol.AppendHeader(b.packet[:0], 1) }

// address writes the number of the document that the packet is for.
func (b *buffer) address(document uint32) { binary.LittleEndian.PutUint32(b.packet[4:], document) }

func (b *buffer) release() {
	if cap(b.packet) <= maxBuffer {
		buffers.Put(b)
	}
}

// A Message is a send, encoded for whichever session is to have it. It belongs to one goroutine at a time.
type Message struct {
	buffer  *buffer
	channel string
}

// NewMessage encodes a message. It fails if the channel's name is not allowed or a value cannot be cloned; streams cannot: each is read
// once, see [Session.Send].
func NewMessage(channel string, args ...any) (Message, error) { return newMessage(nil, channel, args) }

func newMessage(l protocol.Links, channel string, args []any) (Message, error) {
	if err := protocol.ValidChannel(channel); err != nil {
		return Message{}, fmt.Errorf("ipc: send: %w", err)
	}
	m := Message{buffers.Get().(*buffer), channel}
	m.buffer.begin()
	var err error
	if m.buffer.packet, err = (protocol.Writer{Links: l}).AppendSend(m.buffer.packet, channel, args...); err != nil {
		m.Release()
		return Message{}, fmt.Errorf("ipc: send on %q: %w", channel, err)
	}
	return m, nil
}

// Channel returns the name of the message's channel.
func (m Message) Channel() string { return m.channel }

// Size returns the bytes of the message's packet.
func (m Message) Size() int { return len(m.buffer.packet) }

// Clone returns a copy that takes no more memory than it needs: for a message that has to wait.
func (m Message) Clone() Message {
	return Message{&buffer{slices.Clone(m.buffer.packet)}, m.channel}
}

// Release gives the message's memory back; it must not be used any more.
func (m Message) Release() { m.buffer.release() }
