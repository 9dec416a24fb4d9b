// The wire's JavaScript half, first of five parts: what all of them know. package protocol defines the format and has the same
// tables; protocol/testdata/golden.json holds both to it.
//
// The codec runs in the preload's world. The page cannot reach that world's builtins; the ones captured below guard against a
// preload that patches its own.
const wire = (() => {
  'use strict';

  const VERSION = 1;
  const HEADER = 8;
  const kinds = Object.freeze({
    hello: 1, send: 2, invoke: 3, result: 4, error: 5, cancel: 6, chunk: 7, end: 8, abort: 9, credit: 10, stop: 11, post: 12, close: 13,
    taken: 14,
  });
  const frameItems = [, 1, 3, 4, 3, 6, 2, 3, 2, 6, 3, 2, 3, 2, 3];
  const limits = Object.freeze({
    packet: 64 << 20, frames: 1 << 16, depth: 64, elements: 4 << 20, args: 255, channel: 255, inFlight: 1 << 16,
    streams: 256, window: 1 << 20, chunkOverhead: 64, ports: 1024, portWindow: 1 << 20, postOverhead: 64,
    queuedBytes: 128 << 20,
  });

  const types = Object.freeze({
    UNDEFINED: 1, ARRAY_BUFFER: 2, VIEW: 3, INVALID_DATE: 4, BIGINT: 5, REGEXP: 6, MAP: 7, SET: 8, ERROR: 9, SPARSE: 10, BOXED: 11,
    UTF16: 12, REFERENCE: 13, STREAM: 14, PORT: 15, TIMESTAMP: 0xff,
  });
  const viewNames = [, 'Int8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array',
    'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array', 'DataView', 'Float16Array'];
  const viewKinds = Object.assign(Object.create(null), ...viewNames.map((name, i) => ({ [name]: i })));

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
  const transfer = uncurry(ArrayBuffer.prototype.transfer);
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

  // Streams and ports: set by the fragments that know them. prototypes has, for a prototype, what returns [type, number, stream kind]
  // for a value that is sent, or null for one that only looks like it; carried says whether the frame being written may hold any, posting whether ports only. What
  // has been numbered since mark is sent with commit, or forgotten with drop. stream and port make what a number stands for, and note
  // it in made, which the decoder gives to the frame, with a way to discard it.
  class Damage extends Error {} // of a packet that no main sends
  const refuse = (what) => () => { throw new Damage(`A ${what} cannot come this way.`); };
  const links = {
    prototypes: new Map(), carried: false, posting: false, mark: () => 0, commit: () => {}, drop: () => {},
    stream: refuse('stream'), port: refuse('port'), made: [],
  };

  return {
    VERSION, HEADER, kinds, frameItems, limits, types, viewNames, viewKinds, links, keys, getPrototypeOf, getOwnPropertyDescriptor,
    defineProperty, hasOwn, isArray, isView, isSafeInteger, fromCharCode, floor, TAG, typedName, typedBuffer, typedOffset, typedBytes,
    viewBuffer, viewOffset, viewBytes, bufferBytes, transfer, regexpSource, regexpFlags, dateTime, mapEach, mapGet, mapSet,
    setEach, setAdd, typeTag, charCodeAt, isWellFormed, bigIntText, unbox, encodeInto, decodeText, objectProto, bytesProto,
    uncloneable, attempt, uncurry, getter, Damage,
  };
})();
