// Objects with a nature of their own, told apart by their internal slots and by nothing else: how a half copies each kind for the other world.
// createHalf calls this, in both worlds.
function naturesOf(uncurry, getter, half) {
  'use strict';

  const { theirs, copy, copyFunction, copyPlain, makeError, remember, newState, refuse, settle, promiseThen, dom, signal, stream, UNCLONEABLE } = half;
  const { getPrototypeOf } = Reflect;
  const { freeze } = Object;
  const tagOf = uncurry(Object.prototype.toString);
  const ErrorConstructor = Error;
  const dateValue = uncurry(Date.prototype.getTime);
  const regExpSource = getter(RegExp.prototype, 'source');
  const regExpFlags = [];
  for (const [name, letter] of [['hasIndices', 'd'], ['global', 'g'], ['ignoreCase', 'i'], ['multiline', 'm'], ['dotAll', 's'],
    ['unicode', 'u'], ['unicodeSets', 'v'], ['sticky', 'y']])
    regExpFlags.push({ __proto__: null, is: getter(RegExp.prototype, name), letter });
  const mapSize = getter(Map.prototype, 'size');
  const mapForEach = uncurry(Map.prototype.forEach);
  const setSize = getter(Set.prototype, 'size');
  const setForEach = uncurry(Set.prototype.forEach);
  const TypedArrayPrototype = getPrototypeOf(Uint8Array.prototype);
  const typedArrayKind = getter(TypedArrayPrototype, Symbol.toStringTag);
  const typedArrayBuffer = getter(TypedArrayPrototype, 'buffer');
  const viewBuffer = getter(DataView.prototype, 'buffer');
  const viewOffset = getter(DataView.prototype, 'byteOffset');
  const viewLength = getter(DataView.prototype, 'byteLength');
  const bufferLength = getter(ArrayBuffer.prototype, 'byteLength');
  const PromisePrototype = Promise.prototype;
  const boxes = [Number, String, Boolean, BigInt, Symbol].map(
    (kind) => ({ __proto__: null, prototype: kind.prototype, value: uncurry(kind.prototype.valueOf) }));

  function hasBrand(brand, value) {
    try {
      brand(value);
      return true;
    } catch {
      return false;
    }
  }

  function errorMessage(error) {
    const message = error.message;
    return typeof message === 'string' ? message : '';
  }

  function copyView(value) {
    const kind = typedArrayKind(value);
    const buffer = kind === undefined ? viewBuffer(value) : typedArrayBuffer(value);
    if (!hasBrand(bufferLength, buffer)) return refuse(new ErrorConstructor(UNCLONEABLE)); // shared memory
    if (kind === undefined) return theirs().makeDataView(buffer, viewOffset(value), viewLength(value));
    return kind === 'Uint8Array' ? theirs().makeBytes(value) : theirs().makeTyped(kind, value);
  }

  function copyRegExp(value) {
    let flags = '';
    for (let i = 0; i < regExpFlags.length; i++) if (regExpFlags[i].is(value)) flags += regExpFlags[i].letter;
    return theirs().makeRegExp(regExpSource(value), flags);
  }

  function copyMap(value, state, depth) {
    const made = theirs().makeMap();
    remember(state, value, made);
    mapForEach(value, (item, key) => {
      theirs().mapSet(made, copy(key, state, depth + 1, undefined), copy(item, state, depth + 1, undefined));
    });
    return made;
  }

  function copySet(value, state, depth) {
    const made = theirs().makeSet();
    remember(state, value, made);
    setForEach(value, (item) => {
      theirs().setAdd(made, copy(item, state, depth + 1, undefined));
    });
    return made;
  }

  function copyStream(value) {
    if (stream.locked(value)) return refuse(new ErrorConstructor(`${UNCLONEABLE} The ReadableStream is locked.`));
    const ends = stream.ends(value);
    const out = newState(false);
    return theirs().makeStream(copyFunction(ends.read, out, undefined), copyFunction(ends.cancel, out, undefined), ends.ofBytes);
  }

  const copySignal = signal.copier({ __proto__: null, weakGet: half.weakGet, weakSet: half.weakSet, takeRefusal: half.takeRefusal, theirs,
    copy: (reason) => copy(reason, newState(false), 0, undefined) });

  function copyPromise(value, state) {
    let deferred = null;
    promiseThen(value, (result) => { settle(deferred, true, result); }, (reason) => { settle(deferred, false, reason); });
    deferred = theirs().makeDeferred();
    remember(state, value, deferred.promise);
    return deferred.promise;
  }

  const natures = [];
  const nature = (prototype, is, copy, isCopy = true) => { natures.push(freeze({ prototype, is, copy, isCopy })); };
  const leaf = (make) => (value, state) => {
    const made = make(value);
    remember(state, value, made);
    return made;
  };
  const branded = (brand) => (value) => hasBrand(brand, value);
  nature(Error.prototype, Error.isError, (value, state, depth) => makeError(value, errorMessage(value), state, depth));
  nature(Uint8Array.prototype, ArrayBuffer.isView, leaf(copyView));
  nature(Date.prototype, branded(dateValue), leaf((value) => theirs().makeDate(dateValue(value))));
  nature(Map.prototype, branded(mapSize), copyMap);
  nature(Set.prototype, branded(setSize), copySet);
  nature(ArrayBuffer.prototype, branded(bufferLength), leaf((value) => theirs().makeBuffer(value, 0, bufferLength(value))));
  nature(RegExp.prototype, branded(regExpSource), leaf(copyRegExp));
  for (let i = 0; i < boxes.length; i++)
    nature(boxes[i].prototype, branded(boxes[i].value), leaf((value) => theirs().makeBoxed(boxes[i].value(value))));
  // These are no copies but the page's own, so an API that holds one does not freeze it.
  nature(stream.prototype, branded(stream.locked), leaf(copyStream), false);
  nature(dom.elementPrototype, branded(dom.tagName), leaf((value) => theirs().wrapElement(value)), false);
  nature(dom.blobPrototype, branded(dom.blobType), leaf((value) => theirs().wrapBlob(value)), false);
  nature(signal.prototype, branded(signal.aborted), leaf(copySignal), false);
  if (dom.framePrototype) nature(dom.framePrototype, branded(dom.frameTime), leaf((value) => theirs().cloneFrame(value)), false);
  // An event is what listeners are called with, and a function of an API may be one: as in Electron, its own properties cross.
  nature(dom.eventPrototype, branded(dom.eventType), copyPlain);
  // A promise has no slot that could be asked for: for anything else, copyPromise throws.
  nature(PromisePrototype, (value) => getPrototypeOf(value) === PromisePrototype || tagOf(value) === '[object Promise]', copyPromise);
  return natures;
}
