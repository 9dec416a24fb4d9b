// Package heap keeps Go's collector from running over and over in a process whose own heap is small.
package heap

import "os"

// Reserve returns so many bytes that the collector counts as heap, to be kept alive: it runs when the heap has doubled. Nothing is written
// to them, so they take no memory. It returns nil where GOGC or GOMEMLIMIT is set: who has set them knows better.
func Reserve(size int) []byte {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		if os.Getenv(name) != "" {
			return nil
		}
	}
	return make([]byte, size)
}
