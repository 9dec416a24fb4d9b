// Reads packets: the codec's fourth part.
const { decodePacket, decodeFrame } = (() => {
  'use strict';

  const { VERSION, HEADER, kinds, frameItems, limits, types, viewNames, links, keys, defineProperty, isSafeInteger, fromCharCode, floor,
    mapSet, setAdd, charCodeAt, decodeText, Damage } = wire;
  const { UNDEFINED, ARRAY_BUFFER, VIEW, INVALID_DATE, BIGINT, REGEXP, MAP, SET, ERROR, SPARSE, BOXED, UTF16, REFERENCE, STREAM, PORT,
    TIMESTAMP } = types;

  const damaged = (what) => new Damage(`A damaged message: ${what}.`);
  const errorTypes = Object.assign(Object.create(null), {
    EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError,
  });

  const SHORT = 48; // bytes of a string up to which TextDecoder is the slower way
  const NAMES = 512; // property names that are kept
  const names = new Array(NAMES).fill('');

  // ascii returns the text of n bytes, or undefined if one is not ASCII. Concatenating single characters would be three times as slow.
  function ascii(bytes, at, n) {
    const end = at + n;
    let s = '';
    let i = at;
    for (; i + 8 <= end; i += 8) {
      const a = bytes[i], b = bytes[i + 1], c = bytes[i + 2], d = bytes[i + 3];
      const e = bytes[i + 4], f = bytes[i + 5], g = bytes[i + 6], h = bytes[i + 7];
      if ((a | b | c | d | e | f | g | h) >= 0x80) return undefined;
      s += fromCharCode(a, b, c, d, e, f, g, h);
    }
    if (i + 4 <= end) {
      const a = bytes[i], b = bytes[i + 1], c = bytes[i + 2], d = bytes[i + 3];
      if ((a | b | c | d) >= 0x80) return undefined;
      s += fromCharCode(a, b, c, d);
      i += 4;
    }
    for (; i < end; i++) {
      if (bytes[i] >= 0x80) return undefined;
      s += fromCharCode(bytes[i]);
    }
    return s;
  }

  // Decoder reads one packet. Main sent it, but no length of it is believed.
  class Decoder {
    constructor(buffer, tail, lent) {
      this.tail = tail;
      this.lent = lent; // the tail is memory that will be used again, and may be larger than what is in it
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
        case 0xc4: case 0xc5: case 0xc6: return this.keep(this.binary(this.size(1 << (c - 0xc4))));
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

    // binary reads a Uint8Array. The last one of the packet may be its tail, which is a buffer that nobody else has; what was lent may be known to
    // the page still, and is copied.
    binary(n) {
      const { tail, lent } = this;
      if (tail === undefined || this.pos !== this.end || n > tail.byteLength || (n < tail.byteLength && !lent)) return this.copy(n);
      this.tail = undefined;
      return lent ? new Uint8Array(new Uint8Array(tail, 0, n)) : new Uint8Array(tail);
    }

    copy(n) {
      const at = this.take(n);
      return new Uint8Array(this.bytes.subarray(at, at + n)); // its own buffer, which V8 does not clear first
    }

    string(n) {
      const { bytes } = this;
      const at = this.take(n);
      if (n <= SHORT) {
        const s = ascii(bytes, at, n);
        if (s !== undefined) return s;
      }
      return decodeText(bytes.subarray(at, at + n));
    }

    // name reads the name of a property. The same few names come again and again: one that was read before is the same string object,
    // which V8 has in its table of names already.
    name() {
      const { bytes, pos } = this;
      const c = bytes[pos];
      if (!(c > 0xa0 && c < 0xc0)) return this.text();
      const n = c & 0x1f;
      if (n >= this.end - pos) throw damaged('it ends too early');
      const at = pos + 1;
      const slot = (31 * (31 * n + bytes[at]) + 7 * bytes[at + (n >> 1)] + bytes[at + n - 1]) % NAMES;
      const known = names[slot];
      if (known.length === n) {
        let i = 0;
        while (i < n && charCodeAt(known, i) === bytes[at + i]) i++;
        if (i === n) {
          this.pos = at + n;
          return known;
        }
      }
      const name = this.text();
      if (name.length === n) names[slot] = keys({ [name]: 0 })[0]; // V8's own copy
      return name;
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
      for (let i = 0; i < n; i++) this.property(o, this.name(), this.value(inner));
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
        case STREAM: return this.keep(this.stream(n));
        case PORT: return this.keep(links.port(n === 4 ? this.size(4) : 0));
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

    stream(n) {
      if (n !== 5 || this.bytes[this.pos] > 1) throw damaged('an unknown stream');
      const kind = this.size(1);
      return links.stream(kind, this.size(4));
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
          a.length = 0xffffffff; // what is too long for a list is a dictionary from then on, and takes no memory for what is missing
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

    // frame reads one frame as the array it is on the wire, and behind a chunk or a post the bytes of what it holds. takes says which answers
    // and messages somebody else reads: of these it gives { isLeft, kind, key, … }, and where the rest lies.
    frame(takes) {
      const begin = this.pos;
      const head = this.bytes[this.take(1)];
      const kind = this.value(0);
      const withMeta = (kind === kinds.send || kind === kinds.invoke) && head === 0x91 + frameItems[kind];
      if (head !== 0x90 + frameItems[kind] && !withMeta) throw damaged('an unknown frame');
      const start = this.refs;
      const key = kind === kinds.hello ? undefined : kind === kinds.send ? this.name() : this.value(0);
      const at = this.pos;
      if ((kind === kinds.result || kind === kinds.send && !withMeta) && takes !== undefined && takes(kind, key)) return this.leave(kind, key, begin);
      const f = [kind];
      if (kind !== kinds.hello) f.push(key);
      if (kind === kinds.send) f.push(this.args());
      else if (kind === kinds.invoke) f.push(this.text(), this.args());
      else if (kind === kinds.post) f.push(this.args());
      else while (f.length < frameItems[kind]) f.push(this.value(0));
      if (withMeta) f.push(this.value(0));
      if (kind === kinds.chunk || kind === kinds.post) f.push(this.pos - at);
      if (start.length > 0) this.refs = [];
      if (links.made.length > 0) f.made = links.made.splice(0);
      return f;
    }

    // readable reads one frame. A value that there cannot be, such as a RegExp that V8 does not understand, spoils its frame and no other: of that,
    // kind and key are left, and the problem.
    readable(takes) {
      const { pos, end, tail } = this;
      try {
        return this.frame(takes);
      } catch (problem) {
        if (problem instanceof Damage) throw problem;
        this.pos = pos + 1;
        this.end = end;
        this.refs = [];
        const spoiled = [this.value(0), this.value(0)];
        spoiled.problem = problem;
        spoiled.made = links.made.splice(0);
        const size = tail === undefined ? 0 : tail.byteLength;
        this.pos = endOfItem(this.bytes, pos, end, size, this.lent ? 1 : size);
        this.tail = this.pos === end ? undefined : tail;
        return spoiled;
      }
    }

    // leave steps over what is left of a frame, value or arguments, and notes where that lies.
    leave(kind, key, begin) {
      const at = this.pos;
      let tail = undefined;
      const size = this.tail === undefined ? 0 : this.tail.byteLength;
      this.pos = endOfItem(this.bytes, at, this.end, size, this.lent ? 1 : size);
      if (this.pos === this.end) {
        tail = this.tail;
        this.tail = undefined;
      }
      return { isLeft: true, kind, key, begin, at, end: this.pos, tail, lent: this.lent };
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

  // decodeFrame reads a frame of the packet that was left to somebody else.
  function decodeFrame(buffer, left) {
    const d = new Decoder(buffer, left.tail, left.lent);
    d.pos = left.begin;
    d.end = left.end;
    return d.readable();
  }

  // decodePacket returns { doc, frames }, each frame as frame gives it. Nothing in it shares memory with the buffer, of which the packet is the
  // first length bytes. A packet that ends in many bytes comes in two buffers: they are the second, and the three
  // bytes after the version say where it begins.
  function decodePacket(buffer, tail, takes, lent = false, length = buffer.byteLength) {
    const d = new Decoder(buffer, tail, lent);
    d.end = length;
    if (d.end <= HEADER) throw damaged('no frame');
    if (d.bytes[0] !== VERSION) throw damaged('another version');
    if ((d.view.getUint32(0, true) >>> 8) !== (tail === undefined ? 0 : d.end)) throw damaged('cut in the wrong place');
    const packet = { doc: d.view.getUint32(4, true), frames: [] };
    d.pos = HEADER;
    while (d.pos < d.end) packet.frames.push(d.readable(takes));
    if (d.tail !== undefined) throw damaged('bytes left over');
    return packet;
  }

  return { decodePacket, decodeFrame };
})();
