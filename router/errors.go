package router

import (
	"errors"
	"fmt"

	"github.com/oriel-go/oriel/protocol"
)

// Why a context ended or a message could not be sent.
var (
	ErrCanceled   = errors.New("ipc: the caller gave up the request")
	ErrNotAllowed = errors.New("ipc: the channel is not allowed for this origin")
)

// ErrUnexpected is the kind of the error for a frame that no far end sends which keeps to the protocol. The frame has been dropped.
var ErrUnexpected = errors.New("ipc: unexpected frame")

// errTaken: another message has taken the function that was for one only.
var errTaken = errors.New("ipc: taken by another message")

var (
	errPanic    = coded("ERR_PANIC", nil, "The handler failed: internal error")
	errNoAnswer = coded("ERR_NO_REPLY", nil, "reply was never sent")
	errGoexit   = coded("ERR_NO_REPLY", nil, "it has ended its goroutine")
)

// coded makes an error whose text is for the far end.
func coded(code string, kind error, format string, args ...any) error {
	return &protocol.PublicError{ErrorValue: protocol.ErrorValue{Message: fmt.Sprintf(format, args...), Code: code}, Cause: kind}
}

func noHandler(channel string) error {
	return coded("ERR_NO_HANDLER", nil, "No handler registered for '%s'", channel)
}

func notAllowed(channel, origin string) error {
	return coded("ERR_NOT_ALLOWED", ErrNotAllowed, "Channel '%s' is not allowed for origin '%s'", channel, origin)
}

// badArgument is about what the caller passed.
func badArgument(err error) error {
	return &refusal{&protocol.PublicError{ErrorValue: protocol.ErrorValue{Name: "TypeError", Message: err.Error(), Code: "ERR_INVALID_ARG"}}}
}

// A refusal is an error that is the caller's business and no failure of the app.
type refusal struct{ error }

func (e *refusal) Unwrap() error { return e.error }

func isRefusal(err error) bool { return errors.As(err, new(*refusal)) }
