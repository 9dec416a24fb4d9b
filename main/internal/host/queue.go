package host

import (
	"runtime/debug"
	"sync"

	"go.uber.org/zap"
)

// A Queue runs functions of the app one after the other, off the UI thread. Its goroutine lives only while there is work.
type Queue struct {
	Log *zap.Logger

	mu   sync.Mutex
	jobs []func()
	busy bool
}

// Add runs f after what was added before. It does not wait.
func (q *Queue) Add(f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.jobs = append(q.jobs, f)
	if !q.busy {
		q.busy = true
		go q.work()
	}
}

func (q *Queue) work() {
	for {
		q.mu.Lock()
		if len(q.jobs) == 0 {
			q.busy = false
			q.mu.Unlock()
			return
		}
		f := q.jobs[0]
		q.jobs = q.jobs[1:]
		q.mu.Unlock()
		q.run(f)
	}
}

func (q *Queue) run(f func()) {
	defer func() {
		if v := recover(); v != nil {
			q.Log.Error("panic in an event's function", zap.Any("panic", v), zap.ByteString("stack", debug.Stack()))
		}
	}()
	f()
}

// An Event is a list of functions that hear of something.
type Event[T any] struct {
	mu sync.Mutex
	fs map[int]func(T)
	n  int
}

// On adds f and returns how to remove it.
func (e *Event[T]) On(f func(T)) (remove func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fs == nil {
		e.fs = map[int]func(T){}
	}
	e.n++
	n := e.n
	e.fs[n] = f
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.fs, n)
	}
}

// Emit calls the functions on q, in the order they were added.
func (e *Event[T]) Emit(q *Queue, v T) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := 1; i <= e.n; i++ {
		if f := e.fs[i]; f != nil {
			q.Add(func() { f(v) })
		}
	}
}
