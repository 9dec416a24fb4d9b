// contextBridge: one half of the bridge here, the other in the page's world.

const own = createHalf(false);
const page = native.main(true);
page.connect(own.table);

const contextBridge = (() => {
  const MAIN = 0, PRELOAD = 999; // worlds, by Electron's numbers
  const here = document;

  // The global object outlives its document: what is left of an old one must not reach into the next.
  function checkDocument() {
    if (document !== here) throw new Error('contextBridge called after context was released');
  }

  // Runs a call into the page's world; what it throws stays there.
  function guard(call, text) {
    try {
      return call();
    } catch {
      throw new Error(text);
    }
  }

  function expose(from, to, key, api) {
    if (typeof key !== 'string' && typeof key !== 'symbol') throw new TypeError('The key must be a string');
    checkDocument();
    const text = 'Cannot bind an API on top of an existing property on the window object';
    if (guard(() => to.table.has(key), text)) throw new Error(text);
    const copy = from.copyOut(api, true);
    if (!guard(() => to.table.define(key, copy), text)) throw new Error(text);
  }

  class ContextBridge {
    exposeInMainWorld(key, api) {
      expose(own, page, key, api);
    }

    exposeInIsolatedWorld(worldId, key, api) {
      if (worldId === MAIN) expose(own, page, key, api);
      else if (worldId === PRELOAD) {
        const [from, to] = [createHalf(false), createHalf(false)]; // both of this world
        from.connect(to.table);
        to.connect(from.table);
        expose(from, to, key, api);
      } else throw new Error(`There is no world ${String(worldId)}, only the page's (${MAIN}) and the preload's (${PRELOAD})`);
    }

    // The function's text runs in the page's world, with the page's global objects and nothing of this world's.
    executeInMainWorld(script) {
      const { func, args = [] } = Object(script);
      if (typeof func !== 'function') throw new TypeError('executeInMainWorld needs a function as func');
      if (!Array.isArray(args)) throw new TypeError('executeInMainWorld needs an array as args');
      checkDocument();
      const made = native.evaluate(`(${Function.prototype.toString.call(func)}\n)`);
      if (made === undefined) throw new SyntaxError('func cannot be compiled in the main world: it must be a function that can stand by itself');
      return guard(() => page.copyOut(made, false), 'func cannot be called')(...args);
    }
  }
  return new ContextBridge();
})();
