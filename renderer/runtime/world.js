// One half of the bridge between two JavaScript worlds. The same text runs in both: in the page's world, before any script of the
// page, and in the preload's world. Each half reads only values of its own world and builds only values of its own world, with
// intrinsics that it captured at its start; what crosses are primitives and finished copies. So neither world ever holds, inspects
// or throws an object of the other, except behind the closures of this file:
//   - nothing here is sloppy code, so no call site or `caller` leads to it;
//   - nothing goes through a prototype, an iterator or a property that the page can change;
//   - whatever the other half throws (it can only be V8's own, such as stack exhaustion) is dropped, never passed on.
function createHalf(isPage) {
  'use strict';

  const uncurry = Function.prototype.bind.bind(Function.prototype.call);
  const call = uncurry(Function.prototype.call);
  const getter = (prototype, key) => uncurry(Object.getOwnPropertyDescriptor(prototype, key).get);
  const world = globalThis;
  const { apply, defineProperty, getPrototypeOf, setPrototypeOf, has } = Reflect;
  const { keys: objectKeys, getOwnPropertySymbols, getOwnPropertyDescriptor, freeze } = Object;
  const { toStringTag } = Symbol;
  const ObjectPrototype = Object.prototype;
  const ArrayPrototype = Array.prototype;
  const isEnumerable = uncurry(ObjectPrototype.propertyIsEnumerable);
  const tagOf = uncurry(ObjectPrototype.toString);
  const box = Object;
  const isArray = Array.isArray;
  const ErrorConstructor = Error;
  const errorKinds = { __proto__: null, TypeError, RangeError, ReferenceError, SyntaxError, EvalError, URIError };
  const hasOwn = Object.hasOwn;
  const bound = uncurry(Function.prototype.bind);
  const DateConstructor = Date;
  const RegExpConstructor = RegExp;
  const MapConstructor = Map;
  const mapGet = uncurry(Map.prototype.get);
  const mapSet = uncurry(Map.prototype.set);
  const SetConstructor = Set;
  const setAdd = uncurry(Set.prototype.add);
  const weakGet = uncurry(WeakMap.prototype.get);
  const weakSet = uncurry(WeakMap.prototype.set);
  const PromiseConstructor = Promise;
  const promiseParts = uncurry(Promise.withResolvers);
  const promiseThen = uncurry(Promise.prototype.then);
  const Bytes = Uint8Array;
  const TypedArrayPrototype = getPrototypeOf(Uint8Array.prototype);
  const typedArraySet = uncurry(TypedArrayPrototype.set);
  const typedArrayBuffer = getter(TypedArrayPrototype, 'buffer');
  const isView = ArrayBuffer.isView;
  const viewConstructors = { __proto__: null, DataView };
  for (const name of ['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array',
    'Float16Array', 'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array'])
    if (world[name]) viewConstructors[name] = world[name];

  const UNCLONEABLE = 'An object could not be cloned.';
  const UNKNOWN = 'An unknown exception occurred in the isolated context, an error occurred but a valid exception was not thrown.';
  const TOO_DEEP = 'contextBridge recursion depth exceeded.  Nested objects deeper than 1000 are not supported.';
  const DEPTH = 1000;
  const MISSING = 4 << 20; // elements of arrays that are not there, in one call
  const dom = domBridge(uncurry, getter);
  const signal = signalBridge(uncurry, getter);
  const stream = streamBridge(uncurry, getter, promiseThen);
  const FAILED = freeze({ __proto__: null });

  const homes = new WeakMap(); // function made here for the other world's → the other world's own
  const proxies = new WeakMap(); // function of this world → { parent, proxy }: what the other world has for it
  let theirs = null; // the other half's table
  let directly = () => undefined; // makes the other world's function for a direct one of this world, from it and its ordinary invoke
  let failure; // the error of this world that goes with a FAILED
  let refusal = null; // the error of this world that ended a copy
  let fromGetter = false; // and it is a getter's of this world, which may throw anything

  function refuse(error) {
    refusal = error;
    fromGetter = false;
    throw error;
  }

  // The error of this world for a copy that was broken off. What was thrown does not matter: it may not be this world's.
  function takeRefusal() {
    const error = refusal;
    refusal = null;
    fromGetter = false;
    return error || new ErrorConstructor(UNCLONEABLE);
  }

  // A property of a value that is copied. What its getter throws says more than that something could not be cloned.
  function read(object, key) {
    try {
      return object[key];
    } catch (thrown) {
      refusal = thrown;
      fromGetter = true;
      throw thrown;
    }
  }

  // What the other half calls to build values of this world. None of it runs code that a page could have put anywhere.

  // Each key that is ever read is the table's own. Without a prototype, V8 would make slow dictionaries of it and of the states below.
  const table = {
    makeObject: () => ({}),
    setProperty(object, key, value) {
      // Object.prototype is immutable upwards, so this one test says whether an assignment would find a setter.
      if (key in ObjectPrototype)
        defineProperty(object, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
      else object[key] = value;
    },
    makeArray: () => [],
    // The same for elements; Array.prototype is not immutable, so its place in the chain is looked at first.
    setElement(array, index, value) {
      if (getPrototypeOf(ArrayPrototype) !== ObjectPrototype || index in ArrayPrototype)
        defineProperty(array, index, { __proto__: null, value, writable: true, enumerable: true, configurable: true });
      else array[index] = value;
    },
    freeze,
    makeDate: (milliseconds) => new DateConstructor(milliseconds),
    makeRegExp: (source, flags) => new RegExpConstructor(source, flags),
    makeMap: () => new MapConstructor(),
    mapSet,
    makeSet: () => new SetConstructor(),
    setAdd,
    makeBoxed: (primitive) => box(primitive),
    makeError(message, name) {
      const known = errorKinds[name];
      const error = known ? new known(message) : new ErrorConstructor(message);
      if (!known && name !== 'Error')
        defineProperty(error, 'name', { __proto__: null, value: name, writable: true, enumerable: false, configurable: true });
      return error;
    },
    setErrorProperty: (error, key, value) =>
      defineProperty(error, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true }),
    wrapElement: dom.wrapElement,
    wrapBlob: dom.wrapBlob,
    cloneFrame: dom.cloneFrame,
    makeController: signal.make,
    signalOf: signal.signalOf,
    abort: signal.abort,
    makeStream: stream.make,
    makeBuffer: (buffer, offset, length) => copyBytes(buffer, offset, length),
    makeDataView: (buffer, offset, length) => new viewConstructors.DataView(copyBytes(buffer, offset, length)),
    // A constructor reads nothing of a typed array but its slots, and makes a buffer of its own world.
    makeBytes: (array) => new Bytes(array),
    makeTyped: (kind, array) => new viewConstructors[kind](array),
    makeDeferred: () => promiseParts(PromiseConstructor),
    settle(deferred, fulfilled, value) {
      const settle = fulfilled ? deferred.resolve : deferred.reject;
      settle(value);
    },
    // A function of this world that calls invoke of the other one's.
    makeFunction: (invoke, original) => present((...args) => callOut(invoke, args), original),
    fail(error) {
      failure = error;
      return FAILED;
    },
    has: (key) => has(world, key),
    define: (key, value) =>
      defineProperty(world, key, { __proto__: null, value, writable: false, enumerable: true, configurable: false }),
  };
  freeze(table);

  // What this world sees of a function that stands for original, one of the other world's.
  function present(call, original) {
    const proxy = bound(call, undefined); // shows no source
    defineProperty(proxy, 'name', { __proto__: null, value: '', configurable: true });
    weakSet(homes, proxy, original);
    return proxy;
  }

  // buffer may be the other world's: its bytes are all that is looked at.
  function copyBytes(buffer, offset, length) {
    const bytes = new Bytes(length);
    typedArraySet(bytes, new Bytes(buffer, offset, length));
    return typedArrayBuffer(bytes);
  }

  function callOut(invoke, args) {
    const count = args.length;
    let result;
    try {
      if (count === 0) result = invoke(0);
      else {
        const state = newState(false);
        if (count === 1) result = invoke(1, copy(args[0], state, 0, undefined));
        else if (count === 2) result = invoke(2, copy(args[0], state, 0, undefined), copy(args[1], state, 0, undefined));
        else result = invoke(count, copyList(args, state));
      }
    } catch {
      throw takeRefusal();
    }
    return outcome(result);
  }

  function outcome(result) {
    if (result !== FAILED) return result;
    const error = failure;
    failure = undefined;
    throw error;
  }

  function copyList(args, state) {
    const list = theirs.makeArray();
    for (let i = 0; i < args.length; i++) theirs.setElement(list, i, copy(args[i], state, 0, undefined));
    return list;
  }

  // What one call has copied so far, so that an object that comes twice is copied once. The first needs no Map.
  const newState = (freezing) => ({ first: undefined, firstMade: undefined, seen: null, freezing, inData: false, missing: 0 });

  function remember(state, value, made) {
    if (state.first === undefined) {
      state.first = value;
      state.firstMade = made;
      return;
    }
    if (state.seen === null) state.seen = new MapConstructor();
    mapSet(state.seen, value, made);
  }

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
    if (depth >= DEPTH) return refuse(new errorKinds.TypeError(TOO_DEEP));
    if (state.first === value) return state.firstMade;
    if (state.seen !== null) {
      const known = mapGet(state.seen, value);
      if (known !== undefined) return known;
    }
    return copyObject(value, state, depth);
  }

  function copyFunction(value, state, parent) {
    const home = weakGet(homes, value);
    if (home !== undefined) return home;
    const known = weakGet(proxies, value);
    // Without a parent to stand for `this`, any proxy will do: so a function that went out and came home goes out as itself again.
    if (known !== undefined && (parent === undefined || known.parent === parent) && !state.freezing) return known.proxy;
    const invoke = makeInvoke(value, parent);
    const proxy = directly(value, invoke) || theirs.makeFunction(invoke, value);
    if (known === undefined) weakSet(proxies, value, { parent, proxy });
    if (state.freezing) theirs.freeze(proxy);
    return proxy;
  }

  // What the other half calls for a function of this world: gets values of this world (from three on, as one list), gives one of
  // the other.
  function makeInvoke(target, parent) {
    return (count, first, second) => {
      let result;
      try {
        if (count === 0) result = call(target, parent);
        else if (count === 1) result = call(target, parent, first);
        else if (count === 2) result = call(target, parent, first, second);
        else result = apply(target, parent, first);
      } catch (thrown) {
        return theirs.fail(copyThrown(thrown));
      }
      if (result === undefined) return undefined;
      try {
        return copy(result, newState(false), 0, undefined);
      } catch {
        return theirs.fail(copyRefusal());
      }
    };
  }

  function copyRefusal() {
    const isThrown = fromGetter;
    const error = takeRefusal();
    if (isThrown) return copyThrown(error);
    return theirs.makeError(error.message, getPrototypeOf(error) === ErrorConstructor.prototype ? 'Error' : 'TypeError');
  }

  // What was thrown, as an Error of the other world's, whatever it was.
  function copyThrown(thrown) {
    try {
      if ((typeof thrown === 'object' && thrown !== null) || typeof thrown === 'function') {
        const message = thrown.message;
        if (typeof message === 'string') return makeError(thrown, message, newState(false), 0);
      }
    } catch {
      takeRefusal();
    }
    return theirs.makeError(UNKNOWN, 'Error');
  }

  // Beyond Electron, which leaves an error its message alone: its name, its own code and its own data, as far as they can be copied.
  function makeError(error, message, state, depth) {
    const name = error.name;
    const made = theirs.makeError(message, typeof name === 'string' ? name : 'Error');
    remember(state, error, made);
    if (hasOwn(error, 'code')) {
      const code = error.code;
      if (typeof code === 'string' || typeof code === 'number') theirs.setErrorProperty(made, 'code', code);
    }
    if (!state.inData && hasOwn(error, 'data')) copyData(error, made, state.freezing, depth);
    return made;
  }

  // Copied by itself, since nothing half copied may stay in the list of what is known; so an error in it has no data of its own, or
  // errors with one another in their data would never end.
  function copyData(error, made, freezing, depth) {
    const state = newState(freezing);
    state.inData = true;
    remember(state, error, made);
    try {
      theirs.setErrorProperty(made, 'data', copy(error.data, state, depth + 2, undefined));
    } catch {
      takeRefusal();
    }
  }

  function copyObject(value, state, depth) {
    const prototype = getPrototypeOf(value);
    if (prototype === ObjectPrototype || prototype === null) return copyPlain(value, state, depth);
    if (isArray(value)) return copyArray(value, state, depth);
    // The prototype says what to try first; what it is, its internal slots decide.
    for (let i = 0; i < natures.length; i++)
      if (natures[i].prototype === prototype && natures[i].is(value)) return copySpecial(natures[i], value, state, depth);
    // An instance of a class becomes a plain object; what has a class name by its nature (DOM objects, WeakMap, …) cannot cross.
    const tag = tagOf(value);
    if (tag === '[object Object]' || tag === '[object Arguments]') return copyPlain(value, state, depth);
    for (let i = 0; i < natures.length; i++)
      if (natures[i].is(value)) return copySpecial(natures[i], value, state, depth);
    if (isNamedByScript(value)) return copyPlain(value, state, depth);
    return refuse(new ErrorConstructor(`${UNCLONEABLE} ${tag} does not cross contextBridge.`));
  }

  // Whether an object's class name was given by a script: the language's own and the browser's cannot be assigned to.
  function isNamedByScript(value) {
    for (let holder = value; holder !== null; holder = getPrototypeOf(holder)) {
      const named = getOwnPropertyDescriptor(holder, toStringTag);
      if (named !== undefined) return !hasOwn(named, 'writable') || named.writable;
    }
    return false;
  }

  function copySpecial(nature, value, state, depth) {
    const made = nature.copy(value, state, depth);
    if (state.freezing && nature.isCopy && !isView(value)) theirs.freeze(made); // a view with elements cannot be frozen
    return made;
  }

  function copyPlain(value, state, depth) {
    const made = theirs.makeObject();
    remember(state, value, made);
    const keys = objectKeys(value);
    for (let i = 0; i < keys.length; i++)
      theirs.setProperty(made, keys[i], copy(read(value, keys[i]), state, depth + 2, value));
    const symbols = getOwnPropertySymbols(value);
    for (let i = 0; i < symbols.length; i++)
      if (isEnumerable(value, symbols[i]))
        theirs.setProperty(made, symbols[i], copy(read(value, symbols[i]), state, depth + 2, value));
    if (state.freezing) theirs.freeze(made);
    return made;
  }

  function copyArray(value, state, depth) {
    const made = theirs.makeArray();
    remember(state, value, made);
    const length = value.length;
    if (typeof length !== 'number' || !(length >= 0 && length <= 4294967295)) refuse(new ErrorConstructor(UNCLONEABLE));
    for (let i = 0; i < length; i++) {
      const element = read(value, i);
      // What is missing takes memory and time there, but none in a message: one from another page may have any amount of it.
      if (element === undefined && !(i in value) && ++state.missing > MISSING) refuse(new ErrorConstructor(UNCLONEABLE));
      theirs.setElement(made, i, copy(element, state, depth + 1, undefined));
    }
    if (state.freezing) theirs.freeze(made);
    return made;
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

  const natures = naturesOf(uncurry, getter, { __proto__: null, theirs: () => theirs, copy, copyFunction, copyPlain, makeError, remember, newState, refuse, takeRefusal, settle,
    promiseThen, weakGet, weakSet, dom, signal, stream, UNCLONEABLE });
  const failThrown = (thrown) => theirs.fail(copyThrown(thrown));
  const direct = isPage ? directBridge(uncurry, getter, { __proto__: null, present, callOut, outcome, takeRefusal, failThrown, promiseThen, viewConstructors,
    makeDeferred: table.makeDeferred }) : null;

  return freeze({
    __proto__: null,
    table,
    direct,
    connect(other, makeDirect = directly) {
      theirs = other;
      directly = makeDirect;
    },
    settle, // a promise of the other world's, by a value or an error of this one
    failThrown,
    outcome,
    homeOf: (proxy) => weakGet(homes, proxy),
    // The copy of a value for the other world, or an error of this one.
    copyOut(value, freezing) {
      try {
        return copy(value, newState(freezing), 0, undefined);
      } catch {
        throw takeRefusal();
      }
    },
  });
}
