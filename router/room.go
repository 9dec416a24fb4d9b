package router

// Below returns a channel that is closed as soon as fewer than n messages of the line wait for their turn or have it: with 1, when all have
// been heard. Requests whose handlers have begun do not count. It is for those who bring messages, to bring no more than are taken; one
// at a time may ask.
func (l *Line) Below(n int) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy() < n {
		return closed
	}
	l.room, l.roomFor = make(chan struct{}), n
	return l.room
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
	if l.room != nil && l.busy() < l.roomFor {
		close(l.room)
		l.room = nil
	}
}
