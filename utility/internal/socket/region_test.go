package socket

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/protocol"
)

// regions counts those that this process has mapped.
func regions(t *testing.T) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(maps), "oriel-region")
}

// Packets of all sizes come as they were sent, one at a time and many at once, and large ones leave the region as they found it.
func TestRegion(t *testing.T) {
	before := regions(t)
	a, b := connected(t)
	a.UseRegion()
	b.UseRegion()
	ended := make(chan error, 1)
	go echo(b, true, ended)
	number := uint32(0)
	expect := func(size int) {
		t.Helper()
		number++
		if got, err := a.Receive(true); err != nil || !bytes.Equal(got, numbered(number, size)) {
			t.Fatalf("packet %d of %d bytes: %d bytes, %v", number, size, len(got), err)
		}
	}
	for _, size := range []int{16, MaxDatagram, MaxDatagram + 1, regionStep + 1, 1 << 20, RegionSize/2 + 1, RegionSize, RegionSize + 1, MaxParts + 1} {
		for range 9 {
			if err := a.Send(numbered(number+1, size)); err != nil {
				t.Fatal(err)
			}
			expect(size)
		}
		const many = 7
		for i := range uint32(many) {
			if err := a.Send(numbered(number+1+i, max(size, rowSize+1))); err != nil {
				t.Fatal(err)
			}
		}
		for range many {
			expect(max(size, rowSize+1))
		}
		if n := regions(t) - before; (n == 4) != (size > MaxDatagram) { // one each way, at both ends
			t.Errorf("after %d bytes %d regions are mapped", size, n)
		}
	}
	a.Close()
	if err := <-ended; !errors.Is(err, io.EOF) {
		t.Errorf("the far end's end: %v", err)
	}
	b.Close()
	if n := regions(t); n != before {
		t.Errorf("%d regions are mapped after the end, %d before", n, before)
	}
}

// A far end that has not said that it knows regions never gets one.
func TestNoRegionUnasked(t *testing.T) {
	before := regions(t)
	a, b := connected(t)
	b.UseRegion() // says nothing about a's way
	go func() { _ = a.Send(numbered(1, 1<<20)) }()
	if got, err := b.Receive(false); err != nil || !bytes.Equal(got, numbered(1, 1<<20)) {
		t.Fatal(len(got), err)
	}
	if n := regions(t); n != before {
		t.Errorf("%d regions are mapped, %d before", n, before)
	}
}

// Room that is not given back costs the region's speed only: what has no room goes through the socket, in its order.
func TestRegionFull(t *testing.T) {
	a, b := connected(t)
	a.UseRegion()
	const size, n = 1 << 20, 12
	for i := range uint32(n) {
		if err := a.Send(numbered(i, size)); err != nil {
			t.Fatal(err)
		}
	}
	if held := len(a.region.spans); held != RegionSize/size {
		t.Errorf("%d packets lie in the region", held)
	}
	for i := range uint32(n) {
		if got, err := b.Receive(false); err != nil || !bytes.Equal(got, numbered(i, size)) {
			t.Fatalf("packet %d: %d bytes, %v", i, len(got), err)
		}
	}
	_ = b.Send(numbered(0, 16))
	if _, err := a.Receive(false); err != nil { // and what b has said of the region before that
		t.Fatal(err)
	}
	if held := len(a.region.spans); held != 0 {
		t.Errorf("%d packets still lie in the region", held)
	}
}

func TestReserve(t *testing.T) {
	const size = 1000
	for _, c := range []struct {
		name  string
		spans []span
		n, at int
	}{
		{"empty", nil, size, 0},
		{"empty, too much", nil, size + 1, -1},
		{"behind", []span{{0, 100}}, size - 128, 128},
		{"no room behind", []span{{0, 100}}, size - 127, -1},
		{"before", []span{{640, 700}}, 640, 0},
		{"no room before", []span{{640, 700}}, 641, -1},
		{"between", []span{{640, 700}, {0, 100}}, 640 - 128, 128},
		{"no room between", []span{{640, 700}, {0, 100}}, 641 - 128, -1},
	} {
		o := outbound{memory: make([]byte, size), spans: c.spans}
		if at, ok := o.reserve(c.n); ok != (c.at >= 0) || ok && at != c.at {
			t.Errorf("%s: %d, %v", c.name, at, ok)
		}
	}
}

