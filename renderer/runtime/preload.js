// Starts the runtime: hello to main, then the app's preload.

function reportPreloadError(thrown) {
  const error = Object(thrown) === thrown ? thrown : { message: String(thrown), stack: '' };
  const message = String(error.message), stack = String(error.stack || '');
  console.error(`Unable to load preload script: ${CONFIG.preloadPath || '(preload)'}\n${stack || message}`);
  sendPacket(codec.send(documentNumber, 'oriel:preload-error', [message, stack]));
}

// Compiles the text by itself, so that an error in it is the preload's alone. The inner function lets it declare any name.
function runPreload(text, path) {
  const source = `(function (require, process, module, exports) { return function () {${text}\n}; })\n//# sourceURL=${path}`;
  const module = { exports: {} };
  (0, eval)(source)(require, processObject, module, module.exports).call(module.exports);
}

sendPacket(codec.hello(documentNumber));
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
