package scheme

import (
	"sync"

	"github.com/oriel-go/oriel/cef"
)

// pipeSize is how much of a body waits in memory for Chromium to ask for it.
const pipeSize = 64 << 10

// A pipe carries a body from the handler's goroutine to Chromium's reads. A write goes straight into Chromium's memory when a read is
// waiting, else into a buffer of at most pipeSize; when that is full the writer waits. Reads never wait.
type pipe struct {
	mu        sync.Mutex
	room      sync.Cond
	buffer    []byte
	start     int // of what is unread in buffer
	dest      []byte
	waiting   *cef.ResourceReadCallback // keeps dest alive
	closed    bool
	failure   cef.ErrorCode // how it ended, 0 for well
	drained   bool          // the reader has been told of the end
	cancelled bool
}

func newPipe() *pipe {
	p := &pipe{}
	p.room.L = &p.mu
	return p
}

// read implements cef.ResourceHandler.Read.
func (p *pipe) read(dest []byte, n *int, callback *cef.ResourceReadCallback) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	*n = 0
	switch {
	case p.start < len(p.buffer):
		*n = copy(dest, p.buffer[p.start:])
		p.start += *n
		p.room.Signal()
		return true
	case p.closed:
		p.drained = p.failure == 0
		*n = int(p.failure)
		return false
	case p.cancelled:
		*n = int(cef.ErrorCodeAborted)
		return false
	}
	p.dest, p.waiting = dest, callback.Retain()
	return true
}

// write sends all of b, or returns ErrCancelled.
func (p *pipe) write(b []byte) (written int, err error) {
	for {
		n, callback, err := p.offer(b)
		if callback != nil {
			callback.Cont(n)
			callback.Release()
		}
		written += n
		if b = b[n:]; err != nil || len(b) == 0 {
			return written, err
		}
	}
}

// offer gives the reader a part of b, waiting for room if it must. A callback that it returns is to be told how much.
func (p *pipe) offer(b []byte) (int, *cef.ResourceReadCallback, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.cancelled:
			return 0, nil, ErrCancelled
		case p.closed:
			return 0, nil, ErrFinished
		case len(b) == 0:
			return 0, nil, nil
		case p.waiting != nil:
			return copy(p.dest, b), p.takeWaiting(), nil
		case len(p.buffer)-p.start < pipeSize:
			return p.store(b), nil, nil
		}
		p.room.Wait()
	}
}

// store appends to the buffer what there is room for.
func (p *pipe) store(b []byte) int {
	if p.start > 0 {
		p.buffer = p.buffer[:copy(p.buffer, p.buffer[p.start:])]
		p.start = 0
	}
	n := min(len(b), pipeSize-len(p.buffer))
	p.buffer = append(p.buffer, b[:n]...)
	return n
}

// close ends the body, well if failure is 0. What is in the buffer is still read.
func (p *pipe) close(failure cef.ErrorCode) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.closed, p.failure = true, failure
	callback := p.takeWaiting()
	p.drained = callback != nil && failure == 0
	p.room.Broadcast()
	p.mu.Unlock()
	if callback != nil {
		callback.Cont(int(failure))
		callback.Release()
	}
}

// cancel ends both sides and reports whether the reader had seen the end before.
func (p *pipe) cancel() bool {
	p.mu.Lock()
	p.cancelled = true
	p.buffer, p.start = nil, 0
	callback := p.takeWaiting()
	drained := p.drained
	p.room.Broadcast()
	p.mu.Unlock()
	if callback != nil {
		callback.Release()
	}
	return drained
}

func (p *pipe) takeWaiting() *cef.ResourceReadCallback {
	callback := p.waiting
	p.dest, p.waiting = nil, nil
	return callback
}
