//go:build !cefdebug

package cef

func count(kind, int64) {}

// LiveObjects returns how many references and handlers of each type are alive. It counts only in builds with the tag cefdebug and is
// empty in others.
func LiveObjects() map[string]int64 { return map[string]int64{} }
