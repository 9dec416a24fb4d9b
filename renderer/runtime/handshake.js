// The handshake with the native side. Where this document may have none (a frame without a preload, a world that is not ours) the runtime
// ends here. It never touches window.top or parent: each frame has a world of its own by this name, and that would build this frame's in
// those frames too, for as long as their documents live.
let receivePacket = () => {}; // set by ipc.js

const native = (() => {
  const bootstrap = Object.getOwnPropertyDescriptor(globalThis, '__oriel');
  if (!bootstrap || typeof bootstrap.value !== 'function') return null;
  delete globalThis.__oriel;
  return bootstrap.value(CONFIG.token, MAIN_WORLD, (buffer, rest) => receivePacket(buffer, rest)) || null;
})();

if (!native) return;

// The packets of this document carry its number, so that nothing reaches the document that came after it.
const documentNumber = (() => {
  const number = new Uint32Array(1);
  while (number[0] === 0) crypto.getRandomValues(number);
  return number[0];
})();

const outbox = createOutbox(native.send);
addEventListener('pagehide', outbox.leave, { capture: true });

function sendPacket(packet) {
  outbox.send(packet);
}
