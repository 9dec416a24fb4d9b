// Message ports. What an app's code gets is a real MessagePort, so queueing, transfer and neutering are Chromium's, and a port may go on to
// the page by window.postMessage. Behind each is another one, of the runtime's, whose messages travel as frames.
const ports = (() => {
  const { HEADER, kinds, limits, types, links, uncurry, uncloneable } = wire;
  const Channel = MessageChannel;
  const postMessage = uncurry(MessagePort.prototype.postMessage);
  const closePort = uncurry(MessagePort.prototype.close);
  const copy = structuredClone;
  const INVALID = 'Invalid value for transfer';

  // number → what is known of a port that leads to main. A closed one waits for main's word that it is closed there too.
  const open = new Map();
  let last = -1;

  function bind(number, port) {
    const entry = { number, port, closed: false, unseen: 0, owed: 0, waiting: [], over: false,
      end: null, flying: false, costs: [], first: 0, unheard: 0, heard: false };
    open.set(number, entry);
    return entry;
  }

  const listHead = (n) => (n < 16 ? 1 : 3); // bytes before the values of a list
  const numberSize = (n) => (n < 0x80 ? 1 : n < 0x100 ? 2 : n < 0x10000 ? 3 : 5);

  // Posting to main: while there is a window's worth that main has not taken, what comes out of a port waits here.

  let waiting = 0; // bytes of all that waits

  // Carries what comes out of a port of this document.
  function start(entry) {
    entry.port.onmessage = (event) => {
      if (entry.closed) return;
      try {
        carry(entry, event);
      } catch (error) {
        for (const lost of event.ports) closePort(lost);
        reportError(error);
      }
    };
    entry.port.onclose = () => { // closed, or collected: what was posted before goes first
      if (entry.waiting.length > 0) entry.over = true;
      else close(entry);
    };
  }

  function carry(entry, event) {
    const packet = codec.post(documentNumber, entry.number, [event.data, ...event.ports]);
    const head = HEADER + 2 + numberSize(entry.number) + listHead(1 + event.ports.length);
    const message = { packet, cost: packet.length - head + limits.postOverhead, moved: posted.splice(0) };
    if (entry.waiting.length === 0 && entry.unseen < limits.portWindow) {
      post(entry, message);
      return;
    }
    if (waiting + message.cost > limits.queuedBytes) {
      console.error(`A message port is closed: more than ${limits.queuedBytes} bytes wait for its other side`);
      message.moved.forEach(forget);
      close(entry);
      return;
    }
    message.packet = { buffer: packet.buffer.slice(0, packet.length), length: packet.length }; // others write meanwhile
    entry.waiting.push(message);
    waiting += message.cost;
  }

  function post(entry, { packet, cost, moved }) {
    entry.unseen += cost;
    sendPacket(packet);
    moved.forEach(start);
  }

  function taken(entry, n) {
    entry.unseen -= n;
    while (entry.waiting.length > 0 && entry.unseen < limits.portWindow) {
      const message = entry.waiting.shift();
      waiting -= message.cost;
      post(entry, message);
    }
    if (entry.over && entry.waiting.length === 0) close(entry);
  }

  // Forgets a port that main has not heard of.
  function forget(entry) {
    entry.closed = true;
    closePort(entry.port);
    open.delete(entry.number);
  }

  function close(entry) {
    if (entry.closed) return;
    entry.closed = true;
    closePort(entry.port);
    for (const { cost, moved } of entry.waiting.splice(0)) {
      waiting -= cost;
      moved.forEach(forget);
    }
    sendPacket(codec.close(documentNumber, entry.number));
  }

  // Taking what main posts. Main is told when the event loop has come round after that, so that a page which is busy with what it hears is not
  // sent ever more.

  const QUARTER = limits.portWindow / 4;
  let round = null; // a channel whose messages come back with the event loop
  let turning = false; // one is on its way
  const debtors = new Set(); // entries that owe main a word

  function owe(entry, cost) {
    entry.owed += cost;
    if (entry.owed < QUARTER) return;
    debtors.add(entry);
    if (turning) return;
    turning = true;
    if (round === null) {
      round = new Channel();
      round.port2.onmessage = pay;
    }
    postMessage(round.port1, 0);
  }

  function pay() {
    turning = false;
    for (const entry of debtors) {
      if (!entry.closed) sendPacket(codec.taken(documentNumber, entry.number, entry.owed));
      entry.owed = 0;
    }
    debtors.clear();
  }

  const { watch, came } = watchPorts(owe);

  // Ports that leave. They are taken from their owners when the frame that names them is complete, all at once or none.
  const leaving = []; // [number, port] of frames that are being encoded
  const posted = []; // entries of those that have left by a post, which may have to wait

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
      const ours = move(moved.map(([, port]) => port));
      leaving.length = at % ROOM;
      moved.forEach(([id], i) => {
        const entry = bind(id, ours[i]);
        if (links.posting) posted.push(entry);
        else start(entry);
      });
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
    start(entry);
    watch(entry, port1);
    links.made.push({ port: port1, discard: () => close(entry) });
    return port1;
  };

  // The ports of a frame, in their order.
  const of = (frame) => (frame.made ? frame.made.filter((made) => made.port).map((made) => made.port) : []);

  return {
    of,
    // Closes a port of which a message cannot be read.
    spoil(number) {
      const entry = open.get(number);
      if (entry !== undefined) close(entry);
    },
    // What postMessage sends beside its message.
    transfer(list) {
      if (list === undefined) return [];
      if (!Array.isArray(list)) throw new TypeError(INVALID);
      list.forEach((port, i) => {
        if (!(port instanceof MessagePort)) throw new TypeError(INVALID);
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
      } else if (frame[0] === kinds.taken) {
        if (!entry.closed) taken(entry, frame[2]);
      } else if (entry.closed) {
        streams.discard(frame); // it has crossed the end
      } else {
        postMessage(entry.port, frame[2][0], of(frame));
        came(entry, frame[3] - listHead(frame[2].length) + limits.postOverhead);
      }
    },
  };
})();
