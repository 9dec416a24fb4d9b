// Node's EventEmitter: what a sandboxed preload gets from require('events'), and what ipcRenderer and process are.

const EMITTER = Symbol('emitter'); // the key of an emitter's state: { lists: name → listeners, most, warned: names with too many }

// Does nothing, so that constructors of old style may call it on what they make.
function EventEmitter() {}

// An emitter's state, made when it is first changed. One that is a prototype does not share its own.
function stateOf(emitter) {
  if (!Object.hasOwn(emitter, EMITTER)) {
    const state = { lists: new Map(), most: undefined, warned: new Set() };
    Object.defineProperty(emitter, EMITTER, { value: state }); // not enumerable: a copy for the page has none of it
  }
  return emitter[EMITTER];
}

const NONE = Object.freeze([]);
const listOf = (emitter, name) => emitter[EMITTER]?.lists.get(name) ?? NONE;

// The listener of an emitter's name that has one and no other.
function loneListener(emitter, name) {
  const list = listOf(emitter, name);
  return list.length === 1 ? list[0] : undefined;
}

function checkListener(listener) {
  if (typeof listener !== 'function')
    throw new TypeError(`The "listener" argument must be of type function. Received ${listener === null ? 'null' : typeof listener}`);
}

// Puts a listener among those there are; a list is never changed in place, so adding and removing during emit is safe.
function addTo(emitter, name, listener, insert) {
  checkListener(listener);
  const state = stateOf(emitter);
  if (state.lists.has('newListener')) emitter.emit('newListener', name, listener.listener ?? listener);
  const list = insert(state.lists.get(name) ?? NONE);
  state.lists.set(name, list);
  const most = emitter.getMaxListeners();
  if (most <= 0 || list.length <= most || state.warned.has(name)) return;
  state.warned.add(name);
  console.warn(`MaxListenersExceededWarning: Possible EventEmitter memory leak detected. ${list.length} ${String(name)} listeners added. ` +
    'Use emitter.setMaxListeners() to increase limit');
}

// What calls a listener once. As in Node it is named by listeners(), and removed, as the listener itself.
function onceOf(emitter, name, listener) {
  checkListener(listener);
  const wrapper = (...args) => {
    emitter.removeListener(name, wrapper);
    return listener.apply(emitter, args);
  };
  wrapper.listener = listener;
  return wrapper;
}

Object.assign(EventEmitter.prototype, {
  on(name, listener) {
    addTo(this, name, listener, (list) => [...list, listener]);
    return this;
  },

  addListener(name, listener) {
    return this.on(name, listener);
  },

  prependListener(name, listener) {
    addTo(this, name, listener, (list) => [listener, ...list]);
    return this;
  },

  once(name, listener) {
    return this.on(name, onceOf(this, name, listener));
  },

  prependOnceListener(name, listener) {
    return this.prependListener(name, onceOf(this, name, listener));
  },

  removeListener(name, listener) {
    checkListener(listener);
    const list = listOf(this, name);
    const at = list.findLastIndex((other) => other === listener || other.listener === listener);
    if (at < 0) return this;
    const { lists } = stateOf(this);
    if (list.length === 1) lists.delete(name);
    else lists.set(name, list.toSpliced(at, 1));
    if (lists.has('removeListener')) this.emit('removeListener', name, listener);
    return this;
  },

  off(name, listener) {
    return this.removeListener(name, listener);
  },

  removeAllListeners(name) {
    const { lists } = stateOf(this);
    if (lists.has('removeListener') && name !== 'removeListener') {
      const names = name === undefined ? this.eventNames().filter((each) => each !== 'removeListener') : [name];
      for (const each of names) for (const listener of this.rawListeners(each).reverse()) this.removeListener(each, listener);
    }
    if (name === undefined) lists.clear();
    else lists.delete(name);
    return this;
  },

  eventNames() {
    return [...(this[EMITTER]?.lists.keys() ?? NONE)];
  },

  listenerCount(name) {
    return listOf(this, name).length;
  },

  listeners(name) {
    return listOf(this, name).map((listener) => listener.listener ?? listener);
  },

  rawListeners(name) {
    return [...listOf(this, name)];
  },

  setMaxListeners(n) {
    if (typeof n !== 'number' || !(n >= 0)) throw new RangeError(`The value of "n" is out of range. It must be a non-negative number. Received ${String(n)}`);
    stateOf(this).most = n;
    return this;
  },

  getMaxListeners() {
    return this[EMITTER]?.most ?? EventEmitter.defaultMaxListeners;
  },

  // Calls the listeners that are there now. What one throws ends it.
  emit(name, ...args) {
    const list = listOf(this, name);
    if (list.length === 0 && name === 'error') throw args[0] instanceof Error ? args[0] : new Error(`Unhandled error. (${String(args[0])})`);
    for (const listener of list) listener.apply(this, args);
    return list.length > 0;
  },
});

Object.assign(EventEmitter, {
  EventEmitter,
  defaultMaxListeners: 10,

  listenerCount: (emitter, name) => emitter.listenerCount(name),

  once: (emitter, name, { signal } = {}) => new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const end = () => {
      emitter.removeListener('error', failed);
      emitter.removeListener(name, came);
      signal?.removeEventListener('abort', aborted);
    };
    const came = (...args) => { end(); resolve(args); };
    const failed = (error) => { end(); reject(error); };
    const aborted = () => { end(); reject(signal.reason); };
    emitter.on(name, came);
    if (name !== 'error') emitter.on('error', failed);
    signal?.addEventListener('abort', aborted);
  }),
});

// For ipcRenderer and process: a listener that throws is reported and does not keep the others from being called.
class ReportingEmitter extends EventEmitter {
  emit(name, ...args) {
    const list = listOf(this, name);
    for (const listener of list) {
      try {
        listener.apply(this, args);
      } catch (error) {
        reportError(error);
      }
    }
    return list.length > 0;
  }
}
