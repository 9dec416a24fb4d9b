// The jobs of the bench page that are about many messages at once.
'use strict';

const jobs = (() => {
  // The longest time between two frames of the page, in ms, until the returned function is called.
  function watchFrames() {
    let last = performance.now();
    let longest = 0;
    let watching = true;
    const look = () => {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
      if (watching) {
        requestAnimationFrame(look);
      }
    };
    requestAnimationFrame(look);
    return () => {
      watching = false;
      look();
      return longest;
    };
  }

  // count messages of size bytes, sent by the host one after the other; each begins with its number.
  function pushOnce(host, count, size, form) {
    return new Promise((resolve, reject) => {
      let next = 0;
      const start = performance.now();
      const frames = watchFrames();
      const finish = (settle, value) => {
        next = -1;
        settle(value);
      };
      const asked = host.push(count, size, form, (bytes) => {
        if (next < 0) {
          return;
        }
        const number = bytes[0] | bytes[1] << 8 | bytes[2] << 16;
        if (number !== next || bytes.length !== size) {
          finish(reject, new Error('message ' + next + ' of ' + size + ' bytes came as ' + number + ' of ' + bytes.length));
        } else if (++next === count) {
          finish(resolve, { seconds: (performance.now() - start) / 1000, frame: frames() });
        }
      });
      Promise.resolve(asked).catch((error) => { finish(reject, error); });
    });
  }

  // Messages a second or, from 1 MiB up, MB (10^6) a second.
  async function push(host, count, size, form) {
    await pushOnce(host, Math.max(8, count / 20 | 0), size, form);
    const { seconds, frame } = await pushOnce(host, count, size, form);
    const big = size >= 1 << 20;
    return { unit: big ? 'MB/s' : '/s', value: big ? count * size / seconds / 1e6 : count / seconds, frame_ms: frame };
  }

  // Keeps inFlight calls open for some time and returns how many were answered a second. The first time is not counted: a hundred
  // processes have code to compile.
  function keepOpen(host, inFlight, ms) {
    return new Promise((resolve) => {
      const bytes = new Uint8Array(16);
      const start = performance.now() + ms;
      const end = start + ms;
      let answered = 0;
      let open = inFlight;
      const next = () => {
        const now = performance.now();
        if (now < end) {
          if (now >= start) {
            answered++;
          }
          host.echo(bytes, 'list', next);
        } else if (--open === 0) {
          resolve(answered / ms * 1000);
        }
      };
      for (let i = 0; i < inFlight; i++) {
        host.echo(bytes, 'list', next);
      }
    });
  }

  // The same from several windows at once. The first one, whose number is 0, gathers the others: they tell that they are there when they
  // load and whenever it asks, begin when it says so, and tell it their figure.
  async function flight(host, windows, inFlight, ms) {
    const own = new URLSearchParams(location.search).get('window') ?? '0';
    if (windows === 1) {
      return { unit: '/s', value: await keepOpen(host, inFlight, ms) };
    }
    const channel = new BroadcastChannel('flight');
    const say = (what, value) => { channel.postMessage({ from: own, what, value }); };
    if (own !== '0') {
      channel.onmessage = async ({ data }) => {
        if (data.what === 'who') {
          say('here');
        } else if (data.what === 'go') {
          say('done', await keepOpen(host, inFlight, ms));
        }
      };
      say('here');
      return null;
    }
    const heard = { here: new Map(), done: new Map() };
    const all = {};
    for (const what of ['here', 'done']) {
      all[what] = new Promise((resolve) => { heard[what].resolve = resolve; });
    }
    channel.onmessage = ({ data }) => {
      const map = heard[data.what];
      map.set(data.from, data.value);
      if (map.size === windows - 1) {
        map.resolve();
      }
    };
    say('who');
    await all.here;
    say('go');
    const mine = await keepOpen(host, inFlight, ms);
    await all.done;
    let sum = mine;
    for (const rate of heard.done.values()) {
      sum += rate;
    }
    return { unit: '/s', value: sum };
  }

  return { push, flight };
})();
