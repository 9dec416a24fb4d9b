package socket

import (
	"bytes"
	"errors"
	"io"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/protocol"
)

// A stranger is a far end that sends what a fuzzer's bytes say: datagrams of every shape, with descriptors of every kind.
type stranger struct {
	input []byte
	fd    int
	sent  int // bytes that may have to be kept at the other end
}

func (s *stranger) byte() byte {
	if len(s.input) == 0 {
		return 0
	}
	b := s.input[0]
	s.input = s.input[1:]
	return b
}

func (s *stranger) bytes() []byte {
	n := min(int(s.byte()), len(s.input))
	b := s.input[:n]
	s.input = s.input[n:]
	return b
}

// size is a number near one that matters.
func (s *stranger) size() int {
	edges := []int{0, 1, partHeader, 100, MaxDatagram - partHeader, MaxDatagram, 2 * MaxDatagram, MaxParts, 9 << 20, protocol.MaxPacket, 1 << 31,
		regionStep, 1 << 20, RegionSize, MaxRegion}
	return max(0, edges[int(s.byte())%len(edges)]+int(int8(s.byte())))
}

// memory makes a memfd of some size with some seals.
func (s *stranger) memory(size int) int {
	fd, err := unix.MemfdCreate("stranger", unix.MFD_ALLOW_SEALING|unix.MFD_CLOEXEC)
	if err != nil {
		panic(err)
	}
	_ = unix.Ftruncate(fd, int64(size))
	_, _ = unix.Pwrite(fd, s.bytes(), 0)
	some := []int{regionSeals, seals, seals | unix.F_SEAL_SEAL, unix.F_SEAL_SHRINK | unix.F_SEAL_GROW, unix.F_SEAL_WRITE, 0}
	_, _ = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, some[int(s.byte())%len(some)])
	return fd
}

// other opens a descriptor that is no memory.
func (s *stranger) other() int {
	switch s.byte() % 4 {
	case 0:
		fd, _ := unix.Open("/dev/zero", unix.O_RDWR|unix.O_CLOEXEC, 0)
		return fd
	case 1:
		fd, _ := unix.Open("/proc/self/exe", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		return fd
	case 2:
		fd, _ := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		return fd
	}
	fd, _ := unix.FcntlInt(uintptr(s.fd), unix.F_DUPFD_CLOEXEC, 0) // its own end
	return fd
}

func (s *stranger) send(data []byte, fds ...int) {
	var rights []byte
	if len(fds) > 0 {
		rights = unix.UnixRights(fds...)
	}
	s.sent += len(data)
	_ = unix.Sendmsg(s.fd, data, rights, nil, unix.MSG_NOSIGNAL)
	for _, fd := range fds {
		_ = unix.Close(fd)
	}
}

func (s *stranger) step() {
	switch s.byte() % 10 {
	case 0: // anything
		s.send(s.bytes())
	case 1: // a packet, as far as its header
		s.send(append(protocol.AppendHeader(nil, 1), s.bytes()...))
	case 2: // a part
		s.send(append(appendPart(nil, s.size()), s.bytes()...))
	case 3: // a part or packet of a size at the edge
		data := make([]byte, min(s.size(), 3*MaxDatagram))
		copy(data, appendPart(nil, s.size()))
		s.send(data)
	case 4: // memory, of the size told or of another
		size := min(s.size(), 10<<20)
		told := size
		if s.byte()%2 == 1 {
			told = s.size()
		}
		s.sent += size
		s.send(append(handover(told), s.bytes()...), s.memory(size))
	case 5: // descriptors that nobody asked for
		var fds []int
		for range s.byte() % 70 {
			fds = append(fds, s.other())
		}
		s.send(append(handover(s.size()), s.bytes()...), fds...)
	case 6: // what an honest end sends
		packet := append(protocol.AppendHeader(nil, 1), make([]byte, min(s.size(), MaxDatagram)-min(s.size(), 0))...)
		s.send(packet[:min(len(packet), MaxDatagram)])
	case 7: // a region, of the size told or of another
		size := min(s.size(), MaxRegion+1)
		told := size
		if s.byte()%4 == 1 {
			told = s.size()
		}
		s.send(words(nil, regionMark, uint32(told)), s.memory(size))
	case 8: // something about a region
		mark := []byte{beginMark, moreMark, takenMark, regionMark}[s.byte()%4]
		size := s.size()
		s.sent += min(size, MaxRegion) // what a region holds may be said again
		s.send(words(nil, mark, []uint32{uint32(size), uint32(s.size()), uint32(s.size())}[:s.byte()%4]...))
	case 9: // a packet in a region, as an honest end has it there
		size, at := uint32(s.size()), uint32(s.size())
		s.sent += min(int(size), MaxRegion)
		s.send(words(nil, beginMark, size, at, size/2))
		s.send(words(nil, moreMark, size))
	}
}

// patience is for a machine that has stopped the fuzzer for something else.
const patience = 5 * time.Minute

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// FuzzReceive: whatever a far end sends, nothing panics or hangs, no more is allocated than was sent, and no descriptor is left.
func FuzzReceive(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 3, 'a', 'b', 'c', 0, 1, 9, 6, 3, 0})
	f.Add([]byte{2, 3, 0, 40, 1, 0, 0, 0, 1, 0, 0, 0, 2, 3, 0, 2, 9, 9})
	f.Add([]byte{3, 5, 0, 6, 0, 3, 5, 0, 6, 0, 3, 5, 0, 6, 0})
	f.Add([]byte{4, 3, 0, 0, 0, 12, 1, 0, 0, 0, 1, 0, 0, 0, 0x91, 1, 0, 0, 0})
	f.Add([]byte{4, 3, 0, 1, 9, 0, 0, 0, 2, 4, 8, 0, 0, 0, 0, 1})
	f.Add([]byte{5, 69, 0, 1, 2, 3, 3, 0, 0})
	f.Add([]byte{1, 7, 6, 0, 0, 0, 0, 8, 0, 3, 0, 0, 0, 3, 0, 3, 9, 3, 0, 0, 0, 8, 2, 0, 1, 1, 1, 1, 1, 1})
	f.Add([]byte{0, 7, 6, 0, 3, 1, 2, 3, 0, 0, 9, 5, 0, 0, 0, 9, 6, 0, 3, 0, 9, 6, 0, 0, 1, 7, 6, 0, 0, 0, 0})
	f.Add([]byte{5, 1, 1, 3, 0, 0, 2, 3, 0, 10, 1, 0, 0, 0, 1, 0, 0, 0, 9, 9, 4, 3, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, input []byte) {
		before, mapped := descriptors(t), regions(t)
		conn, theirs := half(t)
		s := &stranger{input: input, fd: int(theirs.Fd())}
		if s.byte()%2 == 1 { // so that something can be taken
			conn.UseRegion()
			_ = conn.Send(numbered(1, 2*MaxDatagram))
		}
		_ = unix.SetNonblock(s.fd, true) // what does not fit is not sent
		for n := 0; len(s.input) > 0 && n < 100; n++ {
			s.step()
		}
		_ = theirs.Close()
		stuck := time.AfterFunc(patience, func() { panic("stuck") })
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		allocated := memory.TotalAlloc
		var err error
		for {
			var packet []byte
			if packet, err = conn.Receive(false); err != nil {
				break
			}
			if len(packet) > protocol.MaxPacket || len(packet) > s.sent {
				t.Errorf("a packet of %d bytes where %d were sent", len(packet), s.sent)
			}
		}
		runtime.ReadMemStats(&memory)
		if n := int(memory.TotalAlloc - allocated); n > 4*s.sent+MaxParts+1<<20 {
			t.Errorf("%d bytes are allocated for %d", n, s.sent)
		}
		if errors.Is(err, ErrClosed) {
			t.Errorf("the end is %v", err)
		}
		conn.Close()
		stuck.Stop()
		if n, m := descriptors(t), regions(t); n > before || m > mapped {
			t.Errorf("%d descriptors and %d regions, %d and %d before", n, m, before, mapped)
		}
	})
}

