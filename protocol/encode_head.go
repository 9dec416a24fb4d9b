package protocol

import (
	"encoding/binary"
	"math"
	"strings"
	"unicode/utf8"
)

// The items that nearly every value is made of, each in its shortest form. Where
// none can fail, nil is returned for callers that end with it.

func (e *encoder) null() error {
	e.buf = append(e.buf, 0xc0)
	return nil
}

func (e *encoder) bool(b bool) error {
	c := byte(0xc2)
	if b {
		c = 0xc3
	}
	e.buf = append(e.buf, c)
	return nil
}

func (e *encoder) int(n int64) error {
	switch {
	case n >= 0:
		return e.uint(uint64(n))
	case n >= -32:
		e.buf = append(e.buf, byte(n))
	case n >= math.MinInt8:
		e.buf = append(e.buf, 0xd0, byte(n))
	case n >= math.MinInt16:
		e.buf = binary.BigEndian.AppendUint16(append(e.buf, 0xd1), uint16(n))
	case n >= math.MinInt32:
		e.buf = binary.BigEndian.AppendUint32(append(e.buf, 0xd2), uint32(n))
	default:
		e.buf = binary.BigEndian.AppendUint64(append(e.buf, 0xd3), uint64(n))
	}
	return nil
}

func (e *encoder) uint(n uint64) error {
	if n <= math.MaxUint32 {
		e.buf = appendUint(e.buf, uint32(n))
	} else {
		e.buf = binary.BigEndian.AppendUint64(append(e.buf, 0xcf), n)
	}
	return nil
}

func (e *encoder) float64(f float64) error {
	e.buf = binary.BigEndian.AppendUint64(append(e.buf, 0xcb), math.Float64bits(f))
	return nil
}

// arrayLen and mapLen begin a container of n elements or pairs.
func (e *encoder) arrayLen(n int) { e.containerLen(n, 0x90, 0xdc) }
func (e *encoder) mapLen(n int)   { e.containerLen(n, 0x80, 0xde) }

func (e *encoder) containerLen(n int, short, long byte) {
	switch {
	case n < 16:
		e.buf = append(e.buf, short|byte(n))
	case n <= math.MaxUint16:
		e.buf = binary.BigEndian.AppendUint16(append(e.buf, long), uint16(n))
	default:
		e.buf = binary.BigEndian.AppendUint32(append(e.buf, long+1), uint32(n))
	}
}

// bin writes b as a Uint8Array.
func (e *encoder) bin(b []byte) error {
	if len(e.buf)-e.start+len(b) > MaxPacket {
		return errTooLarge
	}
	e.buf = append(appendLen(e.buf, len(b), 0xc4), b...)
	return nil
}

// string writes s. What is not UTF-8 becomes U+FFFD: a str must be UTF-8.
func (e *encoder) string(s string) error {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if len(e.buf)-e.start+len(s) > MaxPacket {
		return errTooLarge
	}
	e.buf = appendString(e.buf, s)
	return nil
}

// appendString appends s, which is UTF-8.
func appendString(dst []byte, s string) []byte {
	if len(s) < 32 {
		return append(append(dst, 0xa0|byte(len(s))), s...)
	}
	return append(appendLen(dst, len(s), 0xd9), s...)
}

// appendLen appends a length of 1, 2 or 4 bytes behind its code; the three codes
// follow each other.
func appendLen(dst []byte, n int, code byte) []byte {
	switch {
	case n <= math.MaxUint8:
		return append(dst, code, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, code+1), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, code+2), uint32(n))
}
