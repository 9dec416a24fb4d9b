// Writes objects that are neither plain, arrays nor views: the codec's second part. createNatures takes what writes the pieces and
// returns what to call for which prototype. Each function writes its argument and says so, or says that it is not of that kind after
// all.
const createNatures = (() => {
  'use strict';

  const { types, hasOwn, floor, bufferBytes, regexpSource, regexpFlags, dateTime, mapEach, setEach, typeTag, unbox, attempt } = wire;
  const { ARRAY_BUFFER, INVALID_DATE, REGEXP, MAP, SET, ERROR, BOXED, TIMESTAMP, STREAM } = types;

  return function createNatures({ ext, open, close, string, value, byte, copyable, u32, raw }) {
    function arrayBuffer(v) {
      const n = attempt(bufferBytes, v);
      if (n === undefined) return false;
      const from = copyable(v, 0, n);
      ext(ARRAY_BUFFER, n);
      raw(from, n);
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
        u32(nano * 4 + high);
        u32(low);
      } else if (high === 0) {
        ext(TIMESTAMP, 4);
        u32(low);
      } else {
        ext(TIMESTAMP, 12);
        u32(nano);
        u32(high);
        u32(low);
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

    // linked writes what stands for a stream or a port.
    function linked(link) {
      if (link === null) return false;
      const [type, number, kind] = link;
      ext(type, type === STREAM ? 5 : 4);
      if (type === STREAM) byte(kind);
      u32(number);
      return true;
    }

    return { known, foreign, linked };
  };
})();
