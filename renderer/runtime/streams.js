// Streams over packets: what main writes is a ReadableStream here, and main reads the ReadableStreams and Blobs that are sent to it.
// protocol's package comment has the rules, credit above all: whoever writes stops when the reader does not keep up.
const streams = (() => {
  const { HEADER, kinds, limits, types, links, uncurry, getter, attempt, uncloneable } = wire;
  const Stream = ReadableStream;
  const isLocked = getter(Stream.prototype, 'locked');
  const getReader = uncurry(Stream.prototype.getReader);
  const readNext = uncurry(ReadableStreamDefaultReader.prototype.read);
  const cancelReader = uncurry(ReadableStreamDefaultReader.prototype.cancel);
  const releaseReader = uncurry(ReadableStreamDefaultReader.prototype.releaseLock);
  const blobSize = getter(Blob.prototype, 'size');
  const blobStream = uncurry(Blob.prototype.stream);

  const BYTES = 0, VALUES = 1;
  const QUARTER = limits.window / 4;
  const CHUNK_BYTES = QUARTER - limits.chunkOverhead - 5;
  const costOf = (size) => Math.min(size + limits.chunkOverhead, limits.window / 2);

  // Writing.

  const writing = new Map(); // number → what is known of a stream that main reads
  const numbered = []; // those of frames that are being encoded
  let last = 0;

  function number(stream, kind, size = 0) {
    if (!links.carried) throw uncloneable();
    if (writing.size + numbered.length >= limits.streams) throw new Error(`More than ${limits.streams} streams are open.`);
    if (isLocked(stream)) throw uncloneable();
    do last = last === 0xffffffff ? 1 : last + 1;
    while (writing.has(last));
    numbered.push({ id: last, kind, reader: getReader(stream), left: size, credit: limits.window, stopped: false, wake: null });
    return [types.STREAM, last, kind];
  }

  links.prototypes.set(Stream.prototype, (v) => (attempt(isLocked, v) === undefined ? null : number(v, VALUES)));
  links.prototypes.set(Blob.prototype, (v) => (attempt(blobSize, v) === undefined ? null : number(blobStream(v), BYTES, blobSize(v))));
  links.mark = () => numbered.length;
  links.drop = (mark) => { for (const w of numbered.splice(mark)) releaseReader(w.reader); };
  links.commit = (mark) => {
    if (mark === numbered.length) return;
    for (const w of numbered.splice(mark)) {
      writing.set(w.id, w);
      write(w);
    }
  };

  // The first chunk follows after a turn of the microtasks at the earliest: after the frame that names the stream.
  async function write(w) {
    let packet;
    try {
      for (;;) {
        const { done, value } = await readNext(w.reader);
        if (w.stopped) break;
        if (done) {
          if (w.left > 0) throw new DOMException('The file has become shorter', 'NotReadableError'); // Chromium says nothing
          break;
        }
        if (w.kind === BYTES) w.left -= value.length;
        if (w.kind === BYTES && value.length > CHUNK_BYTES) {
          for (let i = 0; i < value.length && !w.stopped; i += CHUNK_BYTES) await send(w, value.subarray(i, i + CHUNK_BYTES));
        } else {
          await send(w, value);
        }
        if (w.stopped) break;
      }
      packet = codec.end(documentNumber, w.id);
    } catch (thrown) {
      cancelReader(w.reader, thrown).catch(() => {});
      packet = w.stopped ? codec.end(documentNumber, w.id) : failure(w.id, thrown, 'abort');
    }
    writing.delete(w.id);
    sendPacket(packet);
  }

  async function send(w, value) {
    let packet = codec.chunk(documentNumber, w.id, value);
    const head = 2 + (w.id < 0x80 ? 1 : w.id < 0x100 ? 2 : w.id < 0x10000 ? 3 : 5);
    const cost = costOf(packet.length - HEADER - head);
    if (w.credit < cost) {
      packet = { buffer: packet.buffer.slice(0, packet.length), length: packet.length }; // others write meanwhile
      while (w.credit < cost && !w.stopped) await new Promise((resolve) => { w.wake = resolve; });
    }
    if (w.stopped) return;
    w.credit -= cost;
    sendPacket(packet);
  }

  function wake(w) {
    if (w.wake !== null) w.wake();
    w.wake = null;
  }

  function stopWriting(w) {
    w.stopped = true;
    wake(w);
    cancelReader(w.reader, new DOMException('The reader closed the stream', 'AbortError')).catch(() => {});
  }

  // Reading. Nothing here holds a stream that nobody waits for, so that one which was dropped is collected, and its writer told.

  const reading = new Map(); // number → what is known of a stream that main writes and has not ended
  const collected = new FinalizationRegistry((r) => stopReading(r));

  links.stream = (kind, id) => {
    const r = { id, queue: [], owed: 0, waiting: null, ended: false, failure: null, stopped: false, unfollow: null };
    reading.set(id, r);
    links.made.push({ id, discard: () => stopReading(r) });
    const source = { pull: (controller) => pull(r, controller), cancel: () => stopReading(r) };
    if (kind === BYTES) source.type = 'bytes';
    collected.register(source, r); // a stream's wrapper may be collected before the stream is
    return new Stream(source, { highWaterMark: 0 });
  };

  function pull(r, controller) {
    if (r.queue.length > 0) return give(r, controller, ...r.queue.shift());
    if (r.ended) return finish(r, controller);
    return new Promise((resolve) => { r.waiting = { controller, resolve }; });
  }

  function give(r, controller, value, size) {
    controller.enqueue(value);
    r.owed += costOf(size);
    if (r.owed < QUARTER || r.ended) return;
    sendPacket(codec.credit(documentNumber, r.id, r.owed));
    r.owed = 0;
  }

  function finish(r, controller) {
    r.unfollow?.();
    if (r.failure !== null) return controller.error(r.failure.error);
    controller.close();
    controller.byobRequest?.respond(0);
  }

  // Lets a pull that waits go on.
  function proceed(r, f, ...args) {
    const { controller, resolve } = r.waiting;
    r.waiting = null;
    f(r, controller, ...args);
    resolve();
  }

  // The writer answers with an end, unless it has sent one.
  function stopReading(r) {
    r.unfollow?.();
    if (r.ended || r.stopped) return;
    r.stopped = true;
    r.queue = [];
    sendPacket(codec.stop(documentNumber, r.id));
  }

  function end(r, failure) {
    reading.delete(r.id);
    r.ended = true;
    r.failure = failure; // null, or { error }
    if (r.waiting !== null && !r.stopped) proceed(r, finish);
  }

  // Ends a stream here, with an error for its reader.
  function spoil(r, error) {
    const { stopped } = r;
    stopReading(r);
    r.stopped = stopped; // by its reader
    r.queue = [];
    end(r, { error });
  }

  function streamError(name, message, code, data) {
    const error = new Error(message);
    if (name && name !== 'Error') error.name = name;
    if (code !== null) error.code = code;
    if (data !== null) error.data = data;
    return error;
  }

  return {
    receive(frame) {
      const [kind, id] = frame;
      const w = writing.get(id), r = reading.get(id);
      if (kind === kinds.credit && w) {
        w.credit += frame[2];
        wake(w);
      } else if (kind === kinds.stop && w) {
        stopWriting(w);
      } else if (kind === kinds.chunk && r && !r.stopped) {
        if (r.waiting !== null) proceed(r, give, frame[2], frame[3]);
        else r.queue.push([frame[2], frame[3]]);
      } else if (kind === kinds.end && r) {
        end(r, null);
      } else if (kind === kinds.abort && r) {
        end(r, { error: streamError(...frame.slice(2)) });
      }
    },
    // Ends a stream of which something cannot be read.
    spoil(id, problem) {
      const r = reading.get(id);
      if (r !== undefined) spoil(r, problem);
    },
    // Ends the streams of an answer, as its call would have ended, when the signal fires.
    follow(signal, frame) {
      for (const { id } of frame.made) {
        const r = reading.get(id);
        if (r === undefined) continue; // a port
        const abort = () => spoil(r, signal.reason);
        signal.addEventListener('abort', abort);
        r.unfollow = () => signal.removeEventListener('abort', abort); // it may live long
      }
    },
    // Refuses the streams and ports that came with a frame for nobody.
    discard(frame) {
      if (frame.made) for (const made of frame.made) made.discard();
    },
  };
})();
