package cef

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"unsafe"
)

// call calls an exported callback as C does; tests cannot name types of C.
func call[ID ~uint64, R any](f func(ID) R, id uint64) R { return f(ID(id)) }

// numbers returns the numbers of the last n handlers made.
func numbers(n int) (ids []uint64) {
	for id := lastHandle.Load(); n > 0; n-- {
		ids = append(ids, id)
		id--
	}
	return ids
}

func TestHandlersLiveAsLongAsC(t *testing.T) {
	client := &Client{LoadHandler: &LoadHandler{}, DisplayHandler: &DisplayHandler{}}
	c := unsafe.Pointer(client.take())
	ids := numbers(3) // the client and its two children
	if got := lookUp(c); got != client {
		t.Errorf("the object is known as %v", got)
	}
	const many = 100
	var all sync.WaitGroup
	for range many {
		addRefC(c)
		all.Go(func() { releaseC(c) })
	}
	all.Wait()
	for _, id := range ids {
		if tracked(id) == nil {
			t.Errorf("handler %d is gone while C holds a reference", id)
		}
	}
	releaseC(c)
	for _, id := range ids {
		if tracked(id) != nil {
			t.Errorf("handler %d is kept though C has given it back", id)
		}
	}
}

func TestNilHandlerIsNull(t *testing.T) {
	if p := (*Client)(nil).take(); p != nil {
		t.Errorf("no client is %p in C", p)
	}
	if id := lookUp(nil); id != nil {
		t.Errorf("NULL is known as %v", id)
	}
}

func TestStaleCallsAreCounted(t *testing.T) {
	const nobody = 1 << 62
	before := StaleCalls()
	if got := call(goReadHandlerTell, nobody); got != 0 {
		t.Errorf("a handler that is gone answered %d", got)
	}
	// A number of a handler of another kind is as stale.
	id := track(kindTask, &Task{})
	defer handles.Delete(id)
	call(goReadHandlerTell, id)
	if got := StaleCalls() - before; got != 2 {
		t.Errorf("%d stale calls counted, want 2", got)
	}
	count(kindTask, -1)
}

func TestPanicsDoNotLeaveCallbacks(t *testing.T) {
	defer PanicHandler.Store(nil)
	id := track(kindReadHandler, &ReadHandler{Tell: func() int64 { panic(errors.New("lost")) }})
	defer func() {
		handles.Delete(id)
		count(kindReadHandler, -1)
	}()
	var heard string
	report := func(callback string, v any, stack []byte) {
		heard = callback + ": " + v.(error).Error()
		if !strings.Contains(string(stack), "handler_test.go") {
			t.Errorf("the stack does not lead to the panic:\n%s", stack)
		}
		panic("and again")
	}
	for _, f := range []*func(string, any, []byte){nil, &report} {
		PanicHandler.Store(f)
		if got := call(goReadHandlerTell, id); got != 0 {
			t.Errorf("a callback that panicked answered %d", got)
		}
	}
	if heard != "ReadHandler.Tell: lost" {
		t.Errorf("reported: %q", heard)
	}
}
