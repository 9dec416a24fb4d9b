package script

import (
	"cmp"
	"container/heap"
	"time"

	"github.com/dop251/goja"
)

// timers are a script's, in the order in which they fall due; those that do so at the same time come as they were set.
type timers struct {
	all   map[int64]*timer
	queue queue
	last  int64       // the number given last
	set   uint64      // how often one was set
	clock *time.Timer // for the first
}

// A timer is one of setTimeout, setInterval or setImmediate.
type timer struct {
	id    int64
	due   time.Time
	set   uint64 // orders those that are due at the same time
	wait  time.Duration
	again bool
	call  func() error
	place int // in the queue, or -1
}

func newTimers() timers {
	clock := time.NewTimer(time.Hour)
	clock.Stop()
	return timers{all: map[int64]*timer{}, clock: clock}
}

// add puts a timer in line.
func (t *timers) add(x *timer) {
	t.set++
	x.due, x.set = time.Now().Add(x.wait), t.set
	t.all[x.id] = x
	heap.Push(&t.queue, x)
	t.wind()
}

// remove forgets a timer, if it is still there.
func (t *timers) remove(id int64) {
	x := t.all[id]
	if x == nil {
		return
	}
	delete(t.all, id)
	if x.place >= 0 {
		heap.Remove(&t.queue, x.place)
		t.wind()
	}
}

// wind sets the clock for the first timer.
func (t *timers) wind() {
	if len(t.queue) == 0 {
		t.clock.Stop()
		return
	}
	t.clock.Reset(time.Until(t.queue[0].due))
}

// fire calls the first timer, if it is due.
func (t *timers) fire() error {
	if len(t.queue) == 0 || time.Until(t.queue[0].due) > 0 {
		t.wind()
		return nil
	}
	x := heap.Pop(&t.queue).(*timer)
	if !x.again {
		delete(t.all, x.id)
	}
	err := x.call()
	if x.again && t.all[x.id] == x {
		t.add(x)
	}
	t.wind()
	return err
}

// A queue is a heap of timers.
type queue []*timer

func (q queue) Len() int { return len(q) }

func (q queue) Less(i, j int) bool {
	return cmp.Or(q[i].due.Compare(q[j].due), cmp.Compare(q[i].set, q[j].set)) < 0
}

func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

// Push is heap's.
func (q *queue) Push(x any) {
	t := x.(*timer)
	t.place = len(*q)
	*q = append(*q, t)
}

// Pop is heap's.
func (q *queue) Pop() any {
	old := *q
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	t.place = -1
	return t
}

// timer starts a timer of setTimeout or the like, and returns its number. setImmediate has no delay, and so a least one of 0.
func (m *machine) timer(c goja.FunctionCall, least int64, again bool) goja.Value {
	f, delay, rest := m.function(c), int64(0), c.Arguments[1:]
	if least > 0 {
		delay = max(c.Argument(1).ToInteger(), least)
		rest = rest[min(1, len(rest)):]
	}
	if delay > 1<<31-1 {
		delay = 1
	}
	m.timers.last++
	id := m.timers.last
	m.timers.add(&timer{id: id, wait: time.Duration(delay) * time.Millisecond, again: again, call: func() error {
		_, err := f(goja.Undefined(), rest...)
		return err
	}})
	return m.vm.ToValue(id)
}

func (m *machine) clear(c goja.FunctionCall) goja.Value {
	m.timers.remove(c.Argument(0).ToInteger())
	return goja.Undefined()
}
