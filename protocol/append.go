package protocol

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// The functions below append one frame to dst, which starts with a header. On
// an error dst comes back as it was, except from [AppendError] and [AppendAbort].

// AppendHello appends a hello frame.
func AppendHello(dst []byte) []byte {
	return append(dst, 0x91, byte(KindHello))
}

// IsHello reports whether a packet begins with a hello. Nothing else of it is looked at.
func IsHello(packet []byte) bool {
	return len(packet) >= HeaderSize+2 && packet[HeaderSize] == 0x91 && packet[HeaderSize+1] == byte(KindHello)
}

// AppendCancel appends a cancel frame for the request id.
func AppendCancel(dst []byte, id uint32) []byte {
	return appendUint(append(dst, 0x92, byte(KindCancel)), id)
}

// AppendEnd appends the end of the stream.
func AppendEnd(dst []byte, stream uint32) []byte {
	return appendUint(append(dst, 0x92, byte(KindEnd)), stream)
}

// AppendCredit appends that the stream's writer may send n bytes more.
func AppendCredit(dst []byte, stream, n uint32) []byte {
	return appendUint(appendUint(append(dst, 0x93, byte(KindCredit)), stream), n)
}

// AppendStop appends that nobody reads the stream any more.
func AppendStop(dst []byte, stream uint32) []byte {
	return appendUint(append(dst, 0x92, byte(KindStop)), stream)
}

// AppendClose appends that the port is closed.
func AppendClose(dst []byte, port uint32) []byte {
	return appendUint(append(dst, 0x92, byte(KindClose)), port)
}

// AppendTaken appends that posts through the port have been taken, which count
// n bytes.
func AppendTaken(dst []byte, port, n uint32) []byte {
	return appendUint(appendUint(append(dst, 0x93, byte(KindTaken)), port), n)
}

// AppendSend appends a message.
func AppendSend(dst []byte, channel string, args ...any) ([]byte, error) {
	return Writer{}.AppendSend(dst, channel, args...)
}

// AppendInvoke appends the request id.
func AppendInvoke(dst []byte, id uint32, channel string, args ...any) ([]byte, error) {
	return Writer{}.AppendInvoke(dst, id, channel, args...)
}

// AppendResult appends the answer to the request id.
func AppendResult(dst []byte, id uint32, value any) ([]byte, error) {
	return Writer{}.AppendResult(dst, id, value)
}

// AppendError appends the failure of the request id. If Data cannot be encoded
// it is left out: the frame is appended all the same, since somebody waits for
// it, and the error says why.
func AppendError(dst []byte, id uint32, v ErrorValue) ([]byte, error) {
	return appendFailure(dst, KindError, id, v)
}

// AppendAbort appends the failure of the stream, as [AppendError] does.
func AppendAbort(dst []byte, stream uint32, v ErrorValue) ([]byte, error) {
	return appendFailure(dst, KindAbort, stream, v)
}

// A Writer appends frames whose values may hold streams and ports: Links gives
// these their numbers. Without Links, as in the functions of the same names,
// they cannot be encoded.
type Writer struct {
	Links Links
	// Meta is what send and invoke frames carry beside their arguments.
	Meta map[string]string
}

// AppendSend is [AppendSend].
func (w Writer) AppendSend(dst []byte, channel string, args ...any) ([]byte, error) {
	head := append(dst, 0x93, byte(KindSend))
	if len(w.Meta) > 0 {
		head[len(dst)]++
	}
	return w.appendCall(dst, head, channel, args)
}

// AppendInvoke is [AppendInvoke].
func (w Writer) AppendInvoke(dst []byte, id uint32, channel string, args ...any) ([]byte, error) {
	head := append(dst, 0x94, byte(KindInvoke))
	if len(w.Meta) > 0 {
		head[len(dst)]++
	}
	return w.appendCall(dst, appendUint(head, id), channel, args)
}

// AppendResult is [AppendResult].
func (w Writer) AppendResult(dst []byte, id uint32, value any) ([]byte, error) {
	return w.appendValue(dst, KindResult, id, value)
}

// AppendChunk appends the next chunk of the stream.
func (w Writer) AppendChunk(dst []byte, stream uint32, value any) ([]byte, error) {
	return w.appendValue(dst, KindChunk, stream, value)
}

// ChunkHead is the number of bytes of the stream's chunk frames before their
// value.
func ChunkHead(stream uint32) int { return 2 + len(appendUint(nil, stream)) }

// AppendPost appends a message through the port.
func (w Writer) AppendPost(dst []byte, port uint32, args ...any) ([]byte, error) {
	e := newEncoder(appendUint(append(dst, 0x93, byte(KindPost)), port))
	defer e.release()
	e.start, e.links = len(dst), w.Links
	if err := e.args(args); err != nil {
		return dst, err
	}
	return e.done(dst)
}

func (w Writer) appendValue(dst []byte, kind Kind, id uint32, value any) ([]byte, error) {
	e := newEncoder(appendUint(append(dst, 0x93, byte(kind)), id))
	defer e.release()
	e.links = w.Links
	if err := e.any(value); err != nil {
		return dst, err
	}
	return e.done(dst)
}

func appendFailure(dst []byte, kind Kind, id uint32, v ErrorValue) ([]byte, error) {
	head := appendUint(append(dst, 0x96, byte(kind)), id)
	e := newEncoder(head)
	defer e.release()
	e.start = len(dst)
	_ = e.string(cut(v.Name))
	_ = e.string(cut(v.Message))
	if v.Code == "" {
		_ = e.null()
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
func (w Writer) appendCall(dst, head []byte, channel string, args []any) ([]byte, error) {
	if channel == "" || len(channel) > MaxChannel || !utf8.ValidString(channel) {
		return dst, fmt.Errorf("%w: %q", ErrChannel, channel)
	}
	e := newEncoder(head)
	defer e.release()
	e.start, e.links = len(dst), w.Links
	if err := e.string(channel); err != nil {
		return dst, err
	}
	if err := e.args(args); err != nil {
		return dst, err
	}
	if len(w.Meta) > 0 {
		if err := e.meta(w.Meta); err != nil {
			return dst, err
		}
	}
	return e.done(dst)
}

// args writes the arguments of a call or a post.
func (e *encoder) args(args []any) error {
	if len(args) > MaxArgs {
		return fmt.Errorf("protocol: %w: %d arguments, %d are allowed", ErrLimit, len(args), MaxArgs)
	}
	e.arrayLen(len(args))
	for i, arg := range args {
		if err := e.any(arg); err != nil {
			return asArgument(err, i)
		}
	}
	return nil
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
