package protocol

// Version is the packet version, byte 0 of every packet. A change of the wire
// that an older peer would misread raises it.
//
//	1  first version
const Version = 1

// HeaderSize is the number of bytes before a packet's first frame.
const HeaderSize = 8

// Kind says what a frame is: the first item of its array.
type Kind uint8

// The frame kinds.
const (
	KindHello  Kind = 1
	KindSend   Kind = 2
	KindInvoke Kind = 3
	KindResult Kind = 4
	KindError  Kind = 5
	KindCancel Kind = 6
	KindChunk  Kind = 7
	KindEnd    Kind = 8
	KindAbort  Kind = 9
	KindCredit Kind = 10
	KindStop   Kind = 11
	KindPost   Kind = 12
	KindClose  Kind = 13
	KindTaken  Kind = 14
)

// frameKinds has, for each kind, the name that the documentation uses and the
// number of items in a frame.
var frameKinds = [...]struct {
	name  string
	items uint64
}{
	KindHello: {"hello", 1}, KindSend: {"send", 3}, KindInvoke: {"invoke", 4}, KindResult: {"result", 3}, KindError: {"error", 6},
	KindCancel: {"cancel", 2}, KindChunk: {"chunk", 3}, KindEnd: {"end", 2}, KindAbort: {"abort", 6}, KindCredit: {"credit", 3},
	KindStop: {"stop", 2}, KindPost: {"post", 3}, KindClose: {"close", 2}, KindTaken: {"taken", 3},
}

// String returns the kind's name as the documentation writes it.
func (k Kind) String() string {
	if k == 0 || int(k) >= len(frameKinds) {
		return "unknown"
	}
	return frameKinds[k].name
}

// The msgpack extension types. codec_tables.js has the same table.
const (
	ExtTimestamp   int8 = -1
	ExtUndefined   int8 = 1
	ExtArrayBuffer int8 = 2
	ExtView        int8 = 3
	ExtInvalidDate int8 = 4
	ExtBigInt      int8 = 5
	ExtRegExp      int8 = 6
	ExtMap         int8 = 7
	ExtSet         int8 = 8
	ExtError       int8 = 9
	ExtSparse      int8 = 10
	ExtBoxed       int8 = 11
	ExtUTF16       int8 = 12
	ExtReference   int8 = 13
	ExtStream      int8 = 14
	ExtPort        int8 = 15
)

// StreamKind says what the chunks of a stream are.
type StreamKind uint8

// The stream kinds.
const (
	StreamBytes  StreamKind = 0 // bin, cut wherever the writer likes
	StreamValues StreamKind = 1 // anything; each chunk is a value of its own
)

// ViewKind is the element type of a JavaScript view on a buffer.
type ViewKind uint8

// The view kinds. Uint8Array is missing: it travels as bin.
const (
	ViewInt8         ViewKind = 1
	ViewUint8Clamped ViewKind = 2
	ViewInt16        ViewKind = 3
	ViewUint16       ViewKind = 4
	ViewInt32        ViewKind = 5
	ViewUint32       ViewKind = 6
	ViewFloat32      ViewKind = 7
	ViewFloat64      ViewKind = 8
	ViewBigInt64     ViewKind = 9
	ViewBigUint64    ViewKind = 10
	ViewDataView     ViewKind = 11
	ViewFloat16      ViewKind = 12
)

var viewKinds = [...]struct {
	size int // bytes per element
	name string
}{
	ViewInt8: {1, "Int8Array"}, ViewUint8Clamped: {1, "Uint8ClampedArray"},
	ViewInt16: {2, "Int16Array"}, ViewUint16: {2, "Uint16Array"},
	ViewInt32: {4, "Int32Array"}, ViewUint32: {4, "Uint32Array"},
	ViewFloat32: {4, "Float32Array"}, ViewFloat64: {8, "Float64Array"},
	ViewBigInt64: {8, "BigInt64Array"}, ViewBigUint64: {8, "BigUint64Array"},
	ViewDataView: {1, "DataView"}, ViewFloat16: {2, "Float16Array"},
}