// regionOf makes a memfd of that many bytes with those seals, which begins with a packet.
func regionOf(t *testing.T, size int64, seals int) int {
	t.Helper()
	fd, err := unix.MemfdCreate("oriel-region", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = unix.Write(fd, numbered(7, 100))
	_ = unix.Ftruncate(fd, size)
	_, _ = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals)
	return fd
}

// Whatever the far end says of a region that is not so ends the connection, and leaves nothing behind.
func TestHostileRegion(t *testing.T) {
	const size = 1 << 16
	type send func(mark byte, numbers ...uint32)
	type give func(told uint32, size int64, seals int)
	good := func(g give) { g(size, size, regionSeals) }
	for name, f := range map[string]func(send, give){
		"not sealed":         func(_ send, g give) { g(size, size, 0) },
		"may shrink":         func(_ send, g give) { g(size, size, unix.F_SEAL_GROW) },
		"may grow":           func(_ send, g give) { g(size, size, unix.F_SEAL_SHRINK) },
		"less than told":     func(_ send, g give) { g(size, size-1, regionSeals) },
		"more than told":     func(_ send, g give) { g(size, size+1, regionSeals) },
		"nothing":            func(_ send, g give) { g(0, 0, regionSeals) },
		"too much":           func(_ send, g give) { g(MaxRegion+1, MaxRegion+1, regionSeals) },
		"a second one":       func(_ send, g give) { good(g); good(g) },
		"none there":         func(s send, _ give) { s(beginMark, 100, 0, 100) },
		"beyond the end":     func(s send, g give) { good(g); s(beginMark, 100, size-99, 100) },
		"offset around":      func(s send, g give) { good(g); s(beginMark, 100, 1<<32-50, 100) },
		"larger than all":    func(s send, g give) { good(g); s(beginMark, size+1, 0, 100) },
		"smaller than any":   func(s send, g give) { good(g); s(beginMark, protocol.HeaderSize-1, 0, 0) },
		"ready beyond":       func(s send, g give) { good(g); s(beginMark, 100, 0, 101) },
		"more beyond":        func(s send, g give) { good(g); s(beginMark, 100, 0, 50); s(moreMark, 101) },
		"no more":            func(s send, g give) { good(g); s(beginMark, 100, 0, 50); s(moreMark, 50) },
		"less":               func(s send, g give) { good(g); s(beginMark, 100, 0, 50); s(moreMark, 49) },
		"more of nothing":    func(s send, g give) { good(g); s(moreMark, 50) },
		"another between":    func(s send, g give) { good(g); s(beginMark, 100, 0, 50); s(beginMark, 100, 0, 100) },
		"a part between":     func(s send, g give) { good(g); s(beginMark, 100, 0, 50); s(partMark, 100, 0) },
		"a region between":   func(s send, g give) { good(g); s(beginMark, 100, 0, 50); good(g) },
		"taken between":      func(s send, g give) { good(g); s(beginMark, 100, 0, 50); s(takenMark, 100) },
		"between parts":      func(s send, g give) { good(g); s(partMark, 100, 0); s(beginMark, 100, 0, 100) },
		"a region in parts":  func(s send, g give) { s(partMark, 100, 0); good(g) },
		"too few numbers":    func(s send, g give) { good(g); s(beginMark, 100, 0) },
		"too many numbers":   func(s send, g give) { good(g); s(beginMark, 100, 0, 100, 0) },
		"taken unsent":       func(s send, _ give) { s(takenMark, 1) },
		"nothing taken":      func(s send, _ give) { s(takenMark, 0) },
		"a region unmapped":  func(s send, _ give) { s(regionMark, size) },
		"taken, in no words": func(s send, _ give) { s(takenMark) },
	} {
		fds, mapped := descriptors(t), regions(t)
		conn, theirs := half(t)
		s := &stranger{fd: int(theirs.Fd())}
		f(func(mark byte, numbers ...uint32) { s.send(words(nil, mark, numbers...)) },
			func(told uint32, size int64, seals int) {
				s.send(words(nil, regionMark, told), regionOf(t, size, seals))
			})
		_ = theirs.Close()
		if packet, err := conn.Receive(false); err == nil || errors.Is(err, io.EOF) || errors.Is(err, ErrClosed) {
			t.Errorf("%s: %d bytes, %v", name, len(packet), err)
		}
		conn.Close()
		if a, b := descriptors(t), regions(t); a > fds || b > mapped {
			t.Errorf("%s: %d descriptors, %d before; %d regions, %d before", name, a, fds, b, mapped)
		}
	}
}

