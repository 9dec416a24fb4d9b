// One half of the bridge between two JavaScript worlds. The same text runs in both: in the page's world, before any script of the
// page, and in the preload's world. Each half reads only values of its own world and builds only values of its own world, with
// intrinsics that it captured at its start; what crosses are primitives and finished copies. So neither world ever holds, inspects
// or throws an object of the other, except behind the closures of this file:
//   - nothing here is sloppy code, so no call site or `caller` leads to it;
//   - nothing goes through a prototype, an iterator or a property that the page can change;
//   - whatever the other half throws (it can only be V8's own, such as stack exhaustion) is dropped, never passed on.
function createHalf() {
  'use strict';

  const uncurry = Function.prototype.bind.bind(Function.prototype.call);
  const getter = (prototype, key) => uncurry(Object.getOwnPropertyDescriptor(prototype, key).get);
  const world = globalThis;
  const { apply, defineProperty, getPrototypeOf, setPrototypeOf, has } = Reflect;
  const { keys: objectKeys, getOwnPropertySymbols, freeze } = Object;
  const ObjectPrototype = Object.prototype;
  const ArrayPrototype = Array.prototype;
  const isEnumerable = uncurry(ObjectPrototype.propertyIsEnumerable);
  const tagOf = uncurry(ObjectPrototype.toString);
  const box = Object;
  const isArray = Array.isArray;
  const ErrorConstructor = Error;
  const TypeErrorConstructor = TypeError;
  const isError = Error.isError;
  const DateConstructor = Date;
  const dateValue = uncurry(Date.prototype.getTime);
  const RegExpConstructor = RegExp;
  const regExpSource = getter(RegExp.prototype, 'source');
  const regExpFlags = [];
  for (const [name, letter] of [['hasIndices', 'd'], ['global', 'g'], ['ignoreCase', 'i'], ['multiline', 'm'], ['dotAll', 's'],
    ['unicode', 'u'], ['unicodeSets', 'v'], ['sticky', 'y']])
    regExpFlags.push({ __proto__: null, is: getter(RegExp.prototype, name), letter });
  const MapConstructor = Map;
  const mapSize = getter(Map.prototype, 'size');
  const mapGet = uncurry(Map.prototype.get);
  const mapSet = uncurry(Map.prototype.set);
  const mapForEach = uncurry(Map.prototype.forEach);
  const SetConstructor = Set;
  const setSize = getter(Set.prototype, 'size');
  const setAdd = uncurry(Set.prototype.add);
  const setForEach = uncurry(Set.prototype.forEach);
  const weakGet = uncurry(WeakMap.prototype.get);
  const weakSet = uncurry(WeakMap.prototype.set);
  const PromiseConstructor = Promise;
  const promiseThen = uncurry(Promise.prototype.then);
  const Bytes = Uint8Array;
  const TypedArrayPrototype = getPrototypeOf(Uint8Array.prototype);
  const typedArrayKind = getter(TypedArrayPrototype, Symbol.toStringTag);
  const typedArraySet = uncurry(TypedArrayPrototype.set);
  const typedArrayBuffer = getter(TypedArrayPrototype, 'buffer');
  const typedArrayOffset = getter(TypedArrayPrototype, 'byteOffset');
  const typedArrayLength = getter(TypedArrayPrototype, 'byteLength');
  const viewBuffer = getter(DataView.prototype, 'buffer');
  const viewOffset = getter(DataView.prototype, 'byteOffset');
  const viewLength = getter(DataView.prototype, 'byteLength');
  const isView = ArrayBuffer.isView;
  const bufferLength = getter(ArrayBuffer.prototype, 'byteLength');
  const unboxers = [Number, String, Boolean, BigInt, Symbol];
  for (let i = 0; i < unboxers.length; i++) unboxers[i] = uncurry(unboxers[i].prototype.valueOf);
  const viewConstructors = { __proto__: null, DataView };
  for (const name of ['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array',
    'Float16Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array'])
    if (world[name]) viewConstructors[name] = world[name];

  const UNCLONEABLE = 'An object could not be cloned.';
  const UNKNOWN = 'An unknown exception occurred in the isolated context, an error occurred but a valid exception was not thrown.';
  const TOO_DEEP = 'contextBridge recursion depth exceeded.  Nested objects deeper than 1000 are not supported.';
  const DEPTH = 1000;
  const FAILED = freeze({ __proto__: null });

  const homes = new WeakMap(); // function made here for the other world's → the other world's own
  const proxies = new WeakMap(); // function of this world → { parent, proxy }: what the other world has for it
  let theirs = null; // the other half's table
  let failure; // the error of this world that goes with a FAILED
  let refusal = null; // the error of this world that ended a copy

  function refuse(error) {
    refusal = error;
    throw error;
  }

  // The error of this world for a copy that was broken off. What was thrown does not matter: it may not be this world's.
  function takeRefusal() {
    const error = refusal;
    refusal = null;
    return error || new ErrorConstructor(UNCLONEABLE);
  }

  // What the other half calls to build values of this world. None of it runs code that a page could have put anywhere.

  const table = {
    __proto__: null,
    makeObject: () => ({}),
    setProperty(object, key, value) {
      // Object.prototype is immutable upwards, so this one test says whether an assignment would find a setter.
      if (key in ObjectPrototype)
        defineProperty(object, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
      else object[key] = value;
    },
    // An array has no prototype until it is full: an assignment to an element finds no setter of the page's.
    makeArray() {
      const array = [];
      setPrototypeOf(array, null);
      return array;
    },
    setElement(array, index, value) {
      array[index] = value;
    },
    finishArray(array, length) {
      array.length = length;
      setPrototypeOf(array, ArrayPrototype);
    },
    freeze,
    makeDate: (milliseconds) => new DateConstructor(milliseconds),
    makeRegExp: (source, flags) => new RegExpConstructor(source, flags),
    makeMap: () => new MapConstructor(),
    mapSet,
    makeSet: () => new SetConstructor(),
    setAdd,
    makeBoxed: (primitive) => box(primitive),
    makeError: (message) => new ErrorConstructor(message),
    makeTypeError: (message) => new TypeErrorConstructor(message),
    makeBuffer: (buffer, offset, length) => copyBytes(buffer, offset, length),
    makeView: (kind, buffer, offset, length) => new viewConstructors[kind](copyBytes(buffer, offset, length)),
    makeDeferred() {
      const deferred = { __proto__: null, promise: undefined, resolve: undefined, reject: undefined };
      deferred.promise = new PromiseConstructor((resolve, reject) => {
        deferred.resolve = resolve;
        deferred.reject = reject;
      });
      return deferred;
    },
    settle(deferred, fulfilled, value) {
      const settle = fulfilled ? deferred.resolve : deferred.reject;
      settle(value);
    },
    // A function of this world that calls invoke of the other one's.
    makeFunction(invoke, original) {
      const proxy = (...args) => callOut(invoke, args);
      weakSet(homes, proxy, original);
      return proxy;
    },
    fail(error) {
      failure = error;
      return FAILED;
    },
    has: (key) => has(world, key),
    define: (key, value) =>
      defineProperty(world, key, { __proto__: null, value, writable: false, enumerable: true, configurable: false }),
  };
  freeze(table);

  // buffer may be the other world's: its bytes are all that is looked at.
  function copyBytes(buffer, offset, length) {
    const bytes = new Bytes(length);
    typedArraySet(bytes, new Bytes(buffer, offset, length));
    return typedArrayBuffer(bytes);
  }

  function callOut(invoke, args) {
    let result;
    try {
      result = invoke(args.length === 0 ? undefined : copyList(args));
    } catch {
      throw takeRefusal();
    }
    if (result !== FAILED) return result;
    const error = failure;
    failure = undefined;
    throw error;
  }

  function copyList(args) {
    const list = theirs.makeArray();
    const state = newState(false);
    for (let i = 0; i < args.length; i++) theirs.setElement(list, i, copy(args[i], state, 0, undefined));
    theirs.finishArray(list, args.length);
    return list;
  }

  const newState = (freezing) => ({ __proto__: null, seen: null, freezing });

  // The copy of a value of this world that the other one may have. Throws when there can be none.
  function copy(value, state, depth, parent) {
    switch (typeof value) {
      case 'string': case 'number': case 'boolean': case 'bigint': case 'symbol':
        return value;
      case 'undefined':
        if (value === undefined) return value;
        return refuse(new ErrorConstructor(UNCLONEABLE)); // document.all
      case 'function':
        return copyFunction(value, state, parent);
    }
    if (value === null) return value;
    if (depth >= DEPTH) return refuse(new TypeErrorConstructor(TOO_DEEP));
    if (state.seen === null) state.seen = new MapConstructor();
    else {
      const known = mapGet(state.seen, value);
      if (known !== undefined) return known;
    }
    return copyObject(value, state, depth);
  }

  function copyFunction(value, state, parent) {
    const home = weakGet(homes, value);
    if (home !== undefined) return home;
    const known = weakGet(proxies, value);
    if (known !== undefined && known.parent === parent && !state.freezing) return known.proxy;
    const proxy = theirs.makeFunction(makeInvoke(value, parent), value);
    weakSet(proxies, value, { __proto__: null, parent, proxy });
    if (state.freezing) theirs.freeze(proxy);
    return proxy;
  }

  // What the other half calls for a function of this world: gets a list of this world, gives a value of the other.
  function makeInvoke(target, parent) {
    return (list) => {
      let result;
      try {
        result = apply(target, parent, list === undefined ? [] : list);
      } catch (thrown) {
        return theirs.fail(theirs.makeError(messageOf(thrown)));
      }
      try {
        return copy(result, newState(false), 0, undefined);
      } catch {
        return theirs.fail(copyRefusal());
      }
    };
  }

  function copyRefusal() {
    const error = takeRefusal();
    return getPrototypeOf(error) === TypeErrorConstructor.prototype ? theirs.makeTypeError(TOO_DEEP) : theirs.makeError(UNCLONEABLE);
  }

  function messageOf(thrown) {
    try {
      if ((typeof thrown === 'object' && thrown !== null) || typeof thrown === 'function') {
        const message = thrown.message;
        if (typeof message === 'string') return message;
      }
    } catch {
      return UNKNOWN;
    }
    return UNKNOWN;
  }

  function copyObject(value, state, depth) {
    const prototype = getPrototypeOf(value);
    if (prototype === ObjectPrototype || prototype === null) return copyPlain(value, state, depth);
    if (isArray(value)) return copyArray(value, state, depth);
    const special = copySpecial(value, state, depth);
    if (special !== undefined) return special;
    // An instance of a class becomes a plain object; what has a class name of its own (DOM objects, WeakMap, …) cannot cross.
    const tag = tagOf(value);
    if (tag === '[object Object]' || tag === '[object Arguments]') return copyPlain(value, state, depth);
    return refuse(new ErrorConstructor(UNCLONEABLE));
  }

  function copyPlain(value, state, depth) {
    const made = theirs.makeObject();
    mapSet(state.seen, value, made);
    const keys = objectKeys(value);
    for (let i = 0; i < keys.length; i++)
      theirs.setProperty(made, keys[i], copy(value[keys[i]], state, depth + 2, value));
    const symbols = getOwnPropertySymbols(value);
    for (let i = 0; i < symbols.length; i++)
      if (isEnumerable(value, symbols[i]))
        theirs.setProperty(made, symbols[i], copy(value[symbols[i]], state, depth + 2, value));
    if (state.freezing) theirs.freeze(made);
    return made;
  }

  function copyArray(value, state, depth) {
    const made = theirs.makeArray();
    mapSet(state.seen, value, made);
    const length = value.length;
    if (typeof length !== 'number' || !(length >= 0 && length <= 4294967295)) refuse(new ErrorConstructor(UNCLONEABLE));
    for (let i = 0; i < length; i++) theirs.setElement(made, i, copy(value[i], state, depth + 1, value));
    theirs.finishArray(made, length);
    if (state.freezing) theirs.freeze(made);
    return made;
  }

  // Objects with a nature of their own, told apart by their internal slots and by nothing else. undefined: none of them.
  function copySpecial(value, state, depth) {
    const made = copyLeaf(value);
    if (made !== undefined) {
      mapSet(state.seen, value, made);
      return made;
    }
    if (is(mapSize, value)) {
      const map = theirs.makeMap();
      mapSet(state.seen, value, map);
      mapForEach(value, (item, key) => {
        theirs.mapSet(map, copy(key, state, depth + 1, undefined), copy(item, state, depth + 1, undefined));
      });
      return map;
    }
    if (is(setSize, value)) {
      const set = theirs.makeSet();
      mapSet(state.seen, value, set);
      setForEach(value, (item) => {
        theirs.setAdd(set, copy(item, state, depth + 1, undefined));
      });
      return set;
    }
    return copyPromise(value, state);
  }

  function is(brand, value) {
    try {
      brand(value);
      return true;
    } catch {
      return false;
    }
  }

  function copyLeaf(value) {
    if (isError(value)) return theirs.makeError(errorMessage(value));
    if (isView(value)) return copyView(value);
    if (is(dateValue, value)) return theirs.makeDate(dateValue(value));
    if (is(bufferLength, value)) return theirs.makeBuffer(value, 0, bufferLength(value));
    if (is(regExpSource, value)) {
      let flags = '';
      for (let i = 0; i < regExpFlags.length; i++) if (regExpFlags[i].is(value)) flags += regExpFlags[i].letter;
      return theirs.makeRegExp(regExpSource(value), flags);
    }
    for (let i = 0; i < unboxers.length; i++) if (is(unboxers[i], value)) return theirs.makeBoxed(unboxers[i](value));
    return undefined;
  }

  function errorMessage(error) {
    const message = error.message;
    return typeof message === 'string' ? message : '';
  }

  function copyView(value) {
    const kind = typedArrayKind(value);
    const typed = kind !== undefined;
    const buffer = typed ? typedArrayBuffer(value) : viewBuffer(value);
    if (!is(bufferLength, buffer)) return refuse(new ErrorConstructor(UNCLONEABLE)); // shared memory
    const offset = typed ? typedArrayOffset(value) : viewOffset(value);
    const length = typed ? typedArrayLength(value) : viewLength(value);
    return theirs.makeView(typed ? kind : 'DataView', buffer, offset, length);
  }

  function copyPromise(value, state) {
    let deferred;
    try {
      promiseThen(value, (result) => { settle(deferred, true, result); }, (reason) => { settle(deferred, false, reason); });
    } catch {
      return undefined; // not a promise, or one that its own world has broken
    }
    deferred = theirs.makeDeferred();
    mapSet(state.seen, value, deferred.promise);
    return deferred.promise;
  }

  // Runs in a reaction, whose result and exceptions a page may see: there are none.
  function settle(deferred, fulfilled, value) {
    try {
      let made;
      try {
        made = copy(value, newState(false), 0, undefined);
      } catch {
        made = copyRefusal();
        fulfilled = false;
      }
      theirs.settle(deferred, fulfilled, made);
    } catch {
      // The other world is gone, or there is no stack left: the promise stays as it is.
    }
  }

  return freeze({
    __proto__: null,
    table,
    connect(other) {
      theirs = other;
    },
    // For the preload's half only: the copy of a value, or an error of this world.
    copyOut(value, freezing) {
      try {
        return copy(value, newState(freezing), 0, undefined);
      } catch {
        throw takeRefusal();
      }
    },
  });
}
