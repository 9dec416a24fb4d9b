// The preload of bridge.html: an API that shows every rule of contextBridge from the preload's side.
const { contextBridge, ipcRenderer } = require('electron');

// Whether a value, all the way down, is this world's own.
function isOwn(value, seen = new Set()) {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return true;
  if (seen.has(value)) return true;
  seen.add(value);
  if (!(value instanceof Object)) return false;
  for (const key of Reflect.ownKeys(value)) if (!isOwn(value[key], seen)) return false;
  if (value instanceof Map || value instanceof Set) for (const [k, v] of value.entries()) if (!isOwn(k, seen) || !isOwn(v, seen)) return false;
  return true;
}

const symbol = Symbol('shared');
const original = () => 'original';
class Instance { constructor() { this.field = 1; } method() { return 2; } }
const cyclic = { name: 'cyclic' };
cyclic.self = cyclic;
cyclic.list = [cyclic];
const shared = { n: 1 };
let kept;
let reads = 0;

const attempt = (f) => { try { f(); return 'no error'; } catch (error) { return `${error.name}: ${error.message}`; } };
class NotesError extends Error { get name() { return 'NotesError'; } }
const codedError = () => Object.assign(new NotesError('coded'), { code: 'E_NOTE', data: { list: [1], date: new Date(1) } });
const videoFrame = () => {
  const canvas = new OffscreenCanvas(2, 2);
  canvas.getContext('2d');
  return new VideoFrame(canvas, { timestamp: 0 });
};
const deep = (levels, wrap) => { let value = 1; for (let i = 0; i < levels; i++) value = wrap(value); return value; };

