package protocol

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"
)

// A Packet is a checked packet.
type Packet struct {
	Document uint32
	Frames   []Frame // at least one
}

// A Frame is one checked frame. Which fields are set depends on Kind. Args and
// Value still lie in the packet's bytes, which must not change before they
// have been decoded; what was decoded never shares memory with the packet.
type Frame struct {
	Kind    Kind
	ID      uint32 // of the request, the stream or the port; all but hello and send
	Channel string // send, invoke
	Name    string // error, abort
	Message string // error, abort
	Code    string // error, abort; "" for none
	Credit  uint32 // credit, taken
	Args    Args   // send, invoke, post
	Value   Value  // result and chunk: the value; error and abort: the data
	// Meta is what a send or an invoke carries beside its arguments; nil if there
	// is nothing.
	Meta map[string]string
	// Streams and Ports are what the values of the frame refer to, each in the
	// order of its appearance.
	Streams []StreamRef
	Ports   []uint32
}

// A StreamRef is a stream in a value.
type StreamRef struct {
	Kind StreamKind
	ID   uint32 // the writing side's number
}

// Parse checks a packet and returns its frames. What does not pass [Check]
// gives that error and no frame.
func Parse(packet []byte) (Packet, error) {
	frames := make([]Frame, 0, 1)
	document, err := scan(packet, &frames)
	if err != nil {
		return Packet{}, err
	}
	return Packet{Document: document, Frames: frames}, nil
}

// AppendHeader appends a packet's header; frames follow it.
func AppendHeader(dst []byte, document uint32) []byte {
	dst = append(dst, Version, 0, 0, 0)
	return binary.LittleEndian.AppendUint32(dst, document)
}

// maxFramesAtOnce is for how many frames there is room made at once, by how long the second is.
const maxFramesAtOnce = 512

// scan checks the packet and appends its frames to out unless that is nil.
func scan(packet []byte, out *[]Frame) (document uint32, err error) {
	w := walker{b: packet, budget: MaxElements, keep: out != nil}
	switch {
	case len(packet) > MaxPacket:
		return 0, w.limit("packet too large")
	case len(packet) < HeaderSize:
		return 0, w.fail("shorter than a header")
	case packet[0] != Version:
		return 0, w.fail("unknown version")
	case packet[1]|packet[2]|packet[3] != 0:
		return 0, w.fail("reserved bytes are not zero")
	}
	document = binary.LittleEndian.Uint32(packet[4:])
	if document == 0 {
		return 0, w.fail("document number is zero")
	}
	w.pos = HeaderSize
	for n := 0; n == 0 || w.pos < len(packet); n++ {
		if n == MaxFrames {
			return 0, w.limit("too many frames")
		}
		var f Frame
		start := w.pos
		if err := w.frame(&f); err != nil {
			return 0, err
		}
		if out != nil {
			if n == 1 { // those that travel together are mostly alike
				*out = slices.Grow(*out, min((len(packet)-start)/(w.pos-start)+1, maxFramesAtOnce))
			}
			*out = append(*out, f)
		}
	}
	return document, nil
}

// frame checks the frame at pos and fills f.
func (w *walker) frame(f *Frame) error {
	items, err := w.next(classArray, "frame is not an array")
	if err != nil {
		return err
	}
	code, err := w.next(classUint, "frame kind is not a number")
	if err != nil {
		return err
	}
	if code == 0 || code >= uint64(len(frameKinds)) {
		return w.fail("unknown frame kind")
	}
	kind := Kind(code)
	withMeta := (kind == KindInvoke || kind == KindSend) && items == frameKinds[kind].items+1
	if items != frameKinds[kind].items && !withMeta {
		return w.fail("wrong number of items in the frame")
	}
	f.Kind = kind
	if kind != KindHello && kind != KindSend {
		if f.ID, err = w.id(); err != nil {
			return err
		}
	}
	w.links, w.streams, w.ports = 0, nil, nil
	if err := w.body(f); err != nil {
		return err
	}
	if withMeta {
		if err := w.meta(f); err != nil {
			return err
		}
	}
	f.Streams, f.Ports = w.streams, w.ports
	return nil
}

