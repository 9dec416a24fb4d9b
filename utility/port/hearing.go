package port

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// hearing is whether the goroutine that reads is away to hear messages. That spares a lone message the way to another goroutine, which
// costs more than all the rest. When it stays away for long, another one goes on reading: the listener may wait for what is not read.
type hearing struct {
	state   atomic.Uint32
	watched atomic.Bool
}

const (
	reads    = iota // the goroutine reads
	hears           // it hears
	relieved        // it hears, and another one reads
)

// work takes the work on messages that have come.
func (p *Port) work(work func()) {
	if p.inline {
		p.turn = work
	} else {
		go work()
	}
}

// hear does the work there is, and reports whether this goroutine is still the one that reads.
func (p *Port) hear() bool {
	if p.turn == nil {
		return true
	}
	work := p.turn
	p.turn = nil
	p.hearing.state.Store(hears)
	if !p.hearing.watched.Load() {
		watch.add(p)
	}
	work()
	return p.hearing.state.CompareAndSwap(hears, reads)
}

// A watcher looks after the ports whose reading goroutines hear messages, at intervals: a timer for each message would cost too much.
type watcher struct {
	mu    sync.Mutex
	ports []*Port
}

var watch watcher

const (
	// interval is how often it is looked; a goroutine that hears at two looks in a row is relieved.
	interval = 2 * time.Millisecond
	// idle is after how many looks a port that hears nothing is looked after no more.
	idle = 50
)

func (w *watcher) add(p *Port) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.hearing.watched.Swap(true) {
		return
	}
	w.ports = append(w.ports, p)
	if len(w.ports) == 1 {
		go w.look()
	}
}

// look runs while there are ports to look after.
func (w *watcher) look() {
	quiet := map[*Port]int{}
	heard := map[*Port]bool{}
	for tick := time.NewTicker(interval); ; <-tick.C {
		w.mu.Lock()
		w.ports = slices.DeleteFunc(w.ports, func(p *Port) bool {
			hearsNow := p.hearing.state.Load() == hears
			if hearsNow && heard[p] && p.hearing.state.CompareAndSwap(hears, relieved) {
				go p.read()
				hearsNow = false
			}
			heard[p] = hearsNow
			if quiet[p]++; hearsNow {
				quiet[p] = 0
			}
			if quiet[p] < idle {
				return false
			}
			p.hearing.watched.Store(false)
			delete(quiet, p)
			delete(heard, p)
			return p.hearing.state.Load() != hears || p.hearing.watched.Swap(true)
		})
		if len(w.ports) == 0 {
			w.mu.Unlock()
			tick.Stop()
			return
		}
		w.mu.Unlock()
	}
}