contextBridge.exposeInMainWorld('api', {
  string: 's', number: 1.5, minusZero: -0, nan: NaN, yes: true, none: null, missing: undefined, big: 2n ** 70n, symbol,
  [symbol]: 'by symbol',
  list: [1, [2], { three: 3 }], nested: { a: { b: { c: 'deep' } } },
  cyclic, pair: [shared, shared], instance: new Instance(),
  date: new Date(5), pattern: /a(b)/giu, map: new Map([[{ k: 1 }, new Set([1, { v: 2 }])]]), bytes: new Uint8Array([1, 2, 3]),
  floats: new Float64Array([1.5, -0]), buffer: new Uint8Array([7, 8]).buffer, view: new DataView(new ArrayBuffer(4), 1, 2),
  boxed: Object('text'), error: new TypeError('carried'),
  get accessor() { return ++reads; },
  own: JSON.parse('{"__proto__": {"polluted": true}, "x": 1}'),
  original,
  counter: { n: 41, next() { return ++this.n; } },
  echo: (value) => value,
  isOwn: (...values) => values.every((value) => isOwn(value)),
  kind: (value) => Object.prototype.toString.call(value),
  inspect: (value) => ({ ownProto: Object.hasOwn(value, '__proto__'), proto: Object.getPrototypeOf(value) === Object.prototype, keys: Object.keys(value) }),
  thisOf() { return this === undefined ? 'undefined' : typeof this; },
  isOriginal: (f) => f === original,
  keep: (f) => { kept = f; },
  isKept: (f) => f === kept,
  kept: () => kept,
  call: (f, ...args) => f(...args),
  callAndReport: (f) => attempt(f),
  callOwn: (f, ...args) => { const result = f(...args); return isOwn(result); },
  thrownIsOwn: (f) => { try { f(); } catch (error) { return error instanceof Error && isOwn(error); } return 'nothing thrown'; },
  promise: () => Promise.resolve({ a: [1] }),
  rejected: () => Promise.reject(new RangeError('no')),
  rejectedText: () => Promise.reject('text'),
  awaitOwn: async (promise) => { const value = await promise; return [isOwn(value), value]; },
  awaitError: (promise) => promise.then(() => 'fulfilled', (error) => [error instanceof Error, error.message]),
  nestedPromise: () => ({ inner: { later: Promise.resolve(Promise.resolve(5)) } }),
  throwError: () => { throw new TypeError('thrown'); },
  codedError: Object.assign(new Error('frozen'), { code: 7, data: { a: 1 } }),
  coded: () => codedError(),
  throwCoded: () => { throw codedError(); },
  rejectCoded: () => Promise.reject(codedError()),
  describe: (f) => {
    try { f(); } catch (error) {
      return { own: error instanceof Error && isOwn(error), name: error.name, code: error.code, data: error.data, keys: Object.keys(error).join() };
    }
  },
  fresh: () => () => 1,
  element: () => document.documentElement,
  isElement: (value) => value === document.documentElement && value instanceof HTMLElement,
  detachedElement: () => Object.assign(document.createElement('b'), { expando: 1 }),
  viewlessElement: () => new DOMParser().parseFromString('<i>x</i>', 'text/html').querySelector('i'),
  describeElement: (value) => `${value instanceof Element} ${value.tagName} ${Object.keys(value).join()}`,
  describeOwn: (value) => Reflect.ownKeys(value).join(),
  keepBlob: (value) => { kept = value; return `${value instanceof File || value instanceof Blob} ${value.size} ${value.type}`; },
  makeBlob: () => new Blob(['new']),
  isKeptBlob: (value) => value === kept,
  keepSignal: (value) => { kept = { value, fired: 0 }; value.onabort = () => { kept.fired++; }; return `${value instanceof AbortSignal} ${value.aborted}`; },
  isSame: (a, b) => a === b,
  makeSignal: () => { const controller = new AbortController(); setTimeout(() => controller.abort(), 0); return controller.signal; },
  keptSignal: () => `${kept.fired} ${kept.value.aborted} ${kept.value.reason}`,
  textNode: () => document.createTextNode('x'),
  canvasContext: () => ({ deep: [{ context: document.createElement('canvas').getContext('2d') }] }),
  throwingGetter: () => ({ deep: [{ get x() { throw new TypeError('inner'); } }] }),
  throwingGetterLater: async () => [{ get x() { throw new TypeError('inner'); } }],
  oddGetter: async () => ({ get x() { throw document; } }),
  event: () => new MouseEvent('click'),
  videoFrameSize: (frame) => { const { codedWidth, codedHeight, timestamp } = frame; frame.close(); return `${codedWidth} ${codedHeight} ${timestamp}`; },
  videoFrame: () => videoFrame(),
  videoFrames: async () => [{ frame: videoFrame() }],
  polluted: () => 'polluted' in {} || 'polluted' in [] || 'polluted' in (() => {}) || 'polluted' in new Error(),
  throwText: () => { throw 'text'; },
  throwNull: () => { throw null; },
  throwForeignLooking: () => { throw { message: 'like an error' }; },
  returnUncloneable: () => new WeakMap(),
  returnNestedUncloneable: () => ({ a: [{ b: new WeakMap() }] }),
  promiseUncloneable: () => Promise.resolve({ node: document }),
  throwUncloneable: () => { throw new WeakMap(); },
  throwWithGetter: () => { throw { get message() { throw new Error('inner'); } }; },
  arrays: (n) => deep(n, (v) => [v]),
  objects: (n) => deep(n, (v) => ({ v })),
  ipcRenderer,
  global: () => typeof globalThis.pageGlobal,
  domIsShared: () => document.documentElement.tagName,
});

