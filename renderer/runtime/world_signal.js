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

  // Calls fire with the signal's reason when it fires, at once if it has.
  function follow(signal, fire) {
    if (aborted(signal)) fire(reason(signal));
    else listen(signal, 'abort', () => { fire(reason(signal)); }, once);
  }

  // Runs in a listener, whose exceptions a page may see: there are none. What cannot be copied of the reason is left out.
  function fire(half, controller, why) {
    try {
      let made;
      try {
        made = half.copy(why);
      } catch {
        half.takeRefusal();
      }
      half.theirs().abort(controller, made);
    } catch {
      // The other world is gone, or there is no stack left: the signal stays as it is.
    }
  }

  return {
    __proto__: null,
    prototype,
    aborted,
    make: () => new Controller(),
    signalOf,
    abort,
    // What gives a half, for an AbortSignal of this world, the other world's that follows it: one for each signal, however often it crosses, so
    // that one that lives on does not gather followers.
    copier(half) {
      const followers = new WeakMap();
      return (value) => {
        const known = half.weakGet(followers, value);
        if (known !== undefined) return known;
        const controller = half.theirs().makeController();
        const made = half.theirs().signalOf(controller);
        half.weakSet(followers, value, made);
        follow(value, (why) => { fire(half, controller, why); });
        return made;
      };
    },
  };
}
