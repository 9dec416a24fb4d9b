package ring

import (
	"errors"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"unsafe"
)

// A page that does not keep to the layout is told from one that does.
func TestDamaged(t *testing.T) {
	const limit = Size / 2
	whole := func(p *page, n uint32) { p.record(n, n, n) }
	for name, write := range map[string]func(p *page){
		"more than the ring holds":       func(p *page) { p.shared.toMain.tail.Store(Size + 8) },
		"behind what has been read":      func(p *page) { p.shared.toMain.tail.Store(before(8)) },
		"half a header":                  func(p *page) { p.put(0, 8, 8); p.shared.toMain.tail.Store(4) },
		"no bytes":                       func(p *page) { p.record(0, 0, 8) },
		"more bytes than are written":    func(p *page) { p.record(17, 17, 16) },
		"far more":                       func(p *page) { p.record(pad-1, pad-1, 16) },
		"more than up to the end":        func(p *page) { p.record(24, 24, 24) },
		"padding beyond what is written": func(p *page) { whole(p, 8); p.record(pad, 0, 0) },
		"more than the limit":            func(p *page) { p.record(minPart, limit+1, minPart) },
		"more than the limit at once":    func(p *page) { p.record(limit+8, limit+8, limit+8) },
		"4 GiB":                          func(p *page) { p.record(minPart, pad, minPart) },
		"a total that is too small":      func(p *page) { p.record(16, 8, 16) },
		"a part of nothing":              func(p *page) { p.record(minPart, 0, minPart) },
		"a packet within another":        func(p *page) { p.record(minPart, 2*minPart, minPart); whole(p, 8) },
		"a part beyond the packet":       func(p *page) { p.record(minPart, 2*minPart, minPart); p.record(minPart+1, 0, minPart+1) },
	} {
		r, p := pair()
		if name == "more than up to the end" {
			startAt(r, p, Size-16)
		}
		write(p)
		var err error
		for range 3 {
			var packet []byte
			if packet, err = r.next(limit); err != nil || packet == nil {
				break
			}
			if name != "padding beyond what is written" {
				t.Errorf("%s: a packet of %d bytes", name, len(packet))
			}
		}
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A page whose position makes no sense gets nothing written over what it may read.
func TestDamagedHead(t *testing.T) {
	for _, head := range []uint32{8, Size, 1 << 31, before(Size + 8)} {
		r, p := pair()
		p.shared.toPage.head.Store(head)
		if n := r.Write(pattern(100, 1), nil, 0); n != 0 || p.shared.toPage.tail.Load() != 0 {
			t.Errorf("head %d: %d bytes are written", head, n)
		}
	}
}

// memory is as Chromium maps it: the race detector leaves it alone, and behind it is nothing.
func memory(t testing.TB) []byte {
	t.Helper()
	all, err := syscall.Mmap(-1, 0, MemorySize+4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(all) })
	if err := syscall.Mprotect(all[MemorySize:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	return all[:MemorySize]
}

func word(memory []byte, at uint32) *atomic.Uint64 {
	return (*atomic.Uint64)(unsafe.Pointer(&memory[at&^7]))
}

// What changes while it is read makes no difference: packets within the limit come out, or the ring is damaged, and every Read ends.
func TestChangesWhileReading(t *testing.T) {
	m := memory(t)
	p := newPage(m)
	r := New(m, 1, func() {})
	stop, done := atomic.Bool{}, sync.WaitGroup{}
	done.Add(2)
	go func() { // headers of all kinds, everywhere
		defer done.Done()
		headers := []uint64{uint64(pad), 8 | 8<<32, 16 | 16<<32, minPart | 1<<51, minPart, 8, Whole | Whole<<32, 0, ^uint64(0), partUpTo | 40<<52}
		for i := uint32(0); !stop.Load(); i++ {
			word(m, DataOffset+i*minPart%Size+i%64*8).Store(headers[i%uint32(len(headers))])
		}
	}()
	go func() { // as far ahead as a ring is long
		defer done.Done()
		for i := uint32(0); !stop.Load(); i++ {
			d := &p.shared.toMain
			d.tail.Store(r.head.Load() + i%3*Size/2)
			d.head.Store(i)
			p.shared.toPage.head.Store(i * 8)
			d.wants.Store(i)
		}
	}()
	packets, damaged := 0, 0
	for n := 0; n < 100_000 || packets == 0 || damaged == 0; n++ {
		switch packet, _, err := r.Read(1 << 20); {
		case packet != nil:
			packets++
			if len(packet) > 1<<20 {
				t.Errorf("%d bytes", len(packet))
			}
		case errors.Is(err, ErrDamaged):
			damaged++
			r.part, r.left = nil, 0
			r.read(8) // on from the next word, which whoever is damaged does not get to
		}
		r.Write(m[:100], nil, 0)
	}
	stop.Store(true)
	done.Wait()
	t.Logf("%d packets, %d times damaged", packets, damaged)
}

// FuzzRing: its bytes are a program of what a taken-over page may do to the memory, between what main does with it.
func FuzzRing(f *testing.F) {
	f.Add([]byte{0, 0, 1, 2, 0, 0, 5, 0, 2, 3, 0})
	f.Add([]byte{8, 3, 3, 8, 20, 3, 8, 255, 3, 4, 9, 3})
	f.Add([]byte{0, 0, 5, 5, 1, 0, 7, 3, 3, 3, 4, 4})
	f.Add([]byte{6, 9, 7, 3, 2, 3, 4, 200, 5, 3, 9, 3, 7, 3})
	m := memory(f)
	f.Fuzz(func(t *testing.T, program []byte) {
		h := &hostile{t: t, r: New(m, 1, func() {}), p: newPage(m), program: program}
		defer h.clear()
		for len(h.program) > 0 {
			h.step()
		}
	})
}

const fuzzLimit = 256 << 10

type hostile struct {
	t       *testing.T
	r       *Ring
	p       *page
	program []byte
	dirty   []uint32 // where there are headers
}

func (h *hostile) byte() uint32 {
	if len(h.program) == 0 {
		return 0
	}
	b := h.program[0]
	h.program = h.program[1:]
	return uint32(b)
}

// number is often one at an edge.
func (h *hostile) number() uint32 {
	edges := []uint32{0, 8, 16, minPart, Whole, rewindFrom, partUpTo, fuzzLimit, Size, 1 << 31, pad}
	b := h.byte()
	if b < 0x80 {
		return b
	}
	return edges[b%uint32(len(edges))] + h.byte()%33 - 16
}

func (h *hostile) step() {
	d, e := &h.p.shared.toMain, &h.p.shared.toPage
	switch h.byte() % 10 {
	case 0, 1:
		at := (d.tail.Load() + h.byte()*8) % Size &^ 7
		h.dirty = append(h.dirty, at)
		h.p.put(at, h.number(), h.number())
	case 2:
		d.tail.Add(h.number())
	case 3:
		h.read()
	case 4:
		packet := make([]byte, 1+h.number()%(2*Size))
		cut := int(h.number()) % len(packet)
		if n := h.r.Write(packet[:cut], packet[cut:], 0); n > len(packet) || h.r.Write(packet[:cut], packet[cut:], n) < n {
			h.t.Errorf("%d bytes of %d are written", n, len(packet))
		}
	case 5:
		e.head.Add(h.number())
	case 6: // what main does not believe
		d.head.Store(h.number())
		e.tail.Store(h.number())
		d.asleep.Store(h.byte())
		e.asleep.Store(h.byte())
		e.wants.Store(h.byte())
		d.wants.Store(h.byte())
		h.p.shared.closed.Store(h.byte())
		h.p.shared.size, h.p.shared.document, h.p.shared.version = h.number(), h.number(), h.number()
	case 7:
		h.r.Want()
		h.r.Ring()
		for heard := h.r.Bell() + 1; d.asleep.Load() != 0; { // it does not match, so nobody sleeps
			h.r.Sleep(heard)
		}
	case 8:
		n := 1 + h.number()%Whole
		h.p.tail = d.tail.Load() &^ 7
		if room, at := h.p.reserve(int(n)); room == n {
			h.dirty = append(h.dirty, at)
			h.p.record(n, n, n)
		}
	case 9:
		h.r.ReadUpTo(h.r.Written() + h.number())
	}
}

// read reads until there is nothing.
func (h *hostile) read() {
	for {
		packet, err := h.r.next(fuzzLimit)
		if err != nil && (!errors.Is(err, ErrDamaged) || packet != nil) || len(packet) > fuzzLimit || packet != nil && len(packet) == 0 {
			h.t.Fatalf("%d bytes, %v", len(packet), err)
		}
		if h.r.left < 0 || h.r.left > fuzzLimit || cap(h.r.part) > 2*fuzzLimit {
			h.t.Fatalf("%d bytes are kept for a part, %d are to come", cap(h.r.part), h.r.left)
		}
		if packet == nil {
			return
		}
	}
}

// clear leaves the memory all zero, as it was.
func (h *hostile) clear() {
	*h.p.shared = shared{}
	for _, at := range h.dirty {
		h.p.put(at, 0, 0)
	}
	clear(h.p.out[Size-8:])
	clear(h.p.in[:8])
}
