package router

import "github.com/oriel-go/oriel/protocol"

// Below returns a channel that is closed as soon as fewer than n messages of the line wait for their turn or have it: with 1, when all have
// been heard. Requests whose handlers have begun do not count. It is for those who bring messages, to bring no more than are taken; one
// at a time may ask.
func (l *Line) Below(n int) <-chan struct{} { return l.Room(n, 0) }

// Room is Below for who brings a packet of so many bytes: while messages wait, they must also be within protocol.MaxQueuedBytes, beyond which the
// line refuses them.
func (l *Line) Room(n, size int) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.roomFor, l.roomSize = n, size
	if l.hasRoom() {
		return closed
	}
	l.room = make(chan struct{})
	return l.room
}

// hasRoom says whether there is the room that was asked for last. l.mu is held.
func (l *Line) hasRoom() bool {
	busy := l.busy()
	return busy < l.roomFor && (busy == 0 || l.bytes+l.roomSize <= protocol.MaxQueuedBytes)
}

var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// busy counts the messages that wait for their turn or have it. l.mu is held.
func (l *Line) busy() int {
	n := len(l.waiting) - l.first
	if l.taken {
		n++
	}
	return n
}

// tellRoom tells who waits for room, if there is. l.mu is held.
func (l *Line) tellRoom() {
	if l.room != nil && l.hasRoom() {
		close(l.room)
		l.room = nil
	}
}
