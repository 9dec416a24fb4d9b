package utility

import (
	"slices"
	"sync"
)

// A registry knows the utility processes that run.
type registry struct {
	mu       sync.Mutex
	all      []*Process
	watchers map[int]func(Exit)
	last     int
}

var living registry

// Processes lists the utility processes that run, oldest first.
func Processes() []*Process {
	living.mu.Lock()
	defer living.mu.Unlock()
	return slices.Clone(living.all)
}

// OnExit adds a function that hears of the end of every utility process. The returned function removes it. It is what child-process-gone
// of package main/app is made of.
func OnExit(f func(Exit)) (remove func()) {
	living.mu.Lock()
	defer living.mu.Unlock()
	if living.watchers == nil {
		living.watchers = map[int]func(Exit){}
	}
	living.last++
	n := living.last
	living.watchers[n] = f
	return func() {
		living.mu.Lock()
		defer living.mu.Unlock()
		delete(living.watchers, n)
	}
}

func (r *registry) add(p *Process) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, p)
}

// remove notes the end of a process, which is not listed any more when somebody has waited for it, and tells all who watch. It returns the
// functions that want to hear of this one.
func (r *registry) remove(p *Process, e Exit) (exited []func(Exit)) {
	r.mu.Lock()
	r.all = slices.DeleteFunc(r.all, func(x *Process) bool { return x == p })
	var fs []func(Exit)
	for i := 1; i <= r.last; i++ {
		if f := r.watchers[i]; f != nil {
			fs = append(fs, f)
		}
	}
	p.mu.Lock()
	p.ended = e
	close(p.done)
	exited = p.exited
	p.mu.Unlock()
	r.mu.Unlock()
	p.each(len(fs), func(i int) { fs[i](e) })
	return exited
}

// KillAll kills every utility process and waits for their end. An app does that when it ends.
func KillAll() {
	all := Processes()
	for _, p := range all {
		p.Kill()
	}
	for _, p := range all {
		p.Wait()
	}
}
