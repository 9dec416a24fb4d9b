// require and what it gives a sandboxed preload: the part of Node's modules that needs no Node.

const timers = Object.freeze({
  setTimeout: (callback, ...rest) => setTimeout(callback, ...rest),
  clearTimeout: (id) => clearTimeout(id),
  setInterval: (callback, ...rest) => setInterval(callback, ...rest),
  clearInterval: (id) => clearInterval(id),
  setImmediate: (callback, ...args) => setTimeout(callback, 0, ...args),
  clearImmediate: (id) => clearTimeout(id),
});

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
