// Direct functions: ipcRenderer.invoker, sender and subscriber make functions that the page, when they are exposed to it, has encoders and
// decoders of its own for (world_direct.js). The page's side hands over nothing but the bytes of its arguments. Channel, number and document
// are written here, and whether the bytes are a list of arguments and nothing else is looked at here: so no page can say anything by
// them that it could not say by an ordinary function.
const direct = (() => {
  const { HEADER, kinds, limits } = wire;
  const makers = new WeakMap(); // function → what makes the page's function for it, from its ordinary invoke
  const heard = new WeakMap(); // listener of ipcRenderer → { listener, takeBack, lendsFew }: the page's function that was subscribed, what takes bytes back that are lent to it, whether few are
  let lastCall = undefined; // what was looked up last in heard
  let lastFound = undefined;
  const kept = new WeakSet(); // buffers that came back, for the next message
  let ready = false; // the page's world has the codec

  // The packet of a call without its arguments, which come behind it.
  function headOf(packet) {
    return new Uint8Array(packet.buffer.slice(0, packet.length - 1));
  }

  const ID = HEADER + 3; // where a head has the call's number: four bytes

  // The exts that the page's encoder writes. None of them is a stream or a port, whose numbers are given here, or has other values in it.
  const exts = new Uint8Array(256);
  for (const name of ['UNDEFINED', 'ARRAY_BUFFER', 'VIEW', 'INVALID_DATE', 'BIGINT', 'UTF16', 'REFERENCE', 'TIMESTAMP']) exts[wire.types[name]] = 1;

  const KEEP_SIZE = 4 << 20; // the page gives a larger buffer back after its call
  let buffer = null; // the page's, and its bytes
  let bytes = null;

  function release() {
    if (bytes !== null && bytes.length > KEEP_SIZE) buffer = bytes = null;
  }

  // The packet of head and the arguments that lie behind its place in the page's buffer.
  function complete(head, pages, length) {
    if (pages !== buffer) {
      wire.bufferBytes(pages); // throws for what is no ArrayBuffer
      bytes = new Uint8Array(pages);
      buffer = pages;
    }
    const at = head.length;
    const c = bytes[at];
    const isList = typeof length === 'number' && length <= bytes.length && (c >= 0x90 && c < 0xa0 || c === 0xdc);
    if (!isList || endOfItem(bytes, at, length, 0, 0, exts) !== length) throw wire.uncloneable();
    bytes.set(head);
    return { buffer, length };
  }

  function startInvoke(channel, head) {
    return (pages, length, deferred) => {
      const settleAs = (fulfilled) => (value) => own.settle(deferred, fulfilled, value);
      const reject = settleAs(false);
      try {
        checkInvoke(channel);
        const packet = complete(head, pages, length);
        const id = nextId();
        for (let i = 0; i < 4; i++) bytes[ID + i] = id >>> (24 - 8 * i);
        sendRequest(id, { channel, resolve: settleAs(true), reject, signal: null, abort: null, deferred }, packet);
      } catch (error) {
        reject(error);
      } finally {
        release();
      }
    };
  }

  function startSend(channel, head) {
    return (pages, length) => {
      try {
        checkSend(channel);
        sendPacket(complete(head, pages, length));
      } catch (error) {
        return own.failThrown(error);
      } finally {
        release();
      }
    };
  }

  // The page's function for value, or nothing where it is an ordinary one.
  own.connect(page.table, (value, invoke) => {
    const make = makers.get(value);
    if (make === undefined) return undefined;
    if (!ready) {
      const build = native.evaluate(DIRECT_WORLD);
      if (build === undefined) return undefined; // the document is gone
      build(page.direct.install);
      ready = true;
    }
    return make(invoke);
  });

  // What was subscribed by the page to a channel that nothing else hears, or undefined.
  function subscribed(channel) {
    if (unheard.size > 0 && unheard.has(channel)) return undefined;
    const call = loneListener(ipcRenderer, channel);
    if (call !== lastCall) {
      lastCall = call;
      lastFound = call && heard.get(call);
    }
    return lastFound;
  }

  // Lends bytes of a channel's messages. What comes back moves into a buffer of this world, so that the page's is empty, and is kept for the
  // next message until end.
  function lender(channel) {
    const mark = wire.transfer(headOf(codec.send(documentNumber, channel, [])).slice(HEADER).buffer);
    let on = true;
    return {
      takeBack(pages) {
        const buffer = wire.transfer(pages); // throws if the page has moved it away
        if (!on) return;
        kept.add(buffer);
        native.lend(mark, buffer);
      },
      end() {
        on = false;
        native.lend(mark);
      },
    };
  }

  function lends(options) {
    if (options === undefined) return false;
    if (typeof options !== 'object' || options === null) throw new TypeError('The options must be an object');
    return Boolean(options.lend);
  }

  // Each says whether the page had the frame. What the page's half throws can only be V8's own, and stays there.
  function answer(frame, buffer) {
    const call = pending.get(frame.key);
    const { at, end, tail, lent } = frame;
    if (call === undefined || call.deferred === undefined) return false;
    try {
      if (!page.direct.answer(call.deferred, buffer, at, end, tail, lent)) return false;
    } catch {
      return false;
    }
    pending.delete(frame.key);
    return true;
  }

  function hear(frame, buffer) {
    const found = subscribed(frame.key);
    const { at, end, tail, lent } = frame;
    if (found === undefined) return false;
    let result;
    try {
      result = page.direct.hear(found.listener, buffer, at, end, tail, lent, found.takeBack, found.lendsFew);
    } catch {
      return true;
    }
    if (typeof result === 'boolean') return result;
    if (result === 'kept') { // it returns promises: better each message has its own
      found.lendsFew = false;
      return true;
    }
    try {
      own.outcome(result);
    } catch (error) {
      reportError(error);
    }
    return true;
  }

  function checkCount(count) {
    if (count !== undefined && !(Number.isInteger(count) && count >= 0 && count <= limits.args))
      throw new TypeError(`The number of parameters must be an integer from 0 to ${limits.args}`);
  }

  // As many arguments as there are parameters.
  const counted = (args, count) => {
    if (count !== undefined) args.length = count;
    return args;
  };

  const INVOKES = Object.keys(options), SENDS = INVOKES.filter((name) => name !== 'signal'); // which options each has

  // The same, and behind them what is given besides of options. Anything else there, such as an index or an event, is nothing.
  function withOptions(args, count, names) {
    if (count === undefined || args.length <= count) return counted(args, count);
    const given = args[count];
    const chosen = {};
    for (const name of given ? names : []) if (given[name] !== undefined) chosen[name] = given[name];
    args.length = count;
    if (Object.keys(chosen).length > 0) args.push(chosen);
    return args;
  }

  return {
    invoker(channel, count) {
      checkChannel(channel);
      checkCount(count);
      const head = headOf(codec.invoke(documentNumber, 0xffffffff, channel, []));
      const f = (...args) => ipcRenderer.invoke(channel, ...withOptions(args, count, INVOKES));
      makers.set(f, (invoke) => page.direct.makeInvoker(invoke, f, count, head.length, startInvoke(channel, head)));
      return f;
    },
    sender(channel, count) {
      checkChannel(channel);
      checkCount(count);
      const head = headOf(codec.send(documentNumber, channel, []));
      const f = (...args) => { ipcRenderer.send(channel, ...withOptions(args, count, SENDS)); };
      makers.set(f, (invoke) => page.direct.makeSender(invoke, f, count, head.length, startSend(channel, head)));
      return f;
    },
    // What the page calls is an ordinary function; what it subscribes is heard directly.
    subscriber(channel, options) {
      checkChannel(channel);
      const begin = lends(options) ? lender : () => ({ takeBack: undefined, end() {} });
      const f = (listener) => {
        if (typeof listener !== 'function') throw new TypeError('The listener must be a function');
        const call = (event, ...args) => { listener(...args); };
        const { takeBack, end } = begin(channel);
        const home = own.homeOf(listener);
        if (home !== undefined) heard.set(call, { listener: home, takeBack, lendsFew: takeBack !== undefined });
        ipcRenderer.on(channel, call);
        return () => {
          ipcRenderer.off(channel, call);
          if (call === lastCall) lastCall = lastFound = undefined; // the page's listener can be collected
          end();
        };
      };
      makers.set(f, () => undefined);
      return f;
    },
    // Whether a frame may be left to the page: an answer by its call's number, a message by its channel.
    takes: (kind, key) => ready && (kind === kinds.result ? pending.get(key)?.deferred !== undefined : subscribed(key) !== undefined),
    // Whether a packet's tail is memory that had been lent.
    isLent: (tail) => tail !== undefined && kept.has(tail),
    // Gives a frame that was left to the page to it. If the page cannot have it after all, the frame is decoded here and comes back.
    receive(frame, buffer) {
      if (frame.kind === kinds.result ? answer(frame, buffer) : hear(frame, buffer)) return null;
      return codec.decodeFrame(buffer, frame);
    },
    close() {
      if (ready) page.direct.close();
    },
  };
})();
