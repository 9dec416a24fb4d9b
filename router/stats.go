package router

import (
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oriel-go/oriel/protocol"
)

// MaxStatsChannels is how many channels [Stats] tells apart. What the app names beyond them is counted in Stats.Other.
const MaxStatsChannels = 1024

// Stats are counts since the app began. They are read one after the other while they are written: what happens meanwhile is in some of them and not
// in others, so on a busy channel InFlight and Waiting may be a few too many, never too few.
type Stats struct {
	// Channels are those that the app has, or once had, a handler or listener for or that it sends on.
	Channels map[string]ChannelStats
	// Other is all others together: a page may name what it likes.
	Other ChannelStats
	// Ports are what goes through message ports, which is on no channel.
	Ports PortStats
}

// PortStats are the counts of the message ports that have gone to other processes, or have come from there. A message from one to another,
// through this one, comes in and goes out. Between two ports here nothing is counted.
type PortStats struct {
	Open     int    // now; those included whose closing the other side has not confirmed
	In       uint64 // messages that came
	Out      uint64 // messages that went out
	BytesIn  uint64 // of what came, as encoded
	BytesOut uint64 // of what went out
	Failed   uint64 // ports closed because of a limit, or because the other side broke its rules
}

// ChannelStats are the counts of one channel.
type ChannelStats struct {
	Calls     uint64 // requests that came (invoke)
	Messages  uint64 // messages that came (send)
	Sent      uint64 // messages that went out
	Asked     uint64 // requests that went out
	InFlight  int    // requests and messages that came and wait or are being worked on
	Canceled  uint64 // requests whose answer nobody waited for any more
	Waiting   int    // requests that went out and wait for their answer
	AskErrors uint64 // requests that went out and ended with an error, or that nobody waited for any more
	BytesIn   uint64 // of the arguments of what came, without the contents of streams
	BytesOut  uint64 // of what went out, answers included, as encoded; the same
	// Streamed counts what was in the streams of all these messages and answers.
	Streamed StreamStats
	// Errors are the requests answered by an error, the messages refused and the listeners that failed, by the error's code. Errors without
	// one are under "", and those beyond the 32 different codes that are kept apart under "…".
	Errors map[string]uint64
	// Latency is of requests from their arrival to their answer, and of messages from their arrival until the last listener has returned.
	Latency Histogram
	// AskLatency is of requests that went out, from then until their answer was decoded or nobody waited for it any more.
	AskLatency Histogram
}

// StreamStats count the chunks of streams, and their bytes as encoded.
type StreamStats struct{ ChunksIn, BytesIn, ChunksOut, BytesOut uint64 }

// Stats returns the counts of all messages of the app, whichever of its routers is asked: those of the windows and documents count with it.
func (r *Router) Stats() Stats {
	known := *r.stats.known.Load()
	s := Stats{Channels: make(map[string]ChannelStats, len(known)), Other: r.stats.other.snapshot()}
	for channel, c := range known {
		s.Channels[channel] = c.snapshot()
	}
	portsMu.Lock()
	defer portsMu.Unlock()
	s.Ports = r.stats.ports
	return s
}

// stats are the counts of a root router and all those below it.
type stats struct {
	mu    sync.Mutex                           // for adding to known
	known atomic.Pointer[map[string]*counters] // replaced, never changed
	other counters
	own   counters  // of Oriel's own channels, which nobody is told of
	ports PortStats // under portsMu
}

func newStats() *stats {
	s := &stats{}
	s.known.Store(&map[string]*counters{})
	return s
}

// find returns the counters of a channel that anybody may have named.
func (s *stats) find(channel string) *counters {
	if c := (*s.known.Load())[channel]; c != nil {
		return c
	}
	if reserved(channel) {
		return &s.own
	}
	return &s.other
}

// named returns the counters of a channel that the app has named.
func (s *stats) named(channel string) *counters {
	if c := s.find(channel); c != &s.other {
		return c
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	known := *s.known.Load()
	if c := known[channel]; c != nil {
		return c
	}
	if len(known) >= MaxStatsChannels {
		return &s.other
	}
	more := make(map[string]*counters, len(known)+1)
	maps.Copy(more, known)
	more[channel] = &counters{}
	s.known.Store(&more)
	return more[channel]
}

// counters are what a channel's ChannelStats are made of. Any goroutine may write them.
type counters struct {
	calls, messages, sent, asked, askErrors, canceled, in, out atomic.Uint64
	chunksIn, streamedIn, chunksOut, streamedOut               atomic.Uint64

	latency, askLatency times

	mu     sync.Mutex
	errors map[string]uint64
}

// maxCodes bounds the codes that are kept apart, which handlers choose; maxCode is what is kept of each.
const (
	maxCodes   = 32
	maxCode    = 64
	otherCodes = "…"
)

// epoch is when times begin: the difference of two instants is cheaper to have than an instant.
var epoch = time.Now()

func now() time.Duration { return time.Since(epoch) }

// came counts a message that has been put in line.
func (c *counters) came(m *protocol.Frame) {
	if m.Kind == protocol.KindInvoke {
		c.calls.Add(1)
	} else {
		c.messages.Add(1)
	}
	c.in.Add(uint64(m.Args.Size()))
}

// left counts a message that is done with and came at the given time.
func (c *counters) left(at time.Duration) { c.latency.add(now() - at) }

// went counts the bytes of a packet that has been sent.
func (c *counters) went(b *buffer) { c.out.Add(uint64(b.size() - protocol.HeaderSize)) }

// answered counts the end of a request that was sent at the given time.
func (c *counters) answered(at time.Duration, err error) {
	if err != nil {
		c.askErrors.Add(1)
	}
	c.askLatency.add(now() - at)
}

// chunkIn counts a chunk that has come, chunkOut one that has been sent.
func (c *counters) chunkIn(n int) {
	c.chunksIn.Add(1)
	c.streamedIn.Add(uint64(n))
}

func (c *counters) chunkOut(n int) {
	c.chunksOut.Add(1)
	c.streamedOut.Add(uint64(n))
}

func (c *counters) failed(code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(code) > maxCode {
		code = strings.ToValidUTF8(code[:maxCode], "") // exporters refuse anything else
	}
	if _, known := c.errors[code]; !known && len(c.errors) >= maxCodes {
		code = otherCodes
	}
	if c.errors == nil {
		c.errors = map[string]uint64{}
	}
	c.errors[code]++
}

func (c *counters) snapshot() ChannelStats {
	s := ChannelStats{
		Latency: c.latency.snapshot(), AskLatency: c.askLatency.snapshot(), // first: what leaves after it is still in flight
		Calls: c.calls.Load(), Messages: c.messages.Load(), Sent: c.sent.Load(), Asked: c.asked.Load(),
		AskErrors: c.askErrors.Load(), Canceled: c.canceled.Load(), BytesIn: c.in.Load(), BytesOut: c.out.Load(),
		Streamed: StreamStats{c.chunksIn.Load(), c.streamedIn.Load(), c.chunksOut.Load(), c.streamedOut.Load()},
	}
	s.InFlight = int(s.Calls + s.Messages - s.Latency.Count)
	s.Waiting = int(s.Asked - s.AskLatency.Count)
	c.mu.Lock()
	defer c.mu.Unlock()
	s.Errors = maps.Clone(c.errors)
	return s
}
