// The codec, made of its parts: writes frames and packets.
const codec = (() => {
  'use strict';

  const { HEADER, kinds, limits, links } = wire;

  // Which frames there are. Each function gets the writer and what the frame holds.
  const plain = (kind) => (w, id) => {
    w.byte(0x92);
    w.byte(kind);
    w.number(id);
  };
  const single = (kind) => (w, id, v) => {
    w.byte(0x93);
    w.byte(kind);
    w.number(id);
    w.value(v);
  };
  const failure = (kind) => (w, id, name, message, code, data) => {
    w.byte(0x96);
    w.byte(kind);
    w.number(id);
    w.text(name);
    w.text(message);
    if (code === undefined || code === null) w.byte(0xc0);
    else w.text(code);
    w.value(data === undefined ? null : data);
  };
  const writers = {
    hello(w) {
      w.byte(0x91);
      w.byte(kinds.hello);
    },
    send(w, channel, args, meta) { // meta: text by name, or nothing
      w.byte(meta ? 0x94 : 0x93);
      w.byte(kinds.send);
      w.channelName(channel);
      w.list(args);
      if (meta) w.value(meta);
    },
    invoke(w, id, channel, args, meta) {
      w.byte(meta ? 0x95 : 0x94);
      w.byte(kinds.invoke);
      w.number(id);
      w.channelName(channel);
      w.list(args);
      if (meta) w.value(meta);
    },
    result: single(kinds.result),
    error: failure(kinds.error),
    cancel: plain(kinds.cancel),
    chunk: single(kinds.chunk),
    end: plain(kinds.end),
    abort: failure(kinds.abort),
    credit(w, id, n) {
      w.byte(0x93);
      w.byte(kinds.credit);
      w.number(id);
      w.number(n);
    },
    stop: plain(kinds.stop),
    post(w, port, args) {
      w.byte(0x93);
      w.byte(kinds.post);
      w.number(port);
      w.list(args);
    },
    close: plain(kinds.close),
    taken(w, port, n) {
      w.byte(0x93);
      w.byte(kinds.taken);
      w.number(port);
      w.number(n);
    },
  };

  function createEncoder() {
    const w = createWriter();
    let frames = 0;
    let busy = false; // within a frame, where getters may call us again
    let later = null; // frames begun by such calls

    function begin(doc) {
      if (busy) throw new Error('A packet is being written.');
      w.reset(doc);
      frames = 0;
    }

    // frame writes one frame or, when anything throws, nothing. A getter that sends something itself gets its frame behind this one.
    function frame(kind, a, b, c, d, e) {
      if (busy) {
        const inner = createEncoder();
        inner.begin(1);
        inner[kind](a, b, c, d, e);
        const packet = inner.finish();
        (later ??= []).push(new Uint8Array(packet.buffer, HEADER, packet.length - HEADER));
        return;
      }
      const start = w.position();
      const before = w.count(0);
      const linked = links.mark();
      const { carried, posting } = links;
      links.carried = kind === 'send' || kind === 'invoke' || kind === 'result';
      links.posting = kind === 'post';
      busy = true;
      try {
        writers[kind](w, a, b, c, d, e);
        if (w.count(6) > limits.elements) throw new Error(`A message has more than ${limits.elements} values.`);
        if (++frames > limits.frames) throw new Error(`A packet has more than ${limits.frames} frames.`);
        links.commit(linked);
      } catch (problem) {
        w.undo(start, before);
        links.drop(linked);
        throw problem;
      } finally {
        busy = false;
        links.carried = carried;
        links.posting = posting;
        w.forget();
        if (later !== null) append();
      }
    }

    function append() {
      for (const inner of later) {
        w.room(inner.length);
        w.raw(inner, inner.length);
        frames++;
      }
      later = null;
    }

    const encoder = {
      begin,
      finish: w.taken, // the packet: the first length bytes of buffer, valid until the next begin
      get length() { return w.position(); },
      get busy() { return busy; },
    };
    for (const kind of Object.keys(writers)) encoder[kind] = (a, b, c, d, e) => frame(kind, a, b, c, d, e);
    return encoder;
  }

  // The encoder of the functions that make a packet of one frame. Within a getter that it calls itself, it is replaced by another one.
  const shared = createEncoder();
  const packets = { kinds, limits, links, createEncoder, decodePacket, decodeFrame };
  for (const kind of Object.keys(writers)) {
    packets[kind] = (doc, a, b, c, d, e) => {
      const encoder = shared.busy ? createEncoder() : shared;
      encoder.begin(doc);
      encoder[kind](a, b, c, d, e);
      return encoder.finish();
    };
  }
  return Object.freeze(packets);
})();
