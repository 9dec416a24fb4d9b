// Package protocol is the wire between Oriel's processes: how a packet lies in
// memory, what a value may be, and the limits that hold before anything is
// allocated. Renderer and main process speak it; utility processes and ports
// use the same frames. The JavaScript twin is renderer/runtime/codec*.js; both
// are held to testdata/golden.json.
//
// # Packet
//
//	byte 0      version, 1
//	bytes 1..3  reserved, zero
//	bytes 4..7  document number, u32 little endian, not zero
//	bytes 8..   one or more frames, back to back
//
// The renderer draws the document number at random for each document it
// loads. Main answers with the number of the document it means, so a packet
// for a document that has gone is recognised and dropped.
//
// # Frame
//
// A frame is one msgpack array. Its first item is the kind, the rest is fixed
// by it; more or fewer items are an error.
//
//	hello   [1]                                  the document's runtime is up
//	send    [2, channel, args]                   a message, no answer; or [2, channel, args, meta]
//	invoke  [3, id, channel, args]               a request; or [3, id, channel, args, meta]
//	result  [4, id, value]                       its answer
//	error   [5, id, name, message, code, data]   its failure
//	cancel  [6, id]                              the answer is no longer wanted
//	chunk   [7, sid, value]                      the next piece of a stream
//	end     [8, sid]                             the stream is complete
//	abort   [9, sid, name, message, code, data]  the stream has failed
//	credit  [10, sid, bytes]                     the writer may send so much more
//	stop    [11, sid]                            the stream is no longer wanted
//	post    [12, port, args]                     a message through a port
//	close   [13, port]                           the port is closed
//	taken   [14, port, bytes]                    so much of what was posted has been taken
//
// id is a u32 from 1 up, unique among the sender's open requests of that
// document. Both sides may ask, each with numbers of its own. channel is 1 to 255 bytes of UTF-8. args is an array of at most
// 255 values. code is a string or nil, data a value or nil. meta is a map of at most 8 strings by strings, of at most 512 bytes each: what the
// message carries beside its arguments, such as traceparent and tracestate (W3C Trace Context).
//
// Channels that start with "oriel:" are the runtime's own, renderer to main:
//
//	oriel:document       [address]           in the packet of the hello: which document speaks
//	oriel:preload-error  [message, stack]    what the preload threw
//
// # Values
//
//	nil            null
//	true, false    boolean
//	int            a number without a fraction; outside ±(2^53-1): BigInt in JavaScript
//	float          every other number, and -0
//	str            string, UTF-8
//	bin            Uint8Array
//	array          array without holes and without named properties
//	map            plain object; keys are strings
//	ext -1         valid Date (msgpack's timestamp, any of its three forms)
//	ext 1          undefined; empty
//	ext 2          ArrayBuffer; its bytes
//	ext 3          typed array or DataView; u8 kind, then its bytes, little endian
//	ext 4          invalid Date; empty
//	ext 5          BigInt; u8 sign (1 is negative), magnitude big endian, no leading zero
//	ext 6          RegExp; str source, str flags
//	ext 7          Map; key, value, key, value, …
//	ext 8          Set; value, value, …
//	ext 9          Error; str name, str message, str or nil stack, cause (undefined: none)
//	ext 10         array with holes or named properties; int length, then int or
//	               str key, value, …
//	ext 11         boxed boolean, number, string or BigInt; the value
//	ext 12         string with lone surrogates; UTF-16 little endian
//	ext 13         back reference; u32 big endian
//	ext 14         stream; u8 kind (0 bytes, 1 values), u32 big endian number
//	ext 15         message port; u32 big endian number
//
// Exts 6 to 11 hold whole msgpack items, back to back, to the end of the ext.
// Ext 12 may stand wherever the tables say str, map keys included, except in
// the frame itself.
//
// A writer uses the shortest form of every head, except that exts 6 to 11 have
// the 32-bit length, which is known only when they end. A reader takes any form.
// Go sorts the keys of maps; JavaScript keeps the order of properties.
//
// # Back references
//
// Every array, map, bin, Date and ext 2, 3, 4, 6 to 11, 14 and 15 has a number: its
// place in the order in which their first bytes appear within one frame's
// args, result or data, from 0. The args array itself has none. Ext 13 means
// "that one again", so shared and cyclic values survive. It may name a value
// that is still open (a cycle), never one that comes later.
//
// # Streams
//
// The values of send, invoke and result may hold streams, which their sender
// writes from then on: chunks, then an end or an abort. Streams are numbered by the writing side, from 1 up; a
// number is used again only after the stream's end. The reader answers with
// credit and stop. These may cross an end; the writer then ignores them.
//
// Chunks of kind 0 are bin, ArrayBuffer or a view and may be cut anywhere; each
// chunk of kind 1 is a value.
//
// A stream begins with a credit of [StreamWindow] bytes. A chunk takes what
// [ChunkCost] says of it and is sent when there is so much. The reader gives
// back what chunks have taken as it is done with them, so that the credit never
// exceeds the window. A side that sends beyond its credit, or gives more than
// was taken, breaks the protocol; its stream ends.
//
// A writer that is told to stop answers with an end, unless it has sent one
// already; then the number is free again.
//
// # Ports
//
// Ports are numbered by the side that made them: main and parents even numbers,
// pages and children odd ones, from 1 or 2 up. A port that appears in a value of
// send, invoke, result or post moves to the side that receives it, under a
// number that is new; what is posted through the one that stays behind arrives
// there. The args of a post are one value and the ports that go with it; there
// are no streams in them.
//
// A side may post as long as less than [PortWindow] of what it has posted has
// not been taken; a post counts what [PostCost] says. The other side says taken
// as it hears messages, or passes them on. A side that posts all the same, or
// takes more than was posted, breaks the protocol; its port is closed.
//
// A side that is done with a port says close. The other answers with the same,
// unless it has said it already; then the number is free again. What is posted
// meanwhile is dropped, and ports in it are closed.
//
// # Order of work
//
// [Parse] checks the whole packet first: depth, counts and lengths against
// the bytes that are there, ext types, element budget, nothing left over. The
// check neither recurses nor allocates. Only what has passed is decoded, and
// a frame's values are decoded one by one, when asked for, into the type the
// receiver wants ([Args.Decode], [Value.Decode]).
//
// msgpack's own reflection decoder is not used for that: it trusts counts,
// cuts numbers that do not fit, and knows neither undefined nor references.
package protocol
