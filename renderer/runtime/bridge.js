// contextBridge: one half of the bridge here, the other in the page's world.

const contextBridge = (() => {
  const own = createHalf();
  const page = native.main();
  own.connect(page.table);
  page.connect(own.table);
  const here = document;

  // Runs a call into the page's world; what it throws stays there.
  function guard(call, text) {
    try {
      return call();
    } catch {
      throw new Error(text);
    }
  }

  class ContextBridge {
    exposeInMainWorld(key, api) {
      if (typeof key !== 'string' && typeof key !== 'symbol') throw new TypeError('The key must be a string');
      // The global object outlives its document: what is left of an old one must not reach into the next.
      if (document !== here) throw new Error('contextBridge called after context was released');
      const text = 'Cannot bind an API on top of an existing property on the window object';
      if (guard(() => page.table.has(key), text)) throw new Error(text);
      const copy = own.copyOut(api, true);
      if (!guard(() => page.table.define(key, copy), text)) throw new Error(text);
    }
  }
  return new ContextBridge();
})();
