// ipcRenderer: Electron's names, meanings and texts over packets of our own.

// A sandboxed document's origin is opaque, whatever its address.
const ownOrigin = origin === 'null' ? origin : location.origin;

// Why a channel may not be used from here, or null. Main checks again, with the origin that it knows the frame by; here a refused
// call costs no message.
const permitted = new Set(); // channels found to be usable; a document's origin does not change

function refusalOf(channel) {
  if (permitted.has(channel)) return null;
  if (channel.startsWith(rules.RESERVED)) return `Channel names that start with '${rules.RESERVED}' are reserved`;
  if (!rules.allowed(CONFIG.allow || [], ownOrigin, channel)) return `Channel '${channel}' is not allowed for origin '${ownOrigin}'`;
  if (permitted.size < 1000) permitted.add(channel);
  return null;
}

function checkChannel(channel) {
  if (channel === undefined || channel === null || channel === '') throw new TypeError('Missing required channel argument');
  if (typeof channel !== 'string') throw new TypeError(`The channel must be a string, not ${typeof channel}`);
}

function remoteError(channel, name, message, code, data) {
  const error = new Error(`Error invoking remote method '${channel}': ${name || 'Error'}: ${message}`);
  if (code !== undefined && code !== null) error.code = code;
  if (data !== undefined && data !== null) error.data = data;
  return error;
}

const fromMain = new WeakSet(); // errors that are answers: where they are made says nothing about who asked

function answeredError(...parts) {
  const error = remoteError(...parts);
  fromMain.add(error);
  return error;
}

const pending = new Map(); // id → { channel, resolve, reject, signal, abort, deferred } of the invokes that main has not answered
let lastId = 0;

function nextId() {
  do lastId = lastId === 0xffffffff ? 1 : lastId + 1;
  while (pending.has(lastId));
  return lastId;
}

// Takes a call away: it has an answer, or nobody wants one any more.
function settle(id) {
  const call = pending.get(id);
  pending.delete(id);
  if (call && call.signal) call.signal.removeEventListener('abort', call.abort);
  return call;
}

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/; // W3C Trace Context
const TRACESTATE = /^[ -~]{1,512}$/;

const options = { // which a call may have, and whether a value is one
  __proto__: null,
  signal: (v) => v instanceof AbortSignal,
  traceparent: (v) => typeof v === 'string' && TRACEPARENT.test(v),
  tracestate: (v) => typeof v === 'string' && TRACESTATE.test(v),
};

// A call's last argument if it is options and nothing else: a plain object with a signal, a traceparent or both, perhaps a tracestate. An
// AbortSignal could not be sent anyway; a traceparent has a form that nothing else has. One that is undefined is not given.
function optionsOf(last) {
  if (typeof last !== 'object' || last === null || !(Object.hasOwn(last, 'signal') || Object.hasOwn(last, 'traceparent'))) return null;
  const prototype = Object.getPrototypeOf(last);
  if (prototype !== Object.prototype && prototype !== null) return null;
  const found = { __proto__: null, signal: null, meta: null };
  for (const key of Reflect.ownKeys(last)) {
    const value = last[key];
    if (!(key in options) || value !== undefined && !options[key](value)) return null;
    if (value === undefined) continue;
    if (key === 'signal') found.signal = value;
    else (found.meta ??= {})[key] = value;
  }
  return found;
}

// Throws for an invoke that may not be made.
function checkInvoke(channel) {
  const refusal = refusalOf(channel);
  if (refusal) throw remoteError(channel, 'Error', refusal, 'ERR_NOT_ALLOWED');
  if (pending.size >= codec.limits.inFlight) throw remoteError(channel, 'Error', `${pending.size} calls wait for an answer already`, 'ERR_LIMIT');
}

function checkSend(channel) {
  const refusal = refusalOf(channel);
  if (refusal) throw new Error(refusal);
}

function sendRequest(id, call, packet) {
  pending.set(id, call);
  try {
    sendPacket(packet);
  } catch (error) {
    pending.delete(id);
    throw error;
  }
}

// Sends the request of an invoke and keeps what settles its promise. Throws before anything is pending or sent.
function request(channel, args, resolve, reject) {
  checkChannel(channel);
  const given = optionsOf(args.at(-1));
  const signal = given && given.signal;
  if (given) args.pop();
  if (signal) signal.throwIfAborted();
  checkInvoke(channel);
  const id = nextId();
  const packet = codec.invoke(documentNumber, id, channel, args, given && given.meta);
  const call = { channel, resolve, reject, signal, abort: null, deferred: undefined };
  sendRequest(id, call, packet);
  if (!signal) return;
  call.abort = () => {
    settle(id);
    sendPacket(codec.cancel(documentNumber, id));
    reject(signal.reason);
  };
  signal.addEventListener('abort', call.abort);
}

class IpcRenderer extends ReportingEmitter {
  on(channel, listener) {
    super.on(channel, listener);
    listenerAdded(channel);
    return this;
  }

  prependListener(channel, listener) {
    super.prependListener(channel, listener);
    listenerAdded(channel);
    return this;
  }

