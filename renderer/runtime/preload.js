// Starts the runtime: hello to main, then the app's preload.

// A preload may throw anything, such as an object whose getters throw.
function textOf(read) {
  try {
    return String(read() ?? '');
  } catch {
    return '';
  }
}

// What preloads written for Electron may miss, and what to do about it.
const MISSING = { __proto__: null, 'Buffer is not defined': ': a preload has Uint8Array, TextEncoder and btoa, or bundles a library' };

function reportPreloadError(thrown) {
  const text = textOf(() => thrown.message) || textOf(() => String(thrown)) || 'unknown error';
  const message = text + (MISSING[text] ?? '');
  const stack = textOf(() => thrown.stack);
  console.error(`Unable to load preload script: ${CONFIG.preloadPath || '(preload)'}\n${stack || message}`);
  sendPacket(codec.send(documentNumber, 'oriel:preload-error', [message, stack]));
}

// Compiles the text by itself, so that an error in it is the preload's alone. The inner function lets it declare any name.
function runPreload(text, path) {
  const source = `(function (require, process, module, exports) { return function () {${text}\n}; })\n//# sourceURL=${path}`;
  const module = { exports: {} };
  (0, eval)(source)(require, processObject, module, module.exports).call(module.exports);
}

// Main may hear this before Chromium has told it of the document. The address lets it wait for that; it decides about nothing else.
const hello = codec.createEncoder();
hello.begin(documentNumber);
hello.hello();
hello.send('oriel:document', [location.href, origin, CONFIG.target]);
sendPacket(hello.finish());
if (CONFIG.preload) {
  const globals = { contextBridge, ipcRenderer, process: processObject, require, global: globalThis,
    setImmediate: timers.setImmediate, clearImmediate: timers.clearImmediate };
  for (const name of Object.keys(globals))
    Object.defineProperty(globalThis, name, { value: globals[name], writable: true, configurable: true });
  try {
    runPreload(CONFIG.preload, (CONFIG.preloadPath || 'preload.js').replace(/\s/g, '%20'));
  } catch (error) {
    reportPreloadError(error);
  }
  processObject.emit('loaded');
}
