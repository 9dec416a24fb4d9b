// What the C and the Go of this package must agree on. The twin is constants.go; TestConstants compares the two.
#ifndef ORIEL_RENDERER_CONSTANTS_H
#define ORIEL_RENDERER_CONSTANTS_H

// Switches that the browser process gives to every child, and the variable that stands in for the first.
#define ORIEL_SWITCH_CEF_DIR "oriel-cef-dir"
#define ORIEL_SWITCH_SCHEMES "oriel-schemes"
#define ORIEL_SWITCH_LOG "oriel-log"
#define ORIEL_ENV_CEF_DIR "ORIEL_CEF_DIR"

// Name of the process messages, in both directions and in both carrying forms.
#define ORIEL_MESSAGE "oriel"

// Name of the process messages that agree on the memory in which packets travel from then on: the browser process sends it, the renderer says
// that it has it, the browser process says that nothing comes by message any more. The last two have the document's number as argument.
#define ORIEL_RING_MESSAGE "oriel.ring"

#define ORIEL_RING_DATA 4096              // bytes before the rings
#define ORIEL_RING_SIZE (1024 * 1024)     // bytes of the ring of one direction
#define ORIEL_RING_PAD 0xffffffffu        // in place of a record's length: nothing follows up to the ring's end

// Keys of the extra_info dictionary of a browser.
#define ORIEL_KEY_TOKEN "oriel.token"
#define ORIEL_KEY_SUBFRAMES "oriel.subframes"

// The one-shot function on the global of a world that may be ours.
#define ORIEL_BOOTSTRAP "__oriel"

#define ORIEL_TOKEN_LENGTH 64                   // hex digits
#define ORIEL_PACKET_HEADER 8                   // bytes: version, the tail's place (3), the document's number (4)
#define ORIEL_PACKET_MIN 9                      // the header and a frame of one byte
#define ORIEL_PACKET_MAX (64 * 1024 * 1024)     // protocol's limit
#define ORIEL_SHARED_MEMORY_FROM (192 * 1024)   // bytes from which shared memory beats a list message

#endif