// body reads what follows the number of the frame's request, stream or port.
func (w *walker) body(f *Frame) error {
	switch f.Kind {
	case KindSend, KindInvoke:
		if err := w.channel(f); err != nil {
			return err
		}
		return w.args(f)
	case KindPost:
		return w.args(f)
	case KindResult, KindChunk:
		return w.single(f)
	case KindError, KindAbort:
		return w.failure(f)
	case KindCredit:
		return w.credit(f, StreamWindow)
	case KindTaken:
		return w.credit(f, 1<<32-1) // a post may exceed the window
	}
	return nil
}

// channel reads the name of a channel.
func (w *walker) channel(f *Frame) error {
	channel, err := w.text("channel is not a string")
	if err != nil {
		return err
	}
	if len(channel) == 0 || len(channel) > MaxChannel {
		return w.limit("channel name is empty or too long")
	}
	if w.keep {
		f.Channel = string(channel)
	}
	return nil
}

// args reads an array of values.
func (w *walker) args(f *Frame) error {
	n, err := w.next(classArray, "args is not an array")
	if err != nil {
		return err
	}
	if n > MaxArgs {
		return w.limit("too many arguments")
	}
	start := w.pos
	w.count, w.refs = 0, false
	for range n {
		if err := w.value(); err != nil {
			return err
		}
	}
	f.Args = Args{raw: w.b[start:w.pos:w.pos], n: int(n), refs: w.refs}
	return nil
}

// credit reads how much more the other side may send.
func (w *walker) credit(f *Frame, most uint64) error {
	n, err := w.next(classUint, "credit is not a number")
	if err != nil {
		return err
	}
	if n == 0 || n > most {
		return w.fail("credit out of range")
	}
	f.Credit = uint32(n)
	return nil
}

// single reads one value.
func (w *walker) single(f *Frame) error {
	start := w.pos
	w.count, w.refs = 0, false
	if err := w.value(); err != nil {
		return err
	}
	f.Value = Value{raw: w.b[start:w.pos:w.pos], refs: w.refs}
	return nil
}

// failure reads name, message, code and data.
func (w *walker) failure(f *Frame) error {
	name, err := w.text("error name is not a string")
	if err != nil {
		return err
	}
	message, err := w.text("error message is not a string")
	if err != nil {
		return err
	}
	if w.keep {
		f.Name, f.Message = string(name), string(message)
	}
	if w.pos < len(w.b) && w.b[w.pos] == 0xc0 {
		w.pos++
	} else {
		code, err := w.text("error code is not a string or nil")
		if err != nil {
			return err
		}
		if w.keep {
			f.Code = string(code)
		}
	}
	return w.single(f)
}

// next reads the head of an item of the given class and returns its number:
// the value of a uint, the length or count of anything else.
func (w *walker) next(want class, problem string) (uint64, error) {
	it := readItem(w.b[w.pos:])
	if it.class != want {
		return 0, w.fail(problem)
	}
	if w.budget--; w.budget < 0 {
		return 0, w.limit("too many items")
	}
	w.pos += int(it.head)
	if want == classUint {
		return it.bits, nil
	}
	return uint64(it.size), nil
}

// id reads a request number.
func (w *walker) id() (uint32, error) {
	n, err := w.next(classUint, "id is not a number")
	if err != nil {
		return 0, err
	}
	if n == 0 || n > 1<<32-1 {
		return 0, w.fail("id out of range")
	}
	return uint32(n), nil
}

// text reads a str and checks that it is UTF-8. The result lies in b.
func (w *walker) text(problem string) ([]byte, error) {
	n, err := w.next(classStr, problem)
	if err != nil {
		return nil, err
	}
	if n > uint64(len(w.b)-w.pos) {
		return nil, w.fail("length beyond the end")
	}
	s := w.b[w.pos : w.pos+int(n)]
	if !utf8.Valid(s) {
		return nil, w.fail("text is not UTF-8")
	}
	w.pos += len(s)
	return s, nil
}
