package protocol

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// Clone returns a with its bytes copied, so that it does not keep the packet.
func (a Args) Clone() Args {
	a.raw = bytes.Clone(a.raw)
	return a
}

// AppendPost appends a message through the port, which has the values of a as
// they are.
func (a *Args) AppendPost(dst []byte, port uint32) []byte {
	dst = appendUint(append(dst, 0x93, byte(KindPost)), port)
	if a.n < 16 {
		dst = append(dst, 0x90|byte(a.n))
	} else {
		dst = append(dst, 0xdc, byte(a.n>>8), byte(a.n))
	}
	return append(dst, a.raw...)
}

var errPorts = errors.New("protocol: another number of ports")

// RenumberPorts gives the ports that the values of a refer to other numbers,
// in the order of their appearance, as in Frame.Ports. It writes into the
// packet.
func (a *Args) RenumberPorts(numbers []uint32) error {
	var offsets []uint32
	w := walker{b: a.raw, budget: MaxElements, offsets: &offsets}
	for range a.n {
		if err := w.value(); err != nil {
			return err
		}
	}
	for _, at := range offsets {
		it := readItem(a.raw[at:])
		if it.class != classExt || it.ext != ExtPort {
			continue
		}
		if len(numbers) == 0 {
			return errPorts
		}
		binary.BigEndian.PutUint32(a.raw[int(at)+int(it.head):], numbers[0])
		numbers = numbers[1:]
	}
	if len(numbers) > 0 {
		return errPorts
	}
	return nil
}
