package router

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"github.com/oriel-go/oriel/protocol"
)

// A buffer is for a packet on its way out.
type buffer struct {
	packet []byte
	tail   []byte // the packet's last bytes, if they are not in packet; somebody else's memory
}

// tailFrom is how many bytes are worth a copy less.
const tailFrom = 32 << 10

// A TailLink is a Link that takes packets in two pieces: packet, which ends with the head of its last value, a bin, and tail, which is all of
// that value's content. Both are the caller's again when SendTail returns, except that it may have written to the bytes 1 to 3 of packet.
type TailLink interface {
	Link
	SendTail(packet, tail []byte) error
}

// sendTo sends the packet.
func (b *buffer) sendTo(l Link) error {
	if b.tail == nil {
		return l.Send(b.packet)
	}
	if two, ok := l.(TailLink); ok {
		return two.SendTail(b.packet, b.tail)
	}
	return l.Send(slices.Concat(b.packet, b.tail))
}

// size is the number of bytes of the packet.
func (b *buffer) size() int { return len(b.packet) + len(b.tail) }

// cutOff returns what is to be encoded in place of value, and the bytes that come in the end then, if value is many bytes.
func cutOff(value any) (any, []byte) {
	if p, ok := value.([]byte); ok && len(p) >= tailFrom && len(p) <= protocol.MaxPacket/2 {
		return []byte{}, p
	}
	return value, nil
}

// cutLast is cutOff for the last of several arguments.
func cutLast(args []any) ([]any, []byte) {
	last := len(args) - 1
	if last < 0 {
		return args, nil
	}
	end, tail := cutOff(args[last])
	if tail != nil {
		args = append(slices.Clone(args[:last]), end)
	}
	return args, tail
}

// addTail makes tail the content of the empty bytes that the packet ends with.
func (b *buffer) addTail(tail []byte) {
	if tail == nil {
		return
	}
	n := len(tail)
	b.packet = append(b.packet[:len(b.packet)-2], 0xc6, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	b.tail = tail
}

// maxBuffer is the largest capacity that is kept for the next packet.
const maxBuffer = 2 << 20

var buffers = sync.Pool{New: func() any { return &buffer{packet: make([]byte, 0, 256)} }}

// begin starts a packet; the document's number comes last.
func (b *buffer) begin() { b.packet, b.tail = protocol.AppendHeader(b.packet[:0], 1), nil }

// address writes the number of the document that the packet is for.
func (b *buffer) address(document uint32) { binary.LittleEndian.PutUint32(b.packet[4:], document) }

func (b *buffer) release() {
	b.tail = nil
	if cap(b.packet) <= maxBuffer {
		buffers.Put(b)
	}
}

// A Message is a send, encoded for whichever session is to have it. It belongs to one goroutine at a time. Many bytes as last argument are not
// copied: they are to stay as they are until Release.
type Message struct {
	buffer  *buffer
	channel string
	cargo   *cargo // the ports that it takes along; nil if they have been numbered already
}

// NewMessage encodes a message. It fails if the channel's name is not allowed or a value cannot be cloned; streams cannot: each is read
// once, see [Session.Send]. Ports in it are the message's from then on, until it has been sent, once, or released.
func NewMessage(channel string, args ...any) (Message, error) {
	c := &cargo{}
	made := false
	defer func() {
		if !made { // also if a value has panicked while it was encoded
			c.giveBack()
		}
	}()
	m, err := newMessage(c, channel, args)
	if err != nil {
		return m, err
	}
	made = true
	if len(c.ends) > 0 {
		m.cargo = c
		m.buffer.packet, m.buffer.tail = append(m.buffer.packet, m.buffer.tail...), nil
	}
	return m, nil
}

// CheckMessage returns the error of [NewMessage] for a message that there is nobody to send to.
func CheckMessage(channel string, args ...any) error {
	m, err := NewMessage(channel, args...)
	if err != nil {
		return err
	}
	m.GiveBack()
	m.Release()
	return nil
}

func newMessage(l protocol.Links, channel string, args []any) (Message, error) {
	if err := protocol.ValidChannel(channel); err != nil {
		return Message{}, fmt.Errorf("ipc: send: %w", err)
	}
	m := Message{buffer: buffers.Get().(*buffer), channel: channel}
	m.buffer.begin()
	args, tail := cutLast(args)
	var err error
	if m.buffer.packet, err = (protocol.Writer{Links: l}).AppendSend(m.buffer.packet, channel, args...); err != nil {
		m.Release()
		return Message{}, fmt.Errorf("ipc: send on %q: %w", channel, err)
	}
	m.buffer.addTail(tail)
	return m, nil
}

// Channel returns the name of the message's channel.
func (m Message) Channel() string { return m.channel }

// Size returns the bytes of the message's packet.
func (m Message) Size() int { return m.buffer.size() }

// Clone returns a copy that takes no more memory than it needs, for a message that has to wait. Its ports are the copy's.
func (m Message) Clone() Message {
	return Message{&buffer{packet: slices.Concat(m.buffer.packet, m.buffer.tail)}, m.channel, m.cargo}
}

// Release gives the message's memory back; it must not be used any more.
func (m Message) Release() { m.buffer.release() }

// GiveBack gives the ports of a message that is not sent to their owners.
func (m Message) GiveBack() {
	if m.cargo != nil {
		m.cargo.giveBack()
	}
}

// Lose closes the ports of a message that will never be sent.
func (m Message) Lose() {
	if m.cargo != nil {
		m.cargo.lose()
	}
}
