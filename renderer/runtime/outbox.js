// The way out for packets of one frame each. A process message costs far more than the bytes in it, so packets of one turn of the event
// loop travel together, as one packet with all their frames: the first goes at once, so that a lone one never waits, and what follows it
// waits for the turn's microtasks or until it fills a message. Their order is the order of the calls.
function createOutbox(post) {
  const HEADER = 8;
  const SIZE = 16 << 10; // of a joined packet; from here on, joining saves less than copying costs
  const buffer = new ArrayBuffer(SIZE);
  const bytes = new Uint8Array(buffer);
  let used = 0; // bytes in buffer
  let turn = false; // a packet has gone in this turn
  let leaving = false; // the document goes: no microtask may come any more
  let source = null; // the last packet's buffer, and its bytes
  let sourceBytes = null;

  function flush() {
    if (used === 0) return;
    const size = used;
    used = 0;
    post(buffer, size);
  }

  // Runs behind what other microtasks there are. While they send, there may be more of them.
  function endTurn() {
    turn = used > 0;
    if (!turn) return;
    queueMicrotask(endTurn);
    flush();
  }

  function copy(packet, from) {
    if (packet.buffer !== source) {
      source = packet.buffer;
      sourceBytes = new Uint8Array(source);
    }
    const n = packet.length - from;
    if (n < 128) for (let i = 0; i < n; i++) bytes[used + i] = sourceBytes[from + i];
    else bytes.set(sourceBytes.subarray(from, packet.length), used);
    used += n;
  }

  function send(packet) {
    if (turn && !leaving && packet.length <= SIZE / 2) {
      if (used + packet.length > SIZE) flush();
      copy(packet, used === 0 ? 0 : HEADER);
      return;
    }
    flush();
    post(packet.buffer, packet.length);
    if (turn) return;
    turn = true;
    queueMicrotask(endTurn);
  }

  return {
    send,
    // From now on nothing waits.
    leave() {
      leaving = true;
      flush();
    },
  };
}
