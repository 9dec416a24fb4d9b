//go:build cefdebug

package cef

import "sync/atomic"

var live [kinds]atomic.Int64

func count(k kind, n int64) { live[k].Add(n) }

// LiveObjects returns how many references and handlers of each type are alive. It counts only in builds with the tag cefdebug and is
// empty in others.
func LiveObjects() map[string]int64 {
	m := map[string]int64{}
	for k := range live {
		if n := live[k].Load(); n != 0 {
			m[kindNames[k]] = n
		}
	}
	return m
}
