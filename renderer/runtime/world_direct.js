// The page's side of direct functions (direct.js): calls whose arguments are encoded, and whose answers are decoded, in the page's world, so
// that nothing is copied from world to world but bytes. createHalf calls this in the page's world. What the codec needs of the world is
// captured now; its text comes when a preload exposes the first such function, which may be after the page's scripts.
function directBridge(uncurry, getter, half) {
  'use strict';

  const { apply } = Reflect;
  const viewNames = { __proto__: null, 1: 'Int8Array', 2: 'Uint8ClampedArray', 3: 'Int16Array', 4: 'Uint16Array', 5: 'Int32Array', 6: 'Uint32Array',
    7: 'Float32Array', 8: 'Float64Array', 9: 'BigInt64Array', 10: 'BigUint64Array', 11: 'DataView', 12: 'Float16Array' };
  const viewKinds = { __proto__: null };
  for (let i = 1; i <= 12; i++) viewKinds[viewNames[i]] = i;
  const TypedArrayPrototype = Reflect.getPrototypeOf(Uint8Array.prototype);
  const DataViewPrototype = DataView.prototype;
  const { hasOwn } = Object;
  const TextEncoderConstructor = TextEncoder;
  const TextDecoderConstructor = TextDecoder;
  const encodeInto = uncurry(TextEncoder.prototype.encodeInto);
  const decode = uncurry(TextDecoder.prototype.decode);

  const intrinsics = {
    __proto__: null, Bytes: Uint8Array, Halves: Uint16Array, Words: Uint32Array, View: DataView, Buffer: ArrayBuffer, MapConstructor: Map, SetConstructor: Set, BigIntConstructor: BigInt,
    NumberConstructor: Number, DateConstructor: Date, ObjectPrototype: Object.prototype, ArrayPrototype: Array.prototype,
    BytesPrototype: Uint8Array.prototype, DatePrototype: Date.prototype, BufferPrototype: ArrayBuffer.prototype,
    getPrototypeOf: Reflect.getPrototypeOf, defineProperty: Reflect.defineProperty, isArray: Array.isArray, keys: Object.keys,
    isView: ArrayBuffer.isView, isSafeInteger: Number.isSafeInteger, floor: Math.floor, min: Math.min, max: Math.max, parse: parseInt,
    mapGet: uncurry(Map.prototype.get), mapSet: uncurry(Map.prototype.set), setAdd: uncurry(Set.prototype.add), setSize: getter(Set.prototype, 'size'),
    setForEach: uncurry(Set.prototype.forEach), charCodeAt: uncurry(String.prototype.charCodeAt),
    fromCharCode: String.fromCharCode, isWellFormed: uncurry(String.prototype.isWellFormed), slice: uncurry(String.prototype.slice),
    bigIntText: uncurry(BigInt.prototype.toString), numberText: uncurry(Number.prototype.toString),
    typedArraySet: uncurry(TypedArrayPrototype.set), typedArrayKind: getter(TypedArrayPrototype, Symbol.toStringTag),
    typedArrayBuffer: getter(TypedArrayPrototype, 'buffer'), typedArrayOffset: getter(TypedArrayPrototype, 'byteOffset'),
    typedArrayBytes: getter(TypedArrayPrototype, 'byteLength'), copyWithin: uncurry(TypedArrayPrototype.copyWithin),
    viewBuffer: getter(DataViewPrototype, 'buffer'), viewOffset: getter(DataViewPrototype, 'byteOffset'),
    viewBytes: getter(DataViewPrototype, 'byteLength'), bufferLength: getter(ArrayBuffer.prototype, 'byteLength'),
    transfer: uncurry(ArrayBuffer.prototype.transfer), dateValue: uncurry(Date.prototype.getTime),
    viewConstructors: half.viewConstructors, viewNames, viewKinds, encodeInto: null, decodeText: null,
  };
  for (const method of ['getInt8', 'getInt16', 'getInt32', 'getUint16', 'getUint32', 'getBigInt64', 'getBigUint64', 'getFloat32',
    'getFloat64', 'setInt16', 'setInt32', 'setUint16', 'setUint32', 'setFloat64'])
    intrinsics[method] = uncurry(DataViewPrototype[method]);

  let encoder = null;
  let decoder = null;

  // Options are the preload's to read: they are the last argument or behind the last of so many.
  const mayBeOptions = (last) => typeof last === 'object' && last !== null && (hasOwn(last, 'signal') || hasOwn(last, 'traceparent'));
  const hasOptions = (given, invokes) => typeof given === 'object' && given !== null &&
    (invokes && given.signal !== undefined || given.traceparent !== undefined || given.tracestate !== undefined);

  // The end of the encoded arguments, or 0.
  function encode(args, count, start, invokes) {
    try {
      if (count !== undefined && count !== args.length) {
        if (args.length > count && hasOptions(args[count], invokes)) return 0;
        args.length = count;
      }
      if (args.length > 0 && mayBeOptions(args[args.length - 1])) return 0;
    } catch {
      return 0; // a getter's, or a proxy's trap's
    }
    const end = encoder.encode(args, start);
    if (end === 0) encoder.release();
    return end;
  }

  // Calls a listener with bytes that are its own until it returns or, if that is a promise, until that is settled.
  function callWithLoan(listener, args, loan, takeBack) {
    const end = () => {
      try {
        takeBack(loan);
      } catch {
        // The page has moved it elsewhere.
      }
    };
    let result;
    try {
      result = apply(listener, undefined, args);
    } catch (thrown) {
      end();
      return half.failThrown(thrown);
    }
    if (typeof result !== 'object' || result === null) {
      end();
      return true;
    }
    try {
      half.promiseThen(result, end, (reason) => {
        end();
        throw reason; // nobody has looked at it
      });
    } catch {
      end(); // it is no promise
    }
    return true;
  }

  // Empties what few bytes of this packet have in common when a listener's promise is settled.
  function keepShared(result) {
    const kept = decoder.keepShared();
    try {
      half.promiseThen(result, () => { decoder.empty(kept); }, (reason) => {
        decoder.empty(kept);
        throw reason; // nobody has looked at it
      });
    } catch {
      decoder.empty(kept); // it is no promise
      return true;
    }
    return 'kept';
  }

  return {
    __proto__: null,
    // makeEncoder and makeDecoder are functions of this world that nobody else has.
    install(makeEncoder, makeDecoder) {
      const textEncoder = new TextEncoderConstructor();
      const textDecoder = new TextDecoderConstructor('utf-8', { __proto__: null, fatal: true, ignoreBOM: true });
      intrinsics.encodeInto = (text, into) => encodeInto(textEncoder, text, into);
      intrinsics.decodeText = (bytes) => decode(textDecoder, bytes);
      encoder = makeEncoder(intrinsics);
      decoder = makeDecoder(intrinsics);
    },
    // The page's function for an invoker of the preload's, with count parameters if that is a number. invoke is the ordinary way; start
    // sends what lies in the buffer behind the place for the head of the packet, and settles the promise.
    makeInvoker: (invoke, original, count, head, start) => half.present((...args) => {
      const end = encode(args, count, head, true);
      if (end === 0) return half.callOut(invoke, args);
      const deferred = half.makeDeferred();
      try {
        start(encoder.buffer(), end, deferred);
      } catch {
        throw half.takeRefusal();
      } finally {
        encoder.release();
      }
      return deferred.promise;
    }, original),
    makeSender: (invoke, original, count, head, start) => half.present((...args) => {
      const end = encode(args, count, head, false);
      if (end === 0) return half.callOut(invoke, args);
      let result;
      try {
        result = start(encoder.buffer(), end);
      } catch {
        throw half.takeRefusal();
      } finally {
        encoder.release();
      }
      return half.outcome(result);
    }, original),
    // Settles a promise with the value that lies from at to end, and says so; or leaves it to the ordinary way.
    answer(deferred, buffer, at, end, tail, lent) {
      let value;
      try {
        value = decoder.value(buffer, at, end, tail, lent);
      } catch {
        return false;
      }
      deferred.resolve(value);
      return true;
    },
    // Calls a listener of the page's with the arguments that lie from at to end, and says so; or leaves it to the ordinary way. With takeBack, which
    // is the preload's, many bytes are lent, and with lendsFew few bytes until the packet is closed. Says 'kept' if these have to stay longer.
    hear(listener, buffer, at, end, tail, lent, takeBack, lendsFew) {
      let args;
      try {
        args = decoder.args(buffer, at, end, tail, lent, takeBack !== undefined, lendsFew);
      } catch {
        return false;
      }
      const loan = decoder.takeLoan();
      if (loan !== undefined) return callWithLoan(listener, args, loan, takeBack);
      const hasLent = decoder.hasLent();
      let result;
      try {
        result = apply(listener, undefined, args);
      } catch (thrown) {
        return half.failThrown(thrown);
      }
      return hasLent && typeof result === 'object' && result !== null ? keepShared(result) : true;
    },
    close: () => decoder.close(),
  };
}
