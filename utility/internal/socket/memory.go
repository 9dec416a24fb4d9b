package socket

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/protocol"
)

// seals are what keeps memory as it was when it was handed over: the receiver checks a packet and then decodes it, and the two must see
// the same bytes.
const seals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE

// handoverSize is the length of the datagram that tells of memory: eight bytes, the first four zero, then the packet's size, little endian.
// Datagrams are told apart by their first byte: a packet begins with its version, which is 1.
const handoverSize = 8

func handover(size int) []byte {
	return binary.LittleEndian.AppendUint32(make([]byte, 4, handoverSize), uint32(size))
}

// seal copies a packet, in pieces, into memory that can be handed over and never changes again.
func seal(packet ...[]byte) (fd int, err error) {
	fd, err = unix.MemfdCreate("oriel-packet", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return -1, fmt.Errorf("memory for a packet: %w", err)
	}
	for _, piece := range packet {
		if err == nil {
			err = fill(fd, piece)
		}
	}
	if err == nil {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals|unix.F_SEAL_SEAL)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, fmt.Errorf("memory for a packet: %w", err)
	}
	return fd, nil
}

func fill(fd int, packet []byte) error {
	for len(packet) > 0 {
		n, err := unix.Write(fd, packet)
		if err != nil && err != unix.EINTR {
			return err
		}
		packet = packet[max(n, 0):]
	}
	return nil
}

// errHandover is about a datagram or memory that no honest far end sends.
var errHandover = errors.New("malformed handover of memory")

// unseal copies a packet out of memory that was handed over with the datagram given. It closes fd.
func unseal(datagram []byte, fd int) ([]byte, error) {
	defer unix.Close(fd)
	if len(datagram) != handoverSize || binary.LittleEndian.Uint32(datagram) != 0 {
		return nil, errHandover
	}
	size := int64(binary.LittleEndian.Uint32(datagram[4:]))
	if size > protocol.MaxPacket {
		return nil, fmt.Errorf("%w: a packet of %d bytes", protocol.ErrLimit, size)
	}
	// Files on disk cannot be sealed, so this also says that it is memory.
	if have, err := unix.FcntlInt(uintptr(fd), unix.F_GET_SEALS, 0); err != nil || have&seals != seals {
		return nil, fmt.Errorf("%w: not sealed", errHandover)
	}
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil || stat.Size != size || size < protocol.HeaderSize {
		return nil, fmt.Errorf("%w: not of the size told", errHandover)
	}
	mapped, err := unix.Mmap(fd, 0, int(size), unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_POPULATE)
	if err != nil {
		return nil, fmt.Errorf("map a packet: %w", err)
	}
	defer func() { _ = unix.Munmap(mapped) }()
	return append([]byte(nil), mapped...), nil
}
