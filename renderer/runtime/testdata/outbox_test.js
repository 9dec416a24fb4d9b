// The rules of outbox.js, with a post that keeps what it is given. Gives a list of [rule, what is wrong].
async function testOutbox() {
  const results = [];
  const SIZE = 16 << 10;
  // Runs some sends; gives the posted messages as lists of marks, and how many there were before the first microtask.
  async function posted(run) {
    const messages = [];
    const outbox = createOutbox((buffer, size) => { messages.push([...new Uint8Array(buffer, 0, size)]); });
    run((mark, size = 10) => {
      const bytes = new Uint8Array(size + 5).fill(mark, 8, size);
      bytes.fill(7, 0, 8);
      outbox.send({ buffer: bytes.buffer, length: size });
    }, outbox);
    const atOnce = messages.length;
    await new Promise((resolve) => { setTimeout(resolve, 0); });
    const marks = messages.map((m) => {
      if (m.slice(0, 8).some((b) => b !== 7)) throw new Error('a message has no header');
      return m.slice(8).filter((b, i, list) => i === 0 || list[i - 1] !== b);
    });
    return { atOnce, marks, sizes: messages.map((m) => m.length) };
  }
  async function rule(name, run, want) {
    try {
      const got = await posted(run);
      for (const key of Object.keys(want))
        if (JSON.stringify(got[key]) !== JSON.stringify(want[key])) throw new Error(`${key} is ${JSON.stringify(got[key])}`);
      results.push([name, '']);
    } catch (error) {
      results.push([name, String(error)]);
    }
  }
  await rule('a lone packet goes at once', (send) => { send(1); }, { atOnce: 1, marks: [[1]] });
  await rule('what follows in a turn goes together', (send) => { for (const n of [1, 2, 3, 4]) send(n); },
    { atOnce: 1, marks: [[1], [2, 3, 4]], sizes: [10, 14] });
  await rule('a large packet keeps its place', (send) => { send(1); send(2); send(3, SIZE); send(4); },
    { atOnce: 3, marks: [[1], [2], [3], [4]] });
  await rule('a full message goes', (send) => { for (const n of [1, 2, 3, 4]) send(n, 6000); },
    { atOnce: 2, marks: [[1], [2, 3], [4]], sizes: [6000, 11992, 6000] });
  await rule('microtasks that send share messages', (send) => {
    send(1);
    for (const n of [2, 3]) Promise.resolve().then(() => { send(n); }).then(() => { send(n + 2); });
  }, { atOnce: 1, marks: [[1], [2], [3], [4, 5]] });
  await rule('a document that goes keeps nothing back', (send, outbox) => { send(1); send(2); outbox.leave(); send(3); send(4); },
    { atOnce: 4, marks: [[1], [2], [3], [4]] });
  return results;
}