// FuzzSend: packets of any sizes, in any order, arrive as they were sent, with regions and without, into memory that is used again or not.
func FuzzSend(f *testing.F) {
	f.Add([]byte{0, 0, 1, 0, 4, 0, 5, 0})
	f.Add(bytes.Repeat([]byte{3, 0}, 60))
	f.Add([]byte("'2X8887,21A8")) // the far end goes with something unread
	f.Add(append([]byte{3}, bytes.Repeat([]byte{8, 0, 3, 1, 9, 2, 4, 0}, 8)...))
	f.Add([]byte{4, 0, 5, 0, 5, 1, 6, 0, 7, 0, 7, 1, 8, 0, 0, 0})
	f.Fuzz(func(t *testing.T, input []byte) {
		before, mapped := descriptors(t), regions(t)
		from, theirs := half(t)
		to, err := New(theirs)
		if err != nil {
			t.Fatal(err)
		}
		s := &stranger{input: input}
		how := s.byte()
		if how%2 == 1 {
			from.UseRegion()
			to.UseRegion()
		}
		var want []byte
		total := 0
		sent := make(chan bool)
		go func() {
			defer close(sent)
			defer from.Close()
			for len(s.input) > 0 && total < 40<<20 {
				packet := append(protocol.AppendHeader(nil, 1), make([]byte, min(s.size(), 10<<20))...)
				for i := range packet[protocol.HeaderSize:] {
					packet[protocol.HeaderSize+i] = byte(total + i*7)
				}
				cut := len(packet) - int(s.byte())%(len(packet)-protocol.HeaderSize+1)
				if err := from.SendTail(packet[:cut], packet[cut:]); err != nil {
					t.Errorf("%d bytes: %v", len(packet), err)
					return
				}
				total += len(packet)
				want = append(want, packet[protocol.HeaderSize:]...)
			}
			if err := from.Flush(t.Context()); err != nil {
				t.Error(err)
			}
		}()
		var got []byte
		for {
			packet, err := to.Receive(true) // small ones may have been joined: only their headers differ
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, packet[protocol.HeaderSize:]...)
			if how%4 > 1 {
				clear(packet)
				to.Reuse(&packet)
			}
		}
		<-sent
		if !bytes.Equal(got, want) {
			t.Errorf("%d bytes arrive, %d were sent", len(got), len(want))
		}
		to.Close()
		for end := time.Now().Add(patience); descriptors(t) > before || regions(t) > mapped; runtime.Gosched() {
			if time.Now().After(end) {
				t.Fatalf("%d descriptors, %d before", descriptors(t), before)
			}
		}
	})
}
