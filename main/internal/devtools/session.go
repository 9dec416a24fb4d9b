// Package devtools speaks the DevTools protocol with a browser from inside the process: no port is opened.
package devtools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/main/internal/engine"
)

// ErrClosed is the result of calls on a browser that is gone.
var ErrClosed = errors.New("devtools: the browser is closed")

// An Error is the browser's refusal of a call.
type Error struct {
	Method  string
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *Error) Error() string {
	return fmt.Sprintf("devtools: %s: %s (%d)", e.Method, e.Message, e.Code)
}

// A Session is one conversation with a browser's page.
type Session struct {
	host         *cef.BrowserHost
	registration *cef.Registration

	mu      sync.Mutex
	last    int
	calls   map[int]call
	events  map[string][]func(json.RawMessage)
	targets func(target, event string, params json.RawMessage)
	closed  bool
}

type call struct {
	method string
	waited bool // somebody does nothing else until the result is there
	done   func(json.RawMessage, error)
}

// Attach begins a session. It must be called on the UI thread.
func Attach(browser *cef.Browser) *Session {
	s := &Session{host: browser.GetHost(), calls: map[int]call{}, events: map[string][]func(json.RawMessage){}}
	s.registration = s.host.AddDevToolsMessageObserver(&cef.DevToolsMessageObserver{
		OnDevToolsMessage:      func(_ *cef.Browser, message []byte) bool { return s.ofTarget(message) },
		OnDevToolsMethodResult: func(_ *cef.Browser, id int, ok bool, result []byte) { s.answered(id, ok, result) },
		OnDevToolsEvent:        func(_ *cef.Browser, method string, params []byte) { s.event(method, params) },
	})
	return s
}

// Close ends the session; open calls fail. It must be called on the UI thread, before the browser goes.
func (s *Session) Close() {
	s.mu.Lock()
	calls := s.calls
	s.calls, s.closed = nil, true
	s.mu.Unlock()
	s.registration.Release()
	s.host.Release()
	for _, c := range calls {
		c.done(nil, ErrClosed)
	}
}

// ProcessGone ends, with err, the calls that somebody waits for, as the page's process has ended: Chromium answers them when the page is loaded
// anew, if ever. It must be called on the UI thread.
func (s *Session) ProcessGone(err error) {
	var waited []call
	s.mu.Lock()
	for id, c := range s.calls {
		if c.waited {
			waited = append(waited, c)
			delete(s.calls, id)
		}
	}
	s.mu.Unlock()
	for _, c := range waited {
		c.done(nil, err)
	}
}

// Subscribe calls f on the UI thread for every event of that name. It must not block.
func (s *Session) Subscribe(event string, f func(params json.RawMessage)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events[event] = append(s.events[event], f)
}

// Start makes a call; done hears the result on the UI thread, once. Calls are taken in the order they are started on one goroutine.
func (s *Session) Start(method string, params any, done func(result json.RawMessage, err error)) {
	s.start("", params, call{method: method, done: done})
}

// start makes a call on the page, or on a target that has been attached to it.
func (s *Session) start(target string, params any, c call) {
	text, err := json.Marshal(params)
	if err != nil {
		c.done(nil, fmt.Errorf("devtools: %s: %w", c.method, err))
		return
	}
	method, _ := json.Marshal(c.method) // a string is never refused
	session, _ := json.Marshal(target)
	send := func() {
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			c.done(nil, ErrClosed)
			return
		}
		s.last++
		id := s.last
		s.calls[id] = c
		s.mu.Unlock()
		message := fmt.Appendf(nil, `{"id":%d,"method":%s,"params":%s}`, id, method, text)
		if target != "" {
			message = fmt.Appendf(nil, `{"id":%d,"method":%s,"params":%s,"sessionId":%s}`, id, method, text, session)
		}
		if !s.host.SendDevToolsMessage(message) {
			s.answered(id, false, []byte(`{"message":"the message was not taken"}`))
		}
	}
	if engine.OnUI() {
		send()
	} else {
		engine.Post(send)
	}
}

// Call makes a call and waits for its result, which is decoded into result unless that is nil, or for the end of the page's process. It must not be
// called on the UI thread.
func (s *Session) Call(ctx context.Context, method string, params, result any) error {
	type answer struct {
		result json.RawMessage
		err    error
	}
	answers := make(chan answer, 1)
	s.start("", params, call{method, true, func(r json.RawMessage, err error) { answers <- answer{r, err} }})
	select {
	case a := <-answers:
		if a.err != nil || result == nil {
			return a.err
		}
		return json.Unmarshal(a.result, result)
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-engine.Stopped():
		return ErrClosed
	}
}

func (s *Session) answered(id int, ok bool, result []byte) {
	engine.Observe()
	s.mu.Lock()
	c, known := s.calls[id]
	delete(s.calls, id)
	s.mu.Unlock()
	if !known {
		return
	}
	if ok {
		c.done(result, nil)
		return
	}
	e := &Error{Method: c.method}
	if json.Unmarshal(result, e) != nil {
		e.Message = string(result)
	}
	c.done(nil, e)
}

func (s *Session) event(method string, params []byte) {
	s.mu.Lock()
	fs := s.events[method]
	s.mu.Unlock()
	for _, f := range fs {
		f(params)
	}
}
