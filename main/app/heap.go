package app

import "os"

// heapFloor is how large a heap Go's collector takes for granted: it runs when the heap has doubled, and that of an app whose windows talk to it
// is small, but has much that lives briefly. Beside Chromium's processes it does not count.
const heapFloor = 16 << 20

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
