// Message ports. What an app's code gets is a real MessagePort, so queueing, transfer and neutering are Chromium's, and a port may go on to
// the page by window.postMessage. Behind each is another one, of the runtime's, whose messages travel as frames.
const ports = (() => {
  const { kinds, limits, types, links, uncurry, uncloneable } = wire;
  const Channel = MessageChannel;
  const post = uncurry(MessagePort.prototype.postMessage);
  const closePort = uncurry(MessagePort.prototype.close);
  const copy = structuredClone;

  const open = new Map(); // number → { number, port, closed }; a closed one waits for main's word that it is closed there too
  let last = -1;

  // Carries what comes out of a port of this document to main.
  function bind(number, port) {
    const entry = { number, port, closed: false };
    open.set(number, entry);
    port.onmessage = (event) => {
      if (entry.closed) return;
      try {
        sendPacket(codec.post(documentNumber, number, [event.data, ...event.ports]));
      } catch (error) {
        for (const lost of event.ports) closePort(lost);
        reportError(error);
      }
    };
    port.onclose = () => close(entry); // closed, or collected
    return entry;
  }

  function close(entry) {
    if (entry.closed) return;
    entry.closed = true;
    closePort(entry.port);
    sendPacket(codec.close(documentNumber, entry.number));
  }

  // Ports that leave. They are taken from their owners when the frame that names them is complete, all at once or none.
  const leaving = []; // [number, port] of frames that are being encoded

  function number(port) {
    if (!links.carried && !links.posting) throw uncloneable();
    if (open.size + leaving.length >= limits.ports) throw new Error(`More than ${limits.ports} message ports are open.`);
    do last = last >= 0xfffffffd ? 1 : last + 2;
    while (open.has(last));
    leaving.push([last, port]);
    return [types.PORT, last];
  }

  links.prototypes.set(MessagePort.prototype, number);
  const { mark, drop, commit } = links; // those of streams
  const ROOM = 0x10000; // more than there may be ports: a mark is two counts in one number
  links.mark = () => mark() * ROOM + leaving.length;
  links.drop = (at) => {
    leaving.length = at % ROOM;
    drop(Math.floor(at / ROOM));
  };
  links.commit = (at) => {
    if (leaving.length > at % ROOM) {
      const moved = leaving.slice(at % ROOM);
      const taken = move(moved.map(([, port]) => port));
      leaving.length = at % ROOM;
      moved.forEach(([id], i) => bind(id, taken[i]));
    }
    commit(Math.floor(at / ROOM));
  };

  // Throws for what is neutered already; then nothing has moved.
  function move(list) {
    try {
      return copy(list, { transfer: list });
    } catch {
      throw new DOMException('Port at index 0 is already neutered.', 'DataCloneError');
    }
  }

  // Ports that come.
  links.port = (id) => {
    const { port1, port2 } = new Channel();
    const entry = bind(id, port2);
    links.made.push({ port: port1, discard: () => close(entry) });
    return port1;
  };

  // The ports of a frame, in their order.
  const of = (frame) => (frame.made ? frame.made.filter((made) => made.port).map((made) => made.port) : []);

  return {
    of,
    // What postMessage sends beside its message.
    transfer(list) {
      if (list === undefined) return [];
      if (!Array.isArray(list)) throw new TypeError('transfer must be an array of MessagePorts');
      list.forEach((port, i) => {
        if (!(port instanceof MessagePort)) throw new TypeError(`Port at index ${i} is not a valid port`);
        if (list.indexOf(port) < i) throw new DOMException(`Port at index ${i} is a duplicate of an earlier port.`, 'DataCloneError');
      });
      return list;
    },
    receive(frame) {
      const entry = open.get(frame[1]);
      if (!entry) {
        streams.discard(frame);
      } else if (frame[0] === kinds.close) {
        open.delete(entry.number);
        close(entry);
      } else if (entry.closed) {
        streams.discard(frame); // it has crossed the end
      } else {
        post(entry.port, frame[2][0], of(frame));
      }
    },
  };
})();
