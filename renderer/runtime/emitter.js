let loneListener; // the listener of an emitter's name that has one and no other

// The part of Node's EventEmitter that preloads use. Methods live on the prototype, so that a copy for the page has none of them.
class Emitter {
  #listeners = new Map();

  static {
    loneListener = (emitter, name) => {
      const list = emitter.#listeners.get(name);
      return list !== undefined && list.length === 1 ? list[0] : undefined;
    };
  }

  on(name, listener) {
    if (typeof listener !== 'function')
      throw new TypeError(`The "listener" argument must be of type function. Received ${listener === null ? 'null' : typeof listener}`);
    const list = this.#listeners.get(name);
    if (list) this.#listeners.set(name, [...list, listener]);
    else this.#listeners.set(name, [listener]);
    return this;
  }

  once(name, listener) {
    const wrapper = (...args) => {
      this.removeListener(name, wrapper);
      listener.apply(this, args);
    };
    if (typeof listener === 'function') wrapper.listener = listener;
    return this.on(name, typeof listener === 'function' ? wrapper : listener);
  }

  addListener(name, listener) {
    return this.on(name, listener);
  }

  prependListener(name, listener) {
    this.on(name, listener);
    const list = this.#listeners.get(name);
    this.#listeners.set(name, [listener, ...list.slice(0, -1)]);
    return this;
  }

  removeListener(name, listener) {
    const list = this.#listeners.get(name) || [];
    const at = list.findLastIndex((other) => other === listener || other.listener === listener);
    if (at >= 0) {
      if (list.length === 1) this.#listeners.delete(name);
      else this.#listeners.set(name, list.toSpliced(at, 1));
    }
    return this;
  }

  off(name, listener) {
    return this.removeListener(name, listener);
  }

  removeAllListeners(name) {
    if (name === undefined) this.#listeners.clear();
    else this.#listeners.delete(name);
    return this;
  }

  eventNames() {
    return [...this.#listeners.keys()];
  }

  listenerCount(name) {
    return (this.#listeners.get(name) || []).length;
  }

  listeners(name) {
    return this.rawListeners(name).map((listener) => listener.listener || listener);
  }

  rawListeners(name) {
    return [...(this.#listeners.get(name) || [])];
  }

  // Calls the listeners that are there now; a list is never changed in place, so adding and removing meanwhile is safe.
  // One that throws is reported and does not keep the others from being called.
  emit(name, ...args) {
    const list = this.#listeners.get(name);
    if (!list) return false;
    for (const listener of list) {
      try {
        listener.apply(this, args);
      } catch (error) {
        reportError(error);
      }
    }
    return true;
  }
}
