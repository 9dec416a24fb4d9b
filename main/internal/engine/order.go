package engine

import "sync/atomic"

// order stands for Chromium in Go's memory model. What goes through its processes, a script to a page and from there a message to a handler, keeps
// its order, but no lock or channel tells of that: the race detector would report what both ends touch.
var order atomic.Uint64

// Publish is to be called before something is given to Chromium. What the caller has done comes before what others do after Observe.
func Publish() { order.Add(1) }

// Observe is to be called when something has come from Chromium.
func Observe() { order.Load() }