// What exposeInMainWorld refuses; the page reads the texts.
contextBridge.exposeInMainWorld('refusals', {
  again: attempt(() => contextBridge.exposeInMainWorld('api', {})),
  existing: attempt(() => contextBridge.exposeInMainWorld('document', {})),
  inherited: attempt(() => contextBridge.exposeInMainWorld('toString', {})),
  symbolKeyed: attempt(() => contextBridge.exposeInMainWorld(Symbol('s'), 1)),
  uncloneable: attempt(() => contextBridge.exposeInMainWorld('never', { w: new WeakMap() })),
  tooDeep: attempt(() => contextBridge.exposeInMainWorld('never', deep(1200, (v) => [v]))),
  require: attempt(() => require('fs')),
  relative: attempt(() => require('./other')),
});
contextBridge.exposeInMainWorld('plainValue', 7);
contextBridge.exposeInIsolatedWorld(0, 'byNumber', { f: () => 'by number' });
const mine = { list: [1], f: () => mine };
contextBridge.exposeInIsolatedWorld(999, 'ownWorld', mine);
const here = 'the preload';
const inMain = (func, ...args) => contextBridge.executeInMainWorld({ func, args });
contextBridge.exposeInMainWorld('worlds', {
  other: attempt(() => contextBridge.exposeInIsolatedWorld(1000, 'never', {})),
  noNumber: attempt(() => contextBridge.exposeInIsolatedWorld('0', 'never', {})),
  taken: attempt(() => contextBridge.exposeInIsolatedWorld(999, 'ownWorld', {})),
  own: globalThis.ownWorld !== mine && Object.isFrozen(globalThis.ownWorld.list) && globalThis.ownWorld.f().list[0] === 1,
  early: inMain(function (a, b) { window.fromPreload = [a, b, typeof here, typeof require, this === undefined || this === window]; return [a.x + b, typeof window.firstScript]; }, { x: 1 }, 2),
  ownResult: isOwn(inMain(() => ({ list: [new Date(1), () => 1] }))),
  home: inMain((f) => f, original) === original,
  element: inMain(() => document.createElement('s')) instanceof HTMLElement,
  promise: () => inMain(async (n) => n + 1, 1),
  thrown: attempt(() => inMain(() => { throw new RangeError('in the page'); })),
  thrownIsOwn: (() => { try { inMain(() => { throw Object.assign(new Error('e'), { w: window }); }); } catch (error) { return error instanceof Error && isOwn(error); } })(),
  uncloneable: attempt(() => inMain(() => window)),
  uncloneableArgument: attempt(() => inMain(() => 1, new WeakMap())),
  noFunction: attempt(() => contextBridge.executeInMainWorld({ func: 'alert()' })),
  noArgs: contextBridge.executeInMainWorld({ func: () => 3 }),
  oddArgs: attempt(() => contextBridge.executeInMainWorld({ func: () => 3, args: {} })),
  nothing: attempt(() => contextBridge.executeInMainWorld()),
  bound: attempt(() => inMain((() => 1).bind(null))),
  method: attempt(() => inMain({ f() {} }.f)),
  commented: inMain(() => 4 /* ) */), // a comment in the function's text ends with it
  later: (n) => inMain((value) => ({ value, hidden: typeof secret }), n),
});
contextBridge.exposeInMainWorld('objects', {
  blob: new Blob(['abc'], { type: 'a/b' }), file: new File(['abcd'], 'name', { lastModified: 5 }), element: document.createElement('u'),
});
contextBridge.exposeInMainWorld('plainFunction', () => 'called');
// Made when the page asks for them, and has rewritten what it can.
contextBridge.exposeInMainWorld('exposeDirect', () => {
  const original = ipcRenderer.invoker('echo');
  contextBridge.exposeInMainWorld('direct', {
    echo: original, say: ipcRenderer.sender('said'), onSaid: ipcRenderer.subscriber('said'), onLent: ipcRenderer.subscriber('said', { lend: true }), refused: ipcRenderer.invoker('oriel:document'),
    unanswered: ipcRenderer.invoker('nobody'), isOriginal: (f) => f === original, echoOwn: async (value) => isOwn(await original(value)),
  });
});
contextBridge.exposeInMainWorld('report', (results) => ipcRenderer.send('report', results));
contextBridge.exposeInMainWorld('processFacts', {
  platform: process.platform, type: process.type, sandboxed: process.sandboxed, contextIsolated: process.contextIsolated,
  argv: Array.isArray(process.argv), arch: process.arch, versions: typeof process.versions,
  sameModules: require('oriel').ipcRenderer === require('electron').ipcRenderer && require('oriel').contextBridge === contextBridge,
});

