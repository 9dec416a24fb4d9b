package main

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"
)

// noteOf is an Exif segment with an orientation.
func noteOf(order binary.AppendByteOrder, mark string, orientation uint16) []byte {
	tiff := order.AppendUint32(order.AppendUint16([]byte(mark), 42), 8)
	tiff = order.AppendUint16(tiff, 2) // entries
	for _, e := range [][2]uint16{{0x10f, 7}, {0x112, orientation}} {
		tiff = order.AppendUint32(order.AppendUint16(order.AppendUint16(tiff, e[0]), 3), 1)
		tiff = order.AppendUint16(order.AppendUint16(tiff, e[1]), 0)
	}
	segment := append([]byte("Exif\x00\x00"), tiff...)
	return append(binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(segment)+2)), segment...)
}

// sketched is a JPEG whose first rows are red and whose first columns, below these, are blue, with segments in front of the rest.
func sketched(t *testing.T, segments ...[]byte) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 960, 640))
	for y := range 640 {
		for x := range 960 {
			c := color.RGBA{255, 255, 255, 255}
			if y < 160 {
				c = color.RGBA{255, 0, 0, 255}
			} else if x < 160 {
				c = color.RGBA{0, 0, 255, 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, m, nil); err != nil {
		t.Fatal(err)
	}
	return append(append([]byte{0xff, 0xd8}, bytes.Join(segments, nil)...), out.Bytes()[2:]...)
}

// A thumbnail is upright, however the camera was held.
func TestOrientation(t *testing.T) {
	dir := t.TempDir()
	folder, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	comment := []byte{0xff, 0xfe, 0, 4, 'h', 'i'}
	// Where the first row and the first column lie, by the Exif standard.
	for o, edges := range [][2]string{1: {"top", "left"}, {"top", "right"}, {"bottom", "right"}, {"bottom", "left"}, {"left", "top"}, {"right", "top"}, {"right", "bottom"}, {"left", "bottom"}} {
		if o == 0 {
			continue
		}
		for _, note := range [][]byte{noteOf(binary.LittleEndian, "II", uint16(o)), noteOf(binary.BigEndian, "MM", uint16(o))} {
			if err := os.WriteFile(filepath.Join(dir, "x.jpg"), sketched(t, comment, note), 0o600); err != nil {
				t.Fatal(err)
			}
			small, err := thumbnail(folder, "x.jpg")
			if err != nil {
				t.Fatal(err)
			}
			m, err := jpeg.Decode(bytes.NewReader(small))
			if err != nil {
				t.Fatal(err)
			}
			w, h := m.Bounds().Dx(), m.Bounds().Dy()
			if (o >= 5) != (h > w) || max(w, h) != thumbnailSide {
				t.Errorf("%d: %d × %d pixels", o, w, h)
			}
			at := map[string]image.Point{"top": {w / 2, 10}, "bottom": {w / 2, h - 10}, "left": {10, h / 2}, "right": {w - 10, h / 2}}
			for edge, p := range at {
				r, g, b, _ := m.At(p.X, p.Y).RGBA()
				got, want := "white", "white"
				switch {
				case g < 0x8000 && b < 0x8000 && r > 0x8000:
					got = "red"
				case g < 0x8000 && r < 0x8000 && b > 0x8000:
					got = "blue"
				}
				switch edge {
				case edges[0]:
					want = "red"
				case edges[1]:
					want = "blue"
				}
				if got != want {
					t.Errorf("%d: %s is %s, not %s", o, edge, got, want)
				}
			}
		}
	}
}

// What is no note is none, whatever its bytes.
func TestNoOrientation(t *testing.T) {
	note := noteOf(binary.BigEndian, "MM", 6)
	whole := sketched(t, note)
	for n := range len(note) {
		if o := orientation(bytes.NewReader(whole[:2+n])); o != 1 {
			t.Errorf("%d bytes of it: %d", n, o)
		}
		torn := bytes.Clone(whole)
		torn[2+n] ^= 0xff
		if o := orientation(bytes.NewReader(torn)); o < 1 || o > 8 {
			t.Errorf("with byte %d torn: %d", n, o)
		}
	}
	for _, other := range [][]byte{nil, []byte("GIF89a"), sketched(t), sketched(t, noteOf(binary.BigEndian, "MM", 9)), sketched(t, []byte{0xff, 0xe1, 0, 0}), sketched(t, []byte{0xff, 0xe1, 0, 2})} {
		if o := orientation(bytes.NewReader(other)); o != 1 {
			t.Errorf("%.10q: %d", other, o)
		}
	}
}
