package thirdparty

import (
	"crypto/sha256"
	"debug/elf"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
)

// ImageHash returns the SHA-256 of what the dynamic loader sees of an ELF file: every program header and the bytes of every
// loadable segment. Stripping symbols moves nothing in it, so it pins a library whether or not its symbols are still there. The
// ELF header and the table of program headers lie inside the first segment and tell file offsets, which stripping does change:
// those bytes count as zero.
func ImageHash(r io.ReaderAt) (string, error) {
	f, err := elf.NewFile(r)
	if err != nil {
		return "", err
	}
	if f.Class != elf.ELFCLASS64 {
		return "", fmt.Errorf("not a 64-bit ELF file")
	}
	header := make([]byte, 64)
	if _, err := r.ReadAt(header, 0); err != nil {
		return "", err
	}
	tableAt := int64(f.ByteOrder.Uint64(header[32:]))
	tableEnd := tableAt + int64(len(f.Progs))*56

	h := sha256.New()
	put := func(v ...uint64) { _ = binary.Write(h, binary.LittleEndian, v) } // a hash's Write never fails
	put(uint64(f.Type), uint64(f.Machine), f.Entry, uint64(len(f.Progs)))
	for _, p := range f.Progs {
		put(uint64(p.Type), uint64(p.Flags), p.Vaddr, p.Filesz, p.Memsz)
	}
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD {
			continue
		}
		segment := &masked{r: p.Open(), at: int64(p.Off), holes: [2][2]int64{{0, 64}, {tableAt, tableEnd}}}
		n, err := io.Copy(h, segment)
		if err != nil {
			return "", err
		}
		if uint64(n) != p.Filesz {
			return "", io.ErrUnexpectedEOF
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// masked reads r, which begins at offset at of its file, with the holes zeroed.
type masked struct {
	r     io.Reader
	at    int64
	holes [2][2]int64
}

func (m *masked) Read(b []byte) (int, error) {
	n, err := m.r.Read(b)
	for _, hole := range m.holes {
		from, to := max(hole[0]-m.at, 0), min(hole[1]-m.at, int64(n))
		if from < to {
			clear(b[from:to])
		}
	}
	m.at += int64(n)
	return n, err
}