// What require gives besides: '' where it does as in Node.
contextBridge.exposeInMainWorld('modules', {
  emitters: attempt(() => {
    const EventEmitter = require('events');
    const log = [];
    const note = (name) => () => { log.push(name); };
    function Old() { EventEmitter.call(this); }
    Object.setPrototypeOf(Old.prototype, EventEmitter.prototype);
    const old = new Old(), other = new Old(), mixed = Object.assign({}, EventEmitter.prototype);
    for (const emitter of [old, other, mixed]) emitter.on('x', note('x'));
    old.emit('x');
    if (log.join() !== 'x' || !(old instanceof EventEmitter) || !(ipcRenderer instanceof EventEmitter) || !(process instanceof EventEmitter)) throw new Error('old style');
    const own = new EventEmitter();
    const first = note('first');
    own.on('newListener', (name, listener) => log.push(`new ${String(name)} ${own.listenerCount(name)} ${listener === first}`));
    own.on('removeListener', (name, listener) => log.push(`removed ${String(name)} ${own.listenerCount(name)} ${listener === first}`));
    log.length = 0;
    own.on('y', note('y')).prependOnceListener('y', first).emit('y');
    own.emit('y');
    if (own.listeners('y').length !== 1 || log.join() !== 'new y 0 false,new y 1 true,removed y 1 false,first,y,y') throw new Error(log.join());
    own.once('y', first).off('y', first).removeAllListeners();
    if (own.eventNames().length > 0 || log.at(-1) !== 'removed y 0 false') throw new Error(log.join());
    if (own.getMaxListeners() !== 10 || own.setMaxListeners(0).getMaxListeners() !== 0) throw new Error('most listeners');
    const { warn } = console;
    console.warn = (text) => { log.push(text); };
    log.length = 0;
    for (let i = 0; i < 12; i++) old.on('many', () => {});
    console.warn = warn;
    if (log.length !== 1 || !log[0].includes('11 many listeners added')) throw new Error(log.join());
    for (const f of [() => own.off('y'), () => own.once('y', null), () => own.setMaxListeners(-1)]) if (attempt(f) === 'no error') throw new Error(String(f));
  }).replace('no error', ''),
  once: (async () => {
    const { EventEmitter, once } = require('events');
    const own = new EventEmitter(), controller = new AbortController();
    const results = [once(own, 'x'), once(own, 'y'), once(own, 'z', { signal: controller.signal })].map((promise) => promise.then(String, (error) => error.message));
    own.emit('x', 1, 2);
    controller.abort(new Error('given up'));
    own.emit('error', new Error('failed'));
    return [...await Promise.all(results), own.eventNames().length].join();
  })(),
  events: attempt(() => {
    const EventEmitter = require('events');
    class Own extends EventEmitter {}
    const own = new Own();
    const heard = [];
    own.on('x', (a) => heard.push(`on ${a}`)).once('x', (a) => heard.push(`once ${a}`)).prependListener('x', () => heard.push('first'));
    if (!own.emit('x', 1) || !own.emit('x', 2) || own.emit('y')) throw new Error('emit tells wrongly whether anybody listens');
    if (heard.join() !== 'first,on 1,once 1,first,on 2') throw new Error(heard.join());
    if (own.listenerCount('x') !== 2 || own.eventNames().join() !== 'x') throw new Error('counts');
    if (attempt(() => own.emit('error', new RangeError('mine'))) !== 'RangeError: mine') throw new Error('error without a listener');
    own.on('z', () => { throw new TypeError('listener'); });
    if (attempt(() => own.emit('z')) !== 'TypeError: listener') throw new Error('a listener that throws');
    if (require('node:events') !== EventEmitter || require('events').EventEmitter !== EventEmitter) throw new Error('names');
  }).replace('no error', ''),
  timers: attempt(() => {
    const timers = require('timers');
    for (const name of ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate'])
      if (typeof timers[name] !== 'function') throw new Error(name);
    const { setTimeout, clearTimeout } = timers;
    clearTimeout(setTimeout(() => {}, 1000));
    timers.clearImmediate(timers.setImmediate(() => {}));
  }).replace('no error', ''),
  url: attempt(() => {
    const { URL, URLSearchParams } = require('url');
    if (new URL('b?c=1', 'https://a/').href !== 'https://a/b?c=1' || new URLSearchParams('c=1').get('c') !== '1') throw new Error('wrong');
  }).replace('no error', ''),
});
