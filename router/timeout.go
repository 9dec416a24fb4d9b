package router

import (
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/protocol"
)

// ErrTimeout is the cause with which a handler's context ends when its [Timeout] has passed.
var ErrTimeout = errors.New("ipc: the handler took too long")

// An Option changes how a handler is called.
type Option func(*target)

// Timeout bounds the time from the begin of the handler to its answer. When it has passed, the handler's context ends with [ErrTimeout] and
// the caller gets an error with the code ERR_TIMEOUT, whatever the handler does; what that returns later is dropped. Until it returns,
// the request counts towards the limits. Streams of an answer that was in time may take longer. Without a Timeout, or with one that is not positive, a handler may take as long as it likes.
func Timeout(d time.Duration) Option { return func(t *target) { t.timeout = d } }

// expire ends a request whose time is up, and tells the caller, unless that has its answer or wants none. It runs on a goroutine of its own.
func (r *request) expire() {
	s := r.d.session
	s.line.mu.Lock()
	wanted := !r.done && !r.unwanted && s.ended == nil
	if wanted {
		r.expired = true // not written to once it is done, for it is read without the lock then
	}
	s.line.mu.Unlock()
	if !wanted {
		return
	}
	r.scope.end(ErrTimeout)
	r.counters.failed("ERR_TIMEOUT")
	s.line.noise.Warn("handler took too long", zap.String("channel", r.channel), zap.Duration("timeout", r.target.timeout))
	b := buffers.Get().(*buffer)
	defer b.release()
	b.begin()
	v := protocol.ErrorValue{Name: "Error", Message: fmt.Sprintf("The handler took longer than %v", r.target.timeout), Code: "ERR_TIMEOUT"}
	b.packet, _ = protocol.AppendError(b.packet, r.id, v) // there is no data that could fail
	r.counters.went(b)
	if err := s.send(b); err != nil {
		s.line.o.Log.Debug("answer lost", zap.String("channel", r.channel), zap.Error(err))
	}
}
