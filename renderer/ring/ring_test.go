package ring

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"unsafe"
)

const maxPacket = 64 << 20

// sizes are those around each threshold.
var sizes = []int{
	1, 7, 8, 9, 15, 16, 17, minPart - 1, minPart, minPart + 1, Whole - 1, Whole, Whole + 1, Whole + minPart,
	rewindFrom - 1, rewindFrom, rewindFrom + 1, partUpTo - 1, partUpTo, partUpTo + 1, 2*partUpTo + 1,
	Size - recordHeader - 1, Size - recordHeader, Size - recordHeader + 1, Size - 1, Size, Size + 1, 3<<20 + 5,
}

// The two ends have the same memory before them, byte by byte as ring.h says.
func TestLayout(t *testing.T) {
	var s shared
	var d direction
	for name, c := range map[string][2]uintptr{
		"document": {unsafe.Offsetof(s.document), 4},
		"size":     {unsafe.Offsetof(s.size), 8},
		"closed":   {unsafe.Offsetof(s.closed), 12},
		"to_main":  {unsafe.Offsetof(s.toMain), 64},
		"to_page":  {unsafe.Offsetof(s.toPage), 256},
		"head":     {unsafe.Offsetof(d.head), 64},
		"asleep":   {unsafe.Offsetof(d.asleep), 128},
		"bell":     {unsafe.Offsetof(d.bell), 132},
		"wants":    {unsafe.Offsetof(d.wants), 136},
		"room":     {unsafe.Offsetof(d.room), 140},
		"both":     {unsafe.Sizeof(s), 448},
	} {
		if c[0] != c[1] {
			t.Errorf("%s is at %d, want %d", name, c[0], c[1])
		}
	}
}

// A stream is packets that go one way, and how they are told apart.
type stream struct {
	sizes []int
	cut   func(size int) int // how much of it is the first piece
}

func (s stream) packet(i int) []byte { return pattern(s.sizes[i], uint64(i)) }

func (s stream) check(name string, next func() ([]byte, error)) error {
	for i := range s.sizes {
		got, err := next()
		if err != nil {
			return fmt.Errorf("%s: packet %d of %d bytes: %w", name, i, s.sizes[i], err)
		}
		if want := s.packet(i); !bytes.Equal(got, want) {
			return fmt.Errorf("%s: packet %d has %d bytes, want %d, or others", name, i, len(got), len(want))
		}
	}
	return nil
}

