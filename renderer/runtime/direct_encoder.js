// Writes the arguments of a direct call in the page's world: the kinds of values that most calls have, in the bytes that the bridge and
// the codec would have come to. For any other value it gives up, and the call goes the ordinary way, with that way's rules and texts. Getters and
// proxies of the page run meanwhile; all that they can change is what is written of their own values.
function createDirectEncoder(intrinsics) {
  'use strict';

  const { Bytes, Halves, View, Buffer, MapConstructor, SetConstructor, ObjectPrototype, BytesPrototype, DatePrototype, BufferPrototype,
    getPrototypeOf, isArray, keys, isView, isSafeInteger, floor, min, max, parse, mapGet, mapSet, setAdd, setSize, setForEach, charCodeAt,
    isWellFormed, slice, bigIntText, encodeInto, typedArraySet, typedArrayKind, typedArrayBuffer, typedArrayOffset, typedArrayBytes, viewBuffer,
    viewOffset, viewBytes, bufferLength, copyWithin, dateValue, setInt16, setInt32, setUint16, setUint32, setFloat64, viewKinds } = intrinsics;

  const START_SIZE = 1024; // of the buffer
  const KEEP_SIZE = 4 << 20; // a larger one goes with its call
  const PACKET = 64 << 20, ELEMENTS = 4 << 20, DEPTH = 64, ARGS = 255; // protocol's limits
  const FRAME = 7; // values that a frame has besides its arguments, their list included, or more: as codec.js counts them
  const GIVE_UP = 0; // what is thrown for it: nothing that remembers where it comes from

  let capacity = START_SIZE;
  let buffer = new Buffer(capacity);
  let bytes = new Bytes(buffer);
  let view = new View(buffer);
  let pos = 0;
  let depth = 0;
  let items = 0;
  let small = 0; // calls in a row that left most of a large buffer unused
  let busy = false; // a getter may call a direct function: that call goes the ordinary way
  const FEW = 8;
  const few = [undefined, undefined, undefined, undefined, undefined, undefined, undefined, undefined]; // the call's first objects
  let many = null; // all of them in their order, once there are more
  let numbers = null; // and their numbers, once one has come twice
  let count = 0;

  // The names of properties, encoded. The same few come again and again, mostly in the same order.
  const NAMES = 512; // that are kept
  const NAME = 32; // bytes of the longest one, with its head
  const names = keys(new Bytes(NAMES)); // by slot; an array that has its elements, so that no setter of the page's is asked
  const nameSizes = new Bytes(NAMES); // with the head; 0 where there is no name yet
  const nameBytes = new Bytes(NAMES * NAME);
  const after = new Halves(NAMES); // by slot: the slot of the name that came next the last time
  let slots = new MapConstructor(); // by name
  let used = 0;
  let last = 0; // the slot of the last name

  function resize(size) {
    const old = buffer;
    buffer = new Buffer(size); // or throws: then the old one stays
    capacity = size;
    bytes = new Bytes(buffer);
    view = new View(buffer);
    if (pos > 0) typedArraySet(bytes, new Bytes(old, 0, pos));
  }

  // room makes sure that n more bytes fit.
  function room(n) {
    const need = pos + n;
    if (need <= capacity) return;
    if (need > PACKET) throw GIVE_UP;
    resize(min(max(need, 2 * capacity), PACKET));
  }

  // sized writes the code for a length of 1, 2 or 4 bytes, and the length.
  function sized(n, code8, code16, code32) {
    room(5);
    if (code8 !== 0 && n < 0x100) {
      bytes[pos] = code8;
      bytes[pos + 1] = n;
      pos += 2;
    } else if (n < 0x10000) {
      bytes[pos] = code16;
      setUint16(view, pos + 1, n);
      pos += 3;
    } else {
      bytes[pos] = code32;
      setUint32(view, pos + 1, n);
      pos += 5;
    }
  }

  function ext(type, n) {
    const fixed = n === 1 ? 0xd4 : n === 2 ? 0xd5 : n === 4 ? 0xd6 : n === 8 ? 0xd7 : n === 16 ? 0xd8 : 0;
    room(n + 6);
    if (fixed !== 0) bytes[pos++] = fixed;
    else sized(n, 0xc7, 0xc8, 0xc9);
    bytes[pos++] = type;
  }

  function u32(n) {
    setUint32(view, pos, n);
    pos += 4;
  }

  function number(v) {
    room(9);
    if (v >= 0 && v < 128 && (v | 0) === v && (v !== 0 || 1 / v > 0)) {
      bytes[pos++] = v;
    } else if (!isSafeInteger(v) || v === 0) { // of the zeros only -0 comes here
      bytes[pos] = 0xcb;
      setFloat64(view, pos + 1, v);
      pos += 9;
    } else if (v > 0 && v <= 0xffffffff) {
      sized(v, 0xcc, 0xcd, 0xce);
    } else if (v >= -0x80000000 && v < 0) {
      negative(v);
    } else {
      const high = floor(v / 0x100000000);
      bytes[pos] = v > 0 ? 0xcf : 0xd3;
      setInt32(view, pos + 1, high);
      setUint32(view, pos + 5, v - high * 0x100000000);
      pos += 9;
    }
  }

  function negative(v) {
    if (v >= -32) {
      bytes[pos++] = v;
    } else if (v >= -0x80) {
      bytes[pos] = 0xd0;
      bytes[pos + 1] = v;
      pos += 2;
    } else if (v >= -0x8000) {
      bytes[pos] = 0xd1;
      setInt16(view, pos + 1, v);
      pos += 3;
    } else {
      bytes[pos] = 0xd2;
      setInt32(view, pos + 1, v);
      pos += 5;
    }
  }

  function string(s) {
    const n = s.length;
    items++;
    if (n <= 40) {
      room(n + 2);
      const start = pos;
      if (n < 32) {
        bytes[pos++] = 0xa0 | n;
      } else {
        bytes[pos++] = 0xd9;
        bytes[pos++] = n;
      }
      const at = pos;
      let i = 0;
      for (; i < n; i++) {
        const c = charCodeAt(s, i);
        if (c >= 0x80) break;
        bytes[at + i] = c;
      }
      pos = at + n;
      if (i === n) return;
      pos = start;
    }
    if (isWellFormed(s)) longString(s, n);
    else brokenString(s, n);
  }

  // longString guesses the length's width from the number of UTF-16 units and moves the text in the rare case that it was too small.
  function longString(s, n) {
    const width = n < 32 ? 1 : n < 0x100 ? 2 : n < 0x10000 ? 3 : 5;
    room(n + 5);
    const start = pos;
    let read = 0;
    pos += width;
    while (read < n) {
      room(min((n - read) * 3, n - read + 64));
      const r = encodeInto(read === 0 ? s : slice(s, read), new Bytes(buffer, pos));
      read += r.read;
      pos += r.written;
    }
    const size = pos - start - width;
    const right = size < 32 ? 1 : size < 0x100 ? 2 : size < 0x10000 ? 3 : 5;
    if (right !== width) {
      room(4);
      copyWithin(bytes, start + right, start + width, pos);
    }
    pos = start;
    if (right === 1) bytes[pos++] = 0xa0 | size;
    else sized(size, 0xd9, 0xda, 0xdb);
    pos += size;
  }

  function brokenString(s, n) {
    ext(12, 2 * n);
    for (let i = 0; i < n; i++, pos += 2) setUint16(view, pos, charCodeAt(s, i), true);
  }

  function bigint(v) {
    let hex = bigIntText(v < 0n ? -v : v, 16);
    if (v === 0n) hex = '';
    else if (hex.length & 1) hex = '0' + hex;
    ext(5, 1 + hex.length / 2);
    bytes[pos++] = v < 0n ? 1 : 0;
    for (let i = 0; i < hex.length; i += 2) bytes[pos++] = parse(hex[i] + hex[i + 1], 16);
  }

  function value(v) {
    switch (typeof v) {
      case 'string':
        return string(v);
      case 'number':
        items++;
        return number(v);
      case 'object':
        items++;
        if (v !== null) return object(v);
        room(1);
        bytes[pos++] = 0xc0;
        return undefined;
      case 'boolean':
        items++;
        room(1);
        bytes[pos++] = v ? 0xc3 : 0xc2;
        return undefined;
      case 'bigint':
        items++;
        return bigint(v);
      case 'undefined':
        items++;
        if (v === undefined) return ext(1, 0);
        // falls through: document.all
      default:
        throw GIVE_UP;
    }
  }

  // object writes a reference to what was written before; else it gives v the next number and writes it.
  function object(v) {
    if (many !== null) {
      setAdd(many, v); // one search of the table for what is new
      if (setSize(many) === count) return again(v);
      count++;
    } else if (numbers !== null) {
      const i = mapGet(numbers, v);
      if (i !== undefined) return reference(i);
      mapSet(numbers, v, count++);
    } else {
      for (let i = 0; i < count; i++) if (few[i] === v) return reference(i);
      if (count < FEW) few[count++] = v;
      else remember(v);
    }
    const prototype = getPrototypeOf(v);
    if (prototype === ObjectPrototype || prototype === null) return plain(v);
    if (isArray(v)) return array(v);
    if (isView(v)) return typed(v);
    if (prototype === DatePrototype) return date(dateValue(v));
    if (prototype === BufferPrototype) return arrayBuffer(v);
    throw GIVE_UP;
  }

  function remember(v) {
    many = new SetConstructor();
    for (let i = 0; i < count; i++) setAdd(many, few[i]);
    setAdd(many, v);
    count++;
  }

  function again(v) {
    let i = 0;
    numbers = new MapConstructor();
    setForEach(many, (x) => { mapSet(numbers, x, i++); });
    many = null;
    reference(mapGet(numbers, v));
  }

  function reference(i) {
    ext(13, 4);
    u32(i);
  }

  function deeper(n) {
    if (depth === DEPTH || n > ELEMENTS) throw GIVE_UP;
    depth++;
  }

  function plain(v) {
    const list = keys(v);
    const n = list.length;
    deeper(n);
    room(5);
    if (n < 16) bytes[pos++] = 0x80 | n;
    else sized(n, 0, 0xde, 0xdf);
    for (let i = 0; i < n; i++) {
      const name = list[i];
      property(name);
      value(v[name]);
    }
    depth--;
  }

  function property(name) {
    let slot = after[last];
    if (names[slot] !== name || nameSizes[slot] === 0) {
      slot = find(name);
      if (slot < 0) return string(name);
      after[last] = slot;
    }
    last = slot;
    items++;
    room(NAME);
    const n = nameSizes[slot];
    const from = slot * NAME;
    const at = pos;
    for (let i = 0; i < n; i++) bytes[at + i] = nameBytes[from + i];
    pos = at + n;
    return undefined;
  }

  // find returns the name's slot, a new one if need be, or -1 for a name that is not kept.
  function find(name) {
    const known = mapGet(slots, name);
    if (known !== undefined) return known;
    const n = name.length;
    if (n >= NAME) return -1;
    for (let i = 0; i < n; i++) if (charCodeAt(name, i) >= 0x80) return -1;
    if (used === NAMES) {
      slots = new MapConstructor();
      used = 0;
    }
    const slot = used++;
    const at = slot * NAME;
    mapSet(slots, name, slot);
    names[slot] = name;
    nameSizes[slot] = n + 1;
    nameBytes[at] = 0xa0 | n;
    for (let i = 0; i < n; i++) nameBytes[at + 1 + i] = charCodeAt(name, i);
    return slot;
  }

  // What is missing is undefined, and what hangs on an array besides its elements stays behind, as on the bridge. A proxy may say any length: of one
  // that is no count, the head would be another value's.
  function array(v) {
    const n = v.length;
    if (typeof n !== 'number' || n >>> 0 !== n) throw GIVE_UP;
    deeper(n);
    room(5);
    if (n < 16) bytes[pos++] = 0x90 | n;
    else sized(n, 0, 0xdc, 0xdd);
    for (let i = 0; i < n; i++) value(v[i]);
    depth--;
  }

  // What is detached, or beyond the end of its buffer, seems to be empty, and cannot be read.
  function typed(v) {
    const kind = typedArrayKind(v);
    const source = kind === undefined ? viewBuffer(v) : typedArrayBuffer(v);
    bufferLength(source); // throws for shared memory
    const n = kind === undefined ? viewBytes(v) : typedArrayBytes(v);
    if (kind === 'Uint8Array') {
      sized(n, 0xc4, 0xc5, 0xc6);
      room(n);
      typedArraySet(bytes, v, pos);
    } else {
      ext(3, n + 1);
      bytes[pos++] = viewKinds[kind === undefined ? 'DataView' : kind];
      typedArraySet(bytes, new Bytes(source, kind === undefined ? viewOffset(v) : typedArrayOffset(v), n), pos);
    }
    pos += n;
  }

  function arrayBuffer(v) {
    const n = bufferLength(v);
    ext(2, n);
    typedArraySet(bytes, new Bytes(v), pos);
    pos += n;
  }

  function date(t) {
    if (t !== t) return ext(4, 0);
    const s = floor(t / 1000);
    const nano = (t - s * 1000) * 1e6;
    const high = floor(s / 0x100000000);
    const low = s - high * 0x100000000;
    if (high >= 0 && high < 4 && (nano > 0 || high > 0)) {
      ext(0xff, 8);
      u32(nano * 4 + high);
    } else if (high === 0) {
      ext(0xff, 4);
    } else {
      ext(0xff, 12);
      u32(nano);
      u32(high);
    }
    return u32(low);
  }

  function reset(start) {
    if (capacity > START_SIZE * 64 && pos < capacity / 4) small++;
    else small = 0;
    pos = depth = items = 0;
    if (capacity > KEEP_SIZE || small > 16) resize(START_SIZE);
    pos = start;
  }

  function forget() {
    for (let i = 0; i < FEW; i++) few[i] = undefined;
    many = numbers = null;
    count = 0;
  }

  return {
    __proto__: null,
    // The bytes of the last encode lie in it until the next one, or release.
    buffer: () => buffer,
    // Gives a buffer back that one call has made large.
    release() {
      if (capacity <= KEEP_SIZE) return;
      pos = 0;
      resize(START_SIZE);
    },
    // Writes the arguments from start on; returns where they end, or 0 if the call has to go the ordinary way.
    encode(args, start) {
      if (busy || args.length > ARGS) return 0;
      busy = true;
      try {
        reset(start);
        room(5);
        if (args.length < 16) bytes[pos++] = 0x90 | args.length;
        else sized(args.length, 0, 0xdc, 0xdd);
        for (let i = 0; i < args.length; i++) value(args[i]);
        return items + FRAME <= ELEMENTS ? pos : 0;
      } catch {
        return 0;
      } finally {
        forget();
        busy = false;
      }
    },
  };
}
