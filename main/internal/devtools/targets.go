package devtools

import (
	"bytes"
	"encoding/json"
)

// StartIn is Start on a target that an event has told of: target is what it calls sessionId. Calls on a target must not be started from
// within an event, or Chromium keeps the target waiting for good: start them from a task of their own.
func (s *Session) StartIn(target, method string, params any, done func(result json.RawMessage, err error)) {
	s.start(target, params, call{method: method, done: done})
}

// SubscribeTargets calls f on the UI thread for every event of an attached target. It must not block.
func (s *Session) SubscribeTargets(f func(target, event string, params json.RawMessage)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.targets = f
}

var sessionKey = []byte(`"sessionId"`)

// ofTarget takes a message that belongs to an attached target. libcef splits the others.
func (s *Session) ofTarget(message []byte) bool {
	if !bytes.Contains(message, sessionKey) {
		return false
	}
	var m struct {
		SessionID     string
		ID            int
		Method        string
		Params        json.RawMessage
		Result, Error json.RawMessage
	}
	if json.Unmarshal(message, &m) != nil || m.SessionID == "" {
		return false
	}
	if m.Method == "" {
		ok, text := m.Error == nil, m.Result
		if !ok {
			text = m.Error
		}
		s.answered(m.ID, ok, text)
		return true
	}
	s.mu.Lock()
	f := s.targets
	s.mu.Unlock()
	if f != nil {
		f(m.SessionID, m.Method, m.Params)
	}
	return true
}
