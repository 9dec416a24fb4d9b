package protocol

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrPacket is the kind of every error about bytes that are not a packet:
// errors.Is(err, ErrPacket).
var ErrPacket = errors.New("malformed packet")

// ErrLimit is the kind of every error about a limit of this package, found
// while reading or while writing. Such an error is not an [ErrPacket].
var ErrLimit = errors.New("limit exceeded")

// A CheckError says what the check refused and where.
type CheckError struct {
	Offset  int    // byte of the packet, or of the value given to [CheckValue]
	Problem string // a constant text; it never quotes the packet
	Limit   bool   // whether a limit was broken, rather than the format
}

// Error gives problem and offset.
func (e *CheckError) Error() string {
	return fmt.Sprintf("protocol: byte %d: %s", e.Offset, e.Problem)
}

// Is reports whether target is ErrPacket or ErrLimit, whichever e is.
func (e *CheckError) Is(target error) bool {
	return target == ErrLimit && e.Limit || target == ErrPacket && !e.Limit
}

// Check reports whether packet is well formed, from the version to the last
// byte. It reads every byte at most once, does not recurse and allocates only
// the error.
func Check(packet []byte) error {
	_, err := scan(packet, nil)
	return err
}

// CheckValue reports whether raw is exactly one well-formed value.
func CheckValue(raw []byte) error {
	w := walker{b: raw, budget: MaxElements}
	return w.whole()
}

// levelKind says what the children of an open item must be.
type levelKind uint8

const (
	inArray levelKind = iota
	inMap
	inExtMap
	inSet
	inRegExp
	inError
	inSparse
	inBoxed
)

// level is one open item on the walker's stack.
type level struct {
	end  uint32 // first byte behind the room its children may use
	left uint32 // children to come; only for array and map, exts go to end
	n    uint32 // children seen
	size uint32 // length of a sparse array
	kind levelKind
}

// walker checks values in b from pos on.
type walker struct {
	b       []byte
	pos     int
	budget  int         // items left
	count   uint32      // referenceable items seen in this frame
	keep    bool        // copy the frames' texts
	refs    bool        // a back reference was seen in this frame
	links   int         // streams and ports seen in this frame
	streams []StreamRef // the former, if keep is set
	ports   []uint32    // the latter
	offsets *[]uint32   // if set, collects where the referenceable items start
	base    int         // depth at which the values will lie
	stack   [MaxDepth]level
}

func (w *walker) fail(problem string) error {
	return &CheckError{Offset: w.pos, Problem: problem}
}

func (w *walker) limit(problem string) error {
	return &CheckError{Offset: w.pos, Problem: problem, Limit: true}
}

// whole checks that b is one value and nothing else.
func (w *walker) whole() error {
	if len(w.b) > MaxPacket {
		return w.limit("value too large")
	}
	if err := w.value(); err != nil {
		return err
	}
	if w.pos != len(w.b) {
		return w.fail("bytes after the value")
	}
	return nil
}

