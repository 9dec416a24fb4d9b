package renderer

// What the browser process and the C of this package must agree on. The twin is constants.h; a test compares the two.
const (
	// SwitchCEFDir names the folder of libcef.so. The browser process passes it to every child.
	SwitchCEFDir = "oriel-cef-dir"
	// SwitchSchemes lists the custom schemes, which every process must register alike; see [FormatSchemes].
	SwitchSchemes = "oriel-schemes"
	// SwitchLog names the pipe that is a child's standard error.
	SwitchLog = "oriel-log"
	// EnvCEFDir stands in for SwitchCEFDir.
	EnvCEFDir = "ORIEL_CEF_DIR"

	// Message is the name of the process messages that carry packets, in both directions.
	Message = "oriel"

	// RingMessage is the name of the process messages that agree on a document's ring: main sends it the memory, it says that it has it, main says
	// that nothing comes by message any more. The last two have the document's number as their argument.
	RingMessage = "oriel.ring"

	// KeyToken is the key of the browser's token in extra_info: [TokenLength] hex digits.
	KeyToken = "oriel.token"
	// KeySubframes is the key of the bool in extra_info that lets frames below the main one have the runtime.
	KeySubframes = "oriel.subframes"

	// TokenLength is the number of hex digits in a token.
	TokenLength = 64
	// PacketMin is the size in bytes of the smallest packet that is carried.
	PacketMin = 9
	// PacketMax is the size in bytes of the largest packet that is carried, as in package protocol.
	PacketMax = 64 << 20
	// SharedMemoryFrom is the size in bytes from which a packet travels in shared memory.
	SharedMemoryFrom = 192 << 10

	bootstrap = "__oriel"
)
