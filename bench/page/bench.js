// The page of both hosts. The address's query says what to measure: ?jobs=echo:16:2000:list,burst:10000,empty:1000000
// jobs.js has the kinds of jobs that need more than one function.
// Reports leave as requests to /report?<JSON>, which either host prints as a line.
'use strict';

const page = (() => {
  // A page's clock is coarse (0.1 ms), so single calls are never timed: a batch is, and the median is taken over batches.
  const batchMs = 20;

  async function report(value) {
    await fetch('/report?' + encodeURIComponent(JSON.stringify(value)));
  }

  // What one of the preload's ways to Go offers.
  let stop = () => {};
  function offer(way) {
    return {
      echo: (bytes, form, done) => { way.echo(bytes).then(done); },
      records: (list, done) => { way.records(list).then(done); },
      push: (count, size, form, each) => {
        stop();
        stop = way.onPushed(each);
        return way.push(count, size);
      },
    };
  }

  // The raw host offers natives that answer by one callback, in order; an Oriel preload offers promises.
  function connect() {
    if (!globalThis.raw) {
      return {
        ...offer(bench),
        closure: offer(bench.closure),
        lent: offer(bench.lent),
        register: bench.register,
        ask: (number, bytes, done) => { bench.ask(number, bytes).then(done); },
        empty: bench.empty,
        object: bench.object,
        callback: bench.callback,
      };
    }
    const waiting = [];
    let head = 0;
    let each = null;
    raw.receive((buffer) => {
      if (each !== null) {
        each(new Uint8Array(buffer));
        return;
      }
      const done = waiting[head++];
      if (head === waiting.length) {
        waiting.length = head = 0;
      }
      done(buffer);
    });
    return {
      echo: (bytes, form, done) => {
        waiting.push(done);
        raw.echo(bytes.buffer, form === 'shared');
      },
      // Nothing else may be under way.
      push: (count, size, form, done) => {
        let left = count;
        each = (bytes) => {
          if (--left === 0) {
            each = null;
          }
          done(bytes);
        };
        raw.push(count, size, form === 'shared');
      },
      empty: raw.empty,
      object: raw.object,
      callback: raw.callback,
    };
  }

  function median(values) {
    values.sort((a, b) => a - b);
    const middle = values.length >> 1;
    return values.length % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  }

  function payload(size) {
    const bytes = new Uint8Array(size);
    for (let i = 0; i < size; i++) {
      bytes[i] = i * 31;
    }
    return bytes;
  }

  function checkBytes(answer, size) {
    const bytes = new Uint8Array(answer);
    if (bytes.length !== size || bytes[size - 1] !== ((size - 1) * 31 & 255)) {
      throw new Error('the echo of ' + size + ' bytes came back wrong: ' + bytes.length);
    }
  }

  // The last answer of count calls, one after another. The callback chain keeps promises out of the raw host's figure.
  function sequence(call, count) {
    return new Promise((resolve) => {
      let left = count;
      const next = (answer) => {
        if (--left > 0) {
          call(next);
          return;
        }
        resolve(answer);
      };
      call(next);
    });
  }

  // The time of one call, when one follows the other.
  async function oneByOne(call, check, count) {
    const warm = Math.max(10, count / 10 | 0);
    const begun = performance.now();
    check(await sequence(call, warm));
    const one = (performance.now() - begun) / warm;
    const batch = Math.max(1, Math.min(count, Math.ceil(batchMs / one)));
    const times = [];
    for (let sent = 0; sent < count; sent += batch) {
      const start = performance.now();
      const answer = await sequence(call, batch);
      times.push((performance.now() - start) * 1000 / batch);
      check(answer);
    }
    return { unit: 'us', value: median(times), batches: times.length, batch };
  }

  function echo(host, size, count, form) {
    const bytes = payload(size);
    return oneByOne((done) => { host.echo(bytes, form, done); }, (answer) => { checkBytes(answer, size); }, count);
  }

  // Calls on so many channels in turn. Each has a handler and a listener in main, and a listener in the page.
  async function handlers(host, channels, count) {
    await host.register(channels);
    const bytes = payload(16);
    let next = 0;
    return oneByOne((done) => { host.ask(next++ % channels, bytes, done); }, (answer) => { checkBytes(answer, 16); }, count);
  }

  // A list of small records, some 64 KiB on the wire for 400 of them.
  function records(host, length, count) {
    const list = [];
    for (let id = 0; id < length; id++) {
      list.push({ id, title: 'Note number ' + id, done: id % 3 === 0, score: id / 7, tags: ['work', 'later', 'tag ' + id % 10],
        owner: { name: 'Ada Lovelace', address: 'ada@example.org' } });
    }
    const check = (answer) => {
      if (JSON.stringify(answer) !== JSON.stringify(list)) {
        throw new Error('the list of records came back wrong');
      }
    };
    return oneByOne((done) => { host.records(list, done); }, check, count);
  }

  // All calls started at once; the time runs until the last answer is in the page.
  async function burst(host, count) {
    const bytes = payload(16);
    const once = () => new Promise((resolve) => {
      const start = performance.now();
      let left = count;
      const done = () => {
        if (--left === 0) {
          resolve(performance.now() - start);
        }
      };
      for (let i = 0; i < count; i++) {
        host.echo(bytes, 'list', done);
      }
    });
    await once();
    const times = [];
    for (let i = 0; i < 5; i++) {
      times.push(await once());
    }
    return { unit: 'ms', value: median(times), batches: times.length, batch: count };
  }

  // The time of a call that is over when it returns; calls makes n of them.
  function tight(calls, count) {
    const times = [];
    const part = count / 10 | 0;
    for (let round = 0; round < 11; round++) {
      const start = performance.now();
      calls(part);
      times.push((performance.now() - start) * 1000 / part);
    }
    return { unit: 'us', value: median(times.slice(1)), batches: 10, batch: part };
  }

  function empty(host, count) {
    const call = host.empty;
    return tight((n) => { for (let i = 0; i < n; i++) call(); }, count);
  }

  function passing(call, argument, count) {
    return tight((n) => { for (let i = 0; i < n; i++) call(argument); }, count);
  }

  async function run(host, job) {
    const [kind, first, second, form] = job.split(':');
    if (kind === 'closure' || kind === 'lent') {
      return run(host[kind], job.slice(kind.length + 1));
    }
    switch (kind) {
      case 'echo':
        return echo(host, Number(first), Number(second), form);
      case 'burst':
        return burst(host, Number(first));
      case 'empty':
        return empty(host, Number(first));
      case 'object':
        return passing(host.object, { id: 7, title: 'seven', done: true }, Number(first));
      case 'callback':
        return passing(host.callback, () => {}, Number(first));
      case 'records':
        return records(host, Number(first), Number(second));
      case 'handlers':
        return handlers(host, Number(first), Number(second));
      case 'push':
        return jobs.push(host, Number(first), Number(second), form);
      case 'flight':
        return jobs.flight(host, Number(first), Number(second), Number(form));
    }
    throw new Error('unknown job ' + job);
  }

  async function main() {
    const loaded = performance.timeOrigin + performance.now();
    await report({ event: 'load', epoch_ms: loaded });
    const query = new URLSearchParams(location.search);
    const list = query.get('jobs');
    const isFollower = (query.get('window') ?? '0') !== '0';
    if (!list) {
      return;
    }
    try {
      const host = connect();
      for (const job of list.split(',')) {
        const result = await run(host, job);
        if (result) {
          await report({ event: 'job', job, ...result });
        }
      }
      if (isFollower) {
        return;
      }
    } catch (error) {
      await report({ event: 'error', message: String(error) });
    }
    document.getElementById('state').textContent = 'Done.';
    await report({ event: 'done' });
  }

  return { main };
})();

addEventListener('load', page.main);
