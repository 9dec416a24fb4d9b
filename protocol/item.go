package protocol

import (
	"encoding/binary"
	"math"
)

// class is the msgpack family of an item.
type class uint8

const (
	classBad class = iota
	classNil
	classBool
	classInt  // bits holds an int64
	classUint // bits holds a uint64
	classFloat
	classStr
	classBin
	classArray
	classMap
	classExt
)

// item is the head of one msgpack item: everything but its payload.
type item struct {
	class class
	ext   int8
	head  uint8  // bytes before the payload or the first child
	size  uint32 // payload bytes of str, bin and ext; children of array, pairs of map
	bits  uint64 // value of bool, int, uint; bits of a float64
}

// readItem reads the head at the start of b. It returns classBad for the one
// unused code and where b ends inside the head. It does not look at size.
func readItem(b []byte) item {
	if len(b) == 0 {
		return item{}
	}
	c := b[0]
	switch {
	case c <= 0x7f:
		return item{class: classUint, head: 1, bits: uint64(c)}
	case c <= 0x8f:
		return item{class: classMap, head: 1, size: uint32(c & 0xf)}
	case c <= 0x9f:
		return item{class: classArray, head: 1, size: uint32(c & 0xf)}
	case c <= 0xbf:
		return item{class: classStr, head: 1, size: uint32(c & 0x1f)}
	case c >= 0xe0:
		return item{class: classInt, head: 1, bits: uint64(int64(int8(c)))}
	}
	if len(b) < int(headLen[c-0xc0]) {
		return item{}
	}
	return readLong(c, b)
}

// headLen is the length of the head for the codes 0xc0 to 0xdf.
var headLen = [32]uint8{
	1, 0, 1, 1, // nil, unused, false, true
	2, 3, 5, // bin 8, 16, 32
	3, 4, 6, // ext 8, 16, 32
	5, 9, // float 32, 64
	2, 3, 5, 9, // uint 8, 16, 32, 64
	2, 3, 5, 9, // int 8, 16, 32, 64
	2, 2, 2, 2, 2, // fixext 1, 2, 4, 8, 16
	2, 3, 5, // str 8, 16, 32
	3, 5, // array 16, 32
	3, 5, // map 16, 32
}

// readLong reads a head with code 0xc0 to 0xdf; b holds all of it.
func readLong(c byte, b []byte) item {
	it := item{head: headLen[c-0xc0]}
	switch c {
	case 0xc0:
		it.class = classNil
	case 0xc2, 0xc3:
		it.class, it.bits = classBool, uint64(c&1)
	case 0xc4, 0xc5, 0xc6:
		it.class, it.size = classBin, readSize(b[1:], c-0xc4)
	case 0xc7, 0xc8, 0xc9:
		it.class, it.size, it.ext = classExt, readSize(b[1:], c-0xc7), int8(b[it.head-1])
	case 0xca:
		f := math.Float32frombits(binary.BigEndian.Uint32(b[1:]))
		it.class, it.bits = classFloat, math.Float64bits(float64(f))
	case 0xcb:
		it.class, it.bits = classFloat, binary.BigEndian.Uint64(b[1:])
	case 0xcc, 0xcd, 0xce:
		it.class, it.bits = classUint, uint64(readSize(b[1:], c-0xcc))
	case 0xcf:
		it.class, it.bits = classUint, binary.BigEndian.Uint64(b[1:])
	case 0xd0:
		it.class, it.bits = classInt, uint64(int64(int8(b[1])))
	case 0xd1:
		it.class, it.bits = classInt, uint64(int64(int16(binary.BigEndian.Uint16(b[1:]))))
	case 0xd2:
		it.class, it.bits = classInt, uint64(int64(int32(binary.BigEndian.Uint32(b[1:]))))
	case 0xd3:
		it.class, it.bits = classInt, binary.BigEndian.Uint64(b[1:])
	case 0xd4, 0xd5, 0xd6, 0xd7, 0xd8:
		it.class, it.size, it.ext = classExt, 1<<(c-0xd4), int8(b[1])
	case 0xd9, 0xda, 0xdb:
		it.class, it.size = classStr, readSize(b[1:], c-0xd9)
	case 0xdc, 0xdd:
		it.class, it.size = classArray, readSize(b[1:], c-0xdc+1)
	case 0xde, 0xdf:
		it.class, it.size = classMap, readSize(b[1:], c-0xde+1)
	default:
		return item{}
	}
	// A non-negative int is the same thing as a uint.
	if it.class == classInt && int64(it.bits) >= 0 {
		it.class = classUint
	}
	return it
}

// readSize reads a big-endian number of 1, 2 or 4 bytes (width 0, 1, 2).
func readSize(b []byte, width byte) uint32 {
	switch width {
	case 0:
		return uint32(b[0])
	case 1:
		return uint32(binary.BigEndian.Uint16(b))
	}
	return binary.BigEndian.Uint32(b)
}

// referenceable says whether back references count the item.
func (it *item) referenceable() bool {
	switch it.class {
	case classArray, classMap, classBin:
		return true
	case classExt:
		switch it.ext {
		case ExtTimestamp, ExtArrayBuffer, ExtView, ExtInvalidDate, ExtRegExp,
			ExtMap, ExtSet, ExtError, ExtSparse, ExtBoxed, ExtStream, ExtPort:
			return true
		}
	}
	return false
}
