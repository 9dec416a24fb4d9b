// require and what it gives a sandboxed preload: the part of Node's modules that needs no Node.

const timers = Object.freeze({
  setTimeout: (callback, ...rest) => setTimeout(callback, ...rest),
  clearTimeout: (id) => clearTimeout(id),
  setInterval: (callback, ...rest) => setInterval(callback, ...rest),
  clearInterval: (id) => clearInterval(id),
  setImmediate: (callback, ...args) => setTimeout(callback, 0, ...args),
  clearImmediate: (id) => clearTimeout(id),
});

// As in Node, and unlike ipcRenderer: what a listener throws ends emit, and an 'error' that nobody listens to is thrown.
class EventEmitter extends Emitter {
  static defaultMaxListeners = 10;

  static once(emitter, name) {
    return new Promise((resolve, reject) => {
      const settled = (...args) => {
        emitter.removeListener('error', failed);
        resolve(args);
      };
      const failed = (error) => {
        emitter.removeListener(name, settled);
        reject(error);
      };
      emitter.once(name, settled);
      if (name !== 'error') emitter.once('error', failed);
    });
  }

  setMaxListeners() {
    return this;
  }

  emit(name, ...args) {
    const list = this.rawListeners(name);
    if (list.length === 0 && name === 'error')
      throw args[0] instanceof Error ? args[0] : new Error(`Unhandled error. (${String(args[0])})`);
    for (const listener of list) listener.apply(this, args);
    return list.length > 0;
  }
}
EventEmitter.EventEmitter = EventEmitter;

const require = (() => {
  const electron = Object.freeze({ __proto__: null, contextBridge, ipcRenderer });
  const url = Object.freeze({ URL, URLSearchParams });
  const modules = { __proto__: null, oriel: electron, electron, 'electron/renderer': electron, 'electron/common': electron,
    events: EventEmitter, timers, url };
  for (const name of ['events', 'timers', 'url']) modules[`node:${name}`] = modules[name];
  return (name) => {
    if (name in modules) return modules[name];
    throw new Error(`module not found: ${name}`);
  };
})();
