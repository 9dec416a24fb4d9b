package socket

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/oriel-go/oriel/protocol"
)

// half returns an end that is connected and the far one's bare socket. The caller closes both.
func half(t *testing.T) (conn *Conn, theirs *os.File) {
	t.Helper()
	ours, theirs, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	if conn, err = New(ours); err != nil {
		t.Fatal(err)
	}
	return conn, theirs
}

func connected(t *testing.T) (a, b *Conn) {
	t.Helper()
	a, theirs := half(t)
	b, err := New(theirs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	t.Cleanup(b.Close)
	return a, b
}

// numbered is a packet of that many bytes which begins with a number.
func numbered(number uint32, size int) []byte {
	p := make([]byte, size)
	binary.LittleEndian.PutUint32(p[protocol.HeaderSize:], number)
	p[0], p[4], p[size-1] = 1, 1, byte(number)
	return p
}

// echo sends back what comes, until the end.
func echo(c *Conn, stay bool, ended chan<- error) {
	for {
		packet, err := c.Receive(stay)
		if err == nil {
			err = c.Send(packet)
		}
		if err != nil {
			ended <- err
			return
		}
	}
}

// settled returns when nobody else than c waits in the system any more: silence has ended that.
func settled(c *Conn) {
	own := int32(0)
	if c.in.staying.Load() {
		own = 1
	}
	for staying.Load() > own {
		runtime.Gosched()
	}
}

// A process that may have no descriptor more hears what is said to it, and what closes its end.
func TestReceiveWithoutDescriptors(t *testing.T) {
	a, b := connected(t)
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 3, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Setrlimit(unix.RLIMIT_NOFILE, &was) }()
	ended := make(chan error)
	go echo(b, false, ended)
	for range 3 {
		if err := a.Send(numbered(1, 100)); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Receive(false); err != nil {
			t.Fatal(err)
		}
	}
	b.Close()
	if err := <-ended; !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// Packets of all sizes come as they were sent, in order, one at a time and many at once, whichever way they are waited for, also after
// silence.
func TestPacketsComeWhicheverWayTheyAreWaitedFor(t *testing.T) {
	for _, stay := range []bool{false, true} {
		a, b := connected(t)
		ended := make(chan error, 1)
		go echo(b, stay, ended)
		number := uint32(0)
		expect := func(size int) {
			t.Helper()
			number++
			if got, err := a.Receive(stay); err != nil || !bytes.Equal(got, numbered(number, size)) {
				t.Fatalf("stay %v, packet %d of %d bytes: %d bytes, %v", stay, number, size, len(got), err)
			}
		}
		for _, size := range []int{16, 60 << 10, 1 << 20, MaxParts + 1} {
			for range 12 {
				if err := a.Send(numbered(number+1, size)); err != nil {
					t.Fatal(err)
				}
				expect(size)
			}
			settled(a)
			const many = 10
			for i := range uint32(many) {
				if err := a.Send(numbered(number+1+i, max(size, rowSize+1))); err != nil { // small ones would be joined
					t.Fatal(err)
				}
			}
			for range many {
				expect(max(size, rowSize+1))
			}
		}
		a.Close()
		if err := <-ended; !errors.Is(err, io.EOF) {
			t.Errorf("the far end's end: %v", err)
		}
	}
}

// Close ends whoever waits, in the system or not.
func TestCloseEndsReceive(t *testing.T) {
	for _, stay := range []bool{false, true} {
		a, b := connected(t)
		ended := make(chan error, 1)
		go echo(b, stay, ended)
		for range 20 { // after which the next is expected soon
			if err := a.Send(numbered(1, 16)); err != nil {
				t.Fatal(err)
			}
			if _, err := a.Receive(false); err != nil {
				t.Fatal(err)
			}
		}
		b.Close()
		if err := <-ended; !errors.Is(err, ErrClosed) {
			t.Errorf("stay %v: %v", stay, err)
		}
		if err := b.Send(numbered(1, 16)); !errors.Is(err, ErrClosed) {
			t.Errorf("send on what is closed: %v", err)
		}
		if _, err := a.Receive(stay); !errors.Is(err, io.EOF) {
			t.Errorf("the other side: %v", err)
		}
	}
}

// What a far end has said before it went is heard, also if it has not read what it was told.
func TestLastWords(t *testing.T) {
	for _, stay := range []bool{false, true} {
		a, b := connected(t)
		if err := b.Send(numbered(1, 16)); err != nil {
			t.Fatal(err)
		}
		const n = 20
		for i := range uint32(n) {
			if err := a.Send(numbered(i, 16)); err != nil {
				t.Fatal(err)
			}
		}
		a.Close()
		for i := range uint32(n) {
			if got, err := b.Receive(stay); err != nil || !bytes.Equal(got, numbered(i, 16)) {
				t.Fatalf("packet %d of %d: %v", i, n, err)
			}
		}
		if _, err := b.Receive(stay); !errors.Is(err, io.EOF) {
			t.Errorf("the end: %v", err)
		}
	}
}

// While one who waits in the system is silent, another port's packets come as well, and no more than half of the processors are taken.
func TestFewStayInTheSystem(t *testing.T) {
	limit := int32(runtime.GOMAXPROCS(0) / 2)
	const n = 16
	ended := make(chan error, n)
	most := int32(0)
	var ends [n]*Conn
	for i := range ends {
		var far *Conn
		ends[i], far = connected(t)
		go echo(far, true, ended)
	}
	for range 200 {
		for _, c := range ends {
			if err := c.Send(numbered(1, 16)); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range ends {
			if _, err := c.Receive(false); err != nil {
				t.Fatal(err)
			}
			most = max(most, staying.Load())
		}
	}
	if most > limit {
		t.Errorf("%d stayed in the system, of %d", most, limit)
	}
}