// String returns the name of the JavaScript constructor.
func (k ViewKind) String() string {
	if k == 0 || int(k) >= len(viewKinds) {
		return "unknown view"
	}
	return viewKinds[k].name
}

// Size returns the bytes of one element, 0 for an unknown kind.
func (k ViewKind) Size() int {
	if int(k) >= len(viewKinds) {
		return 0
	}
	return viewKinds[k].size
}

// The limits. What breaks one is refused whole, before anything of it is
// decoded. The JavaScript twin throws at the sender where it knows the same limit.
const (
	// MaxPacket is the largest packet in bytes, header included.
	MaxPacket = 64 << 20
	// MaxFrames is the largest number of frames in one packet.
	MaxFrames = 1 << 16
	// MaxDepth is how many arrays, objects, Maps … may lie within each other in
	// one value.
	MaxDepth = 64
	// MaxElements is the number of msgpack items in one packet, map keys and
	// the items of the frames included. An item costs one byte on the wire and
	// up to a hundred or so decoded.
	MaxElements = 4 << 20
	// MaxArgs is the largest number of arguments of one send or invoke.
	MaxArgs = 255
	// MaxMeta is the number of entries that a send or an invoke carries beside its
	// arguments.
	MaxMeta = 8
	// MaxMetaText is the length of each of their names and values in bytes.
	MaxMetaText = 512
	// MaxChannel is the longest channel name in bytes.
	MaxChannel = 255
	// MaxInFlight is the number of open requests one document may have.
	MaxInFlight = 1 << 16
	// MaxQueuedBytes is what may wait for one document that has not said hello
	// or does not take what it is sent.
	MaxQueuedBytes = 128 << 20
	// MaxDecodedBytes is what the decoded arguments of one window's requests may take
	// while their handlers run. One request may take more by itself.
	MaxDecodedBytes = 1 << 30
	// MaxStreams is how many streams each side of a session may be writing.
	MaxStreams = 256
	// StreamWindow is the credit a stream begins with and the most it may have:
	// what its reader may have to keep. The reader gives credit back in quarters
	// of it.
	StreamWindow = 1 << 20
	// ChunkOverhead is what a chunk costs besides the bytes of its value.
	ChunkOverhead = 64
	// MaxChunkCost is the most that a chunk costs, however large it is.
	MaxChunkCost = StreamWindow / 2
	// ChunkBytes is how large the chunks are that a writer makes of a stream of
	// bytes: four of them may be on their way.
	ChunkBytes = StreamWindow/4 - ChunkOverhead - 5
	// MaxStreamBytes bounds what the streams of a session together may have
	// unread, chunks that are larger than they cost included.
	MaxStreamBytes = MaxStreams * StreamWindow
	// MaxPorts is how many message ports one session may have.
	MaxPorts = 1024
	// PortWindow is what one side of a port may have posted that the other has
	// not taken. A post may go as long as there is less, however large it is.
	PortWindow = 1 << 20
	// PostOverhead is what a post counts besides the bytes of its values.
	PostOverhead = 64
	// MaxPortBytes is what may wait in Go at one end of a port. A post is taken
	// as long as there is less.
	MaxPortBytes = 32 << 20
	// MaxViolations is how many packets that no renderer sends which keeps to the
	// protocol main takes from one process before it kills that: malformed ones,
	// frames that are out of place, channels that are not allowed.
	MaxViolations = 1000
	// MaxHellos is how many documents may begin in a frame between two of which
	// Chromium tells. More are violations.
	MaxHellos = 16
	// MaxSafeInteger is the largest n for which n and n+1 are both exact in
	// JavaScript. An int beyond it, either way, is a BigInt there.
	MaxSafeInteger = 1<<53 - 1
)

// ChunkCost is the credit that a chunk takes whose value has n bytes.
func ChunkCost(n int) int { return min(n+ChunkOverhead, MaxChunkCost) }

// PostCost is what a post counts whose arguments take n bytes ([Args.Size]).
func PostCost(n int) int { return n + PostOverhead }
