// @ts-check
/// <reference path="../preload.d.ts" />

/** @typedef {{ name: string, jpeg: Uint8Array<ArrayBuffer>, error: string }} Thumbnail what the thumbnailer posts */
/** @typedef {{ name: string, figure: HTMLElement, near: boolean, losses: number }} Tile */

/** @type {(id: string) => any} */
const $ = (id) => document.getElementById(id);

const atOnce = 4; // how many thumbnails are asked for and not there yet: a port does not slow its writer down
const maxLosses = 3; // a picture that was asked for at the end of so many processes is to blame

/** @type {Map<string, Tile>} */
const missing = new Map(); // in the order of the wall
/** @type {Set<Tile>} */
const asked = new Set();
/** @type {MessagePort | null} */
let port = null;

/** @type {(text: string, kind?: string) => void} */
const say = (text, kind = '') => {
  $('state').textContent = text;
  $('state').className = kind;
};

/** @type {(name: string) => Tile} */
function tile(name) {
  const figure = document.createElement('figure');
  const caption = document.createElement('figcaption');
  caption.textContent = name.replace(/\.\w+$/, '');
  figure.dataset.name = name;
  figure.append(caption);
  return { name, figure, near: false, losses: 0 };
}

/** next returns what is to be asked for next: what the user sees before what is elsewhere. */
function next() {
  let first;
  for (const t of missing.values()) {
    if (asked.has(t)) continue;
    if (t.near) return t;
    first ??= t;
  }
  return first;
}

function ask() {
  while (port && asked.size < atOnce) {
    const t = next();
    if (!t) return;
    // What may have ended a process is asked for alone, so that it takes no other picture with it.
    const suspect = t.losses > 0 || [...asked].some((other) => other.losses > 0);
    if (suspect && asked.size > 0) return;
    asked.add(t);
    port.postMessage(t.name);
  }
}

/** @type {(t: Tile, error: string) => void} */
function fail(t, error) {
  t.figure.classList.add('broken');
  t.figure.title = error;
  done(t);
}

/** @type {(t: Tile) => void} */
function done(t) {
  missing.delete(t.name);
  asked.delete(t);
  seen.unobserve(t.figure);
  $('progress').value = $('progress').max - missing.size;
  if (missing.size === 0) document.body.dataset.ready = 'true';
}

/** @type {(thumbnail: Thumbnail) => void} */
function show({ name, jpeg, error }) {
  const t = missing.get(name);
  if (!t) return;
  if (error) {
    fail(t, error);
  } else {
    const image = new Image();
    image.decoding = 'async'; // a frame does not wait for it
    image.alt = name;
    image.src = URL.createObjectURL(new Blob([jpeg], { type: 'image/jpeg' }));
    t.figure.prepend(image);
    done(t);
  }
  ask();
}

/** @type {(to: MessagePort) => void} */
function use(to) {
  to.addEventListener('close', () => {
    const ready = port === to;
    port = null;
    for (const t of asked) {
      if (++t.losses >= maxLosses) fail(t, 'This picture ends the thumbnailer');
    }
    asked.clear();
    if (ready) connect();
    else setTimeout(connect, 50); // this port led to a process that was about to end: the next one is not there yet
  });
  to.onmessage = ({ data }) => {
    if (data === 'ready') {
      port = to;
      ask();
    } else show(data);
  };
}

/** @type {Set<number>} */
const processes = new Set(); // the thumbnailers there have been

async function connect() {
  say('thumbnailer starts', 'waits');
  try {
    const { pid } = await window.photos.connect();
    processes.add(pid);
    const repairs = processes.size - 1;
    say(`thumbnailer ${pid}, in a sandbox${repairs > 0 ? `, repaired ${repairs} ×` : ''}`);
  } catch (/** @type {any} */ error) {
    say(error.message.replace(/^Error invoking remote method '[^']*': \w+: /, ''), 'bad');
  }
}

const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const t = missing.get(/** @type {HTMLElement} */ (target).dataset.name ?? '');
    if (t) t.near = isIntersecting;
  }
}, { root: $('wall'), rootMargin: '300px' });

window.addEventListener('message', ({ source, data, ports: [to] }) => {
  if (source === window && data === 'photos:port' && to) use(to);
});
$('kill').addEventListener('click', () => window.photos.kill().catch((/** @type {Error} */ error) => say(error.message, 'bad')));

const names = await window.photos.list() ?? [];
$('count').textContent = names.length === 1 ? '1 picture' : `${names.length} pictures`;
$('progress').max = Math.max(1, names.length);
for (const name of names) {
  const t = tile(name);
  missing.set(name, t);
  $('wall').append(t.figure);
  seen.observe(t.figure);
}
if (names.length === 0) document.body.dataset.ready = 'true';
await connect();
