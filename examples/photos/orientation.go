package main

import (
	"bufio"
	"encoding/binary"
	"image"
	"io"
)

// orientation returns how a JPEG's pixels lie, as its camera has noted it (Exif, tag 0x112): 1, upright, to 8. What is no JPEG or has no such
// note is upright.
func orientation(picture io.Reader) int {
	r := bufio.NewReader(picture)
	var start [2]byte
	if _, err := io.ReadFull(r, start[:]); err != nil || start != [2]byte{0xff, 0xd8} {
		return 1
	}
	for { // segments: a marker, a length that counts itself, and what the segment holds
		var head [4]byte
		if _, err := io.ReadFull(r, head[:]); err != nil || head[0] != 0xff || head[1] == 0xda {
			return 1 // the pixels begin
		}
		n := int(binary.BigEndian.Uint16(head[2:])) - 2
		if n < 0 {
			return 1
		}
		if head[1] != 0xe1 {
			if _, err := r.Discard(n); err != nil {
				return 1
			}
			continue
		}
		segment := make([]byte, n)
		if _, err := io.ReadFull(r, segment); err != nil {
			return 1
		}
		if len(segment) > 6 && string(segment[:6]) == "Exif\x00\x00" {
			return noted(segment[6:])
		}
	}
}

// noted looks the orientation up in the first directory of an Exif segment, which is a TIFF file.
func noted(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 1
	}
	const entry = 12 // tag, type, count, value
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < entry {
			return 1
		}
		if o := order.Uint16(entries[8:]); order.Uint16(entries) == 0x112 && o >= 1 && o <= 8 {
			return int(o)
		}
		entries = entries[entry:]
	}
	return 1
}

// upright turns a picture whose pixels lie as the orientation says.
func upright(m *image.RGBA, orientation int) *image.RGBA {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	from := func(x, y int) (int, int) {
		switch orientation {
		case 2:
			return w - 1 - x, y
		case 3:
			return w - 1 - x, h - 1 - y
		case 4:
			return x, h - 1 - y
		case 5:
			return y, x
		case 6:
			return y, h - 1 - x
		case 7:
			return w - 1 - y, h - 1 - x
		case 8:
			return w - 1 - y, x
		}
		return x, y
	}
	if orientation == 1 {
		return m
	}
	turned := image.NewRGBA(size)
	for y := range size.Dy() {
		for x := range size.Dx() {
			turned.SetRGBA(x, y, m.RGBAAt(from(x, y)))
		}
	}
	return turned
}
