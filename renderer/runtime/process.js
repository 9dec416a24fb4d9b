// process, as a sandboxed preload of Electron's finds it.

class Process extends ReportingEmitter {}

const processObject = Object.assign(new Process(), {
  versions: Object.freeze({ ...CONFIG.versions }),
  platform: CONFIG.platform || 'linux',
  arch: CONFIG.arch,
  type: 'renderer',
  sandboxed: true,
  contextIsolated: true,
  argv: Object.freeze([...(CONFIG.argv || [])]),
  env: Object.freeze({}),
  isMainFrame: location.ancestorOrigins.length === 0, // see handshake.js on window.top
  nextTick: (callback, ...args) => queueMicrotask(() => callback(...args)),
});
