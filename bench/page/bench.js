// The page of both hosts. The address's query says what to measure: ?jobs=echo:16:2000:list,burst:10000,empty:1000000
// Reports leave as requests to /report?<JSON>, which either host prints as a line.
'use strict';

const page = (() => {
  // A page's clock is coarse (0.1 ms), so single calls are never timed: a batch is, and the median is taken over batches.
  const batchMs = 20;

  async function report(value) {
    await fetch('/report?' + encodeURIComponent(JSON.stringify(value)));
  }

  // The raw host offers natives that answer by one callback, in order; an Oriel preload offers promises.
  function connect() {
    if (!globalThis.raw) {
      return {
        echo: (bytes, form, done) => { bench.echo(bytes).then(done); },
        empty: bench.empty,
      };
    }
    const waiting = [];
    let head = 0;
    raw.receive((buffer) => {
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
      empty: raw.empty,
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

  function check(answer, size) {
    const bytes = new Uint8Array(answer);
    if (bytes.length !== size || bytes[size - 1] !== ((size - 1) * 31 & 255)) {
      throw new Error('the echo of ' + size + ' bytes came back wrong: ' + bytes.length);
    }
  }

  // One call after another, count in all. The callback chain keeps promises out of the raw host's figure.
  function sequence(host, bytes, form, count) {
    return new Promise((resolve, reject) => {
      let left = count;
      const next = (answer) => {
        if (--left > 0) {
          host.echo(bytes, form, next);
          return;
        }
        try {
          check(answer, bytes.length);
          resolve();
        } catch (error) {
          reject(error);
        }
      };
      host.echo(bytes, form, next);
    });
  }

  async function echo(host, size, count, form) {
    const bytes = payload(size);
    const warm = Math.max(10, count / 10 | 0);
    const begun = performance.now();
    await sequence(host, bytes, form, warm);
    const one = (performance.now() - begun) / warm;
    const batch = Math.max(1, Math.min(count, Math.ceil(batchMs / one)));
    const times = [];
    for (let sent = 0; sent < count; sent += batch) {
      const start = performance.now();
      await sequence(host, bytes, form, batch);
      times.push((performance.now() - start) * 1000 / batch);
    }
    return { unit: 'us', value: median(times), batches: times.length, batch };
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

  function empty(host, count) {
    const call = host.empty;
    const times = [];
    const part = count / 10 | 0;
    for (let round = 0; round < 11; round++) {
      const start = performance.now();
      for (let i = 0; i < part; i++) {
        call();
      }
      times.push((performance.now() - start) * 1000 / part);
    }
    return { unit: 'us', value: median(times.slice(1)), batches: 10, batch: part };
  }

  async function run(host, job) {
    const [kind, first, second, form] = job.split(':');
    switch (kind) {
      case 'echo':
        return echo(host, Number(first), Number(second), form);
      case 'burst':
        return burst(host, Number(first));
      case 'empty':
        return empty(host, Number(first));
    }
    throw new Error('unknown job ' + job);
  }

  async function main() {
    const loaded = performance.timeOrigin + performance.now();
    await report({ event: 'load', epoch_ms: loaded });
    const jobs = new URLSearchParams(location.search).get('jobs');
    if (!jobs) {
      return;
    }
    try {
      const host = connect();
      for (const job of jobs.split(',')) {
        await report({ event: 'job', job, ...await run(host, job) });
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
