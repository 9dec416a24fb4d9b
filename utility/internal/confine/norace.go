//go:build !race

package confine

// memoryWith is the limit for a program that is to have n bytes.
func memoryWith(n uint64) uint64 { return n }
