// Package hostile lets tests run pages in renderers that have been taken over: whoever imports it, and sets [Env], has a second constructor in
// the program, which gives every page an object "hostile". What that does goes past the C of package renderer to the browser process.
//
//	hostile.say(name, shape, n, times)  sends that many process messages of that name: shape "number" carries n, "text" and "none" what
//	                                    they say, "two" the number twice, "memory" n bytes of shared memory
//	hostile.document()                  is the number of the frame's document, once it has been offered a ring; before that it is 0
//	hostile.poke(offset, n)             writes 32 bits into the memory of that ring
//	hostile.peek(offset)                reads them
//
// A document with "deaf" in its address does not hear that it is offered a ring.
package hostile

import _ "github.com/oriel-go/oriel/renderer" // whose handler the C here wraps

// #cgo CFLAGS: -std=c11 -Wall -Wextra -Werror
import "C"

// Env is the environment variable that takes renderers over, by any value.
const Env = "ORIEL_TEST_HOSTILE"
