package ring

import (
	"strings"
	"sync/atomic"
	"syscall"
	"unsafe"
)

const (
	futexWait = 0 // FUTEX_WAIT and FUTEX_WAKE, between processes
	futexWake = 1
)

// sleep returns when the word is not, or no longer, old, or for no reason.
func sleep(word *atomic.Uint32, old uint32) {
	_, _, _ = syscall.Syscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWait, uintptr(old), 0, 0, 0)
}

// wake wakes whoever sleeps on the word.
func wake(word *atomic.Uint32) {
	_, _, _ = syscall.RawSyscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWake, 1, 0, 0, 0)
}

// buffer returns an empty slice with room for n bytes, which are not cleared first.
func buffer(n int) []byte {
	var b strings.Builder
	b.Grow(n)
	b.WriteByte(0)
	return unsafe.Slice(unsafe.StringData(b.String()), b.Cap())[:0]
}
