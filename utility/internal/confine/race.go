//go:build race

package confine

// memoryWith is the limit for a program that is to have n bytes. The race detector keeps records of its own in the same process: a few
// bytes for each of the program's, and some hundred MiB before it begins.
func memoryWith(n uint64) uint64 { return 2*n + 512<<20 }
