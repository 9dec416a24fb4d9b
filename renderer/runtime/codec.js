// The wire's JavaScript half: values, frames, packets. package protocol
// defines the format and has the same tables; protocol/testdata/golden.json
// holds both to it. This is a fragment of the runtime, not a module.
//
// It runs in the preload's world. The page cannot reach that world's builtins;
// the ones captured below guard against a preload that patches its own.
const codec = (() => {
  'use strict';

  const VERSION = 1;
  const HEADER = 8;
  const kinds = Object.freeze({ hello: 1, send: 2, invoke: 3, result: 4, error: 5, cancel: 6 });
  const limits = Object.freeze({
    packet: 64 << 20, frames: 1 << 16, depth: 64, elements: 4 << 20, args: 255, channel: 255, inFlight: 1 << 16,
  });

  const UNDEFINED = 1, ARRAY_BUFFER = 2, VIEW = 3, INVALID_DATE = 4, BIGINT = 5, REGEXP = 6, MAP = 7,
    SET = 8, ERROR = 9, SPARSE = 10, BOXED = 11, UTF16 = 12, REFERENCE = 13, TIMESTAMP = 0xff;
  const viewNames = [, 'Int8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array',
    'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array', 'DataView', 'Float16Array'];
  const viewKinds = Object.assign(Object.create(null), ...viewNames.map((name, i) => ({ [name]: i })));

  const START_SIZE = 1024; // of an encoder's buffer
  const KEEP_SIZE = 4 << 20; // a larger one goes with its packet

  const { keys, getPrototypeOf, getOwnPropertyDescriptor, defineProperty, hasOwn } = Object;
  const { isArray } = Array;
  const { isView } = ArrayBuffer;
  const { isSafeInteger } = Number;
  const { fromCharCode } = String;
  const { floor } = Math;
  const TAG = Symbol.toStringTag;
  const uncurry = (f) => Function.prototype.call.bind(f);
  const getter = (proto, name) => {
    const d = getOwnPropertyDescriptor(proto, name);
    return d && d.get && uncurry(d.get);
  };
  const typedProto = getPrototypeOf(Uint8Array.prototype);
  const typedName = getter(typedProto, TAG);
  const typedBuffer = getter(typedProto, 'buffer');
  const typedOffset = getter(typedProto, 'byteOffset');
  const typedBytes = getter(typedProto, 'byteLength');
  const viewBuffer = getter(DataView.prototype, 'buffer');
  const viewOffset = getter(DataView.prototype, 'byteOffset');
  const viewBytes = getter(DataView.prototype, 'byteLength');
  const bufferBytes = getter(ArrayBuffer.prototype, 'byteLength');
  const bufferSlice = uncurry(ArrayBuffer.prototype.slice);
  const regexpSource = getter(RegExp.prototype, 'source');
  const regexpFlags = getter(RegExp.prototype, 'flags');
  const dateTime = uncurry(Date.prototype.getTime);
  const mapEach = uncurry(Map.prototype.forEach);
  const mapGet = uncurry(Map.prototype.get);
  const mapSet = uncurry(Map.prototype.set);
  const setEach = uncurry(Set.prototype.forEach);
  const setAdd = uncurry(Set.prototype.add);
  const typeTag = uncurry(Object.prototype.toString);
  const charCodeAt = uncurry(String.prototype.charCodeAt);
  const isWellFormed = uncurry(String.prototype.isWellFormed);
  const bigIntText = uncurry(BigInt.prototype.toString);
  const unbox = [Boolean, Number, String, BigInt].map((C) => uncurry(C.prototype.valueOf));
  const textEncoder = new TextEncoder();
  const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const encodeInto = textEncoder.encodeInto.bind(textEncoder);
  const decodeText = textDecoder.decode.bind(textDecoder);
  const objectProto = Object.prototype;
  const bytesProto = Uint8Array.prototype;

  const uncloneable = () => new Error('An object could not be cloned.');

  // attempt returns undefined where a builtin refuses its receiver: the value
  // is not what its prototype says.
  const attempt = (f, v) => {
    try {
      return f(v);
    } catch {
      return undefined;
    }
  };

  function createEncoder() {
    let buffer = new ArrayBuffer(START_SIZE);
    let bytes = new Uint8Array(buffer);
    let view = new DataView(buffer);
    let pos = 0;
    let depth = 0;
    let items = 0; // of the packet; limits.elements
    let frames = 0;
    let small = 0; // packets in a row that left most of a large buffer unused
    let busy = false; // within a frame, where getters may call us again
    let later = null; // frames begun by such calls
    // Back references: the first few objects of a frame in an array, which is
    // quicker than a Map for the usual small frame.
    const few = new Array(8).fill(undefined);
    let many = null;
    let count = 0;

    function resize(size) {
      const old = bytes;
      buffer = new ArrayBuffer(size);
      bytes = new Uint8Array(buffer);
      view = new DataView(buffer);
      if (pos > 0) bytes.set(old.subarray(0, pos));
    }

    // room makes sure that n more bytes fit.
    function room(n) {
      const need = pos + n;
      if (need <= bytes.length) return;
      if (need > limits.packet) throw new Error(`A message is larger than ${limits.packet} bytes.`);
      resize(Math.min(Math.max(need, 2 * bytes.length), limits.packet));
    }

    function byte(c) {
      if (pos === bytes.length) room(1);
      bytes[pos++] = c;
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
        view.setUint16(pos + 1, n);
        pos += 3;
      } else {
        bytes[pos] = code32;
        view.setUint32(pos + 1, n);
        pos += 5;
      }
    }

    function ext(type, n) {
      const fixed = n === 1 ? 0xd4 : n === 2 ? 0xd5 : n === 4 ? 0xd6 : n === 8 ? 0xd7 : n === 16 ? 0xd8 : 0;
      if (fixed !== 0) byte(fixed);
      else sized(n, 0xc7, 0xc8, 0xc9);
      byte(type);
      room(n);
    }

    // open starts an ext of items; close fills in its length.
    function open(type) {
      deeper();
      room(6);
      bytes[pos] = 0xc9;
      bytes[pos + 5] = type;
      return (pos += 6);
    }

    function close(start) {
      view.setUint32(start - 5, pos - start);
      depth--;
    }

    function deeper() {
      if (depth === limits.depth) throw new Error(`An object is nested more than ${limits.depth} deep.`);
      depth++;
    }

    function number(v) {
      room(9);
      if (v >= 0 && v < 128 && (v | 0) === v && (v !== 0 || 1 / v > 0)) {
        bytes[pos++] = v;
      } else if (!isSafeInteger(v) || v === 0) {
        // Of the zeros only -0 comes here.
        bytes[pos] = 0xcb;
        view.setFloat64(pos + 1, v);
        pos += 9;
      } else if (v > 0 && v <= 0xffffffff) {
        sized(v, 0xcc, 0xcd, 0xce);
      } else if (v >= -0x80000000 && v < 0) {
        if (v >= -32) {
          bytes[pos++] = v;
        } else if (v >= -0x80) {
          bytes[pos] = 0xd0;
          bytes[pos + 1] = v;
          pos += 2;
        } else if (v >= -0x8000) {
          bytes[pos] = 0xd1;
          view.setInt16(pos + 1, v);
          pos += 3;
        } else {
          bytes[pos] = 0xd2;
          view.setInt32(pos + 1, v);
          pos += 5;
        }
      } else {
        const high = floor(v / 0x100000000);
        bytes[pos] = v > 0 ? 0xcf : 0xd3;
        view.setInt32(pos + 1, high);
        view.setUint32(pos + 5, v - high * 0x100000000);
        pos += 9;
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
        let i = 0;
        for (; i < n; i++) {
          const c = charCodeAt(s, i);
          if (c >= 0x80) break;
          bytes[pos++] = c;
        }
        if (i === n) return;
        pos = start;
      }
      if (isWellFormed(s)) longString(s, n);
      else brokenString(s, n);
    }

    // longString guesses the length's width from the number of UTF-16 units and
    // moves the text in the rare case that it was too small.
    function longString(s, n) {
      const width = n < 32 ? 1 : n < 0x100 ? 2 : n < 0x10000 ? 3 : 5;
      room(n + 5);
      const start = pos;
      let read = 0;
      pos += width;
      while (read < n) {
        room(Math.min((n - read) * 3, n - read + 64));
        const r = encodeInto(read === 0 ? s : s.slice(read), bytes.subarray(pos));
        read += r.read;
        pos += r.written;
      }
      const size = pos - start - width;
      const right = size < 32 ? 1 : size < 0x100 ? 2 : size < 0x10000 ? 3 : 5;
      if (right !== width) {
        room(4);
        bytes.copyWithin(start + right, start + width, pos);
      }
      pos = start;
      if (right === 1) bytes[pos++] = 0xa0 | size;
      else sized(size, 0xd9, 0xda, 0xdb);
      pos += size;
    }

    function brokenString(s, n) {
      ext(UTF16, 2 * n);
      for (let i = 0; i < n; i++, pos += 2) view.setUint16(pos, charCodeAt(s, i), true);
    }

    function bigint(v) {
      let hex = bigIntText(v < 0n ? -v : v, 16);
      if (v === 0n) hex = '';
      else if (hex.length & 1) hex = '0' + hex;
      ext(BIGINT, 1 + hex.length / 2);
      bytes[pos++] = v < 0n ? 1 : 0;
      for (let i = 0; i < hex.length; i += 2) bytes[pos++] = parseInt(hex[i] + hex[i + 1], 16);
    }

    function value(v) {
      items++;
      switch (typeof v) {
        case 'number': return number(v);
        case 'string': items--; return string(v);
        case 'boolean': return byte(v ? 0xc3 : 0xc2);
        case 'bigint': return bigint(v);
        case 'object': return v === null ? byte(0xc0) : object(v);
        case 'undefined':
          if (v === undefined) return ext(UNDEFINED, 0);
          // falls through: document.all says undefined and is not
        default: throw uncloneable();
      }
    }

    // object writes a reference to what was written before; else it gives v
    // the next number and writes it.
    function object(v) {
      if (many === null) {
        for (let i = 0; i < count; i++) if (few[i] === v) return reference(i);
        if (count < few.length) {
          few[count++] = v;
        } else {
          many = new Map();
          for (let i = 0; i < count; i++) mapSet(many, few[i], i);
          mapSet(many, v, count++);
        }
      } else {
        const i = mapGet(many, v);
        if (i !== undefined) return reference(i);
        mapSet(many, v, count++);
      }
      if (isArray(v)) return array(v);
      const proto = getPrototypeOf(v);
      if (proto === objectProto) return plain(v, false);
      if (proto === bytesProto && isView(v)) return typed(v, 'Uint8Array');
      return other(v, proto);
    }

    function reference(i) {
      ext(REFERENCE, 4);
      view.setUint32(pos, i);
      pos += 4;
    }

    // plain writes own enumerable properties, each read once. One that a getter
    // removed meanwhile is left out and the count corrected.
    function plain(v, inherits) {
      const names = keys(v);
      const n = names.length;
      const start = pos;
      let left = n;
      deeper();
      if (n < 16) byte(0x80 | n);
      else sized(n, 0, 0xde, 0xdf);
      for (let i = 0; i < n; i++) {
        const name = names[i];
        // Only what is missing or inherited can be a property that has gone.
        if (inherits && !hasOwn(v, name)) {
          left--;
          continue;
        }
        const x = v[name];
        if ((x === undefined || typeof x === 'function') && !hasOwn(v, name)) {
          left--;
          continue;
        }
        string(name);
        value(x);
      }
      depth--;
      if (left === n) return;
      if (n < 16) bytes[start] = 0x80 | left;
      else if (n < 0x10000) view.setUint16(start + 1, left);
      else view.setUint32(start + 1, left);
    }

    function array(v) {
      const n = v.length;
      let i = 0;
      while (i < n && i in v) i++;
      if (i < n || keys(v).length !== n) return sparse(v, n);
      deeper();
      if (n < 16) byte(0x90 | n);
      else sized(n, 0, 0xdc, 0xdd);
      for (i = 0; i < n; i++) value(v[i]);
      depth--;
    }

    function sparse(v, n) {
      const names = keys(v);
      const start = open(SPARSE);
      number(n);
      items++;
      for (let i = 0; i < names.length; i++) {
        const name = names[i];
        if (!hasOwn(v, name)) continue;
        const x = v[name];
        const index = name >>> 0;
        if (index < n && String(index) === name) {
          items++;
          number(index);
        } else {
          string(name);
        }
        value(x);
      }
      close(start);
    }

    // other handles what is neither an array nor an ordinary object.
    function other(v, proto) {
      if (isView(v)) return typed(v, typedName(v));
      let native = false;
      let last = null;
      for (let p = proto; p !== null; last = p, p = getPrototypeOf(p)) {
        const write = mapGet(known, p);
        if (write !== undefined && write(v)) return;
        // Builtins and DOM classes mark their prototypes so; scripts hardly can.
        const tag = getOwnPropertyDescriptor(p, TAG);
        if (tag !== undefined && tag.writable === false) native = true;
      }
      // A Date of a frame has that frame's Date.prototype.
      if (last !== objectProto && last !== null) for (const write of foreign) if (write(v)) return;
      if (native) throw uncloneable();
      plain(v, true);
    }

    // typed writes a view; name is undefined for a DataView.
    function typed(v, name) {
      const source = name === undefined ? viewBuffer(v) : typedBuffer(v);
      const offset = name === undefined ? viewOffset(v) : typedOffset(v);
      const n = name === undefined ? viewBytes(v) : typedBytes(v);
      const from = copyable(source, offset, n);
      if (name === 'Uint8Array') {
        sized(n, 0xc4, 0xc5, 0xc6);
        room(n);
      } else {
        ext(VIEW, n + 1);
        bytes[pos++] = viewKinds[name === undefined ? 'DataView' : name];
      }
      bytes.set(from, pos);
      pos += n;
    }

    // copyable refuses shared and detached buffers.
    function copyable(source, offset, n) {
      if (attempt(bufferBytes, source) === undefined) throw uncloneable();
      try {
        return new Uint8Array(source, offset, n);
      } catch {
        throw uncloneable();
      }
    }

    function arrayBuffer(v) {
      const n = attempt(bufferBytes, v);
      if (n === undefined) return false;
      const from = copyable(v, 0, n);
      ext(ARRAY_BUFFER, n);
      bytes.set(from, pos);
      pos += n;
      return true;
    }

    function date(v) {
      const t = attempt(dateTime, v);
      if (t === undefined) return false;
      if (t !== t) {
        ext(INVALID_DATE, 0);
        return true;
      }
      const s = floor(t / 1000);
      const nano = (t - s * 1000) * 1e6;
      const high = floor(s / 0x100000000);
      const low = s - high * 0x100000000;
      if (high >= 0 && high < 4 && (nano > 0 || high > 0)) {
        ext(TIMESTAMP, 8);
        view.setUint32(pos, nano * 4 + high);
        view.setUint32(pos + 4, low);
        pos += 8;
      } else if (high === 0) {
        ext(TIMESTAMP, 4);
        view.setUint32(pos, low);
        pos += 4;
      } else {
        ext(TIMESTAMP, 12);
        view.setUint32(pos, nano);
        view.setInt32(pos + 4, high);
        view.setUint32(pos + 8, low);
        pos += 12;
      }
      return true;
    }

    function regexp(v) {
      // The prototype has a source too, but is no RegExp.
      if (v === RegExp.prototype) return false;
      const source = attempt(regexpSource, v);
      if (source === undefined) return false;
      const start = open(REGEXP);
      string(source);
      string(regexpFlags(v));
      close(start);
      return true;
    }

    // collection writes a copy taken at once: getters may change the original.
    function collection(v, each, type) {
      const list = [];
      let n = 0;
      const take = type === MAP ? (x, key) => { list[n++] = key; list[n++] = x; } : (x) => { list[n++] = x; };
      if (attempt(() => (each(v, take), true), v) === undefined) return false;
      const start = open(type);
      for (let i = 0; i < n; i++) value(list[i]);
      close(start);
      return true;
    }

    function error(v) {
      const { name, message, stack } = v;
      const start = open(ERROR);
      string(typeof name === 'string' ? name : 'Error');
      string(typeof message === 'string' ? message : '');
      if (typeof stack === 'string') string(stack);
      else byte(0xc0);
      value(hasOwn(v, 'cause') ? v.cause : undefined);
      close(start);
      return true;
    }

    const boxed = (f) => (v) => {
      const x = attempt(f, v);
      if (x === undefined) return false;
      const start = open(BOXED);
      value(x);
      close(start);
      return true;
    };

    // What a prototype stands for. Each writes v and says so, or says that v is
    // not of that kind after all.
    const map = (v) => collection(v, mapEach, MAP);
    const set = (v) => collection(v, setEach, SET);
    const boxes = unbox.map(boxed);
    const foreign = [date, regexp, map, set, arrayBuffer, ...boxes, (v) => typeTag(v) === '[object Error]' && error(v)];
    const known = new Map([
      [Date.prototype, date], [RegExp.prototype, regexp], [Map.prototype, map], [Set.prototype, set],
      [ArrayBuffer.prototype, arrayBuffer], [Error.prototype, error], [Boolean.prototype, boxes[0]],
      [Number.prototype, boxes[1]], [String.prototype, boxes[2]], [BigInt.prototype, boxes[3]],
    ]);

    function list(args) {
      const n = args.length;
      if (n > limits.args) throw new Error(`A call has ${n} arguments, ${limits.args} are allowed.`);
      if (n < 16) byte(0x90 | n);
      else sized(n, 0, 0xdc, 0xdd);
      for (let i = 0; i < n; i++) value(args[i]);
    }

    function channelName(channel) {
      const start = pos;
      if (typeof channel !== 'string' || channel === '' || !isWellFormed(channel)) {
        throw new Error('A channel name must be a well-formed string and not be empty.');
      }
      string(channel);
      const size = pos - start - (bytes[start] === 0xd9 ? 2 : bytes[start] < 0xc0 ? 1 : 3);
      if (size > limits.channel) throw new Error(`A channel name has more than ${limits.channel} bytes.`);
    }

    // text writes a string that the frame itself holds.
    const text = (v) => string(String(v).toWellFormed());

    const writers = {
      hello() {
        byte(0x91);
        byte(kinds.hello);
      },
      send(channel, args) {
        byte(0x93);
        byte(kinds.send);
        channelName(channel);
        list(args);
      },
      invoke(id, channel, args) {
        byte(0x94);
        byte(kinds.invoke);
        number(id);
        channelName(channel);
        list(args);
      },
      result(id, v) {
        byte(0x93);
        byte(kinds.result);
        number(id);
        value(v);
      },
      error(id, name, message, code, data) {
        byte(0x96);
        byte(kinds.error);
        number(id);
        text(name);
        text(message);
        if (code === undefined || code === null) byte(0xc0);
        else text(code);
        value(data === undefined ? null : data);
      },
      cancel(id) {
        byte(0x92);
        byte(kinds.cancel);
        number(id);
      },
    };

    function begin(doc) {
      if (busy) throw new Error('A packet is being written.');
      // A buffer that one message made large is not kept for small ones.
      if (bytes.length > START_SIZE * 64 && pos < bytes.length / 4) small++;
      else small = 0;
      pos = 0;
      if (bytes.length > KEEP_SIZE || small > 16) resize(START_SIZE);
      items = frames = 0;
      view.setUint32(0, VERSION << 24);
      view.setUint32(4, doc, true);
      pos = HEADER;
    }

    // frame writes one frame or, when anything throws, nothing. A getter that
    // sends something itself gets its frame behind this one.
    function frame(kind, a, b, c, d, e) {
      if (busy) {
        const inner = createEncoder();
        inner.begin(1);
        inner[kind](a, b, c, d, e);
        const packet = inner.finish();
        (later ??= []).push(new Uint8Array(packet.buffer, HEADER, packet.length - HEADER));
        return;
      }
      const start = pos;
      const before = items;
      busy = true;
      try {
        writers[kind](a, b, c, d, e);
        if ((items += 6) > limits.elements) throw new Error(`A message has more than ${limits.elements} values.`);
        if (++frames > limits.frames) throw new Error(`A packet has more than ${limits.frames} frames.`);
      } catch (problem) {
        pos = start;
        items = before;
        throw problem;
      } finally {
        busy = false;
        depth = 0;
        few.fill(undefined, 0, Math.min(count, few.length));
        many = null;
        count = 0;
        if (later !== null) append();
      }
    }

    function append() {
      for (const inner of later) {
        room(inner.length);
        bytes.set(inner, pos);
        pos += inner.length;
        frames++;
      }
      later = null;
    }

    // finish returns the packet: the first length bytes of buffer, valid until
    // the next begin.
    function finish() {
      const packet = { buffer, length: pos };
      if (bytes.length > KEEP_SIZE) {
        pos = 0;
        resize(START_SIZE);
      }
      return packet;
    }

    return {
      begin,
      finish,
      hello: () => frame('hello'),
      send: (channel, args) => frame('send', channel, args),
      invoke: (id, channel, args) => frame('invoke', id, channel, args),
      result: (id, v) => frame('result', id, v),
      error: (id, name, message, code, data) => frame('error', id, name, message, code, data),
      cancel: (id) => frame('cancel', id),
      get length() { return pos; },
      get busy() { return busy; },
    };
  }

  const damaged = (what) => new Error(`A damaged message: ${what}.`);
  const errorTypes = Object.assign(Object.create(null), {
    EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError,
  });

  // Decoder reads one packet. Main sent it, but no length of it is believed.
  class Decoder {
    constructor(buffer) {
      this.bytes = new Uint8Array(buffer);
      this.view = new DataView(buffer);
      this.pos = 0;
      this.end = this.bytes.length;
      this.refs = [];
    }

    // take steps over n bytes and returns where they start.
    take(n) {
      const at = this.pos;
      if (n > this.end - at) throw damaged('it ends too early');
      this.pos = at + n;
      return at;
    }

    size(width) {
      const at = this.take(width);
      return width === 1 ? this.bytes[at] : width === 2 ? this.view.getUint16(at) : this.view.getUint32(at);
    }

    keep(v) {
      this.refs.push(v);
      return v;
    }

    value(depth) {
      const c = this.bytes[this.take(1)];
      if (c < 0x80) return c;
      if (c < 0x90) return this.object(c & 0xf, depth);
      if (c < 0xa0) return this.array(c & 0xf, depth);
      if (c < 0xc0) return this.string(c & 0x1f);
      if (c >= 0xe0) return c - 0x100;
      const { view } = this;
      switch (c) {
        case 0xc0: return null;
        case 0xc2: return false;
        case 0xc3: return true;
        case 0xc4: case 0xc5: case 0xc6: return this.keep(this.copy(this.size(1 << (c - 0xc4))));
        case 0xc7: case 0xc8: case 0xc9: return this.ext(this.size(1 << (c - 0xc7)), depth);
        case 0xca: return view.getFloat32(this.take(4));
        case 0xcb: return view.getFloat64(this.take(8));
        case 0xcc: case 0xcd: case 0xce: return this.size(1 << (c - 0xcc));
        case 0xcf: return this.int64(view.getBigUint64(this.take(8)));
        case 0xd0: return view.getInt8(this.take(1));
        case 0xd1: return view.getInt16(this.take(2));
        case 0xd2: return view.getInt32(this.take(4));
        case 0xd3: return this.int64(view.getBigInt64(this.take(8)));
        case 0xd4: case 0xd5: case 0xd6: case 0xd7: case 0xd8: return this.ext(1 << (c - 0xd4), depth);
        case 0xd9: case 0xda: case 0xdb: return this.string(this.size(1 << (c - 0xd9)));
        case 0xdc: case 0xdd: return this.array(this.size(2 << (c - 0xdc)), depth);
        case 0xde: case 0xdf: return this.object(this.size(2 << (c - 0xde)), depth);
      }
      throw damaged('an unknown code');
    }

    int64(v) {
      const n = Number(v);
      return isSafeInteger(n) ? n : v;
    }

    copy(n) {
      const at = this.take(n);
      return new Uint8Array(bufferSlice(this.bytes.buffer, at, at + n));
    }

    string(n) {
      const { bytes } = this;
      const at = this.take(n);
      const end = at + n;
      if (n <= 24) {
        let s = '';
        let i = at;
        for (; i < end && bytes[i] < 0x80; i++) s += fromCharCode(bytes[i]);
        if (i === end) return s;
      }
      return decodeText(bytes.subarray(at, end));
    }

    utf16(n) {
      const at = this.take(n);
      let s = '';
      for (let i = at; i + 1 < at + n; i += 2) s += fromCharCode(this.view.getUint16(i, true));
      return s;
    }

    // text reads a value that must be a string.
    text() {
      const s = this.value(limits.depth);
      if (typeof s !== 'string') throw damaged('no string where one belongs');
      return s;
    }

    // deeper checks a container that is to hold n values.
    deeper(n, depth) {
      if (n > this.end - this.pos) throw damaged('it ends too early');
      if (depth >= limits.depth) throw damaged('nested too deeply');
      return depth + 1;
    }

    array(n, depth) {
      const inner = this.deeper(n, depth);
      const a = this.keep([]);
      for (let i = 0; i < n; i++) a[i] = this.value(inner);
      return a;
    }

    object(n, depth) {
      const inner = this.deeper(2 * n, depth);
      const o = this.keep({});
      for (let i = 0; i < n; i++) this.property(o, this.text(), this.value(inner));
      return o;
    }

    property(o, name, v) {
      if (name === '__proto__') {
        defineProperty(o, name, { __proto__: null, value: v, writable: true, enumerable: true, configurable: true });
      } else {
        o[name] = v;
      }
    }

    ext(n, depth) {
      const type = this.bytes[this.take(1)];
      if (n > this.end - this.pos) throw damaged('it ends too early');
      if (type >= REGEXP && type <= BOXED) return this.nested(type, n, this.deeper(0, depth));
      switch (type) {
        case UNDEFINED: return undefined;
        case ARRAY_BUFFER: return this.keep(this.copy(n).buffer);
        case VIEW: return this.keep(this.typed(n));
        case INVALID_DATE: return this.keep(new Date(NaN));
        case TIMESTAMP: return this.keep(this.date(n));
        case BIGINT: return this.bigint(n);
        case UTF16: return this.utf16(n);
        case REFERENCE: return this.reference(n);
      }
      throw damaged('an unknown type');
    }

    typed(n) {
      const name = viewNames[this.bytes[this.take(1)]];
      const View = name && globalThis[name];
      if (!View) throw damaged('an unknown view');
      return new View(this.copy(n - 1).buffer);
    }

    date(n) {
      const { view } = this;
      const at = this.take(n);
      if (n === 4) return new Date(view.getUint32(at) * 1000);
      const [nano, high, low] = n === 8 ? [view.getUint32(at) / 4, view.getUint32(at) & 3, at + 4]
        : [view.getUint32(at), view.getInt32(at + 4), at + 8];
      return new Date((high * 0x100000000 + view.getUint32(low)) * 1000 + floor(floor(nano) / 1e6));
    }

    bigint(n) {
      const at = this.take(n);
      let hex = '0x0';
      for (let i = at + 1; i < at + n; i++) hex += (this.bytes[i] + 0x100).toString(16).slice(1);
      return this.bytes[at] ? -BigInt(hex) : BigInt(hex);
    }

    reference(n) {
      const i = n === 4 ? this.size(4) : -1;
      if (this.refs[i] === undefined) throw damaged('a reference to nothing');
      return this.refs[i];
    }

    // nested reads an ext of items; they must end where it does.
    nested(type, n, depth) {
      const outer = this.end;
      this.end = this.pos + n;
      const v = this.items(type, depth);
      if (this.pos !== this.end) throw damaged('bytes left over');
      this.end = outer;
      return v;
    }

    items(type, depth) {
      switch (type) {
        case MAP: {
          const m = this.keep(new Map());
          while (this.pos < this.end) mapSet(m, this.value(depth), this.value(depth));
          return m;
        }
        case SET: {
          const s = this.keep(new Set());
          while (this.pos < this.end) setAdd(s, this.value(depth));
          return s;
        }
        case ERROR: return this.error(depth);
        case SPARSE: {
          const a = this.keep([]);
          a.length = this.value(depth);
          while (this.pos < this.end) this.property(a, this.value(depth), this.value(depth));
          return a;
        }
      }
      const at = this.refs.push(null) - 1;
      return (this.refs[at] = type === REGEXP ? new RegExp(this.text(), this.text()) : Object(this.value(depth)));
    }

    error(depth) {
      const at = this.refs.push(null) - 1;
      const name = this.text();
      const message = this.text();
      const stack = this.value(limits.depth);
      const Type = errorTypes[name] || Error;
      const e = (this.refs[at] = new Type(message));
      const define = (key, value) => defineProperty(e, key, { __proto__: null, value, writable: true, configurable: true });
      if (e.name !== name) define('name', name);
      // A stack of our own would show the runtime, not the origin.
      define('stack', typeof stack === 'string' ? stack : `${name}: ${message}`);
      const cause = this.value(depth);
      if (cause !== undefined) define('cause', cause);
      return e;
    }

    // frame reads one frame as the array it is on the wire.
    frame() {
      const head = this.bytes[this.take(1)];
      const kind = this.value(0);
      const f = [kind];
      if (head !== 0x90 + frameItems[kind]) throw damaged('an unknown frame');
      const start = this.refs;
      if (kind !== kinds.hello && kind !== kinds.send) f.push(this.value(0));
      if (kind === kinds.send || kind === kinds.invoke) f.push(this.text(), this.args());
      else while (f.length < frameItems[kind]) f.push(this.value(0));
      if (start.length > 0) this.refs = [];
      return f;
    }

    args() {
      const c = this.bytes[this.take(1)];
      const n = c >= 0x90 && c < 0xa0 ? c & 0xf : c === 0xdc ? this.size(2) : c === 0xdd ? this.size(4) : -1;
      if (n < 0 || n > limits.args) throw damaged('bad arguments');
      const args = [];
      for (let i = 0; i < n; i++) args.push(this.value(0));
      return args;
    }
  }

  const frameItems = [, 1, 3, 4, 3, 6, 2];

  // decodePacket returns { doc, frames }, each frame the array that the wire
  // has: [kind, …]. Nothing in it shares memory with the buffer.
  function decodePacket(buffer) {
    const d = new Decoder(buffer);
    if (d.end <= HEADER) throw damaged('no frame');
    if (d.view.getUint32(0) !== VERSION << 24) throw damaged('another version');
    const packet = { doc: d.view.getUint32(4, true), frames: [] };
    d.pos = HEADER;
    while (d.pos < d.end) packet.frames.push(d.frame());
    return packet;
  }

  // The encoder of the functions that make a packet of one frame. Within a
  // getter that it calls itself, it is replaced by another one.
  const shared = createEncoder();
  const single = (kind) => (doc, a, b, c, d, e) => {
    const encoder = shared.busy ? createEncoder() : shared;
    encoder.begin(doc);
    encoder[kind](a, b, c, d, e);
    return encoder.finish();
  };

  return Object.freeze({
    kinds, limits, createEncoder, decodePacket,
    hello: single('hello'), send: single('send'), invoke: single('invoke'),
    result: single('result'), error: single('error'), cancel: single('cancel'),
  });
})();
