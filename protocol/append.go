package protocol

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// The functions below append one frame to dst, which starts with a header. On
// an error dst comes back as it was, except from [AppendError].

// AppendHello appends a hello frame.
func AppendHello(dst []byte) []byte {
	return append(dst, 0x91, byte(KindHello))
}

// AppendCancel appends a cancel frame for the request id.
func AppendCancel(dst []byte, id uint32) []byte {
	return appendUint(append(dst, 0x92, byte(KindCancel)), id)
}

// AppendSend appends a message.
func AppendSend(dst []byte, channel string, args ...any) ([]byte, error) {
	return appendCall(dst, append(dst, 0x93, byte(KindSend)), channel, args)
}

// AppendInvoke appends the request id.
func AppendInvoke(dst []byte, id uint32, channel string, args ...any) ([]byte, error) {
	return appendCall(dst, appendUint(append(dst, 0x94, byte(KindInvoke)), id), channel, args)
}

// AppendResult appends the answer to the request id.
func AppendResult(dst []byte, id uint32, value any) ([]byte, error) {
	e := newEncoder(appendUint(append(dst, 0x93, byte(KindResult)), id))
	defer e.release()
	if err := e.any(value); err != nil {
		return dst, err
	}
	return e.done(dst)
}

// AppendError appends the failure of the request id. If Data cannot be encoded
// it is left out: the frame is appended all the same, since somebody waits for
// it, and the error says why.
func AppendError(dst []byte, id uint32, v ErrorValue) ([]byte, error) {
	head := appendUint(append(dst, 0x96, byte(KindError)), id)
	e := newEncoder(head)
	defer e.release()
	e.start = len(dst)
	_ = e.string(cut(v.Name))
	_ = e.string(cut(v.Message))
	if v.Code == "" {
		_ = e.mp.EncodeNil()
	} else {
		_ = e.string(cut(v.Code))
	}
	dataAt := len(e.buf)
	err := e.any(v.Data)
	if err == nil {
		var out []byte
		if out, err = e.done(nil); err == nil {
			return out, nil
		}
	}
	return append(e.buf[:dataAt], 0xc0), at(err, "data")
}

// maxErrorText bounds each text of an error frame, so that it always fits.
const maxErrorText = 1 << 20

func cut(s string) string {
	if len(s) > maxErrorText {
		return strings.ToValidUTF8(s[:maxErrorText], "") + "…"
	}
	return s
}

// appendCall appends what send and invoke have in common to head.
func appendCall(dst, head []byte, channel string, args []any) ([]byte, error) {
	if channel == "" || len(channel) > MaxChannel || !utf8.ValidString(channel) {
		return dst, fmt.Errorf("%w: %q", ErrChannel, channel)
	}
	if len(args) > MaxArgs {
		return dst, fmt.Errorf("protocol: %w: %d arguments, %d are allowed", ErrLimit, len(args), MaxArgs)
	}
	e := newEncoder(head)
	defer e.release()
	e.start = len(dst)
	if err := e.string(channel); err != nil {
		return dst, err
	}
	if err := e.mp.EncodeArrayLen(len(args)); err != nil {
		return dst, err
	}
	for i, arg := range args {
		if err := e.any(arg); err != nil {
			return dst, asArgument(err, i)
		}
	}
	return e.done(dst)
}

// appendUint appends n in its shortest form.
func appendUint(dst []byte, n uint32) []byte {
	switch {
	case n < 0x80:
		return append(dst, byte(n))
	case n < 0x100:
		return append(dst, 0xcc, byte(n))
	case n < 0x10000:
		return append(dst, 0xcd, byte(n>>8), byte(n))
	}
	return append(dst, 0xce, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
}
