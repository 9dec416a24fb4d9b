// A page that rewrites every builtin it can, then uses the bridge in every way, and looks for anything of the preload's world in
// what its hooks are given: this, arguments, results. hostileResults() resolves to a list of [way out, problem], the problem '' where it
// is closed. Each stands for a class of published ways out of a context isolation.
async function hostileResults() {
  const { ownKeys, getPrototypeOf, getOwnPropertyDescriptor, apply, defineProperty } = Reflect;
  const ObjectPrototype = Object.prototype, PageFunction = Function, PageError = Error, PageObject = Object, PagePromise = Promise;
  const setHas = Set.prototype.has.call.bind(Set.prototype.has), setAdd = Set.prototype.add.call.bind(Set.prototype.add), PageSet = Set;
  const then = Promise.prototype.then.call.bind(Promise.prototype.then);
  const text = String, someMap = new Map([[1, { a: 1 }]]), Bytes = Uint8Array;
  const bufferOf = getOwnPropertyDescriptor(getPrototypeOf(Uint8Array.prototype), 'buffer').get;
  const results = [];
  const rule = (name) => {
    defineProperty(results, results.length, { __proto__: null, value: [name, ''], writable: true, enumerable: true, configurable: true });
  };
  const add = (what) => { results[results.length - 1][1] += `${what}; `; };
  const seen = new PageSet();
  const firing = new AbortController();
  const click = new MouseEvent('click');

  // Whether something is not this page's: its chain of prototypes ends elsewhere.
  function look(where, value) {
    if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return;
    if (setHas(seen, value)) return;
    setAdd(seen, value);
    let top = value;
    try {
      for (let next = getPrototypeOf(top); next !== null; next = getPrototypeOf(top)) top = next;
    } catch {
      return;
    }
    if (top !== ObjectPrototype && top !== value) add(`leak of a foreign object at ${where}`);
    if (top === value && value !== ObjectPrototype) {
      const maker = getOwnPropertyDescriptor(value, 'constructor');
      if (maker && typeof maker.value === 'function' && maker.value !== PageObject) add(`leak of a foreign prototype at ${where}`);
    }
  }
  const lookAll = (where, self, args) => { look(`${where} this`, self); for (let i = 0; i < args.length; i++) look(`${where} argument ${i}`, args[i]); };

  const undo = [];
  let undone = 0;
  const replace = (object, key, make) => {
    const old = getOwnPropertyDescriptor(object, key);
    if (!old || !old.configurable) return;
    defineProperty(object, key, { __proto__: null, configurable: true, enumerable: old.enumerable, ...make(old) });
    defineProperty(undo, undone++, { __proto__: null, value: () => defineProperty(object, key, old) });
  };
  let watching = false; // whether nothing may be called
  const called = (name) => { if (watching) add(`${name} was used`); };
  const hooked = (name, f) => function (...args) {
    called(name);
    lookAll(name, this, args);
    const result = new.target ? Reflect.construct(f, args, new.target) : apply(f, this, args);
    look(`${name} result`, result);
    return result;
  };
  const construct = Reflect.construct;
  const spoil = (name, object) => {
    for (const key of ownKeys(object)) {
      if (key === 'constructor') continue;
      replace(object, key, (old) => {
        if (typeof old.value === 'function') return { value: hooked(`${name}.${text(key)}`, old.value), writable: true };
        if (old.get) return { get: hooked(`get ${name}.${text(key)}`, old.get), set: old.set && hooked(`set ${name}.${text(key)}`, old.set) };
        return { value: old.value, writable: true };
      });
    }
  };

  // 0. The stack's end, met at any point of a copy or a call: V8 makes its RangeError in the world of the function that had no room.
  // Nothing is called where one is caught, since there is no room for that either.
  rule('stack overflow anywhere in a copy or a call');
  const caught = new Array(100000).fill(null);
  let count = 0, calls = 0;
  const dive = (f) => {
    try { dive(f); } catch (error) { caught[count++] = error; }
    if (calls-- > 0) try { f(); } catch (error) { caught[count++] = error; }
  };
  const shift = (levels, f, ...rest) => (levels > 0 ? shift(levels - 1, f, levels, ...rest) : dive(f));
  for (const f of [() => api.echo(1), () => api.echo({ a: 1, b: [1, { c: 2 }] }), () => api.original(), () => api.call(() => 1), () => api.echo(PagePromise.resolve(1)),
    () => api.echo(new Date()), () => api.echo(new Uint8Array(2)), () => api.promise(), () => api.echo(() => {}), () => api.counter.next()]) {
    for (let step = 0; step < 6; step++) { // which function has no room depends on where the stack began
      calls = 600;
      try { shift(step, f); } catch (error) { caught[count++] = error; }
    }
  }
  for (let i = 0; i < count; i++) {
    look('overflow', caught[i]);
    if (!(caught[i] instanceof PageError)) add(`overflow: not the page's Error`);
  }
  if (count < 100) add(`overflow: only ${count} errors were met`);
  // 1. Every builtin that bridge code might reach through a prototype or a global.
  const names = ['Function', 'Array', 'Map', 'Set', 'WeakMap', 'Promise', 'Error', 'Date', 'RegExp', 'ArrayBuffer', 'DataView', 'Uint8Array', 'String', 'Number', 'Symbol', 'BigInt',
    'TextEncoder', 'TextDecoder'];
  for (const name of names) { spoil(`${name}.prototype`, window[name].prototype); }
  spoil('TypedArray.prototype', getPrototypeOf(Uint8Array.prototype));
  spoil('Reflect', Reflect);
  spoil('Math', Math);
  spoil('JSON', JSON);
  for (const key of ['keys', 'freeze', 'defineProperty', 'getOwnPropertyDescriptor', 'getPrototypeOf', 'setPrototypeOf', 'getOwnPropertySymbols', 'entries', 'assign'])
    replace(Object, key, (old) => ({ value: hooked(`Object.${key}`, old.value), writable: true }));
  for (const name of ['Document', 'Node', 'Element', 'HTMLElement', 'TreeWalker', 'Blob', 'File', 'Event', 'BlobEvent', 'AbortController', 'AbortSignal', 'EventTarget', 'VideoFrame']) { spoil(`${name}.prototype`, window[name].prototype); }
  replace(window, 'BlobEvent', (old) => ({ value: function (...args) { add('the bridge called BlobEvent'); return construct(old.value, args); }, writable: true }));
  replace(window, 'AbortController', (old) => ({ value: function (...args) { add('the bridge called AbortController'); return construct(old.value, args); }, writable: true }));
  for (const [name, object] of [['Array', Array], ['String', String], ['Number', Number], ['ArrayBuffer', ArrayBuffer]])
    for (const key of ['isArray', 'from', 'fromCharCode', 'isSafeInteger', 'isView'])
      replace(object, key, (old) => ({ value: hooked(`${name}.${key}`, old.value), writable: true }));
  for (const name of ['Map', 'Date', 'BigInt', 'Number', 'Uint8Array', 'Float64Array', 'DataView', 'ArrayBuffer', 'TextEncoder', 'TextDecoder', 'parseInt'])
    replace(window, name, (old) => ({ value: hooked(`window.${name}`, old.value), writable: true }));
  replace(window, 'VideoFrame', (old) => ({ value: function (...args) { add('the bridge called VideoFrame'); return construct(old.value, args); }, writable: true }));
  const watcher = new MutationObserver((records) => { add(`a mutation was seen: ${records[0].type}`); });
  watcher.observe(document, { subtree: true, childList: true, attributes: true });
  // 2. Accessors where bridge code might read or write by inheritance: then, toJSON, get, set, value, indexes, message, length.
  const accessors = ['then', 'toJSON', 'get', 'set', 'value', 'writable', 'enumerable', 'configurable', 'promise', 'resolve', 'reject', 'parent', 'proxy',
    'data', 'bubbles', 'timecode', 'signal', 'once', 'capture', 'passive', 'handleEvent', 'filter', 'first', 'firstMade', 'seen', 'freezing', 'fulfilled', '0', '1', '2', 'read', 'written', 'buffer', 'fatal', 'ignoreBOM', 'stream', 'pos', 'end', 'tail', 'id', 'title', 'traceparent'];
  for (const key of accessors) {
    defineProperty(ObjectPrototype, key, { __proto__: null, configurable: true,
      get() { if (key !== 'then') called(`get Object.prototype.${key}`); look(`get Object.prototype.${key}`, this); return undefined; },
      set(value) { called(`set Object.prototype.${key}`); lookAll(`set Object.prototype.${key}`, this, [value]); defineProperty(this, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true }); } });
    defineProperty(undo, undone++, { __proto__: null, value: () => delete ObjectPrototype[key] });
  }
  // 3. Call sites.
  Error.stackTraceLimit = 1000;
  Error.prepareStackTrace = (error, sites) => {
    lookAll('prepareStackTrace', error, [sites]);
    for (let i = 0; i < sites.length; i++) {
      look('call site', sites[i]);
      look('call site function', sites[i].getFunction());
      look('call site this', sites[i].getThis());
    }
    return 'stack';
  };

  const step = (name, f) => {
    rule(name);
    try {
      look(`${name} result`, f());
    } catch (error) {
      look(`${name} error`, error);
      if (error instanceof PageError) { look(`${name} stack`, error.stack); look(`${name} message`, error.message); }
      else if (typeof error === 'object' && error !== null) add(`${name} threw something that is not the page's Error`);
    }
  };
  const wait = async (name, promise) => {
    rule(name);
    look(name, promise);
    await new PagePromise((done) => then(promise, (value) => { look(`${name} value`, value); done(); }, (error) => { look(`${name} reason`, error); done(); }));
  };

  // 4. Plain use, with all of that in place.
  step('echo', () => api.echo({ a: [1, { b: 2 }], 0: 'zero', then: 1, get: 2 }));
  step('echo bytes', () => api.echo(new Uint8Array(3)));
  step('echo map', () => api.echo(new Map([[1, {}]])));
  step('date', () => api.echo(new Date()));
  step('element', () => { if (api.echo(document.documentElement) !== document.documentElement) add('another element'); });
  step('element of the preload', () => api.element());
  step('detached element of the preload', () => api.detachedElement());
  step('Blob', () => { const b = new Blob(['x']); if (api.echo(b) !== b) add('another Blob'); });
  step('Blob of the preload', () => api.makeBlob());
  step('VideoFrame of the preload', () => { const copy = api.videoFrame(); look('frame', getPrototypeOf(copy)); return copy; });
  step('event', () => api.echo(click));
  step('named class', () => api.echo(new (class { a = 1; get [Symbol.toStringTag]() { lookAll('tag', this, []); return 'Named'; } })()));
  step('AbortSignal', () => { if (!api.echo(firing.signal).aborted) firing.abort({ toString: () => { add('the reason was read as text'); return ''; } }); });
  step('AbortSignal of the preload', () => api.makeSignal());
  rule('elements and Blobs cross unseen');
  for (const record of watcher.takeRecords()) add(`a mutation of ${record.target} was seen`);
  watcher.disconnect();
  step('isOwn', () => { if (api.isOwn([1, { x: new Map([[1, [2]]]) }]) !== true) add('a value of the page reached the preload'); });
  step('array content', () => { const r = api.echo([5, 6, { k: 7 }]); if (r[0] !== 5 || r[1] !== 6 || r[2].k !== 7) add('array damaged by accessors'); });
  step('callback', () => api.call((...args) => { lookAll('callback', undefined, args); look('callback stack', new PageError('x').stack); return args; }, 1, { a: 1 }, [2]));
  // 5. A callable proxy: its trap is given the list of arguments.
  step('proxy function', () => api.call(new Proxy(() => {}, { apply(target, self, args) { lookAll('apply trap', self, args); look('apply trap list', args); return args; },
    get(t, key, receiver) { look('get trap', receiver); return t[key]; }, getPrototypeOf(t) { return getPrototypeOf(t); } }), { a: 1 }));
  // 6. A proxy as value: each trap looks at what it is given.
  const handler = new Proxy({}, { get(_, trap) { return (...args) => { lookAll(`trap ${text(trap)}`, undefined, args); return apply(Reflect[trap], undefined, args); }; } });
  step('proxy value', () => api.echo(new Proxy({ a: 1, f() {} }, handler)));
  step('proxy array', () => api.echo(new Proxy([1, 2], handler)));
  step('proxy thrown', () => api.call(() => { throw new Proxy({}, handler); }));
  // 7. Getters that act while a value is being copied: throwing, calling the bridge again, changing what is copied.
  step('getter re-enters', () => api.echo({ get a() { return api.echo({ get b() { return api.throwError; } }); } }));
  step('getter throws', () => {
    const mine = { leak: 1 };
    try { api.echo({ a: {}, get b() { throw mine; } }); } catch (error) { if (error !== mine) throw error; }
  });
  const grown = []; grown[0] = { get x() { grown[1] = 1; grown[2] = { y: 1 }; return 1; } };
  step('array grows', () => api.echo(grown));
  const endless = { get next() { return { __proto__: null, ...getOwnPropertyDescriptor(endless, 'next') && { n: endless } }; } };
  step('cycle by getter', () => api.echo(endless));
  // 8. Results that cannot be copied, thrown and nested: the preload's own object must not come through with the error.
  for (const name of ['returnUncloneable', 'returnNestedUncloneable', 'throwUncloneable', 'throwWithGetter', 'throwError', 'throwNull', 'throwForeignLooking'])
    step(name, () => api[name]());
  await wait('promiseUncloneable', api.promiseUncloneable());
  await wait('rejected', api.rejected());
  await wait('promise', api.promise());
  // 9. Promises of the page: own then, species, constructor, thenables, then as a getter.
  class Species extends PagePromise { static get [Symbol.species]() { return function (executor) { look('species executor', executor); executor((v) => look('species resolve', v), (e) => look('species reject', e)); }; } }
  const special = Species.resolve({ a: 1 });
  await wait('species promise', api.awaitOwn(special));
  await wait('species promise that rejects', api.awaitError(Species.reject(new PageError('r'))));
  const owned = PagePromise.resolve(1); owned.then = function (...args) { lookAll('own then', this, args); return then(this, ...args); };
  await wait('own then', api.awaitOwn(owned));
  const odd = PagePromise.resolve(2); odd.constructor = { get [Symbol.species]() { throw window; } };
  step('constructor of a promise', () => api.echo(odd));
  await wait('thenable', api.awaitOwn({ then(...args) { lookAll('thenable', this, args); args[0]({ b: 1 }); } }));
  await wait('thenable returned', api.call(() => ({ then(...args) { lookAll('thenable returned', this, args); args[0](3); } })) && api.promise());
  // 10. caller, arguments and callee.
  step('caller', () => api.call(function f() { look('caller', f.caller); look('arguments', f.arguments); look('callee', arguments.callee); look('callee.caller', arguments.callee.caller); }));
  step('Function.prototype.toString', () => PageFunction.prototype.toString.call(api.echo));
  // 11. Species and constructors of arrays and buffers.
  step('array species', () => { const a = [1, 2]; a.constructor = { [Symbol.species]: function (...args) { lookAll('array species', this, args); } }; return api.echo(a); });
  step('buffer species', () => { const b = new ArrayBuffer(4); b.constructor = { [Symbol.species]: function (...args) { lookAll('buffer species', this, args); return new ArrayBuffer(8); } }; return api.echo(b); });
  step('symbol hooks', () => api.echo({ get [Symbol.toStringTag]() { look('toStringTag', this); return 'x'; }, [Symbol.toPrimitive](...args) { lookAll('toPrimitive', this, args); return 1; } }));
  step('has instance', () => api.echo(class { static [Symbol.hasInstance](v) { look('hasInstance', v); return true; } }));
  // 12. The prototype chain of arrays made to lead into a trap.
  const arrayPrototype = Array.prototype;
  Object.setPrototypeOf(arrayPrototype, new Proxy(ObjectPrototype, { has(t, key) { return false; }, set(t, key, value, receiver) { lookAll('chain trap', receiver, [value]); return true; },
    get(t, key, receiver) { look('chain get', receiver); return t[key]; } }));
  step('chain', () => { const r = api.echo([1, { a: 2 }]); const d = getOwnPropertyDescriptor(r, '1'); if (!d || d.value.a !== 2) add('array damaged by a trap in its chain'); });
  PageObject.setPrototypeOf(arrayPrototype, ObjectPrototype);
  // 13. Direct functions: their codec comes when all is rewritten already, and works with nothing of that.
  exposeDirect();
  const special0 = { a: 1 };
  let held;
  const inner = () => direct.echo({ a: 1 });
  const values = [['number', 7], ['list', [1, 'b', [2.5], { id: 1, title: 't' }, {}, {}, {}, {}, {}, {}, {}]], ['object', { id: 1, 0: 'zero', then: 1, read: 2, tail: 3, end: { pos: [4] } }], ['text', 'x'.repeat(100) + '€'],
    ['broken text', 'x\ud800'], ['bytes', new Uint8Array(100)], ['many bytes', new Uint8Array(300000)], ['floats', new Float64Array(3)], ['buffer', new ArrayBuffer(9)], ['view', new DataView(new ArrayBuffer(4))],
    ['date', new Date(1e12)], ['bigint', -(2n ** 80n)], ['undefined', undefined], ['map', someMap], ['same twice', [special0, special0]], ['proxy', new Proxy({ a: 1, b: [2] }, handler)],
    ['proxy list', new Proxy([1, { a: 2 }], handler)], ['getter that calls', { get a() { inner(); return 1; }, b: [1] }], ['getter that throws', { get a() { throw new PageError('leak'); } }],
    ['getter that changes a prototype', { get a() { delete ObjectPrototype.extra; return 1; }, b: 1 }], ['function', () => {}], ['window', window], ['promise', PagePromise.resolve(1)]];
  // Nothing of a value without code in it calls anything of the page's, on its way out and back.
  for (let i = 0; i < 14; i++) {
    rule(`direct ${values[i][0]} unseen`);
    const value = values[i][1];
    watching = true;
    await direct.echo(value);
    watching = false;
  }
  for (let i = 0; i < values.length; i++) {
    step(`direct ${values[i][0]}`, () => { held = direct.echo(values[i][1]); return held; });
    if (held) await wait(`direct ${values[i][0]} back`, held);
    held = undefined;
  }
  rule('direct content');
  await then(direct.echo([5, { id: 6, 1: 'one', then: 7, list: [8, 9, 10, 11] }]), (r) => {
    const at = (o, key) => getOwnPropertyDescriptor(o, key)?.value;
    if (at(r, '0') !== 5 || at(at(r, '1'), 'id') !== 6 || at(at(r, '1'), '1') !== 'one' || at(at(r, '1'), 'then') !== 7 || at(at(at(r, '1'), 'list'), '3') !== 11) add('damaged by accessors');
  });
  rule('buffers of direct answers');
  for (const n of [10, 1000, 300000]) await then(direct.echo(new Bytes(n)), (bytes) => { look(`buffer of ${n} bytes`, apply(bufferOf, bytes, [])); });
  await wait('direct refusal', direct.refused({ a: 1 }));
  await wait('direct without a handler', direct.unanswered(new Uint8Array(9)));
  step('direct sender', () => direct.say({ a: 1 }, new Uint8Array(3)));
  step('direct sender of a function', () => direct.say(() => {}));
  step('direct functions are the same for the preload', () => { if (direct.isOriginal(direct.echo) !== true) add('another function'); });
  await wait('direct function called by the preload', then(direct.echoOwn([{ a: 1 }]), (own) => { if (own !== true) add('a value of the page reached the preload'); }));
  step('direct source', () => { const source = PageFunction.prototype.toString.call(direct.echo); if (!/native code/.test(source)) add(source); });
  await wait('direct listener', new PagePromise((done) => {
    const stop = direct.onSaid((...args) => { lookAll('direct listener', undefined, args); look('direct listener stack', new PageError('x').stack); stop(); done(args[0]); throw new PageError('of a listener'); });
    direct.say({ list: [1, { b: 2 }] }, new Uint8Array(40000));
  }));
  const results0 = [['nothing', () => {}], ['an error', () => { throw new PageError('of a listener'); }], ['a promise', () => PagePromise.resolve({ a: 1 })],
    ['a promise of another species', () => Species.resolve(1)], ['a rejected one', () => { const p = Species.reject(new PageError('r')); then(p, () => {}, () => {}); return p; }],
    ['a promise with a constructor', () => { const p = PagePromise.resolve(1); p.constructor = { get [Symbol.species]() { throw window; } }; return p; }],
    ['a thenable', () => ({ then(...args) { lookAll('thenable of a listener', this, args); } })], ['a proxy', () => new Proxy({}, handler)]];
  for (let i = 0; i < results0.length; i++) {
    await wait(`direct listener of lent bytes with ${results0[i][0]}`, new PagePromise((done) => {
      const stop = direct.onLent((...args) => {
        lookAll('lent', undefined, args);
        look('lent buffer', apply(bufferOf, args[1], []));
        look('lent stack', new PageError('x').stack);
        stop();
        done(args[0]);
        return results0[i][1]();
      });
      direct.say({ list: [1, { b: 2 }] }, new Bytes(40000));
    }));
  }
  rule('stack overflow anywhere in a direct call');
  count = 0;
  for (const f of [() => direct.echo(1), () => direct.echo({ a: 1, b: [1, { c: 2 }] }), () => direct.say('x'.repeat(99)), () => direct.echo(new Uint8Array(2)), () => direct.refused(1)]) {
    for (let step = 0; step < 4; step++) {
      calls = 150;
      try { shift(step, f); } catch (error) { caught[count++] = error; }
    }
  }
  for (let i = 0; i < count; i++) {
    look('overflow', caught[i]);
    if (!(caught[i] instanceof PageError)) add(`overflow: not the page's Error`);
  }
  if (count < 100) add(`overflow: only ${count} errors were met`);
  await wait('direct call after that', direct.echo({ a: [1] }));
  // 14. Objects of another realm of the page's.
  const frame = document.createElement('iframe');
  (document.body || document.documentElement).appendChild(frame);
  step('iframe sees nothing', () => { for (const name of ['api', '__oriel', 'report', 'require']) if (name in frame.contentWindow) add(`${name} in an iframe`); });
  step('iframe object', () => { if (api.isOwn(new frame.contentWindow.Array(1, 2), new frame.contentWindow.Map()) !== true) add('a value of an iframe reached the preload'); });
  step('iframe window', () => api.echo(frame.contentWindow));
  await wait('iframe object, directly', direct.echo(new frame.contentWindow.Array(1, new frame.contentWindow.Uint8Array(3))));
  step('iframe function', () => api.call(new frame.contentWindow.Function('x', 'return x'), { a: 1 }));
  frame.remove();
  step('detached frame function', () => api.call(() => { throw new PageError('after'); }));

  delete Error.prepareStackTrace;
  for (let i = undone - 1; i >= 0; i--) undo[i]();
  return results;
}
