package ipc

import (
	"time"

	"github.com/oriel-go/oriel/router"
)

// Stats are the counts of an app's messages since it began, by channel: see [Router.Stats]. They are always on.
type Stats = router.Stats

// ChannelStats are the counts of one channel.
type ChannelStats = router.ChannelStats

// StreamStats count what is in streams.
type StreamStats = router.StreamStats

// A Histogram says how often something took how long; its buckets are those of [HistogramBounds].
type Histogram = router.Histogram

// HistogramBounds returns the upper bounds of a [Histogram]'s buckets.
func HistogramBounds() []time.Duration { return router.HistogramBounds() }

// PortStats are the counts of the message ports that lead to other processes.
type PortStats = router.PortStats
