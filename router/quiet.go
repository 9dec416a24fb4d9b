package router

import (
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Quiet is log for what a far end can bring about as often as it likes: after burst lines at once there is one a second, which says how many
// were left out ("more").
func Quiet(log *zap.Logger, burst int) *zap.Logger {
	return log.WithOptions(zap.WrapCore(func(c zapcore.Core) zapcore.Core {
		return &quietCore{c, &bucket{burst: float64(burst), level: float64(burst)}}
	}))
}

type quietCore struct {
	zapcore.Core
	bucket *bucket // shared by the loggers made of this one
}

func (c *quietCore) With(fields []zapcore.Field) zapcore.Core {
	return &quietCore{c.Core.With(fields), c.bucket}
}

func (c *quietCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(entry.Level) {
		return checked.AddCore(entry, c)
	}
	return checked
}

func (c *quietCore) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	more, ok := c.bucket.take(entry.Time)
	if !ok {
		return nil
	}
	if more > 0 {
		fields = append(fields, zap.Int("more", more))
	}
	if checked := c.Core.Check(entry, nil); checked != nil {
		checked.Write(fields...)
	}
	return nil
}

// A bucket gains one token a second, up to burst.
type bucket struct {
	mu      sync.Mutex
	burst   float64
	level   float64
	last    time.Time
	skipped int
}

// take takes a token, if there is one, and returns how often there was none since the last.
func (b *bucket) take(now time.Time) (skipped int, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.last.IsZero() {
		b.level = min(b.burst, b.level+now.Sub(b.last).Seconds())
	}
	b.last = now
	if b.level < 1 {
		b.skipped++
		return 0, false
	}
	b.level--
	skipped, b.skipped = b.skipped, 0
	return skipped, true
}
