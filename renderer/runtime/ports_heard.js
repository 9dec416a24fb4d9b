// When what main has posted through a port counts as taken: when it is handed to the listeners at the app's end of it, so that a port which
// is not started stops who writes to it. What comes to that end, a listener of this world hears too, since each world only has wrappers of
// the browser's objects; it comes before the page's own, and the page sees nothing of it.
//
// The end is known where the runtime makes it, and where a preload has sent it to its own window, as Electron's documentation shows. One
// that has gone elsewhere (to a frame, a worker, on to main) cannot be watched: what has come for it counts as taken at once.
const watchPorts = (take) => {
  const { limits, uncurry } = wire;
  const listen = uncurry(EventTarget.prototype.addEventListener);
  const copy = structuredClone;
  const owners = new WeakMap(); // app's end → entry

  // entry.end is the app's end, entry.costs what each message costs that waits there, from entry.first on, and entry.unheard all of that.
  function watch(entry, port) {
    owners.set(port, entry);
    entry.end = new WeakRef(port); // or it would never be collected
    entry.flying = false;
    listen(port, 'message', (event) => {
      if (event.isTrusted && entry.first < entry.costs.length) heard(entry);
    });
  }

  function heard(entry) {
    const cost = entry.costs[entry.first++];
    if (entry.first === entry.costs.length) {
      entry.costs = [];
      entry.first = 0;
    }
    entry.unheard -= cost;
    entry.heard = true;
    take(entry, cost);
  }

  function came(entry, cost) {
    if (entry.end === null) {
      take(entry, cost);
      return;
    }
    entry.costs.push(cost);
    entry.unheard += cost;
    if (entry.unheard >= limits.portWindow / 4 && !stalled.has(entry)) {
      stalled.add(entry);
      pause = SHORTEST;
      lookLater();
    }
  }

  function release(entry) {
    entry.end = null;
    entry.costs = [];
    take(entry, entry.unheard);
  }

  // An end at which much waits may have gone elsewhere, of which there is no event: it is looked after, ever more seldom.
  const SHORTEST = 20;
  const LONGEST = 1000;
  const stalled = new Set();
  let pause = SHORTEST; // milliseconds
  let looking = false;

  function lookLater() {
    if (looking) return;
    looking = true;
    setTimeout(look, pause);
    pause = Math.min(2 * pause, LONGEST);
  }

  function look() {
    looking = false;
    for (const entry of stalled) {
      if (entry.closed || entry.end === null || entry.unheard < limits.portWindow / 4) {
        stalled.delete(entry);
      } else if (entry.heard || entry.flying) {
        entry.heard = false;
      } else if (gone(entry.end.deref())) {
        stalled.delete(entry);
        release(entry);
      }
    }
    if (stalled.size > 0) lookLater();
  }

  // A transfer is refused, before anything moves, because of the first port that has been sent already.
  let spent = null;
  function gone(port) {
    if (port === undefined) return true;
    if (spent === null) {
      spent = new MessageChannel().port1;
      copy(spent, { transfer: [spent] });
    }
    try {
      copy(null, { transfer: [port, spent] });
    } catch (error) {
      return / index 0 /.test(error.message);
    }
    return true;
  }

  // What a preload sends to its own window arrives as another object. A mark that goes right before it, and that nobody else hears, tells
  // which: no other message of this window can come between the two.
  const post = globalThis.postMessage.bind(globalThis);
  const mark = `oriel:${crypto.getRandomValues(new Uint32Array(4)).join('-')}:`;
  const sent = new Map(); // number of a mark → entries of the ports that follow it
  let marks = 0; // the last number
  let passed = 0; // the last that has come
  let arriving = null;

  globalThis.postMessage = function (message, ...rest) {
    const named = rest[0] !== null && typeof rest[0] === 'object';
    const transfer = named ? rest[0].transfer : rest[1];
    const entries = Array.isArray(transfer) ? transfer.filter((x) => x instanceof MessagePort).map((port) => owners.get(port)) : [];
    if (!entries.some((entry) => entry?.end)) return post(message, ...rest);
    listenHere();
    post(mark + ++marks, named ? { targetOrigin: rest[0].targetOrigin } : rest[0]);
    post(message, ...rest);
    sent.set(marks, entries);
    for (const entry of entries) if (entry) entry.flying = true;
  };

  function arrives(event) {
    if (passed === marks && arriving === null || event.source !== window) return; // to ask for the source keeps a document in memory
    const { data } = event;
    if (typeof data === 'string' && data.startsWith(mark)) {
      passed = Number(data.slice(mark.length));
      arriving = sent.get(passed) ?? null; // null if the message itself was refused
      for (const earlier of sent.keys()) if (earlier <= passed) sent.delete(earlier);
      event.stopImmediatePropagation();
    } else if (arriving !== null) {
      arriving.forEach((entry, i) => { if (entry?.end) watch(entry, event.ports[i]); });
      arriving = null;
    }
  }

  function fails(event) {
    if (arriving !== null && event.source === window) arriving = null;
  }

  // However often, it is once. But document.open, in a page that writes itself anew, takes all listeners off the window; then its own, which are
  // there before, hear the marks too.
  function listenHere() {
    listen(globalThis, 'message', arrives, true);
    listen(globalThis, 'messageerror', fails, true);
  }

  listenHere(); // before the page does
  return { watch, came };
};