  // Beyond Electron: { traceparent } as the last argument, as with invoke.
  send(channel, ...args) {
    checkChannel(channel);
    checkSend(channel);
    const given = optionsOf(args.at(-1));
    const traced = given && !given.signal && Object.hasOwn(args.at(-1), 'traceparent'); // a signal cannot be sent
    if (traced) args.pop();
    sendPacket(codec.send(documentNumber, channel, args, traced && given.meta));
  }

  // Sends a message and moves the ports to main.
  postMessage(channel, message, transfer) {
    checkChannel(channel);
    checkSend(channel);
    sendPacket(codec.send(documentNumber, channel, [message, ...ports.transfer(transfer)]));
  }

  // Beyond Electron: { signal } as the last argument gives the call up, here and in main, when the AbortSignal fires; { traceparent } goes
  // with it as its place in a trace.
  async invoke(channel, ...args) {
    try {
      return await new Promise((resolve, reject) => { request(channel, args, resolve, reject); }); // what is thrown in it rejects it
    } catch (error) {
      if (fromMain.has(error)) Error.captureStackTrace(error); // now, when it tells who waits for the answer
      throw error;
    }
  }

  // Beyond Electron: functions for one channel, to be exposed to the page as they are. Here they are what invoke and send are, and on without
  // the event, with a function that ends it as result; the page calls them without the copies of contextBridge. Of a function with count
  // parameters, that many arguments are sent, whatever it is called with; behind them, an invoker's options may be.
  invoker(channel, count) {
    return direct.invoker(channel, count);
  }

  sender(channel, count) {
    return direct.sender(channel, count);
  }

  // With { lend: true }, bytes are the page's listener's only until it is done: then its view of them is empty.
  subscriber(channel, options) {
    return direct.subscriber(channel, options);
  }

  // Beyond Electron: what main's Invoke asks. The event has a signal that fires when main gives the request up.
  handle(channel, handler) {
    addHandler(channel, handler, false);
  }

  handleOnce(channel, handler) {
    addHandler(channel, handler, true);
  }

  // Beyond Electron: what main's ipc.Block on the channel brings. Handler as in handle, called with { buffer, offset, length }.
  handleBlock(channel, handler) {
    checkHandler(handler);
    addHandler(channel, blockHandler(handler), false);
  }

  removeHandler(channel) {
    handlers.delete(channel);
  }
}

const ipcRenderer = new IpcRenderer();

const SEND = 2, INVOKE = 3, RESULT = 4, ERROR = 5, CANCEL = 6;

// size is about how many bytes the frame had.
function receiveFrame(frame, size) {
  if (frame.problem !== undefined) return receiveSpoiled(frame);
  switch (frame[0]) {
    case SEND:
      if (unheard.has(frame[1]) || !hear(frame)) keepUnheard(frame, size);
      return;
    case INVOKE:
      answerRequest(frame);
      return;
    case CANCEL:
      cancelRequest(frame[1]);
      return;
    case RESULT: {
      const call = settle(frame[1]);
      if (!call) return streams.discard(frame);
      if (call.signal && frame.made) streams.follow(call.signal, frame);
      call.resolve(frame[2]);
      return;
    }
    case ERROR: {
      const [, id, name, message, code, data] = frame;
      const call = settle(id);
      if (call) call.reject(answeredError(call.channel, name, message, code, data));
      return;
    }
    case codec.kinds.post:
    case codec.kinds.close:
    case codec.kinds.taken:
      ports.receive(frame);
      return;
    default:
      streams.receive(frame);
  }
}

// A frame with a value that there cannot be here: whoever waits for it hears that.
function receiveSpoiled(frame) {
  const { problem } = frame;
  const [kind, key] = frame;
  streams.discard(frame);
  switch (kind) {
    case RESULT:
    case ERROR: {
      const call = settle(key);
      if (call) call.reject(answeredError(call.channel, problem.name, problem.message));
      return;
    }
    case INVOKE:
      sendPacket(failure(key, problem));
      return;
    case codec.kinds.chunk:
    case codec.kinds.abort:
      streams.spoil(key, problem);
      return;
    case codec.kinds.post:
      ports.spoil(key);
  }
  console.error(`A message that cannot be read (${kind === SEND ? `channel '${key}'` : 'message port'}): ${problem}`);
}

let receiving = 0; // packets, one within the other: a page that a debugger has stopped may get some

// rest is the packet's last bytes, if they come in a buffer of their own; or how many bytes the packet has, in a buffer that will be used again.
receivePacket = (buffer, rest) => {
  receiving++;
  try {
    const isShared = typeof rest === 'number';
    const tail = isShared ? undefined : rest;
    const length = isShared ? rest : buffer.byteLength;
    const packet = codec.decodePacket(buffer, tail, direct.takes, direct.isLent(tail), length);
    if (packet.doc !== documentNumber) return;
    const whole = length + (tail ? tail.byteLength : 0);
    const size = Math.ceil(whole / packet.frames.length); // those that travel together are small
    for (let frame of packet.frames) {
      if (frame.isLeft) frame = direct.receive(frame, buffer); // the page's
      if (frame !== null) receiveFrame(frame, size);
    }
  } catch (error) {
    reportError(error);
  } finally {
    if (--receiving === 0) direct.close();
  }
};