// value walks over one value, children and all.
func (w *walker) value() error {
	depth := 0
	for {
		end := len(w.b)
		var top *level
		if depth > 0 {
			top = &w.stack[depth-1]
			end = int(top.end)
		}
		it := readItem(w.b[w.pos:end])
		if it.class == classBad {
			return w.fail("truncated or unknown item")
		}
		if w.budget--; w.budget < 0 {
			return w.limit("too many items")
		}
		if top != nil {
			if problem := top.accept(&it); problem != "" {
				return w.fail(problem)
			}
		}
		if it.class >= classStr {
			opened, err := w.open(&it, depth, end)
			if err != nil {
				return err
			}
			if opened {
				depth++
			}
		} else {
			w.pos += int(it.head)
		}
		for depth > 0 {
			top = &w.stack[depth-1]
			if top.kind <= inMap {
				depth = w.plain(depth)
				top = &w.stack[depth-1]
			}
			if top.kind <= inMap && top.left > 0 || top.kind > inMap && w.pos < int(top.end) {
				break
			}
			if problem := top.complete(); problem != "" {
				return w.fail(problem)
			}
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// open handles an item that is more than its head: it steps over a payload,
// or puts the item on the stack and reports true.
func (w *walker) open(it *item, depth, end int) (bool, error) {
	if it.referenceable() {
		w.count++
		if w.offsets != nil {
			*w.offsets = append(*w.offsets, uint32(w.pos))
		}
	}
	start := w.pos
	w.pos += int(it.head)
	room := uint32(end - w.pos)
	if it.size > room || it.class == classMap && it.size > room/2 {
		w.pos = start
		return false, w.fail("length or count beyond the end")
	}
	next := level{end: uint32(end)}
	switch it.class {
	case classArray:
		next.kind, next.left = inArray, it.size
	case classMap:
		next.kind, next.left = inMap, 2*it.size
	case classExt:
		kind, nested := nestedExt(it.ext)
		if !nested {
			if problem := w.leafExt(it); problem != "" {
				w.pos = start
				return false, w.fail(problem)
			}
			if w.links > MaxStreams {
				return false, w.limit("too many streams and ports")
			}
			w.pos += int(it.size)
			return false, nil
		}
		next.kind, next.end = kind, uint32(w.pos)+it.size
	default:
		w.pos += int(it.size)
		return false, nil
	}
	if depth+w.base == MaxDepth {
		w.pos = start
		return false, w.limit("nested too deeply")
	}
	w.stack[depth] = next
	return true, nil
}

// nestedExt returns the level for an ext whose payload is msgpack items.
func nestedExt(ext int8) (levelKind, bool) {
	switch ext {
	case ExtRegExp:
		return inRegExp, true
	case ExtMap:
		return inExtMap, true
	case ExtSet:
		return inSet, true
	case ExtError:
		return inError, true
	case ExtSparse:
		return inSparse, true
	case ExtBoxed:
		return inBoxed, true
	}
	return 0, false
}

// text says whether the item can stand where a string is asked for.
func (it *item) text() bool {
	return it.class == classStr || it.class == classExt && it.ext == ExtUTF16
}

// accept takes the next child and returns what is wrong with it there, or "".
func (l *level) accept(it *item) string {
	n := l.n
	l.n++
	switch l.kind {
	case inArray:
		l.left--
	case inMap:
		l.left--
		if l.left&1 != 0 && !it.text() {
			return "object key is not a string"
		}
	case inRegExp:
		if n >= 2 || !it.text() {
			return "bad RegExp"
		}
	case inError:
		if n >= 4 || n < 2 && !it.text() || n == 2 && !it.text() && it.class != classNil {
			return "bad Error"
		}
	case inSparse:
		if n == 0 {
			if it.class != classUint || it.bits > math.MaxUint32 {
				return "bad array length"
			}
			l.size = uint32(it.bits)
		} else if n&1 == 1 && !it.text() && (it.class != classUint || it.bits >= uint64(l.size)) {
			return "bad array key"
		}
	case inBoxed:
		if n > 0 || !it.boxable() {
			return "bad boxed primitive"
		}
	}
	return ""
}

// boxable says whether the item is a primitive that JavaScript can box.
func (it *item) boxable() bool {
	switch it.class {
	case classBool, classInt, classUint, classFloat, classStr:
		return true
	}
	return it.class == classExt && (it.ext == ExtBigInt || it.ext == ExtUTF16)
}

// complete returns what is missing in an item all of whose bytes were read.
func (l *level) complete() string {
	switch {
	case l.kind == inExtMap && l.n&1 != 0:
		return "Map key without a value"
	case l.kind == inRegExp && l.n != 2:
		return "bad RegExp"
	case l.kind == inError && l.n != 4:
		return "bad Error"
	case l.kind == inSparse && l.n&1 == 0:
		return "array key without a value"
	case l.kind == inBoxed && l.n != 1:
		return "bad boxed primitive"
	}
	return ""
}

const maxNanosecond = 999_999_999

// leafExt checks an ext without children; its payload starts at pos.
func (w *walker) leafExt(it *item) string {
	p := w.b[w.pos : w.pos+int(it.size)]
	ok := false
	switch it.ext {
	case ExtTimestamp:
		switch len(p) {
		case 4:
			ok = true
		case 8:
			ok = binary.BigEndian.Uint64(p)>>34 <= maxNanosecond
		case 12:
			ok = binary.BigEndian.Uint32(p) <= maxNanosecond
		}
	case ExtUndefined, ExtInvalidDate:
		ok = len(p) == 0
	case ExtArrayBuffer:
		ok = true
	case ExtView:
		ok = len(p) > 0 && ViewKind(p[0]).Size() > 0 && (len(p)-1)%ViewKind(p[0]).Size() == 0
	case ExtBigInt:
		ok = len(p) == 1 && p[0] == 0 || len(p) > 1 && p[0] <= 1 && p[1] != 0
	case ExtUTF16:
		ok = len(p)%2 == 0
	case ExtReference:
		ok = len(p) == 4 && binary.BigEndian.Uint32(p) < w.count
		w.refs = true
	case ExtStream, ExtPort:
		return w.link(it.ext, p)
	}
	if !ok {
		return "unknown or bad ext"
	}
	return ""
}

// link checks the reference to a stream or a port, and notes it.
func (w *walker) link(ext int8, p []byte) string {
	w.links++
	if ext == ExtPort {
		if len(p) != 4 || binary.BigEndian.Uint32(p) == 0 {
			return "bad port"
		}
		if w.keep {
			w.ports = append(w.ports, binary.BigEndian.Uint32(p))
		}
		return ""
	}
	if len(p) != 5 || p[0] > byte(StreamValues) || binary.BigEndian.Uint32(p[1:]) == 0 {
		return "bad stream"
	}
	if w.keep {
		w.streams = append(w.streams, streamRef(p))
	}
	return ""
}

// streamRef reads a checked reference to a stream.
func streamRef(p []byte) StreamRef {
	return StreamRef{StreamKind(p[0]), binary.BigEndian.Uint32(p[1:])}
}
