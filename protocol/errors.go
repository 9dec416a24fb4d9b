package protocol

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrorValue is what crosses the wire when a call fails. As a Go error it is
// what the other side reported.
type ErrorValue struct {
	Name    string // "Error", "TypeError", …
	Message string
	Code    string // "" for none
	Data    any    // nil for none
}

// Error returns the message.
func (e *ErrorValue) Error() string { return e.Message }

// PublicError is an error whose text is written for a page. Its cause is for
// the log and never leaves the process.
type PublicError struct {
	ErrorValue
	Cause error
}

// Error returns the text with the cause: it is for the log.
func (e *PublicError) Error() string {
	if e.Cause == nil {
		return e.Message
	}
	return e.Message + ": " + e.Cause.Error()
}

// Unwrap returns the cause.
func (e *PublicError) Unwrap() error { return e.Cause }

// AsError returns what a page may know of err. If there is a [PublicError] or
// [ErrorValue] in its chain, that is all. Else the message is err's text, as
// Electron does it, and code and data come from the first error in the chain
// that has a method Code() string or Data() any; without one, the code of an error
// of the kind [ErrLimit] is ERR_LIMIT.
func AsError(err error) ErrorValue {
	var public *PublicError
	var remote *ErrorValue
	switch {
	case err == nil:
		return ErrorValue{Name: "Error"}
	case errors.As(err, &public) && public != nil:
		return named(public.ErrorValue)
	case errors.As(err, &remote) && remote != nil:
		return named(*remote)
	}
	v := ErrorValue{Name: "Error", Message: err.Error()}
	var coder interface{ Code() string }
	if errors.As(err, &coder) {
		v.Code = coder.Code()
	} else if errors.Is(err, ErrLimit) {
		v.Code = "ERR_LIMIT"
	}
	var holder interface{ Data() any }
	if errors.As(err, &holder) {
		v.Data = holder.Data()
	}
	return v
}

// named gives a nameless error the usual name.
func named(v ErrorValue) ErrorValue {
	if v.Name == "" {
		v.Name = "Error"
	}
	return v
}

// A ValueError says which part of a value could not be encoded or decoded.
type ValueError struct {
	Argument int    // from 1; 0 if the value is not an argument
	Path     string // as in "tags[2].name"; "" for the value itself
	Err      error
}

// Error reads like: argument 1: field "title": expected string, got number.
func (e *ValueError) Error() string {
	var b strings.Builder
	if e.Argument > 0 {
		fmt.Fprintf(&b, "argument %d: ", e.Argument)
	}
	switch {
	case strings.HasPrefix(e.Path, "["):
		fmt.Fprintf(&b, "element %s: ", e.Path)
	case e.Path != "":
		fmt.Fprintf(&b, "field %q: ", e.Path)
	}
	b.WriteString(e.Err.Error())
	return b.String()
}

// Unwrap returns the reason.
func (e *ValueError) Unwrap() error { return e.Err }

// typeError is an error of kind ErrType. Its text needs no introduction: what
// was being decoded stands before it.
type typeError struct{ error }

func (typeError) Is(target error) bool { return target == ErrType }

func (e typeError) Unwrap() error { return errors.Unwrap(e.error) }

func typeErrorf(format string, args ...any) error {
	return typeError{fmt.Errorf(format, args...)}
}

// ownError is for what a type that decodes itself says: an error of kind ErrType, which does not repeat all that the sender wrote.
func ownError(err error) error {
	if err == nil {
		return nil
	}
	return typeError{clipped{err}}
}

type clipped struct{ error }

const maxReason = 1000

func (e clipped) Error() string { return clip(e.error.Error(), maxReason) }

func (e clipped) Unwrap() error { return e.error }

// atField and atIndex put a step before the path of an error on its way up.
func atField(err error, name string) error { return at(err, name) }

func atIndex(err error, i int) error { return at(err, "["+strconv.Itoa(i)+"]") }

// maxPath bounds the path in an error's text: its keys are the sender's.
const maxPath = 200

func at(err error, step string) error {
	if err == nil {
		return nil
	}
	step = clip(step, maxPath/2)
	e, ok := err.(*ValueError)
	if !ok {
		return &ValueError{Path: step, Err: err}
	}
	switch {
	case len(e.Path)+len(step) > maxPath:
		if !strings.HasPrefix(e.Path, "…") {
			e.Path = "…" + e.Path
		}
	case strings.HasPrefix(e.Path, "["):
		e.Path = step + e.Path
	default:
		e.Path = step + "." + e.Path
	}
	return e
}

// clip shortens a text of the sender's to about n bytes.
func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "") + "…"
}

// asArgument names the argument, counted from 0 here and from 1 in the text.
func asArgument(err error, i int) error {
	if err == nil {
		return nil
	}
	e, ok := err.(*ValueError)
	if !ok {
		e = &ValueError{Err: err}
	}
	e.Argument = i + 1
	return e
}
