package socket

import (
	"errors"
	"io"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/protocol"
)

// A far end that does not read is kept as many bytes as may wait, and not one more.
func TestQueueEdge(t *testing.T) {
	a, b := connected(t)
	queued := func() int {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.queued
	}
	for queued() == 0 { // until the system has no more room
		if err := a.Send(numbered(0, MaxDatagram)); err != nil {
			t.Fatal(err)
		}
	}
	number := uint32(1)
	send := func(cost int) error {
		err := a.Send(numbered(number, cost-itemCost))
		if err == nil {
			number++
		}
		return err
	}
	for room := MaxQueued - queued(); ; room = MaxQueued - queued() {
		const most = 32 << 20 // more than goes in parts, each of which would count for itself
		if room > 2*most {
			if err := send(most); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := send(room/2 - 1000); err != nil {
			t.Fatal(err)
		}
		break
	}
	last := MaxQueued - queued()
	if err := send(last + 1); !errors.Is(err, protocol.ErrLimit) {
		t.Errorf("one byte more than may wait: %v", err)
	}
	if err := send(last); err != nil || queued() != MaxQueued {
		t.Errorf("%d bytes wait, %v", queued(), err)
	}
	if err := send(itemCost + protocol.HeaderSize + 4); !errors.Is(err, protocol.ErrLimit) {
		t.Errorf("one packet more: %v", err)
	}
	// What was refused is not there, and the rest is, in order.
	for want := uint32(0); want < number; {
		packet, err := b.Receive(false)
		if err != nil {
			t.Fatal(err)
		}
		got := uint32(packet[protocol.HeaderSize])
		if got == 0 && want == 0 {
			continue
		}
		if want++; got != want {
			t.Fatalf("packet %d comes in place of %d", got, want)
		}
		if want == number-1 {
			break
		}
	}
	if err := send(last); err != nil {
		t.Errorf("there is room again: %v", err)
	}
}

// Packets go as a datagram, in parts or in sealed memory, by their size.
func TestWaysEdge(t *testing.T) {
	for _, c := range []struct {
		size  int
		first byte
		bytes int // of the first datagram
	}{
		{MaxDatagram, 1, MaxDatagram}, {MaxDatagram + 1, partMark, MaxDatagram},
		{MaxParts, partMark, MaxDatagram}, {MaxParts + 1, 0, len(handover(0))},
	} {
		a, theirs := half(t)
		if err := a.Send(numbered(1, c.size)); err != nil {
			t.Fatal(err)
		}
		datagram := make([]byte, 2*MaxDatagram)
		n, err := unix.Read(int(theirs.Fd()), datagram)
		if err != nil || n != c.bytes || datagram[0] != c.first {
			t.Errorf("%d bytes go as %d bytes which begin with %d, %v", c.size, n, datagram[0], err)
		}
		a.Close()
		_ = theirs.Close()
	}
}

// What a far end sends is taken up to its limits, and not one byte beyond.
func TestReceivedEdge(t *testing.T) {
	parts := func(size int) func(fd int) {
		return func(fd int) {
			packet := numbered(1, size)
			for first := true; len(packet) > 0; first = false {
				n := min(len(packet), MaxDatagram-partHeader)
				if unix.Send(fd, append(appendPart(nil, size), packet[:n]...), 0) != nil && first {
					t.Error("the first part is not sent")
				}
				packet = packet[n:]
			}
		}
	}
	region := func(size uint32) func(fd int) {
		return func(fd int) {
			(&stranger{fd: fd}).send(words(nil, regionMark, size), regionOf(t, int64(size), regionSeals))
			_ = unix.Send(fd, numbered(1, 100), 0)
		}
	}
	for name, c := range map[string]struct {
		send func(fd int)
		size int // of the packet that comes; 0 if none may
	}{
		"a datagram":                {func(fd int) { _ = unix.Send(fd, numbered(1, MaxDatagram), 0) }, MaxDatagram},
		"a datagram of a byte more": {func(fd int) { _ = unix.Send(fd, numbered(1, MaxDatagram+1), 0) }, 0},
		"parts":                     {parts(MaxParts), MaxParts},
		"parts of a byte more":      {parts(MaxParts + 1), 0},
		"a region":                  {region(MaxRegion), 100},
		"a region of a byte more":   {region(MaxRegion + 1), 0},
	} {
		conn, theirs := half(t)
		sent := make(chan bool)
		go func() { c.send(int(theirs.Fd())); close(sent) }()
		packet, err := conn.Receive(false)
		if c.size > 0 && (err != nil || len(packet) != c.size) {
			t.Errorf("%s: %d bytes, %v", name, len(packet), err)
		}
		if c.size == 0 && (err == nil || errors.Is(err, io.EOF) || errors.Is(err, ErrClosed)) {
			t.Errorf("%s is taken: %d bytes, %v", name, len(packet), err)
		}
		conn.Close()
		<-sent
		_ = theirs.Close()
	}
}

// A region has room for a packet that is as large as itself, and for none that is larger.
func TestRegionEdge(t *testing.T) {
	for size, spans := range map[int]int{RegionSize: 1, RegionSize + 1: 0} {
		a, b := connected(t)
		a.UseRegion()
		if err := a.Send(numbered(1, size)); err != nil {
			t.Fatal(err)
		}
		if n := len(a.region.spans); n != spans {
			t.Errorf("%d packets of %d bytes lie in the region", n, size)
		}
		if packet, err := b.Receive(false); err != nil || len(packet) != size {
			t.Errorf("%d bytes come as %d, %v", size, len(packet), err)
		}
	}
}

// The memory of a packet is kept for the next one up to a size.
func TestSpareEdge(t *testing.T) {
	a, _ := connected(t)
	for size, kept := range map[int]bool{maxSpare: true, maxSpare + 1: false} {
		packet := make([]byte, 0, size)
		a.in.spare.take(0)
		a.Reuse(&packet)
		again := a.in.spare.take(size)
		if same := &packet[:1][0] == &again[:1][0]; same != kept {
			t.Errorf("the memory of %d bytes is kept: %v", size, same)
		}
	}
}
