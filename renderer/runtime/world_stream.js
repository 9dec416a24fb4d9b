// Streams that cross the bridge: the other world gets a ReadableStream of its own, which reads from the first one when it is read itself.
// So a slow reader slows the writer down, in whichever world it is. createHalf calls this, in both worlds.
function streamBridge(uncurry, getter, promiseThen) {
  'use strict';

  const Stream = ReadableStream;
  const locked = getter(Stream.prototype, 'locked'); // throws for anything but a ReadableStream
  const getReader = uncurry(Stream.prototype.getReader);
  const read = uncurry(ReadableStreamDefaultReader.prototype.read);
  const cancel = uncurry(ReadableStreamDefaultReader.prototype.cancel);
  const enqueue = uncurry(ReadableStreamDefaultController.prototype.enqueue);
  const close = uncurry(ReadableStreamDefaultController.prototype.close);
  const releaseBytes = uncurry(ReadableStreamBYOBReader.prototype.releaseLock);
  const enqueueBytes = uncurry(ReadableByteStreamController.prototype.enqueue);
  const closeBytes = uncurry(ReadableByteStreamController.prototype.close);
  const requested = getter(ReadableByteStreamController.prototype, 'byobRequest');
  const respond = uncurry(ReadableStreamBYOBRequest.prototype.respond);
  const nothing = () => {};

  // A stream of bytes, which readers may bring their own buffers to.
  function isBytes(stream) {
    try {
      releaseBytes(getReader(stream, { __proto__: null, mode: 'byob' }));
      return true;
    } catch {
      return false;
    }
  }

  function finish(controller, ofBytes) {
    if (!ofBytes) return close(controller);
    closeBytes(controller);
    const request = requested(controller);
    if (request !== null) respond(request, 0);
  }

  return {
    __proto__: null,
    prototype: Stream.prototype,
    locked,
    // What the other world's stream calls: functions of this world.
    ends(stream) {
      const ofBytes = isBytes(stream);
      const reader = getReader(stream);
      return { __proto__: null, ofBytes, read: () => read(reader), cancel: (reason) => cancel(reader, reason) };
    },
    // A stream of this world; readOther and cancelOther are functions of this world for those of the other one. A chunk that cannot be copied
    // ends both streams, and a reason that cannot be is left out.
    make: (readOther, cancelOther, ofBytes) => new Stream({
      __proto__: null,
      type: ofBytes ? 'bytes' : undefined,
      pull: (controller) => promiseThen(readOther(), (result) => {
        if (result.done) finish(controller, ofBytes);
        else if (ofBytes) enqueueBytes(controller, result.value);
        else enqueue(controller, result.value);
      }, (error) => {
        promiseThen(cancelOther(), nothing, nothing);
        throw error;
      }),
      cancel(reason) {
        try {
          return cancelOther(reason);
        } catch {
          return cancelOther();
        }
      },
    }, { __proto__: null, highWaterMark: 0 }),
  };
}
