// Every rule of contextBridge as the page sees it. bridgeResults() resolves to a list of [rule, problem], the problem '' where all is well.
async function bridgeResults() {
  const results = [];
  const check = (name, ok) => { results.push([name, ok === true ? '' : String(ok)]); };
  const same = (name, got, want) => check(name, Object.is(got, want) || `got ${String(got)}, want ${String(want)}`);
  const thrown = (f) => { try { f(); } catch (error) { return error; } return 'nothing thrown'; };
  const rejected = (promise) => promise.then(() => 'fulfilled', (error) => error);
  const isPages = (value, seen = new Set()) => {
    if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return true;
    if (seen.has(value)) return true;
    seen.add(value);
    if (!(value instanceof Object) || value.constructor.constructor !== Function) return false;
    return Reflect.ownKeys(value).every((key) => isPages(value[key], seen));
  };
  const isError = (name, error, text) => {
    check(`${name} is the page's Error`, error instanceof Error && isPages(error));
    check(`${name} text`, String(error.message).includes(text) || `the message is '${error.message}'`);
  };

  // Exposure.
  same('before the first script', firstScript.api, 'object');
  same('state at the first script', firstScript.state, 'loading');
  const slot = Object.getOwnPropertyDescriptor(window, 'api');
  check('read-only slot', slot.writable === false && slot.configurable === false && slot.enumerable === true);
  check('assignment throws', thrown(() => { 'use strict'; window.api = 1; }) instanceof TypeError);
  const frozen = (value, seen = new Set()) => {
    if (typeof value !== 'object' && typeof value !== 'function' || value === null || seen.has(value) || ArrayBuffer.isView(value)) return true;
    seen.add(value);
    return Object.isFrozen(value) && Reflect.ownKeys(value).every((key) => frozen(value[key], seen));
  };
  check('deep frozen', frozen(api));
  check('typed arrays are not frozen', !Object.isFrozen(api.bytes));
  check('no object of the preload', isPages(api));
  same('plain value', plainValue, 7);
  same('plain function', plainFunction(), 'called');
  const taken = 'Error: Cannot bind an API on top of an existing property on the window object';
  same('second time', refusals.again, taken);
  same('existing property', refusals.existing, taken);
  same('inherited property', refusals.inherited, taken);
  same('symbol key', refusals.symbolKeyed, 'no error');
  same('uncloneable API', refusals.uncloneable, 'Error: An object could not be cloned. [object WeakMap] does not cross contextBridge.');
  check('too deep API', /^TypeError: .*recursion depth exceeded/.test(refusals.tooDeep) || refusals.tooDeep);
  check('never half exposed', !('never' in window));
  same('require', refusals.require, 'Error: module not found: fs');
  for (const name of ['events', 'emitters', 'timers', 'url']) same(`require ${name}`, modules[name], '');
  same('once of events', await modules.once, '1,2,failed,given up,0');
  same('relative require', refusals.relative, 'Error: module not found: ./other');
  for (const name of ['__oriel', 'require', 'process', 'module', 'ipcRenderer', 'contextBridge', 'native', 'codec'])
    check(`page has no ${name}`, !(name in window));
  same('whole ipcRenderer', JSON.stringify(api.ipcRenderer), '{}');
  same('keys of ipcRenderer', Reflect.ownKeys(api.ipcRenderer).length, 0);
  window.pageGlobal = 1;
  same('page globals stay in the page', api.global(), 'undefined');
  same('the DOM is shared', api.domIsShared(), 'HTML');
  check('process', processFacts.platform === 'linux' && processFacts.type === 'renderer' && processFacts.sandboxed && processFacts.contextIsolated &&
    processFacts.argv && /^(x64|arm64)$/.test(processFacts.arch) && processFacts.versions === 'object' && processFacts.sameModules || JSON.stringify(processFacts));

  // Other worlds by number, and functions run in this one.
  same('exposed by the page\'s number', byNumber.f(), 'by number');
  same('a world that is not there', worlds.other, 'Error: There is no world 1000, only the page\'s (0) and the preload\'s (999)');
  same('a world by a text', worlds.noNumber, 'Error: There is no world 0, only the page\'s (0) and the preload\'s (999)');
  same('taken in the preload\'s world', worlds.taken, taken);
  check('a copy in the preload\'s world', worlds.own && !('ownWorld' in window));
  same('executed in the main world', fromPreload.join(), '[object Object],2,undefined,undefined,true');
  check('its arguments are the page\'s', isPages(fromPreload));
  same('before the first script, with a result', worlds.early.join(), '3,undefined');
  for (const name of ['ownResult', 'home', 'element', 'thrownIsOwn']) check(`executed: ${name}`, worlds[name]);
  same('executed later', JSON.stringify(worlds.later(5)), '{"value":5,"hidden":"undefined"}');
  same('executed promise', await worlds.promise(), 2);
  same('executed, thrown', worlds.thrown, 'RangeError: in the page');
  check('executed, uncloneable', /^Error: An object could not be cloned/.test(worlds.uncloneable) && /^Error: An object could not be cloned/.test(worlds.uncloneableArgument));
  same('executed without arguments', worlds.noArgs, 3);
  same('executed with a comment', worlds.commented, 4);
  same('no function', worlds.noFunction, 'TypeError: executeInMainWorld needs a function as func');
  same('no script', worlds.nothing, 'TypeError: executeInMainWorld needs a function as func');
  same('no list of arguments', worlds.oddArgs, 'TypeError: executeInMainWorld needs an array as args');
  for (const name of ['bound', 'method']) check(`a ${name} function cannot be executed`, /^SyntaxError: func cannot be compiled/.test(worlds[name]) || worlds[name]);

  // Values, both ways.
  for (const [key, want] of [['string', 's'], ['number', 1.5], ['minusZero', -0], ['nan', NaN], ['yes', true], ['none', null], ['missing', undefined], ['big', 2n ** 70n]])
    same(key, api[key], want);
  check('missing is a key', 'missing' in api);
  same('symbol key in an object', api[api.symbol], 'by symbol');
  const values = ['x', -0, NaN, 12345678901234567890n, null, undefined, Symbol.iterator, true];
  for (const value of values) same(`echo ${String(value)}`, api.echo(value), value);
  check('array', Array.isArray(api.list) && api.list.length === 3 && api.list[1][0] === 2 && api.list[2].three === 3);
  same('nested', api.nested.a.b.c, 'deep');
  check('cycle', api.cyclic.self === api.cyclic && api.cyclic.list[0] === api.cyclic);
  check('shared object stays one', api.pair[0] === api.pair[1]);
  check('class instance is plain', Object.getPrototypeOf(api.instance) === Object.prototype && api.instance.field === 1 && !api.instance.method);
  check('date', api.date instanceof Date && api.date.getTime() === 5);
  check('regexp', api.pattern instanceof RegExp && String(api.pattern) === '/a(b)/giu');
  const [[mapKey, mapValue]] = api.map;
  check('map and set', api.map instanceof Map && mapKey.k === 1 && mapValue instanceof Set && [...mapValue][1].v === 2 && isPages(mapKey) && isPages(mapValue));
  check('bytes', api.bytes instanceof Uint8Array && api.bytes.join() === '1,2,3');
  check('floats', api.floats instanceof Float64Array && Object.is(api.floats[1], -0));
  check('buffer', api.buffer instanceof ArrayBuffer && new Uint8Array(api.buffer)[1] === 8);
  check('view', api.view instanceof DataView && api.view.byteLength === 2);
  check('boxed', api.boxed instanceof String && String(api.boxed) === 'text');
  check('error value', api.error instanceof Error && api.error.message === 'carried' && Object.getPrototypeOf(api.error) === TypeError.prototype);
  check('accessor is read once', api.accessor === 1 && api.accessor === 1 && 'value' in Object.getOwnPropertyDescriptor(api, 'accessor'));
  check('own __proto__ stays data', Object.hasOwn(api.own, '__proto__') && Object.getPrototypeOf(api.own) === Object.prototype && api.own.polluted === undefined);
  const inspected = api.inspect(JSON.parse('{"__proto__": {"evil": 1}, "y": 2}'));
  check('own __proto__ the other way', inspected.ownProto && inspected.proto && inspected.keys.length === 2);

  const everything = { list: [1, { a: 2 }], date: new Date(9), re: /x/y, map: new Map([['k', { v: 1 }]]), set: new Set([[1]]), bytes: new Uint8Array([9]),
    big64: new BigInt64Array([5n]), buffer: new ArrayBuffer(3), view: new DataView(new ArrayBuffer(2)), boxed: Object(3), error: new Error('e'), f() {}, n: null };
  everything.self = everything;
  check('page values become the preload\'s', api.isOwn(everything, [everything]));
  const back = api.echo(everything);
  check('round trip', isPages(back) && back !== everything && back.self === back && back.date.getTime() === 9 && back.re.flags === 'y' && back.map.get('k').v === 1 &&
    [...back.set][0][0] === 1 && back.bytes[0] === 9 && back.big64[0] === 5n && back.buffer.byteLength === 3 && back.boxed instanceof Number && back.error.message === 'e');
  check('bytes are copied', back.bytes.buffer !== everything.bytes.buffer && (everything.bytes[0] = 1, back.bytes[0] === 9));
  check('function comes home inside', back.f === everything.f);
  class Derived extends Map {}
  same('subclass', api.kind(new Derived()), '[object Map]');
  same('page class instance', api.kind(new (class Thing { a = 1; })()), '[object Object]');
  same('date without its prototype\'s help', api.kind(Object.setPrototypeOf(new Date(), class extends Date {}.prototype)), '[object Date]');
  check('subarray', api.echo(new Uint8Array([1, 2, 3, 4]).subarray(1, 3)).join() === '2,3' && api.echo(new Uint8Array([1, 2, 3, 4]).subarray(1, 3)).buffer.byteLength === 2);

  // Elements, Blobs and Files: each world has its own wrapper of the one object.
  const root = document.documentElement;
  same('element of the preload', api.element(), root);
  check('element of the page', api.isElement(root));
  same('element comes home', api.echo([{ root }])[0].root, root);
  const detached = api.detachedElement();
  check('detached element', detached instanceof HTMLElement && detached.tagName === 'B' && detached.parentNode === null && Object.getPrototypeOf(detached) === HTMLElement.prototype);
  same('and nothing that hangs on it', Object.keys(detached).join(), '');
  same('the other way', api.describeElement(Object.assign(document.createElement('p'), { expando: window })), 'true P ');
  same('element of another document', api.viewlessElement().outerHTML, '<i>x</i>');
  check('which stays there', api.viewlessElement().ownerDocument !== document);
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  same('element of SVG', api.echo(svg), svg);
  const frame = root.appendChild(document.createElement('iframe'));
  const inner = frame.contentDocument.documentElement;
  same('element of a frame', api.echo(inner), inner);
  frame.remove();
  same('element of a frame that is gone', api.echo(inner), inner);
  class Odd extends HTMLElement { get [Symbol.toStringTag]() { return 'Map'; } get tagName() { throw new Error('getter'); } }
  customElements.define('odd-element', Odd);
  const odd = new Odd();
  same('custom element', api.echo({ odd }).odd, odd);
  const disguised = Object.setPrototypeOf(document.createElement('p'), class { get [Symbol.toStringTag]() { return 'WeakMap'; } }.prototype);
  same('element in disguise', api.echo(disguised), disguised);
  isError('what only says it is one', thrown(() => api.echo({ __proto__: HTMLElement.prototype })), 'An object could not be cloned.');
  isError('a proxy of one', thrown(() => api.echo(new Proxy(root, {}))), 'An object could not be cloned.');
  check('an element is not frozen with its API', Object.isFrozen(objects) && !Object.isFrozen(objects.element) && !Object.isFrozen(objects.blob));
  const xyz = new Blob(['xyz'], { type: 'x/y' }), file = new File([xyz], 'a name', { type: 'x/y', lastModified: 7 });
  for (const [name, value, want] of [['Blob', xyz, 'true 3 x/y'], ['File', file, 'true 3 x/y'], ['slice of a Blob', xyz.slice(1), 'true 2 ']]) {
    same(`${name} of the page`, api.keepBlob(value), want);
    same(`${name} comes home`, api.kept(), value);
    check(`${name} is the same each time`, api.isKeptBlob(value));
  }
  check('Blob of the preload', objects.blob instanceof Blob && objects.blob.type === 'a/b' && await objects.blob.text() === 'abc' && Object.getPrototypeOf(objects.blob) === Blob.prototype);
  check('File of the preload', objects.file instanceof File && objects.file.name === 'name' && objects.file.lastModified === 5 && await objects.file.text() === 'abcd');

  // An AbortSignal arrives as one that follows it.
  const controller = new AbortController();
  same('AbortSignal of the page', api.keepSignal(controller.signal), 'true false');
  const follower = api.echo({ signal: controller.signal }).signal;
  check('AbortSignal is this world\'s own', follower !== controller.signal && !follower.aborted && Object.getPrototypeOf(follower) === AbortSignal.prototype);
  let fired = 0;
  follower.onabort = () => { fired++; };
  controller.abort(new RangeError('enough'));
  same('which fires with it', `${fired} ${follower.aborted} ${follower.reason instanceof RangeError} ${follower.reason}`, '1 true true RangeError: enough');
  same('also in the preload', api.keptSignal(), '1 true RangeError: enough');
  const lasting = new AbortController();
  check('the same one each time', api.isSame(lasting.signal, lasting.signal) && api.echo(lasting.signal) === api.echo(lasting.signal));
  same('AbortSignal of the preload', await new Promise((done) => { const s = api.makeSignal(); s.onabort = () => done(`${s.reason.name} ${s.reason.message}`); }), 'AbortError signal is aborted without reason');
  same('AbortSignal that has fired', api.keepSignal(AbortSignal.abort()), 'true true');
  same('AbortSignal with a reason that no other world can have', (api.keepSignal(AbortSignal.abort(document)), api.keptSignal()), '0 true AbortError: signal is aborted without reason');
  isError('what only says it is an AbortSignal', thrown(() => api.echo({ __proto__: AbortSignal.prototype })), 'An object could not be cloned.');

  // Streams: read from one world to the other, a chunk when one is wanted.
  let pulled = 0;
  const stream = api.echo({ stream: new ReadableStream({ pull(c) { if (++pulled > 3) c.close(); else c.enqueue({ n: pulled, bytes: new Uint8Array(3) }); } }, { highWaterMark: 0 }) }).stream;
  check('ReadableStream is this world\'s own', stream instanceof ReadableStream && Object.getPrototypeOf(stream) === ReadableStream.prototype);
  check('a stream is not read before it is asked', pulled === 0);
  const read = [];
  for await (const chunk of stream) read.push(chunk);
  check('chunks of a stream', read.map((c) => c.n).join() === '1,2,3' && read[2].bytes instanceof Uint8Array && pulled === 4);
  let left = 3;
  const ofBytes = api.echo(new ReadableStream({ type: 'bytes', pull(c) { if (left-- > 0) return c.enqueue(new Uint8Array([7, 8, 9])); c.close(); c.byobRequest?.respond(0); } })).getReader({ mode: 'byob' });
  const filled = [];
  for (let view = new Uint8Array(2); ; view = new Uint8Array(view.buffer)) {
    const { done, value } = await ofBytes.read(view);
    if (done) break;
    filled.push(...(view = value));
  }
  same('a stream of bytes takes a buffer of its reader\'s', filled.join(), '7,8,9,7,8,9,7,8,9');
  isError('one of other values does not', thrown(() => api.echo(new ReadableStream()).getReader({ mode: 'byob' })), "Failed to execute 'getReader' on 'ReadableStream': Cannot use a BYOB reader with a non-byte stream");

  // What cannot cross.
  const refused = { 'WeakMap': new WeakMap(), 'document': document, 'fragment': document.createDocumentFragment(), 'attribute': document.createAttribute('a'), 'style': document.documentElement.style, 'window': window, 'shared memory': null, 'generator': (function* () {})(),
    'document.all': document.all, 'nested': { a: [new WeakSet()] }, 'proxy that throws': new Proxy({}, { ownKeys() { throw new Error('trap'); } }),
    'revoked proxy': (() => { const p = Proxy.revocable({}, {}); p.revoke(); return p.proxy; })() };
  refused['shared memory'] = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer;
  refused['view on shared memory'] = new Uint8Array(refused['shared memory']);
  for (const name of Object.keys(refused)) isError(`refused ${name}`, thrown(() => api.echo(refused[name])), 'An object could not be cloned.');
  const textOfType = 'An object could not be cloned. [object Text] does not cross contextBridge.';
  isError('refused text node', thrown(() => api.echo([document.createTextNode('x')])), textOfType);
  isError('text node of the preload', thrown(() => api.textNode()), textOfType);
  for (const name of ['returnUncloneable', 'returnNestedUncloneable']) isError(name, thrown(() => api[name]()), 'An object could not be cloned.');
  isError('promiseUncloneable', await rejected(api.promiseUncloneable()), 'An object could not be cloned.');
  const inGetter = new RangeError('mine');
  for (const [name, value] of Object.entries({ object: { a: [{ get x() { throw inGetter; } }] }, array: Object.defineProperty([1], 0, { get() { throw inGetter; } }) }))
    same(`getter that throws in an ${name}: the page's error`, thrown(() => api.echo(value)), inGetter);
  same('a later argument is copied as ever', api.echo(1), 1);
  const innerOf = (name, error) => { isError(name, error, 'inner'); check(`${name} name`, Object.getPrototypeOf(error) === TypeError.prototype); };
  innerOf('getter of the preload', thrown(() => api.throwingGetter()));
  innerOf('getter in a promise', await rejected(api.throwingGetterLater()));
  isError('getter that throws no error', await rejected(api.oddGetter()), 'An unknown exception occurred in the isolated context');
  check('a class that names itself', ((named) => Object.getPrototypeOf(named) === Object.prototype && named.a === 1)(api.echo(new (class { a = 1; get [Symbol.toStringTag]() { return 'Named'; } })())));

  // Events are what listeners get, and a function of an API may be one. VideoFrames are clones.
  const button = document.createElement('button');
  button.addEventListener('click', api.keep);
  button.click();
  check('a listener is called with the event\'s own', JSON.stringify(api.kept()) === '{"isTrusted":false}');
  same('event of the preload', JSON.stringify(api.event()), '{"isTrusted":false}');
  const canvas = new OffscreenCanvas(4, 2);
  canvas.getContext('2d');
  const video = new VideoFrame(canvas, { timestamp: 7 });
  for (const [name, copy] of [['of the page', api.echo([video])[0]], ['of the preload', (await api.videoFrames())[0].frame]]) {
    check(`VideoFrame ${name}`, copy !== video && Object.getPrototypeOf(copy) === VideoFrame.prototype && copy.codedHeight === 2);
    copy.close();
  }
  check('is closed by itself', video.codedWidth === 4 && api.videoFrameSize(video) === '4 2 7' && video.codedWidth === 4);
  video.close();
  isError('closed VideoFrame', thrown(() => api.echo(video)), 'An object could not be cloned.');

  // Depth.
  same('999 arrays', Array.isArray(api.arrays(999)), true);
  isError('1001 arrays', thrown(() => api.arrays(1001)), 'recursion depth exceeded');
  same('499 objects', typeof api.objects(499), 'object');
  isError('501 objects', thrown(() => api.objects(501)), 'recursion depth exceeded');
  check('depth is a TypeError', thrown(() => api.arrays(1001)) instanceof TypeError);
  let deep = []; for (let i = 0; i < 1001; i++) deep = [deep];
  isError('1001 arrays in', thrown(() => api.echo(deep)), 'recursion depth exceeded');

  // Functions.
  check('a function of the preload comes home', api.isOriginal(api.original));
  check('and in an object, an array, a map', api.call((f) => f(api.original), (f) => f) !== undefined && api.isOriginal(api.echo([api.original])[0]));
  same('the same proxy each time', api.echo(api.original), api.original);
  const mine = () => {};
  api.keep(mine);
  check('a function of the page is the same each time', api.isKept(mine));
  same('and comes home', api.kept(), mine);
  same('this of a method', api.counter.next() + api.counter.next(), 85);
  const { next } = api.counter;
  same('this is bound', next(), 44);
  check('arguments and results', api.call((a, b, c) => { check('callback arguments are the page\'s', isPages([a, b, c])); return a.n + b[0] + c; }, { n: 1 }, [2], 3) === 6);
  check('callback result is the preload\'s', api.callOwn(() => ({ a: [new Date(), new Map(), () => {}] })));
  check('no constructor', thrown(() => new api.echo(1)) instanceof TypeError);
  same('proxies show no source', Function.prototype.toString.call(api.echo), 'function () { [native code] }');
  same('proxies have no name', api.echo.name, '');
  check('proxies have no prototype of their own', !Object.hasOwn(api.echo, 'prototype') && Object.getPrototypeOf(api.echo) === Function.prototype);
  check('a class of the page cannot be built, only called', /^(TypeError|Error): /.test(api.callAndReport(class {})));

  // Errors.
  isError('thrown', thrown(() => api.throwError()), 'thrown');
  const named = thrown(() => api.throwError());
  check('thrown name', named.name === 'TypeError' && named instanceof TypeError && !Object.hasOwn(named, 'name'));
  const want = { message: 'coded', name: 'NotesError', code: 'E_NOTE', data: { list: [1], date: new Date(1) } };
  const isCoded = (name, error) => {
    check(`${name} name`, error.name === want.name && !Object.keys(error).includes('name'));
    same(`${name} message`, error.message, want.message);
    same(`${name} code`, error.code, want.code);
    check(`${name} data`, error.data.list[0] === 1 && error.data.date.getTime() === 1 && isPages(error.data));
    check(`${name} is the page's`, error instanceof Error && isPages(error));
  };
  isCoded('thrown error', thrown(() => api.throwCoded()));
  isCoded('rejected error', await rejected(api.rejectCoded()));
  isCoded('error as a value', api.coded());
  isCoded('error that comes back', api.echo(Object.assign(new Error(want.message), { name: want.name, code: want.code, data: want.data })));
  check('exposed error is frozen with its data', Object.isFrozen(api.codedError) && Object.isFrozen(api.codedError.data) && api.codedError.code === 7);
  const mine2 = (extra) => Object.assign(new RangeError('mine'), extra);
  const asPreload = (extra) => api.describe(() => { throw mine2(extra); });
  check('page\'s error in the preload', ((r) => r.own && r.name === 'RangeError' && r.code === 'C' && r.data[0].x === 1)(asPreload({ code: 'C', data: [{ x: 1 }] })));
  same('numeric code', asPreload({ code: 5 }).code, 5);
  same('code of another type is dropped', asPreload({ code: { evil: 1 } }).keys, '');
  same('data that cannot be cloned is dropped', asPreload({ code: 1, data: { node: document, w: new WeakMap() } }).keys, 'code');
  same('data whose getter throws is dropped', asPreload({ data: { get x() { throw window; } } }).keys, '');
  same('other properties do not cross', asPreload({ extra: 1, cause: 2, errno: 3 }).keys, '');
  same('inherited code does not cross', api.describe(() => { throw Object.create(mine2(), { code: { value: 1, enumerable: true } }); }).keys, 'code');
  same('DOMException keeps its name', api.describe(() => { throw new DOMException('gone', 'AbortError'); }).name, 'AbortError');
  check('error in its own data', ((e) => (e.data = { e }, api.echo(e)))(mine2()).data.e.message === 'mine');
  check('errors in each other\'s data come to an end', ((a, b, c) => (a.data = [b, c], b.data = [a, c], c.data = [a, b], api.echo(a)))(mine2(), mine2(), mine2()).data[1].message === 'mine');
  check('data refused in an error does not spoil its neighbour', /could not be cloned/.test(thrown(() => ((o) => api.echo([mine2({ data: o }), o]))({ w: new WeakMap() })).message));
  const unknown = 'An unknown exception occurred in the isolated context, an error occurred but a valid exception was not thrown.';
  for (const name of ['throwText', 'throwNull', 'throwUncloneable', 'throwWithGetter']) isError(name, thrown(() => api[name]()), unknown);
  isError('throwForeignLooking', thrown(() => api.throwForeignLooking()), 'like an error');
  same('page error in the preload', api.callAndReport(() => { throw new RangeError('from the page'); }), 'RangeError: from the page');
  check('page error is rebuilt', api.thrownIsOwn(() => { throw Object.assign(new Error('x'), { extra: window }); }));
  check('page non-error is rebuilt', api.thrownIsOwn(() => { throw document; }));
  check('page proxy thrown', api.thrownIsOwn(() => { throw new Proxy({}, { get() { throw window; } }); }));

  // Promises.
  const promise = api.promise();
  check('promise is the page\'s', promise instanceof Promise && isPages(promise));
  const value = await promise;
  check('its value too', isPages(value) && value.a[0] === 1);
  isError('rejection', await rejected(api.rejected()), 'no');
  same('rejection with a text', await rejected(api.rejectedText()), 'text');
  same('nested promise', await api.nestedPromise().inner.later, 5);
  const [own, got] = await api.awaitOwn(Promise.resolve({ deep: [1] }));
  check('promise of the page', own && got.deep[0] === 1);
  const [ownNested] = await api.awaitOwn({ p: Promise.resolve(1), q: 2 });
  check('promise of the page inside', ownNested);
  check('rejection of the page', JSON.stringify(await api.awaitError(Promise.reject(new Error('page')))) === '[true,"page"]');
  class Later extends Promise {}
  check('promise subclass', (await api.awaitOwn(Later.resolve(3)))[1] === 3);
  const [thenableOwn] = await api.awaitOwn({ then(resolve) { resolve({ a: 1 }); } });
  check('thenable', thenableOwn);
  return results;
}
