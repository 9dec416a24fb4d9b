// Reads what comes for a direct function in the page's world: the kinds of values that most answers have, built of the page's own
// intrinsics. For any other value it gives up, and the preload's decoder and the bridge do it. No code of a page runs meanwhile.
function createDirectDecoder(intrinsics) {
  'use strict';

  const { Bytes, Halves, Words, View, BigIntConstructor, NumberConstructor, DateConstructor, ObjectPrototype, ArrayPrototype, getPrototypeOf,
    defineProperty, keys, isSafeInteger, floor, fromCharCode, numberText, slice, decodeText, typedArrayBuffer, typedArraySet, Buffer, bufferLength, transfer,
    getInt8, getInt16, getInt32, getUint16, getUint32, getBigInt64, getBigUint64, getFloat32, getFloat64, viewConstructors, viewNames } = intrinsics;

  const DEPTH = 64, ARGS = 255; // protocol's limits
  const GIVE_UP = 0;
  const SHORT = 48; // bytes of a string up to which TextDecoder is the slower way

  // The names of properties, as they come and as strings. The same few come again and again, mostly in the same order; one that was read
  // before is the same string object, which V8 knows as a name already.
  const NAMES = 512; // that are kept
  const NAME = 32; // bytes of the longest one, with its head
  const names = keys(new Bytes(NAMES)); // by slot; an array that has its elements, so that no setter of the page's is asked
  const nameBytes = new Bytes(NAMES * NAME); // 0 where there is no name yet
  const after = new Halves(NAMES); // by slot: the slot of the name that came next the last time
  const bare = new Words(NAMES); // by slot: the packet for which Object.prototype was found to have nothing of that name
  let last = 0; // the slot of the last name
  let packet = 0;

  let buffer = null; // the preload's: its bytes are all that is looked at
  let tail = undefined; // the preload's, and nobody else has it
  let lent = false; // it had been lent before: it may be larger than what is in it, and the page may have memory of it
  let lends = false; // it is to be lent
  let loan = undefined; // the buffer that was

  // Where the packet's bytes are that are too few for a buffer of their own, if they are lent. Until it is taken back each message has its own
  // place in it; then it moves to another buffer, and all views of it are empty.
  const SHARED = 64 << 10;
  const IN_OBJECT = 64; // bytes that an array has within itself, which is cheaper still
  let shared = null;
  let sharedBytes = null;
  let used = 0;
  let lendsFew = false;
  let hasLent = false; // the last arguments have bytes there

  let bytes = null;
  let view = null;
  let pos = 0;
  let end = 0;
  let ordinary = false; // nothing but Object.prototype is behind Array.prototype

  // take steps over n bytes and returns where they start.
  function take(n) {
    const at = pos;
    if (n > end - at) throw GIVE_UP;
    pos = at + n;
    return at;
  }

  function size(width) {
    const at = take(width);
    return width === 1 ? bytes[at] : width === 2 ? getUint16(view, at) : getUint32(view, at);
  }

  function value(depth) {
    const c = bytes[take(1)];
    if (c < 0x80) return c;
    if (c < 0x90) return object(c & 0xf, depth);
    if (c < 0xa0) return array(c & 0xf, depth);
    if (c < 0xc0) return string(c & 0x1f);
    if (c >= 0xe0) return c - 0x100;
    switch (c) {
      case 0xc0: return null;
      case 0xc2: return false;
      case 0xc3: return true;
      case 0xc4: case 0xc5: case 0xc6: return binary(size(1 << (c - 0xc4)));
      case 0xc7: case 0xc8: case 0xc9: return ext(size(1 << (c - 0xc7)));
      case 0xca: return getFloat32(view, take(4));
      case 0xcb: return getFloat64(view, take(8));
      case 0xcc: case 0xcd: case 0xce: return size(1 << (c - 0xcc));
      case 0xcf: return int64(getBigUint64(view, take(8)));
      case 0xd0: return getInt8(view, take(1));
      case 0xd1: return getInt16(view, take(2));
      case 0xd2: return getInt32(view, take(4));
      case 0xd3: return int64(getBigInt64(view, take(8)));
      case 0xd4: case 0xd5: case 0xd6: case 0xd7: case 0xd8: return ext(1 << (c - 0xd4));
      case 0xd9: case 0xda: case 0xdb: return string(size(1 << (c - 0xd9)));
      case 0xdc: case 0xdd: return array(size(2 << (c - 0xdc)), depth);
      case 0xde: case 0xdf: return object(size(2 << (c - 0xde)), depth);
    }
    throw GIVE_UP;
  }

  function int64(v) {
    const n = NumberConstructor(v);
    return isSafeInteger(n) ? n : v;
  }

  // binary reads a Uint8Array. The tail moves into the page's world instead of being copied.
  function binary(n) {
    if (tail !== undefined && pos === end && (n === bufferLength(tail) || lent && n < bufferLength(tail))) {
      const from = tail;
      tail = undefined;
      if (!lends) return lent ? new Bytes(new Bytes(from, 0, n)) : new Bytes(transfer(from));
      loan = transfer(from);
      return new Bytes(loan, 0, n);
    }
    if (lendsFew && n > IN_OBJECT && n <= SHARED - used) return lend(n);
    return new Bytes(new Bytes(buffer, take(n), n));
  }

  function lend(n) {
    if (shared === null || bufferLength(shared) !== SHARED) { // the page may have moved it elsewhere
      shared = new Buffer(SHARED);
      sharedBytes = new Bytes(shared);
      used = 0;
    }
    const at = used;
    typedArraySet(sharedBytes, new Bytes(buffer, take(n), n), at);
    used = at + n + 7 & ~7;
    hasLent = true;
    return new Bytes(shared, at, n);
  }

  function copy(n) {
    return typedArrayBuffer(new Bytes(new Bytes(buffer, take(n), n)));
  }

  function string(n) {
    const at = take(n);
    if (n <= SHORT) {
      const s = ascii(at, n);
      if (s !== undefined) return s;
    }
    return decodeText(new Bytes(buffer, at, n));
  }

  // ascii returns the text of n bytes, or undefined if one is not ASCII. Concatenating single characters would be three times as slow.
  function ascii(at, n) {
    const stop = at + n;
    let s = '';
    let i = at;
    for (; i + 8 <= stop; i += 8) {
      const a = bytes[i], b = bytes[i + 1], c = bytes[i + 2], d = bytes[i + 3];
      const e = bytes[i + 4], f = bytes[i + 5], g = bytes[i + 6], h = bytes[i + 7];
      if ((a | b | c | d | e | f | g | h) >= 0x80) return undefined;
      s += fromCharCode(a, b, c, d, e, f, g, h);
    }
    if (i + 4 <= stop) {
      const a = bytes[i], b = bytes[i + 1], c = bytes[i + 2], d = bytes[i + 3];
      if ((a | b | c | d) >= 0x80) return undefined;
      s += fromCharCode(a, b, c, d);
      i += 4;
    }
    for (; i < stop; i++) {
      if (bytes[i] >= 0x80) return undefined;
      s += fromCharCode(bytes[i]);
    }
    return s;
  }

  // name reads the name of a property and returns its slot, or reads nothing and returns -1 if the name is not one that is kept.
  function name() {
    const slot = after[last];
    if (!isAt(slot)) return otherName();
    pos += 1 + (bytes[pos] & 0x1f);
    last = slot;
    return slot;
  }

  // isAt says whether the slot's name is what comes.
  function isAt(slot) {
    const known = slot * NAME;
    const n = nameBytes[known] & 0x1f;
    if (n === 0 || n >= end - pos) return false;
    for (let i = 0; i <= n; i++) if (bytes[pos + i] !== nameBytes[known + i]) return false;
    return true;
  }

  function otherName() {
    const c = bytes[pos];
    if (!(c > 0xa0 && c < 0xc0)) return -1;
    const n = c & 0x1f;
    if (n >= end - pos) throw GIVE_UP;
    const at = pos + 1;
    const slot = (31 * (31 * n + bytes[at]) + 7 * bytes[at + (n >> 1)] + bytes[at + n - 1]) % NAMES;
    if (!isAt(slot)) {
      const s = ascii(at, n);
      if (s === undefined) return -1;
      names[slot] = keys({ [s]: 0 })[0];
      for (let i = 0; i <= n; i++) nameBytes[slot * NAME + i] = bytes[pos + i];
      bare[slot] = 0;
    }
    pos = at + n;
    after[last] = slot;
    last = slot;
    return slot;
  }

  function isBare(slot) {
    if (names[slot] in ObjectPrototype) return false;
    bare[slot] = packet;
    return true;
  }

  function text() {
    const s = value(DEPTH);
    if (typeof s !== 'string') throw GIVE_UP;
    return s;
  }

  // deeper checks a container that is to hold n values.
  function deeper(n, depth) {
    if (n > end - pos || depth >= DEPTH) throw GIVE_UP;
    return depth + 1;
  }

  // A literal's elements are its own, whatever the page has put into prototypes.
  function array(n, depth) {
    const inner = deeper(n, depth);
    switch (n) {
      case 0: return [];
      case 1: return [value(inner)];
      case 2: return [value(inner), value(inner)];
      case 3: return [value(inner), value(inner), value(inner)];
    }
    const a = [];
    for (let i = 0; i < n; i++) {
      const v = value(inner);
      if (!ordinary || i in ArrayPrototype) define(a, i, v);
      else a[i] = v;
    }
    return a;
  }

  function object(n, depth) {
    const inner = deeper(2 * n, depth);
    const o = {};
    for (let i = 0; i < n; i++) {
      const slot = name();
      const key = slot < 0 ? text() : names[slot];
      const isNew = slot < 0 ? !(key in ObjectPrototype) : bare[slot] === packet || isBare(slot);
      const v = value(inner);
      if (isNew) o[key] = v;
      else define(o, key, v);
    }
    return o;
  }

  function define(o, key, v) {
    defineProperty(o, key, { __proto__: null, value: v, writable: true, enumerable: true, configurable: true });
  }

  function ext(n) {
    const type = bytes[take(1)];
    if (n > end - pos) throw GIVE_UP;
    switch (type) {
      case 1: return undefined;
      case 2: return copy(n);
      case 3: return typed(n);
      case 4: return new DateConstructor(NaN);
      case 5: return bigint(n);
      case 12: return utf16(n);
      case 0xff: return date(n);
    }
    throw GIVE_UP;
  }

  function typed(n) {
    const kind = viewNames[bytes[take(1)]];
    if (kind === undefined || viewConstructors[kind] === undefined) throw GIVE_UP;
    return new viewConstructors[kind](copy(n - 1));
  }

  function date(n) {
    const at = take(n);
    if (n === 4) return new DateConstructor(getUint32(view, at) * 1000);
    if (n === 8) {
      const first = getUint32(view, at);
      return moment((first & 3) * 0x100000000 + getUint32(view, at + 4), first / 4);
    }
    if (n !== 12) throw GIVE_UP;
    return moment(getInt32(view, at + 4) * 0x100000000 + getUint32(view, at + 8), getUint32(view, at));
  }

  const moment = (seconds, nano) => new DateConstructor(seconds * 1000 + floor(floor(nano) / 1e6));

  function bigint(n) {
    const at = take(n);
    let hex = '0x0';
    for (let i = at + 1; i < at + n; i++) hex += slice(numberText(bytes[i] + 0x100, 16), 1);
    return bytes[at] ? -BigIntConstructor(hex) : BigIntConstructor(hex);
  }

  function utf16(n) {
    const at = take(n);
    let s = '';
    for (let i = at; i + 1 < at + n; i += 2) s += fromCharCode(getUint16(view, i, true));
    return s;
  }

  function open(from, at, stop, rest, isLent, isLoan, areFew) {
    if (from !== buffer) {
      bytes = new Bytes(from);
      view = new View(from);
      buffer = from;
    }
    pos = at;
    end = stop;
    tail = rest;
    lent = isLent;
    lends = isLoan;
    loan = undefined;
    lendsFew = areFew;
    hasLent = false;
    packet = packet + 1 >>> 0 || 1;
    ordinary = getPrototypeOf(ArrayPrototype) === ObjectPrototype;
  }

  function finish() {
    if (pos !== end || tail !== undefined) throw GIVE_UP;
  }

  return {
    __proto__: null,
    // Each reads what lies from at to stop of the packet's buffer, or throws. tail belongs to the packet's last frame only.
    value(from, at, stop, rest, isLent) {
      open(from, at, stop, rest, isLent, false, false);
      const v = value(0);
      finish();
      return v;
    },
    args(from, at, stop, rest, isLent, isLoan, areFew) {
      open(from, at, stop, rest, isLent, isLoan, areFew);
      const c = bytes[take(1)];
      const n = c >= 0x90 && c < 0xa0 ? c & 0xf : c === 0xdc ? size(2) : -1;
      if (n < 0 || n > ARGS) throw GIVE_UP;
      const args = array(n, -1);
      finish();
      return args;
    },
    // The buffer of bytes that were lent with the last arguments, or undefined.
    takeLoan() {
      const taken = loan;
      loan = undefined;
      return taken;
    },
    // Whether the last arguments have bytes that they share a buffer for.
    hasLent: () => hasLent,
    // That buffer, which is the caller's to empty now.
    keepShared() {
      const kept = shared;
      shared = sharedBytes = null;
      used = 0;
      return kept;
    },
    empty(kept) {
      if (bufferLength(kept) > 0) transfer(kept);
    },
    // Forgets the packet's buffer, and takes back what it had lent.
    close() {
      buffer = bytes = view = null;
      tail = undefined;
      if (used === 0) return;
      used = 0;
      shared = bufferLength(shared) > 0 ? transfer(shared) : null;
      sharedBytes = shared && new Bytes(shared);
    },
  };
}