// exchange sends the streams both ways at once. Each end has a goroutine that hears and one that speaks, as in main.
func exchange(t *testing.T, r *Ring, p *page, up, down stream) {
	t.Helper()
	errs := make(chan error, 2)
	more := make(chan struct{}, 1) // room, or a packet, as who listens tells who speaks
	go func() {
		errs <- up.check("to main", func() ([]byte, error) {
			for t.Context().Err() == nil {
				bell := r.Bell()
				if packet, err := r.next(maxPacket); packet != nil || err != nil {
					return packet, err
				}
				select {
				case more <- struct{}{}:
				default:
				}
				r.Sleep(bell)
			}
			return nil, t.Context().Err()
		})
		for {
			select {
			case more <- struct{}{}:
			case <-t.Context().Done():
				return
			}
		}
	}()
	go func() {
		for i := range up.sizes {
			p.send(up.packet(i))
		}
	}()
	go func() {
		for i := range down.sizes {
			packet := down.packet(i)
			cut := len(packet)
			if down.cut != nil {
				cut = down.cut(cut)
			}
			for done := 0; done < len(packet); {
				r.Want()
				n := r.Write(packet[:cut], packet[cut:], done)
				r.Ring()
				if n == done {
					<-more
				}
				done = n
			}
		}
	}()
	go func() { errs <- down.check("to the page", p.next) }()
	for range 2 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// before is the position so many bytes before positions begin anew.
func before(n uint32) uint32 { return -n }

// Packets of every size arrive, wherever in the ring they begin.
func TestPackets(t *testing.T) {
	for _, position := range []uint32{0, Size - 8, 1 << 31, before(Size / 2), before(8)} {
		t.Run(fmt.Sprint(position), func(t *testing.T) {
			r, p := pair()
			startAt(r, p, position)
			exchange(t, r, p, stream{sizes: sizes}, stream{sizes: sizes})
		})
	}
}

func TestLargestPacket(t *testing.T) {
	r, p := pair()
	largest := stream{sizes: []int{maxPacket - 1, maxPacket, 9}}
	exchange(t, r, p, largest, largest)
}

// Wherever a packet is cut in two, what arrives is whole.
func TestTails(t *testing.T) {
	for name, cut := range map[string]func(size int) int{
		"nothing first": func(int) int { return 0 },
		"a header":      func(size int) int { return min(size, 9) },
		"half":          func(size int) int { return size / 2 },
		"a part":        func(size int) int { return min(size, partUpTo) },
		"one byte less": func(size int) int { return size - 1 },
		"no tail":       func(size int) int { return size },
	} {
		t.Run(name, func(t *testing.T) {
			r, p := pair()
			exchange(t, r, p, stream{}, stream{sizes: sizes, cut: cut})
		})
	}
}

// Packets of all sizes, thousands of them, both ways at once.
func TestRandomPackets(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	some := func() (list []int) {
		for range 8000 {
			list = append(list, 1+random.IntN(1<<random.IntN(16)))
			if random.IntN(200) == 0 {
				list = append(list, 1+random.IntN(3*Size))
			}
		}
		return list
	}
	r, p := pair()
	startAt(r, p, before(5*Size))
	exchange(t, r, p, stream{sizes: some()}, stream{sizes: some()})
}

// Few packets at a time use the beginning of the ring only.
func TestRewind(t *testing.T) {
	r, p := pair()
	furthest := uint32(0)
	for i := range 3000 {
		want := pattern(1+i%Whole, uint64(i))
		furthest = max(furthest, p.tail%Size, r.tail%Size)
		p.send(want)
		r.say(want, nil)
		up, err := r.next(maxPacket)
		down, problem := p.read()
		if err != nil || problem != nil || !bytes.Equal(up, want) || !bytes.Equal(down, want) {
			t.Fatalf("packet %d: %d and %d bytes, %v, %v", i, len(up), len(down), err, problem)
		}
	}
	if furthest > rewindFrom+Whole+recordHeader {
		t.Errorf("packets one by one reach as far as %d", furthest)
	}
}

// A full ring takes nothing, and all of it again when it has been read.
func TestFull(t *testing.T) {
	r, p := pair()
	packet := pattern(1000, 1)
	n := 0
	for r.Write(packet, nil, 0) == len(packet) {
		n++
	}
	if n != Size/1008 {
		t.Errorf("%d packets of 1,008 bytes each fit", n)
	}
	if r.Write(packet, nil, 0) != 0 {
		t.Error("a full ring has taken a packet")
	}
	large := pattern(minPart+Size, 2)
	if done := r.Write(large, nil, 0); done != 0 {
		t.Errorf("it has taken %d bytes of a large one", done)
	}
	bell := r.Bell()
	r.Want()
	slept := make(chan struct{})
	go func() {
		for r.Bell() == bell {
			r.Sleep(bell)
		}
		close(slept)
	}()
	for range n {
		if got, err := p.read(); !bytes.Equal(got, packet) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
	}
	<-slept // since the page has read
	if done := r.Write(large, nil, 0); done < Size/2 || done >= len(large) {
		t.Errorf("an empty ring takes %d bytes", done)
	}
}

// Close ends whoever waits at either end.
func TestClose(t *testing.T) {
	full, p := pair()
	for n, at := p.reserve(9); n > 0; n, at = p.reserve(9) {
		p.put(at, n, n)
		p.tail += 24
		p.shared.toMain.tail.Store(p.tail)
	}
	empty, q := pair()
	ended := make(chan string)
	go func() {
		if !p.send(pattern(9, 1)) {
			ended <- "who waits for room"
		}
	}()
	go func() {
		if packet, err := q.next(); packet == nil && err == nil {
			ended <- "who listens in the page"
		}
	}()
	go func() {
		if packet, err := empty.listen(maxPacket); packet == nil && err == nil {
			ended <- "who listens in main"
		}
	}()
	for full.shared.toMain.wants.Load() == 0 || empty.shared.toMain.asleep.Load() == 0 {
		runtime.Gosched()
	}
	full.Close()
	empty.Close()
	for range 3 {
		t.Log(<-ended)
	}
}

// What was written at a time has been read at some time, whatever comes meanwhile.
func TestReadUpTo(t *testing.T) {
	r, p := pair()
	startAt(r, p, before(104))
	for range 3 {
		p.send(pattern(40, 1))
	}
	there := r.Written()
	for range 2 {
		if _, err := r.next(maxPacket); err != nil || r.ReadUpTo(there) {
			t.Fatalf("%v, or everything has been read", err)
		}
	}
	p.send(pattern(40, 2))
	if _, err := r.next(maxPacket); err != nil || !r.ReadUpTo(there) {
		t.Errorf("%v, or something is left", err)
	}
	if !r.ReadUpTo(r.Written() + Size + 8) {
		t.Error("a place outside of the ring is waited for")
	}
}

func TestFree(t *testing.T) {
	freed := 0
	r := New(make([]byte, MemorySize), 1, func() { freed++ })
	r.Close()
	if freed != 0 {
		t.Error("closing frees the memory that others may use still")
	}
	if r.Free(); freed != 1 {
		t.Error("the memory was not given back")
	}
}
