//go:build race

package apptest

// slowness is how much longer things take than in a build without the race detector.
const slowness = 4