// What the far end writes after a packet has come does not change it.
func TestRegionWrittenLater(t *testing.T) {
	a, b := connected(t)
	a.UseRegion()
	if err := a.Send(numbered(5, 1<<20)); err != nil {
		t.Fatal(err)
	}
	got, err := b.Receive(false)
	clear(a.region.memory)
	if err != nil || !bytes.Equal(got, numbered(5, 1<<20)) {
		t.Error(len(got), err)
	}
}

// Where there is no memory behind a region, as if the system had none left, that is an error at both ends and no end of the process.
func TestRegionFault(t *testing.T) {
	fd := regionOf(t, 1<<20, 0)
	defer unix.Close(fd)
	memory, err := unix.Mmap(fd, 0, 1<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	_ = unix.Ftruncate(fd, 4096)
	in := inbound{memory: memory}
	if err := in.begin(words(nil, beginMark, 1<<20, 0, 1<<19), new(spare)); !errors.Is(err, errFault) {
		t.Errorf("the receiver: %v", err)
	}
	a, b := connected(t)
	a.UseRegion()
	a.region.memory = memory // which a closes
	if err := a.Send(numbered(1, 1<<19)); !errors.Is(err, errFault) {
		t.Errorf("the sender: %v", err)
	}
	for c, want := range map[*Conn]error{a: errFault, b: io.EOF} { // nobody waits for what does not come
		ended := make(chan error, 1)
		go func() {
			_, err := c.Receive(false)
			ended <- err
		}()
		select {
		case err := <-ended:
			if !errors.Is(err, want) {
				t.Errorf("an end ends with %v, want %v", err, want)
			}
		case <-time.After(patience / 10):
			t.Fatalf("the end that is to end with %v does not", want)
		}
	}
}

// A far end that sends and does not read has this one keep a word of what has been taken, not one for each packet.
func TestTakenWaits(t *testing.T) {
	conn, theirs := half(t)
	defer theirs.Close()
	defer conn.Close()
	s := &stranger{fd: int(theirs.Fd())}
	s.send(words(nil, regionMark, 4096), regionOf(t, 4096, regionSeals))
	for range 20_000 {
		s.send(words(nil, beginMark, 100, 0, 100))
		if _, err := conn.Receive(false); err != nil {
			t.Fatal(err)
		}
	}
	conn.mu.Lock()
	defer conn.mu.Unlock()
	if n := len(conn.waiting); n == 0 || n > 2 {
		t.Errorf("%d datagrams wait", n)
	}
}

// Memory that is given back is used for the next packet it fits, in parts or from the region, and for no other.
func TestReuse(t *testing.T) {
	a, b := connected(t)
	receive := func(size int) *byte {
		t.Helper()
		go func() { _ = a.Send(numbered(3, size)) }()
		got, err := b.Receive(false)
		if err != nil || !bytes.Equal(got, numbered(3, size)) {
			t.Fatal(len(got), err)
		}
		b.Reuse(&got)
		return &got[0]
	}
	first := receive(1 << 20)
	if receive(1<<20-1000) != first {
		t.Error("parts do not use the memory again")
	}
	a.UseRegion()
	if receive(1<<20) != first {
		t.Error("a packet from the region does not use the memory again")
	}
	if receive(1<<17) == first {
		t.Error("a small packet keeps much memory")
	}
	large := receive(maxSpare * 2)
	if receive(maxSpare*2) == large {
		t.Error("the memory of a very large packet is kept")
	}
}
