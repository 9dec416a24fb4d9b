package socket

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/oriel-go/oriel/protocol"
)

// partMark is the first byte of a part. Three zero bytes and the packet's whole size follow, little endian, then bytes of the packet. Its
// parts come one after the other, with nothing between them.
const (
	partMark   = 2
	partHeader = 8
)

func appendPart(dst []byte, size int) []byte {
	return binary.LittleEndian.AppendUint32(append(dst, partMark, 0, 0, 0), uint32(size))
}

var errParts = errors.New("malformed parts of a packet")

// A joining is a packet that comes in parts, those after the first straight to where they belong.
type joining struct {
	packet []byte // nil if none is being joined
	size   int
	head   [partHeader]byte
}

// begin takes the first part.
func (j *joining) begin(part []byte, spare *spare) error {
	if len(part) <= partHeader || binary.LittleEndian.Uint32(part) != partMark {
		return errParts
	}
	size := binary.LittleEndian.Uint32(part[4:])
	part = part[partHeader:]
	if size < protocol.HeaderSize || size > MaxParts || len(part) > int(size) {
		return fmt.Errorf("%w: a packet of %d bytes", errParts, size)
	}
	j.size = int(size)
	j.packet = append(spare.take(int(size)), part...)
	return nil
}

// room is where the next part's bytes belong.
func (j *joining) room() []byte {
	n := len(j.packet)
	return j.packet[n:min(j.size, n+MaxDatagram-partHeader)]
}

// grow takes a datagram of n bytes that lies in head and room.
func (j *joining) grow(n int) error {
	if n <= partHeader || binary.LittleEndian.Uint32(j.head[:]) != partMark || int(binary.LittleEndian.Uint32(j.head[4:])) != j.size {
		return errParts
	}
	j.packet = j.packet[:len(j.packet)+n-partHeader]
	return nil
}

// whole returns the packet if all of it is there, else nil.
func (j *joining) whole() []byte {
	if len(j.packet) < j.size {
		return nil
	}
	packet := j.packet
	j.packet = nil
	return packet
}
