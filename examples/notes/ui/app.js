// @ts-check
/// <reference path="../preload.d.ts" />

/** @typedef {import('../preload').Draft} Draft */

/** @type {(id: string) => any} */
const $ = (id) => document.getElementById(id);
const only = new URLSearchParams(location.search).get('note'); // a window for one note

/** @type {Draft} */
let note = { id: '', text: '' }; // as it was last read or saved
let saving = Promise.resolve(); // saves happen one after the other
let timer = 0;
let listing = 0; // how often the list has been asked for

const dirty = () => $('text').value !== note.text;
/** @type {(text: string, bad?: boolean) => void} */
const say = (text, bad = false) => {
  $('state').textContent = text;
  $('state').classList.toggle('bad', bad);
};
// What Go refused comes back as an error with a code; the text before it is for developers.
/** @type {(error: Error) => void} */
const complain = (error) => say(error.message.replace(/^Error invoking remote method '[^']*': \w+: /, ''), true);

const clock = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** @param {Draft & { modified?: Date }} next */
function show(next) {
  note = next;
  $('text').value = next.text;
  $('delete').disabled = $('window').disabled = !next.id;
  document.title = `${next.text.split('\n')[0].replace(/^#+\s*/, '') || 'Notes'}`;
  say(next.id ? `Saved ${clock.format(next.modified)}` : 'New note');
  mark();
}

function mark() {
  for (const li of $('list').children) {
    if (li.dataset.id === note.id) li.setAttribute('aria-current', 'true');
    else li.removeAttribute('aria-current');
  }
}

/** @param {import('../preload').Summary} summary */
function item(summary) {
  const li = document.createElement('li');
  const title = document.createElement('b');
  const line = document.createElement('span');
  const time = document.createElement('time');
  li.dataset.id = summary.id;
  title.textContent = summary.title;
  time.textContent = day.format(summary.modified);
  line.append(time, `  ${summary.excerpt}`);
  li.append(title, line);
  return li;
}

async function list() {
  if (only) return;
  const turn = ++listing;
  const found = await window.notes.list($('search').value) ?? [];
  if (turn !== listing) return; // a later question knows better; answers may overtake one another
  $('list').replaceChildren(...found.map(item));
  $('count').textContent = found.length === 1 ? '1 note' : `${found.length} notes`;
  mark();
}

/** @param {string} id */
async function open(id) {
  await save();
  show(await window.notes.read(id));
}

function save() {
  clearTimeout(timer);
  saving = saving.then(async () => {
    if (!dirty()) return;
    const text = $('text').value;
    try {
      const saved = await window.notes.save({ id: note.id, text });
      note = saved;
      $('delete').disabled = $('window').disabled = false;
      say(`Saved ${clock.format(saved.modified)}`);
      await list();
    } catch (/** @type {any} */ error) {
      complain(error);
    }
  });
  return saving;
}

$('text').addEventListener('input', () => {
  say('Editing');
  clearTimeout(timer);
  timer = setTimeout(save, 600);
});
$('search').addEventListener('input', () => list().catch(complain));
$('list').addEventListener('click', (/** @type {any} */ event) => {
  const li = event.target.closest('li');
  if (li) open(li.dataset.id).catch(complain);
});
$('new').addEventListener('click', async () => {
  await save();
  show({ id: '', text: '' });
  $('text').focus();
});
$('delete').addEventListener('click', async () => {
  try {
    await window.notes.delete(note.id);
    show({ id: '', text: '' });
  } catch (/** @type {any} */ error) {
    complain(error);
  }
});
$('window').addEventListener('click', () => save().then(() => window.notes.openWindow(note.id)).catch(complain));
window.addEventListener('blur', () => save());
window.addEventListener('keydown', (event) => {
  if (!event.ctrlKey) return;
  if (event.key === 's') { event.preventDefault(); save(); }
  if (event.key === 'n' && !only) { event.preventDefault(); $('new').click(); }
});

let over = 0;
window.addEventListener('dragenter', () => { over++; $('drop').hidden = false; });
window.addEventListener('dragleave', () => { if (--over === 0) $('drop').hidden = true; });
window.addEventListener('dragover', (event) => event.preventDefault());
window.addEventListener('drop', async (event) => {
  event.preventDefault();
  over = 0;
  $('drop').hidden = true;
  try {
    for (const file of event.dataTransfer?.files ?? []) {
      show(await window.notes.import(file.name, new Uint8Array(await file.arrayBuffer())));
    }
    await list();
  } catch (/** @type {any} */ error) {
    complain(error);
  }
});

// A file changed on disk: by this app, another window, or an editor.
window.notes.onChanged(async (id) => {
  try {
    await list();
    if (id !== note.id) return;
    const now = await window.notes.read(id);
    if (now.text === note.text) return;
    if (dirty()) say('Changed on disk; what you write here will replace it', true);
    else show(now);
  } catch (/** @type {any} */ error) {
    if (error.code === 'NOT_FOUND' && id === note.id) {
      note = { id: '', text: '' };
      say('Deleted elsewhere; saving brings it back', true);
    }
  }
});

document.body.classList.toggle('single', only !== null);
show({ id: '', text: '' });
await list();
if (only) await open(only);
else if ($('list').firstElementChild) await open($('list').firstElementChild.dataset.id);
document.body.dataset.ready = 'true';
