// AbortSignals that cross the bridge: the other world gets one of its own, which fires when the first one does. The object of the browser behind
// them is never shared: its reason belongs to one world, and Chromium ends a process that reads it in another one. createHalf calls this, in
// both worlds.
function signalBridge(uncurry, getter) {
  'use strict';

  const Controller = AbortController;
  const prototype = AbortSignal.prototype;
  const aborted = getter(prototype, 'aborted'); // throws for anything but an AbortSignal
  const reason = getter(prototype, 'reason');
  const signalOf = getter(Controller.prototype, 'signal');
  const abort = uncurry(Controller.prototype.abort);
  const listen = uncurry(EventTarget.prototype.addEventListener);
  const once = { __proto__: null, once: true };

  return {
    __proto__: null,
    prototype,
    aborted,
    // Calls fire with the signal's reason when it fires, at once if it has.
    follow(signal, fire) {
      if (aborted(signal)) fire(reason(signal));
      else listen(signal, 'abort', () => { fire(reason(signal)); }, once);
    },
    make: () => new Controller(),
    signalOf,
    abort,
  };
}
