// What a page may write, and what the compiler is to refuse: a line below @ts-expect-error that is right is an error too.
import type { BlockChange, CallContext, CallOptions, CatalogNote, Item, Page, SendOptions, Status, Values } from './preload';

export async function right() {
  const page: Page<Item> = await window.shop.find({ limit: 1 });
  const names: string[] = (page.rows ?? []).map((item) => item.name);
  const next: number | null = page.next;
  await shop.find({ limit: 1, status: 'sold' });
  await shop.rename('x', names[0] ?? 'y');
  const sum: number = await shop.sum(1, 2, 3);
  const count: number = await shop.rawArgs(1, 'a', null);
  const year: number = (await shop.now()).getFullYear();
  const nothing: void = await shop.tour();
  const values: Values = await shop.values();
  const bytes: Uint8Array | null = values.bits.rows;
  const big: bigint = values.big;
  const deep: string | undefined = values.tree?.kids?.[0]?.left?.value;
  const state: boolean | undefined = values.byState?.sold;
  api.log(`${next} ${sum} ${count} ${year} ${nothing} ${bytes} ${big} ${deep} ${state}`);
  shop.ready();
  const made: Promise<void> = window.default.new();
  await made;
  const stop: () => void = shop.onChanged((what: string | CatalogNote | null, n?: number) => api.log(`${what} ${n}`));
  stop();
  shop.onMany((...all: unknown[]) => api.log(String(all)));
  const forget: () => void = shop.handleConfirm(async (q) => (q.answers ?? []).indexOf('yes'));
  shop.handlePick((answer: number) => (answer ? { name: 'bread', status: 'sold', parts: null } : null));
  shop.handleClose(() => forget());
  shop.handleClose((context: CallContext) => { context.signal.throwIfAborted(); return shop.in('', context.traceparent ?? '', 1, context); });
  shop.handleGoOn(async (text: string, { signal }) => api.log(`${text} ${signal.aborted}`));
  shop.handleRate((...all) => all.length - 1);
  shop.handleRate((...all: unknown[]) => all.length);
  const trace: SendOptions = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', tracestate: undefined };
  api.log('', trace);
  shop.ready(trace);
  shop.moved(1, 2, trace);
  const reader = (await shop.export()).getReader();
  const chunk: Uint8Array | undefined = (await reader.read()).value;
  await shop.import(new Blob([]));
  await shop.import(new ReadableStream<Uint8Array>({ start: (c) => c.enqueue(chunk ?? new Uint8Array()) }));
  for (let r = (await shop.items()).getReader(), x = await r.read(); !x.done; x = await r.read()) api.log(x.value.name);
  const { signal } = new AbortController();
  const options: CallOptions = { signal, traceparent: undefined };
  await shop.now({ signal });
  await shop.wait('x', options);
  await shop.sum(1, 2, { signal });
  await shop.rawArgs('a', { signal });
  const bytes8 = new Uint8Array(8);
  const quiet: () => void = shop.handleScope(({ bytes, offset, size }: BlockChange) => { if (size === 8) bytes8.set(bytes, offset); });
  quiet();
  const refusal: Error | null = await shop.refusal();
  const field: string | undefined = (await shop.ip('127.0.0.1'))?.[0]?.field;
  const { box: { value, other, since }, root, ips, omitNil, omitIP, byLarge } = values;
  const parts: [number, boolean, Date, string | null | undefined, string[] | null | undefined, string | undefined] =
    [value, other, since, ips?.[0], omitNil, omitIP];
  api.log(`${refusal} ${field} ${parts} ${root === 'any text'} ${byLarge?.['9223372036854775808']}`);
  const pawned: Status = 'pawned';
  const status: Status = 'it\'s lost';
  return { status, pawned, list: await shop.archive.list() };
}

export async function wrong() {
  // @ts-expect-error a field is missing
  await shop.find({});
  // @ts-expect-error no such status
  await shop.find({ limit: 1, status: 'gone' });
  // @ts-expect-error a text for a number
  await shop.sum('1');
  // @ts-expect-error too many
  await shop.rename('x', 'y', 'z');
  // @ts-expect-error too few
  await shop.rename('x');
  // @ts-expect-error not asked for: it is hidden
  api.hidden();
  // @ts-expect-error Go may say null
  (await shop.find({ limit: 1 })).rows.length;
  // @ts-expect-error generic: a page of items, not of notes
  const notes: Page<CatalogNote> = await shop.find({ limit: 1 });
  // @ts-expect-error a Note of the other package has more
  (await shop.archive.notes({ text: '' }))!.text.on;
  // @ts-expect-error a level that there is not
  const level: Values['level'] = 3;
  // @ts-expect-error beyond 2^53 it is a BigInt
  const whole: number = (await shop.values()).int64;
  // @ts-expect-error the listener gets no event object
  shop.onSeen((event: Event, x: number, y: number) => api.log(`${event} ${x} ${y}`));
  // @ts-expect-error the answer is a number
  shop.handleConfirm((q) => q.text);
  // @ts-expect-error what is exposed stays as it is
  window.shop = null;
  // @ts-expect-error not a signal
  await shop.now({ signal: 1 });
  // @ts-expect-error an argument is missing before the options
  await shop.wait({ signal: AbortSignal.timeout(1) });
  // @ts-expect-error an index is no options
  ['a'].map(shop.wait);
  // @ts-expect-error options are last
  await shop.sum(1, { signal: AbortSignal.timeout(1) }, 2);
  // @ts-expect-error nothing to give up where nothing is answered
  shop.moved(1, 2, { signal: AbortSignal.timeout(1) });
  // @ts-expect-error what Go gives up is Go's
  shop.handleClose((context) => { context.signal = AbortSignal.timeout(1); });
  // @ts-expect-error the context comes behind the arguments
  shop.handleGoOn((context: CallContext) => api.log(String(context)));
  // @ts-expect-error a stream of bytes, not of text
  await shop.import(new ReadableStream<string>());
  // @ts-expect-error what is an error in Go is one here, too
  (await shop.refusal())?.field;
  // @ts-expect-error an address may be missing
  const ip: string = (await shop.values()).ip;
  return { notes, level, whole, ip };
}
