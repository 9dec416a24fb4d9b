// What main sends before anybody listens: it waits for the first listener of its channel, within bounds. Electron drops it.

const UNHEARD = Object.freeze({
  messages: 256, // of one channel
  bytes: 32 << 20, // of all channels together, as they came
  cost: 64, // of a message, besides its bytes
});

const unheard = new Map(); // channel → [{ frame, size }], oldest first
const listened = new Set(); // channels that have, or have had, a listener
const overflowed = new Set(); // channels about which the console has been told
let unheardBytes = 0;

// Keeps a message that has no listener, or that others wait before. Channels that had a listener once get the same as in Electron: nothing.
function keepUnheard(frame, size) {
  const channel = frame[1];
  let waiting = unheard.get(channel);
  if (!waiting) {
    if (listened.has(channel)) {
      streams.discard(frame);
      return;
    }
    unheard.set(channel, waiting = []);
  }
  size += UNHEARD.cost;
  const tooMuch = () => waiting.length >= UNHEARD.messages || unheardBytes + size > UNHEARD.bytes;
  if (tooMuch() && !overflowed.has(channel)) {
    overflowed.add(channel);
    console.warn(`Messages on '${channel}' are lost: too many wait for a first listener`);
  }
  while (tooMuch() && waiting.length > 0) {
    const oldest = waiting.shift();
    unheardBytes -= oldest.size;
    streams.discard(oldest.frame);
  }
  if (tooMuch()) {
    unheard.delete(channel);
    streams.discard(frame);
    return;
  }
  waiting.push({ frame, size });
  unheardBytes += size;
}

// Tells that a channel has a listener. What waits is delivered when the code that has added it is done.
function listenerAdded(channel) {
  listened.add(channel);
  if (unheard.has(channel)) queueMicrotask(() => deliverUnheard(channel));
}

// A listener that is there for one message leaves the others to the next listener.
function deliverUnheard(channel) {
  const waiting = unheard.get(channel);
  while (waiting && waiting.length > 0 && ipcRenderer.listenerCount(channel) > 0) {
    const { frame, size } = waiting.shift();
    unheardBytes -= size;
    hear(frame);
  }
  if (waiting && waiting.length === 0) unheard.delete(channel);
}

function hear(frame) {
  const [, channel, args] = frame;
  return ipcRenderer.emit(channel, { sender: ipcRenderer, ports: ports.of(frame) }, ...args);
}
