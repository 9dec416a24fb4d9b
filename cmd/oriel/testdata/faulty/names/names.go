// Package names has channels that no function can be made for, and types that cannot travel.
package names

import (
	"fmt"
	"io"
	"iter"

	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
)

// Shout is read as another thing than it is written.
type Shout int

// MarshalText writes it.
func (s Shout) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%d!", int(s)), nil }

// Loud has one.
type Loud struct{ Shout Shout }

// Caller has a function in it.
type Caller struct {
	Inner struct{ Back func() }
}

// Walk yields what it is.
type Walk iter.Seq[Walk]

// Download has a stream in it.
type Download struct{ Body []io.Reader }

// Serve registers badly.
func Serve(a *app.App) {
	r := a.IPC()
	ipc.HandleFunc(r, "a:save-all", func() {})
	ipc.HandleFunc(r, "a:saveAll", func() {}) // want "channel "a:saveAll" and channel "a:save-all" ("
	ipc.HandleFunc(r, "a:b", func() {})
	ipc.HandleFunc(r, "a:b:c", func() {}) // want "would both be window.a.b"
	ipc.HandleFunc(r, "a:onX", func() {})
	_ = a.Send("a:x")                                                  // want "would both be window.a.onX"
	ipc.HandleFunc(r, "location:x", func() {})                         // want "every page has a window.location already"
	ipc.HandleFunc(r, "a:then", func() {})                             // want "then has a meaning of its own in JavaScript"
	ipc.HandleFunc(r, "a:2nd", func() {})                              // want "no name can be made of "2nd""
	ipc.HandleFunc(r, ":", func() {})                                  // want "no name can be made of it"
	ipc.HandleFunc(r, "b:call", func(Caller) {})                       // want "argument 1: field Inner of names.Caller: field Back of struct{Back func()}: func() cannot travel"
	ipc.HandleFunc(r, "b:complex", func() []complex128 { return nil }) // want "result: complex128 cannot travel"
	ipc.HandleFunc(r, "b:key", func() map[[2]int]int { return nil })   // want "[2]int cannot be the key of an object"
	ipc.HandleFunc(r, "b:port", func() *ipc.Port { return nil })       // want "result: a message port does not cross contextBridge: hide the call"
	ipc.HandleFunc(r, "b:seek", func(io.ReadSeeker) {})                // want "argument 1: io.ReadSeeker cannot travel"
	ipc.HandleFunc(r, "b:walk", func() Walk { return nil })            // want "result: a stream cannot be in another one"
	ipc.HandleFunc(r, "b:all", func() <-chan Download { return nil })  // want "result: a stream cannot be in another one"
	ipc.HandleFunc(r, "orientation:x", func() {})                      // want "every page has a window.orientation already"
	ipc.HandleFunc(r, "b:loud", func() Loud { return Loud{} })
	ipc.HandleFunc(r, "b:quiet", func(Loud) {}) // want "names.Shout goes to the page as something else than comes back"
}
