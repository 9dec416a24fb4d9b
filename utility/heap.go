package utility

import "os"

// heapFloor is how large a heap Go's collector takes for granted in a utility process: it runs when the heap has doubled, and that of a process
// which is there for a few large messages would double with each of them.
const heapFloor = 8 << 20

// reserveHeap returns memory that makes the collector wait for that long, to be kept alive. Nothing is written to it, so it takes none. Who
// has set GOGC or GOMEMLIMIT knows better.
func reserveHeap() []byte {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		if os.Getenv(name) != "" {
			return nil
		}
	}
	return make([]byte, heapFloor)
}
