//go:build !race

package apptest

// slowness is how much longer things take in a build with the race detector, which this is not.
const slowness = 1
