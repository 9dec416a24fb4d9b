package host

import (
	"runtime/debug"
	"sync"

	"go.uber.org/zap"
)

// MaxOffered is how many functions may wait in a queue when another is offered.
const MaxOffered = 1024

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

// Offer is Add for what a page can bring about as often as it likes. It reports false, and forgets f, if too much waits already.
func (q *Queue) Offer(f func()) bool {
	q.mu.Lock()
	full := len(q.jobs) >= MaxOffered
	q.mu.Unlock()
	if !full {
		q.Add(f)
	}
	return !full
}

func (q *Queue) work() {
	done := false
	defer func() {
		if !done { // a function has ended the goroutine
			go q.work()
		}
	}()
	for {
		q.mu.Lock()
		if len(q.jobs) == 0 {
			q.busy, done = false, true
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
	returned := false
	defer func() {
		if v := recover(); v != nil {
			q.Log.Error("panic in an event's function", zap.Any("panic", v), zap.ByteString("stack", debug.Stack()))
		} else if !returned {
			q.Log.Error("an event's function has ended its goroutine", zap.ByteString("stack", debug.Stack()))
		}
	}()
	f()
	returned = true
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
	e.each(func(f func(T)) { q.Add(func() { f(v) }) })
}

// Offer is Emit for what a page can bring about as often as it likes: a queue in which too much waits does not take it. It reports whether
// all functions will be called.
func (e *Event[T]) Offer(q *Queue, v T) bool {
	all := true
	e.each(func(f func(T)) { all = q.Offer(func() { f(v) }) && all })
	return all
}

func (e *Event[T]) each(do func(f func(T))) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := 1; i <= e.n; i++ {
		if f := e.fs[i]; f != nil {
			do(f)
		}
	}
}
