package keeper

import (
	"fmt"
	"time"
)

// Patience is how long a keeper may leave a request without its answer; only tests change it. One that takes longer has been stopped, or hangs:
// nothing that it keeps could be ended, nor would anybody be told of an end. So it is killed, and everything with it.
var Patience = 10 * time.Second

// secondLook is how much longer it may take after that. Where this process was stopped too, the answer may lie there unread.
const secondLook = time.Second

// errSilent is about a keeper that does not answer.
var errSilent = fmt.Errorf("the process that keeps utility processes did not answer for %v, as one that was stopped, and was killed", Patience)

// A silence is how long a client waits for answers. client.mu guards it.
type silence struct {
	waits int       // requests without an answer
	since time.Time // when the last one came, or the first request after that
	timer *time.Timer
	long  bool // Patience has passed
	over  bool // the keeper was killed for it
}

// expect notes that an answer is to come.
func (c *client) expect() {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &c.silence
	if s.waits++; s.waits > 1 || c.gone {
		return
	}
	s.since = time.Now()
	if s.timer == nil {
		s.timer = time.AfterFunc(Patience, c.silent)
	} else {
		s.timer.Reset(Patience)
	}
}

// answered notes that one has come, or never will.
func (c *client) answered() {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &c.silence
	s.long, s.since = false, time.Now()
	if s.waits = max(s.waits-1, 0); s.timer == nil {
		return
	} else if s.timer.Stop(); s.waits > 0 && !c.gone {
		s.timer.Reset(Patience)
	}
}

// silent is called when no answer has come for long.
func (c *client) silent() {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch s := &c.silence; {
	case s.waits == 0 || c.gone:
	case time.Since(s.since) < Patience: // an answer came while this was called
		s.timer.Reset(Patience)
	case !s.long:
		s.long = true
		s.timer.Reset(secondLook)
	default:
		s.over = true
		_ = c.process.Kill()
	}
}
