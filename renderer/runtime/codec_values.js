// Writes values: the codec's third part. createWriter returns what writes one value after the other into a buffer that grows;
// codec.js makes frames and packets of them.
const createWriter = (() => {
  'use strict';

  const { HEADER, VERSION, limits, types, viewKinds, links, keys, getPrototypeOf, getOwnPropertyDescriptor, hasOwn, isArray, isView,
    isSafeInteger, floor, TAG, typedName, typedBuffer, typedOffset, typedBytes, viewBuffer, viewOffset, viewBytes, bufferBytes, mapGet, mapSet, charCodeAt,
    isWellFormed, bigIntText, encodeInto, objectProto, bytesProto, uncloneable, attempt } = wire;
  const { UNDEFINED, VIEW, BIGINT, SPARSE, UTF16, REFERENCE } = types;

  const START_SIZE = 1024; // of an encoder's buffer
  const KEEP_SIZE = 4 << 20; // a larger one goes with its packet

  return function createWriter() {
    let buffer = new ArrayBuffer(START_SIZE);
    let bytes = new Uint8Array(buffer);
    let view = new DataView(buffer);
    let pos = 0;
    let depth = 0;
    let items = 0; // of the packet; limits.elements
    let small = 0; // packets in a row that left most of a large buffer unused
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

    // A proxy may say any length: of one that is no count, the head would be another value's.
    function array(v) {
      const n = v.length >>> 0;
      if (n !== v.length) throw uncloneable();
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
        const link = mapGet(links.prototypes, p);
        if (link !== undefined && linked(link(v))) return;
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

    const { known, foreign, linked } = createNatures({ ext, open, close, string, value, byte, copyable, u32, raw });

    function u32(x) {
      view.setUint32(pos, x);
      pos += 4;
    }

    function raw(from, n) {
      bytes.set(from, pos);
      pos += n;
    }

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

    // reset begins a packet. A buffer that one message made large is not kept for small ones.
    function reset(doc) {
      if (bytes.length > START_SIZE * 64 && pos < bytes.length / 4) small++;
      else small = 0;
      pos = items = 0;
      if (bytes.length > KEEP_SIZE || small > 16) resize(START_SIZE);
      view.setUint32(0, VERSION << 24);
      view.setUint32(4, doc, true);
      pos = HEADER;
    }

    // undo goes back to where the packet and its count of items were.
    function undo(start, count) {
      pos = start;
      items = count;
    }

    // forget ends the numbering of references, and with it a frame.
    function forget() {
      depth = 0;
      few.fill(undefined, 0, Math.min(count, few.length));
      many = null;
      count = 0;
    }

    // taken returns the buffer with the packet in it, which is then no longer ours if it is large.
    function taken() {
      const packet = { buffer, length: pos };
      if (bytes.length > KEEP_SIZE) {
        pos = 0;
        resize(START_SIZE);
      }
      return packet;
    }

    return {
      byte, number, text, value, list, channelName, raw, room, reset, undo, forget, taken,
      count: (n) => (items += n),
      position: () => pos,
    };
  };
})();
