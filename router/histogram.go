package router

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// histogramBuckets: six bounds a decade over eight decades, 100 s, and what is above.
const histogramBuckets = 6*8 + 2

// histogramBounds are the upper bounds, inclusive, of all buckets but the last: 1, 1.5, 2, 3, 5, 7 µs and so on tenfold, to 100 s.
var histogramBounds = func() (bounds [histogramBuckets - 1]time.Duration) {
	decade := time.Microsecond
	for i := range bounds {
		bounds[i] = [...]time.Duration{10, 15, 20, 30, 50, 70}[i%6] * decade / 10
		if i%6 == 5 {
			decade *= 10
		}
	}
	return bounds
}()

// firstAbove has, for each number of bits, the first bucket that a time of so many bits may fall into.
var firstAbove = func() (first [65]uint8) {
	for n := range first {
		for i, bound := range histogramBounds {
			if bits.Len64(uint64(bound)) < n {
				first[n] = uint8(i + 1)
			}
		}
	}
	return first
}()

// bucketOf returns the number of the bucket that a time falls into.
func bucketOf(d time.Duration) int {
	i := int(firstAbove[bits.Len64(uint64(max(d, 0)))])
	for i < len(histogramBounds) && d > histogramBounds[i] {
		i++
	}
	return i
}

// A Histogram says how often something took how long. Its buckets are those of [HistogramBounds].
type Histogram struct {
	Counts [histogramBuckets]uint64
	Count  uint64        // all of them
	Sum    time.Duration // of all times
	Max    time.Duration // the longest
}

// HistogramBounds returns the upper bounds, inclusive, of a Histogram's buckets, six a decade from 1 µs to 100 s: Counts[i] is how many
// times were at most bound i and above the one before it. The last of Counts has no bound.
func HistogramBounds() []time.Duration {
	bounds := histogramBounds
	return bounds[:]
}

// Quantile estimates the time that a share q, from 0 to 1, of all times were at most: Quantile(0.99) is the 99th percentile. Within a bucket
// times are taken as evenly spread, so the estimate is off by two thirds at the very most. It is 0 if there were none.
func (h *Histogram) Quantile(q float64) time.Duration {
	rank, below := min(max(q, 0), 1)*float64(h.Count), 0.0
	for i, n := range h.Counts {
		if n == 0 || below+float64(n) < rank {
			below += float64(n)
			continue
		}
		var low time.Duration
		if i > 0 {
			low = histogramBounds[i-1]
		}
		high := h.Max
		if i < len(histogramBounds) {
			high = min(high, histogramBounds[i])
		}
		high = max(high, low) // the longest time may not have been noted yet
		return low + time.Duration(float64(high-low)*(rank-below)/float64(n))
	}
	return h.Max
}

// Mean returns the arithmetic mean, 0 if there was nothing.
func (h *Histogram) Mean() time.Duration {
	if h.Count == 0 {
		return 0
	}
	return h.Sum / time.Duration(h.Count)
}

// times is a Histogram that is being written. Any goroutine may.
type times struct {
	counts   [histogramBuckets]atomic.Uint64
	sum, max atomic.Int64
}

func (t *times) add(d time.Duration) {
	t.counts[bucketOf(d)].Add(1)
	t.sum.Add(int64(d))
	for longest := t.max.Load(); int64(d) > longest && !t.max.CompareAndSwap(longest, int64(d)); longest = t.max.Load() {
	}
}

func (t *times) snapshot() (h Histogram) {
	for i := range t.counts {
		h.Counts[i] = t.counts[i].Load()
		h.Count += h.Counts[i]
	}
	h.Sum, h.Max = time.Duration(t.sum.Load()), time.Duration(t.max.Load())
	return h
}
