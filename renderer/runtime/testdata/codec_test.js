// testCodec holds the codec to protocol/testdata/golden.json and to what
// structured clone does. It returns a list of [rule, problem], the problem ''
// where all is well. A plain script: a test evaluates it together with the codec.
function testCodec(codec, golden) {
  'use strict';
  const results = [];
  const rule = (name) => results.push([name, '']);
  const check = (ok, ...what) => {
    if (!ok) results.at(-1)[1] += what.join(' ') + '; ';
    return ok;
  };
  const toHex = (bytes) => Array.from(bytes, (b) => (b + 256).toString(16).slice(1)).join('');
  const fromHex = (hex) => Uint8Array.from(hex.match(/../g) || [], (b) => parseInt(b, 16));
  const packetHex = (p) => toHex(new Uint8Array(p.buffer, 0, p.length));
  const copyOf = (p) => p.buffer.slice(0, p.length);

  // One value as main would get and send it: behind header and result frame.
  const FRAME = '0100000001000000930401';
  const encode = (v) => packetHex(codec.result(1, 1, v)).slice(FRAME.length);
  const decode = (hex) => codec.decodePacket(fromHex(FRAME + hex).buffer).frames[0][2];
  const clone = (v) => codec.decodePacket(copyOf(codec.result(1, 1, v))).frames[0][2];
  const thrown = (f) => {
    try {
      f();
    } catch (e) {
      return e;
    }
    return undefined;
  };

  // same compares structure, types and identities of two values.
  function same(a, b, seen = new Map()) {
    if (typeof a !== 'object' || a === null) return Object.is(a, b);
    if (typeof b !== 'object' || b === null) return false;
    if (seen.has(a)) return seen.get(a) === b;
    seen.set(a, b);
    const tag = Object.prototype.toString.call(a);
    if (tag !== Object.prototype.toString.call(b) || Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
    if (a instanceof ArrayBuffer) return toHex(new Uint8Array(a)) === toHex(new Uint8Array(b));
    if (ArrayBuffer.isView(a)) {
      return toHex(new Uint8Array(a.buffer, a.byteOffset, a.byteLength)) === toHex(new Uint8Array(b.buffer, b.byteOffset, b.byteLength));
    }
    if (a instanceof Date) return Object.is(a.getTime(), b.getTime());
    if (a instanceof RegExp) return a.source === b.source && a.flags === b.flags;
    if (a instanceof Map || a instanceof Set) return same([...a], [...b], seen);
    if (a instanceof Error) return a.name === b.name && a.message === b.message && same(a.cause, b.cause, seen);
    if (/Boolean|Number|String|BigInt/.test(tag)) return Object.is(a.valueOf(), b.valueOf());
    if (Array.isArray(a) && a.length !== b.length) return false;
    const names = Object.keys(a);
    return names.join() === Object.keys(b).join() && names.every((n) => same(a[n], b[n], seen));
  }

  const withoutStack = (e) => Object.defineProperty(e, 'stack', { value: undefined });
  const cyclic = () => {
    const o = { a: [] };
    o.a.push(o, o.a);
    return o;
  };
  const shared = () => {
    const o = {};
    return [o, new Uint8Array(1), o];
  };
  const selfMap = () => {
    const m = new Map();
    return m.set('m', m);
  };
  const selfError = () => {
    const e = withoutStack(new RangeError('again'));
    Object.defineProperty(e, 'cause', { value: e, writable: true, configurable: true });
    return e;
  };
  const named = () => Object.assign([1, 2], { name: 'x' });

  // The values of golden.json, by name.
  const values = {
    'null': () => null, 'true': () => true, 'false': () => false, 'undefined': () => undefined,
    'zero': () => 0, 'negative zero': () => -0, 'one': () => 1, '127': () => 127, '128': () => 128, '255': () => 255,
    '256': () => 256, '65535': () => 65535, '65536': () => 65536, '2^32-1': () => 4294967295, '2^32': () => 4294967296,
    'largest safe': () => Number.MAX_SAFE_INTEGER, '-1': () => -1, '-32': () => -32, '-33': () => -33, '-128': () => -128,
    '-129': () => -129, '-32768': () => -32768, '-32769': () => -32769, '-2^31': () => -2147483648, '-2^31-1': () => -2147483649,
    'smallest safe': () => Number.MIN_SAFE_INTEGER, 'half': () => 0.5, '2^53': () => 2 ** 53, 'infinity': () => -Infinity, 'nan': () => NaN,
    'empty string': () => '', 'ascii': () => 'notes:save', 'string 31': () => 'a'.repeat(31), 'string 32': () => 'a'.repeat(32),
    'latin': () => 'Grüße', 'astral': () => '👍🏽', 'string 16 wide': () => 'é'.repeat(16), 'string 128 wide': () => 'é'.repeat(128),
    'byte order mark': () => '\ufeffa', 'lone surrogate': () => 'a\ud800b',
    'bytes': () => new Uint8Array([1, 2, 3]), 'no bytes': () => new Uint8Array(0), 'ArrayBuffer': () => new Uint8Array([1, 2]).buffer,
    'Int8Array': () => new Int8Array([-1]), 'Uint8ClampedArray': () => new Uint8ClampedArray([255]), 'Int16Array': () => new Int16Array([-2, 3]),
    'Uint16Array': () => new Uint16Array([65535]), 'Int32Array': () => new Int32Array([-1]), 'Uint32Array': () => new Uint32Array([4294967295]),
    'Float32Array': () => new Float32Array([1.5]), 'Float64Array': () => new Float64Array([0.1]), 'BigInt64Array': () => new BigInt64Array([-1n]),
    'BigUint64Array': () => new BigUint64Array([1n]), 'DataView': () => new DataView(new ArrayBuffer(1)),
    'empty array': () => [], 'array': () => [1, 'a', null], 'array 16': () => new Array(16).fill(0), 'holes': () => [1, , 3], 'only a hole': () => [,],
    'named property': named, 'empty object': () => ({}), 'object': () => ({ a: 1, b: { c: [true] } }), '__proto__': () => JSON.parse('{"__proto__":1}'),
    'surrogate key': () => ({ '\udc00': 1 }), 'epoch': () => new Date(0), 'Date': () => new Date(1700000000123), 'before 1970': () => new Date(-1),
    'far Date': () => new Date(8.64e15), 'invalid Date': () => new Date(NaN), 'BigInt 0': () => 0n, 'BigInt': () => 256n, 'negative BigInt': () => -(2n ** 64n),
    'RegExp': () => /a\/b/gi, 'Map': () => new Map([[1, 'a'], [{}, null]]), 'Set': () => new Set([1, 'a']),
    'Error': () => withoutStack(new TypeError('bad', { cause: 'why' })), 'error without cause': () => withoutStack(new Error('')),
    'boxed number': () => Object(1), 'boxed string': () => Object('a'), 'boxed boolean': () => Object(false), 'boxed BigInt': () => Object(1n),
    'shared': shared, 'cycle': cyclic, 'Map in itself': selfMap, 'Error in itself': selfError,
  };
  rule('table of values');
  const names = golden.values.map((g) => g.name);
  check(names.join() === Object.keys(values).join(), 'golden.json and this table name different values');
  for (const { name, hex } of golden.values) {
    if (!(name in values)) continue;
    rule(`golden value ${name}`);
    check(encode(values[name]()) === hex, name, 'is encoded as', encode(values[name]()), 'not', hex);
    check(same(values[name](), decode(hex)), name, 'is decoded wrongly');
  }
  for (const { name, hex, number } of golden.mainOnly) rule(`golden value of main ${name}`), check(String(decode(hex)) === number, name, 'is decoded as', decode(hex));

  const calls = {
    'hello': (e) => e.hello(), 'cancel': (e) => e.cancel(300), 'send': (e) => e.send('notes:changed', []),
    'invoke': (e) => e.invoke(70000, 'notes:save', [{ title: 'a' }, 2]), 'send with meta': (e) => e.send('x', [2], { traceparent: '00-1' }), 'invoke with meta': (e) => e.invoke(1, 'x', [2], { traceparent: '00-1', tracestate: 'a=1' }), 'result': (e) => e.result(4294967295, 'ok'),
    'error': (e) => e.error(2, 'TypeError', 'no', 'E_NO', [1]), 'bare error': (e) => e.error(2, 'Error', '', undefined, undefined),
    'reference between arguments': (e) => { const o = {}; e.send('x', [o, [o]]); },
    'several': (e) => { const o = {}; e.send('x', [o, o]); e.invoke(1, 'y', [o, o]); e.cancel(1); },
    'chunk of bytes': (e) => e.chunk(128, new Uint8Array([1, 2, 3])), 'chunk': (e) => e.chunk(1, 'a'), 'end': (e) => e.end(1),
    'abort': (e) => e.abort(1, 'TypeError', 'no', 'E_NO', [1]), 'credit': (e) => e.credit(1, 1048576), 'stop': (e) => e.stop(1),
    'post': (e) => e.post(3, [1, {}]), 'close': (e) => e.close(2), 'taken': (e) => e.taken(3, 1049076),
  };
  const encoder = codec.createEncoder();
  for (const { name, hex } of golden.packets) {
    rule(`golden packet ${name}`);
    encoder.begin(0x01020304);
    if (!check(name in calls, 'unknown packet', name)) continue;
    calls[name](encoder);
    const got = packetHex(encoder.finish());
    check(got === hex, name, 'is written as', got, 'not', hex);
    check(codec.decodePacket(fromHex(hex).buffer).doc === 0x01020304, name, 'has another document');
  }
  for (const { name, hex } of golden.bad) {
    rule(`bad packet ${name}`);
    check(thrown(() => codec.decodePacket(fromHex(hex).buffer)) !== undefined, name, 'is not refused');
  }
  rule('frames of one packet');
  const several = codec.decodePacket(fromHex(golden.packets.find((p) => p.name === 'several').hex).buffer).frames;
  check(several.length === 3 && several[0][2][0] === several[0][2][1] && several[1][0] === 3 && several[2][1] === 1, 'frames of one packet');

  rule('a chunk tells its size');
  check(codec.decodePacket(copyOf(codec.chunk(1, 300, [1, 'a']))).frames[0][3] === 4, 'size of a chunk');

  testLinks(codec, golden.links, { rule, check, encode, decode, thrown, same });

  // What cannot be cloned throws, and leaves nothing behind.
  const before = encode([1]);
  const uncloneable = {
    'function': () => 1, 'symbol': Symbol(), 'WeakMap': new WeakMap(), 'WeakRef': new WeakRef({}), 'Promise': Promise.resolve(),
    'generator': (function* () {})(), 'iterator': [][Symbol.iterator](), 'boxed symbol': Object(Symbol()), 'EventTarget': new EventTarget(),
    'subclass of EventTarget': new (class extends EventTarget {})(), 'Intl': new Intl.NumberFormat(),
  };
  if (typeof SharedArrayBuffer === 'function') uncloneable['view on shared memory'] = new Uint8Array(new SharedArrayBuffer(1));
  if (typeof document === 'object') Object.assign(uncloneable, { 'document.all': document.all, 'node': document.createElement('p'), 'window': globalThis });
  const detached = new Uint8Array(4);
  structuredClone(detached, { transfer: [detached.buffer] });
  uncloneable['detached'] = detached;
  for (const name of Object.keys(uncloneable)) {
    rule(`refused ${name}`);
    const e = thrown(() => encode({ ok: 1, deep: [uncloneable[name]] }));
    check(e && e.message === 'An object could not be cloned.', name, 'gives', e);
  }
  rule('a refused frame leaves nothing behind');
  encoder.begin(1);
  encoder.send('a', [1]);
  check(thrown(() => encoder.send('b', ['text', () => 1])), 'a function is sent');
  encoder.send('c', [{}]);
  check(packetHex(encoder.finish()) === '0100000001000000' + '9302a1619101' + '9302a1639180', 'half a frame is sent');
  check(encode([1]) === before, 'an error changes what follows');

  // Getters.
  rule('getters');
  let reads = 0;
  const counting = { get a() { reads++; return 1; }, b: [Object.defineProperty([1, 2], 0, { get() { reads++; return 5; }, enumerable: true })] };
  check(same(clone(counting), { a: 1, b: [[5, 2]] }) && reads === 2, 'getters are read', reads, 'times');
  check(thrown(() => encode({ get a() { throw new RangeError('mine'); } })).message === 'mine', "a getter's error");
  const shrinking = { get a() { delete this.b; return 1; }, b: 2, c: 3 };
  check(same(clone(shrinking), { a: 1, c: 3 }), 'a property that a getter removes');
  const wide = Object.fromEntries(Array.from({ length: 20 }, (_, i) => ['k' + i, i]));
  Object.defineProperty(wide, 'k3', { get() { delete wide.k9; return 3; }, enumerable: true });
  check(Object.keys(clone(wide)).length === 19, 'a property removed from a large object');
  encoder.begin(1);
  encoder.send('outer', [{ get a() { encoder.send('inner', [1]); return codec.send(1, 'alone', [2]).length; } }]);
  const nested = codec.decodePacket(copyOf(encoder.finish())).frames;
  check(nested.map((f) => f[1]).join() === 'outer,inner' && nested[0][2][0].a === 18, 'a getter that sends', JSON.stringify(nested));
  const own = codec.send(1, 'outer', [{ get a() { codec.send(1, 'inner', ['x'.repeat(5000)]); return 1; } }]);
  check(codec.decodePacket(copyOf(own)).frames[0][2][0].a === 1, 'a getter that sends by the same function');

  // Prototypes do not travel, and cannot mislead.
  rule('prototypes');
  class Point { constructor() { this.x = 1; } get y() { return 2; } }
  check(same(clone(new Point()), { x: 1 }), 'an object with a class');
  check(same(clone(Object.assign(Object.create(null), { a: 1 })), { a: 1 }), 'an object without prototype');
  check(same(clone(Object.create(Date.prototype)), {}), 'an object that only looks like a Date');
  check(same(clone(new (class extends Map {})([[1, 2]])), new Map([[1, 2]])), 'a subclass of Map');
  check(same(clone({ get [Symbol.toStringTag]() { return 'Promise'; }, a: 1 }), { a: 1 }), 'a tag of its own');
  const proto = clone(JSON.parse('{"__proto__":{"polluted":1}}'));
  check(Object.getPrototypeOf(proto) === Object.prototype && proto.polluted === undefined, '__proto__ is not data');

  // Sizes.
  rule('depth');
  const deep = (n) => { let o = {}; while (--n > 0) o = [o]; return o; };
  check(same(clone(deep(64)), deep(64)), '64 levels');
  check(/nested/.test(thrown(() => encode(deep(65)))), '65 levels');
  check(/nested/.test(thrown(() => {
    const make = () => ({ get a() { return make(); } });
    encode(make());
  })), 'an endless object');
  rule('lengths of texts');
  for (const n of [31, 32, 85, 86, 255, 256, 21845, 21846, 65535, 65536, 200000]) {
    for (const c of ['a', 'é', '€', '👍']) check(clone(c.repeat(n)) === c.repeat(n), n, c);
  }
  rule('large packets');
  const large = new Uint8Array(3 << 20).fill(7);
  check(codec.send(1, 'x', [large]).length === 18 + large.length, 'size of a large packet');
  check(codec.send(1, 'x', [new Uint8Array(8 << 20)]) && codec.send(1, 'x', [1]).buffer.byteLength < 1 << 20, 'a large buffer is kept');
  check(/larger/.test(thrown(() => codec.send(1, 'x', [large.buffer, new Uint8Array(64 << 20)]))), 'a packet beyond the limit');
  check(codec.send(1, 'x', ['a'.repeat(40 << 20)]).length > 40 << 20, 'a long ASCII text within the limit');
  rule('arguments and channels');
  check(/arguments/.test(thrown(() => codec.send(1, 'x', new Array(256).fill(0)))), '256 arguments');
  check(codec.send(1, 'c'.repeat(255), new Array(255).fill(0)).length > 500, 'the longest channel');
  for (const bad of ['', 'c'.repeat(256), 'é'.repeat(128), '\ud800']) check(/channel/.test(thrown(() => codec.send(1, bad, []))), 'channel', bad);

  // Bytes of every packet, cut short or changed, give a value or an Error.
  for (const { name, hex } of golden.values) {
    rule(`damaged ${name}`);
    const whole = fromHex(FRAME + hex);
    for (let i = 0; i < whole.length; i++) {
      const cut = thrown(() => codec.decodePacket(whole.slice(0, i).buffer));
      check(cut instanceof Error, name, 'cut at', i);
      const changed = whole.slice();
      changed[i] ^= 0x55;
      const e = thrown(() => codec.decodePacket(changed.buffer));
      check(e === undefined || e instanceof Error, name, 'changed at', i, e);
    }
  }

  // Where an item ends is found without decoding it, and nothing that is cut short has an end.
  for (const { name, hex } of golden.values) {
    rule(`end of ${name}`);
    const whole = fromHex(hex + 'c0');
    const end = whole.length - 1;
    check(endOfItem(whole, 0, whole.length) === end, 'it ends at', endOfItem(whole, 0, whole.length));
    for (let i = 0; i < end; i++) check(thrown(() => endOfItem(whole, 0, i)) instanceof Error, 'cut at', i);
  }
  rule('end of a message in two pieces');
  const cut = fromHex('92a161c602000000');
  check(endOfItem(cut, 0, cut.length, 0x2000000) === cut.length, 'bytes that are a tail');
  for (const [size, at] of [[0x2000001, cut.length], [0x1ffffff, cut.length], [0x2000000, cut.length - 1]]) check(thrown(() => endOfItem(cut, 0, at, size)), 'a tail of', size);
  check(endOfItem(cut, 0, cut.length, 0x2000001, 1) === cut.length, 'bytes in a larger tail');
  for (const [tail, least] of [[0x1ffffff, 1], [0x2000001, 0x2000001]]) check(thrown(() => endOfItem(cut, 0, cut.length, tail, least)), 'a tail of', tail, 'from', least);
  const early = fromHex('92c602000000');
  check(thrown(() => endOfItem(early, 0, early.length, 0x2000000)), 'a tail with something behind it');

  rule('exts that may not be there');
  const exts = new Uint8Array(256);
  exts[13] = exts[0xff] = 1;
  for (const hex of ['d60d00000001', '92d60d00000001d6ff00000001', 'c70c0d' + '00'.repeat(12)]) {
    const bytes = fromHex(hex);
    check(endOfItem(bytes, 0, bytes.length, 0, 0, exts) === bytes.length, hex);
  }
  for (const hex of ['d60f00000001', '91d60f00000001', '81a161d60f00000001', '92d60d00000001c7050e0000000001', 'c700' + '01', 'c8000001', 'c90000000007']) {
    const bytes = fromHex(hex);
    check(endOfItem(bytes, 0, bytes.length) === bytes.length, hex, 'where all may be');
    check(thrown(() => endOfItem(bytes, 0, bytes.length, 0, 0, exts)) instanceof Error, hex);
  }

  // What was decoded is a copy.
  rule('names that have one place in the table of names');
  // The place is found by length, first, middle and last byte; these differ in others.
  for (const [a, b] of [['aXcYe', 'abcde'], ['title', 'tatle'], ['n1234567n', 'n9994999n']]) {
    for (let i = 0; i < 3; i++) {
      for (const o of [{ [a]: 1, [b]: 2 }, { [b]: 3 }, { [a]: 4 }]) check(same(clone(o), o), JSON.stringify(o), 'came as', JSON.stringify(clone(o)));
    }
  }
  const crowd = Array.from({ length: 2000 }, (_, i) => ({ [`n${i}`]: i, [`m${i % 7}_${i}`]: i }));
  check(same(clone(crowd), crowd) && same(clone(crowd), crowd), 'more names than places');

  rule('decoded bytes are copies');
  const packet = copyOf(codec.result(1, 1, new Uint8Array([1, 2])));
  const copied = codec.decodePacket(packet).frames[0][2];
  new Uint8Array(packet).fill(0);
  check(copied[0] === 1 && copied.buffer.byteLength === 2, 'decoded bytes lie in the packet');
  return results;
}

// testLinks has stand-ins for streams and ports.
function testLinks(codec, golden, { rule, check, encode, decode, thrown, same }) {
  class Stream { constructor(id, kind) { Object.assign(this, { id, kind }); } }
  class Port { constructor(id) { this.id = id; } }
  rule('streams and ports need somebody who knows them');
  check(/cannot come this way/.test(thrown(() => decode('c7050e0000000001'))), 'a stream');
  check(/cannot come this way/.test(thrown(() => decode('d60f00000003'))), 'a port');
  const { links } = codec;
  const before = { ...links };
  const journal = [];
  const out = (type) => (v) => {
    if (!v.id) return null;
    journal.push(v.id);
    return [type, v.id, v.kind];
  };
  links.prototypes.set(Stream.prototype, out(14));
  links.prototypes.set(Port.prototype, out(15));
  Object.assign(links, {
    stream: (kind, id) => new Stream(id, kind), port: (id) => new Port(id), mark: () => journal.length,
    commit: (mark) => { journal.splice(mark); }, drop: (mark) => { journal.push(`dropped ${journal.splice(mark)}`); },
  });
  const bytes = (id) => new Stream(id, 0), values = (id) => new Stream(id, 1), port = (id) => new Port(id);
  const table = {
    'stream of bytes': () => bytes(1), 'stream of values': () => values(100000), 'port': () => port(3),
    'stream twice': () => { const s = bytes(1); return [s, s]; }, 'streams in an object': () => ({ a: bytes(1), b: [port(3)] }),
  };
  for (const { name, hex } of golden) {
    rule(`golden ${name}`);
    if (!check(name in table, 'no value for', name)) continue;
    check(encode(table[name]()) === hex, name, 'is encoded as', encode(table[name]()));
    check(same(decode(hex), table[name]()), name, 'is decoded wrongly');
  }
  rule('what a frame that fails has numbered is dropped');
  check(journal.length === 0, 'left over', journal);
  check(thrown(() => codec.send(1, 'x', [bytes(7), { port: port(9), f: () => 1 }])), 'a function is sent');
  check(journal.join() === 'dropped 7,9', 'dropped', journal);
  rule('what only looks like a stream');
  check(encode(Object.create(Stream.prototype)) === '80', 'is encoded as', encode(Object.create(Stream.prototype)));
  Object.assign(links, before);
  links.prototypes.clear();
}
