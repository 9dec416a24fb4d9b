// What main asks of this document: ipcRenderer.handle, after Electron's ipcMain.handle, with its texts.

const handlers = new Map(); // channel → { handler, once }
const answering = new Map(); // id → AbortController of the requests that main waits for

function checkHandler(handler) {
  if (typeof handler !== 'function') throw new TypeError(`Expected handler to be a function, but found type '${typeof handler}'`);
}

function addHandler(channel, handler, once) {
  checkChannel(channel);
  if (handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
  checkHandler(handler);
  handlers.set(channel, { handler, once });
}

function takeHandler(channel, frame) {
  const found = handlers.get(channel);
  if (!found) {
    streams.discard(frame);
    throw Object.assign(new Error(`No handler registered for '${channel}'`), { code: 'ERR_NO_HANDLER' });
  }
  if (found.once) handlers.delete(channel);
  return found.handler;
}

async function answerRequest(frame) {
  const [, id, channel, args, meta] = frame;
  const controller = new AbortController();
  answering.set(id, controller);
  let packet;
  try {
    const handler = takeHandler(channel, frame);
    const result = await handler({ sender: ipcRenderer, ports: ports.of(frame), signal: controller.signal, traceparent: meta?.traceparent, tracestate: meta?.tracestate }, ...args);
    if (answering.has(id)) packet = codec.result(documentNumber, id, result);
  } catch (thrown) {
    if (answering.has(id)) packet = failure(id, thrown);
  }
  if (answering.delete(id)) sendPacket(packet);
}

// Main has given the request up; an answer would be dropped there.
function cancelRequest(id) {
  const controller = answering.get(id);
  if (!answering.delete(id)) return;
  controller.abort(new DOMException('The request was canceled by the main process', 'AbortError'));
}

const MAX_TEXT = 1 << 16;

// What was thrown, which may be anything, as an error or abort frame. What cannot be sent of it is left out: somebody waits for the frame.
function failure(id, thrown, kind = 'error') {
  const text = (read) => textOf(read).slice(0, MAX_TEXT);
  const name = text(() => thrown.name) || 'Error';
  const message = text(() => thrown.message) || text(() => String(thrown));
  const code = text(() => thrown.code) || null;
  try {
    return codec[kind](documentNumber, id, name, message, code, thrown?.data);
  } catch {
    return codec[kind](documentNumber, id, name, message, code);
  }
}
