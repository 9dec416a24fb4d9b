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

// join adds a part to those before it and returns the packet when it is whole.
func (r *receiver) join(part []byte) (packet []byte, err error) {
	if len(part) <= partHeader || binary.LittleEndian.Uint32(part) != partMark {
		return nil, errParts
	}
	size := binary.LittleEndian.Uint32(part[4:])
	part = part[partHeader:]
	if r.joined == nil {
		if size < protocol.HeaderSize || size > MaxParts {
			return nil, fmt.Errorf("%w: a packet of %d bytes", errParts, size)
		}
		r.joined = make([]byte, 0, size)
	}
	if int(size) != cap(r.joined) || len(r.joined)+len(part) > cap(r.joined) {
		return nil, errParts
	}
	r.joined = append(r.joined, part...)
	if len(r.joined) < cap(r.joined) {
		return nil, nil
	}
	packet, r.joined = r.joined, nil
	return packet, nil
}
