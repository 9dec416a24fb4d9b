package ipc_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
)

// direct exposes the same channels as direct functions and as functions of the preload's.
const direct = `
const { contextBridge, ipcRenderer } = require('electron');
const subscribe = (channel) => (listener) => {
  const call = (event, ...args) => { listener(...args); };
  ipcRenderer.on(channel, call);
  return () => { ipcRenderer.off(channel, call); };
};
const ways = { direct: {}, closure: {} };
for (const channel of ['all', 'look', 'fail', 'nobody', 'secret', 'push', 'hung']) {
  ways.direct[channel] = ipcRenderer.invoker(channel);
  ways.closure[channel] = (...args) => ipcRenderer.invoke(channel, ...args);
}
ways.direct.two = ipcRenderer.invoker('all', 2);
ways.closure.two = (a, b) => ipcRenderer.invoke('all', a, b);
for (const channel of ['tell', 'secret']) {
  ways.direct[channel + 'Send'] = ipcRenderer.sender(channel);
  ways.closure[channel + 'Send'] = (...args) => { ipcRenderer.send(channel, ...args); };
}
ways.direct.onPushed = ipcRenderer.subscriber('pushed');
ways.closure.onPushed = subscribe('pushed');
contextBridge.exposeInMainWorld('direct', ways.direct);
contextBridge.exposeInMainWorld('closure', ways.closure);
const own = ipcRenderer.invoker('look');
contextBridge.exposeInMainWorld('own', {
  call: (...args) => own(...args),
  isHome: (f) => f === own,
  home: own,
  makers: ['invoker', 'sender', 'subscriber'].map((name) => { try { ipcRenderer[name](''); } catch (error) { return String(error); } }).join(),
  counts: [-1, 256, 1.5, '1'].every((count) => { try { ipcRenderer.invoker('look', count); } catch (error) { return error instanceof TypeError; } }),
  calls: ipcRenderer.invoker('look', 1)('a', 'b'),
  removeAll: () => { ipcRenderer.removeAllListeners('pushed'); },
  listeners: () => ipcRenderer.listenerCount('pushed'),
});
contextBridge.exposeInMainWorld('errors', []);
`

// twice calls a channel both ways with a value that make makes anew for each, and tells what is different.
const twice = `
const outcome = async (call, make) => {
  let promise;
  try { promise = call(...make()); } catch (error) { return 'throws ' + describe(error) + ' ' + (error instanceof Error); }
  if (!(promise instanceof Promise)) return 'gives ' + describe(promise);
  try { return 'fulfills ' + describe(await promise); } catch (error) {
    return 'rejects ' + describe(error) + ' ' + (error instanceof Error) + ' ' + error.code + ' ' + describe(error.data);
  }
};
const twice = async (channel, name, make) => {
  const is = await outcome(direct[channel], make), want = await outcome(closure[channel], make);
  return is === want ? '' : name + ': ' + is.slice(0, 300) + ' and not ' + want.slice(0, 300);
};
`

// odd values, each in a function of its own, so that either way gets them fresh.
const oddValues = `
const deep = (n) => { let v = 1; for (let i = 0; i < n; i++) v = [v]; return v; };
const shared = () => { const o = { list: [] }; return { a: o, b: o, c: o.list }; };
const cyclic = () => { const o = { list: [] }; o.list.push(o, o.list); return o; };
const detached = () => { const b = new Uint8Array(8); b.buffer.transfer(); return b; };
const frame = document.body.appendChild(document.createElement('iframe')).contentWindow;
const lie = (length, ...list) => new Proxy(list, { get: (target, key) => (key === 'length' ? length : target[key]) }); // an array that says how long it is
class Note { title = 'a'; get length() { return 1; } }
const odd = {
  nothing: () => [], undefined: () => [undefined], several: () => [1, 'a', null, undefined, [2]], '255 arguments': () => new Array(255).fill(1), '256 arguments': () => new Array(256).fill(1),
  'deep': () => [deep(63)], 'too deep': () => [deep(64)], 'much too deep': () => [deep(3000)], shared: () => [shared()], cyclic: () => [cyclic()], 'shared arguments': () => { const o = { a: 1 }; return [o, [o]]; },
  'nine objects, one twice': () => { const l = Array.from({ length: 9 }, (_, i) => ({ i })); return [[...l, l[0], l[8]]]; },
  function: () => [() => {}], 'deep function': () => [{ a: [() => {}] }], symbol: () => [Symbol('s')], 'symbol key': () => [{ [Symbol('s')]: 1, a: 1 }], promise: () => [Promise.resolve(1)], window: () => [window], element: () => [document.body],
  'document.all': () => [document.all], WeakMap: () => [new WeakMap()], 'late WeakMap': () => [[{ a: 1 }, 'x', new WeakMap()]],
  instance: () => [new Note()], 'null prototype': () => [{ __proto__: null, a: 1 }], 'own __proto__': () => [JSON.parse('{"__proto__": {"x": 1}, "toString": 2}')],
  'array with more': () => [Object.assign([1, 2], { more: 3 })], hole: () => [[1, , 3]], 'object that was an array': () => [Object.setPrototypeOf([1, 2], Object.prototype)], 'array that was an object': () => [Object.setPrototypeOf({ a: 1 }, Array.prototype)],
  arguments: () => [(function () { return arguments; })(1, 2)], proxy: () => [new Proxy({ a: 1 }, {})], 'proxy of an array': () => [new Proxy([1, [2]], {})], 'length of half an element': () => [lie(0.5, 1)], 'length of more': () => [[lie(16.5, 1)], lie(3, 1)], 'length of less than nothing': () => [lie(-1), lie(-0.5)], 'length of nothing': () => [lie(-0), lie(NaN), lie('1', 1)],
  'port forged by lengths': () => [lie(0xd6 - 0x100), 15, 0, 0, 0, 9, lie(0.5, lie(0.5, lie(0.5, lie(0.5, lie(0.5, 1)))))], 'revoked proxy': () => { const p = Proxy.revocable({}, {}); p.revoke(); return [p.proxy]; },
  'getter': () => [{ get a() { return [1]; } }], 'getter that throws': () => [{ get a() { throw new TypeError('mine'); } }], 'getter that calls': () => [{ get a() { direct.look(1); closure.look(2); return 3; }, b: 4 }],
  'keys that go': () => { const o = { get a() { delete o.b; return 1; }, b: 2 }; return [o]; },
  'no view': () => [{ __proto__: Uint8Array.prototype }], 'no date': () => [{ __proto__: Date.prototype }], 'no map': () => [{ __proto__: Map.prototype }], 'another view in disguise': () => [Object.setPrototypeOf(new Float64Array([1.5]), Uint8Array.prototype)],
  detached: () => [detached()], 'detached buffer': () => [detached().buffer], 'detached DataView': () => { const b = new ArrayBuffer(4), v = new DataView(b); b.transfer(); return [v]; },
  subarray: () => [new Uint8Array([1, 2, 3, 4]).subarray(1, 3)], 'out of bounds': () => { const b = new ArrayBuffer(8, { maxByteLength: 16 }), v = new Uint8Array(b, 4, 4); b.resize(4); return [v]; },
  growing: () => [new Uint8Array(new ArrayBuffer(8, { maxByteLength: 16 }))], 'shared memory': () => [typeof SharedArrayBuffer === 'function' ? new Uint8Array(new SharedArrayBuffer(8)) : new Uint8Array(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer)],
  'empty view': () => [new Uint8Array(0)], 'empty buffer': () => [new ArrayBuffer(0)], 'empty key': () => [{ '': 1 }], 'broken key': () => [{ '\ud800': 1 }], 'long key': () => [{ ['k'.repeat(300)]: 1 }],
  'many keys': () => [Object.fromEntries(Array.from({ length: 1300 }, (_, i) => ['key ' + i, i])), Object.fromEntries(Array.from({ length: 1300 }, (_, i) => ['key ' + (1299 - i), i]))],
  'keys of all lengths': () => [[1, 2].map(() => Object.fromEntries(Array.from({ length: 40 }, (_, i) => ['k'.repeat(i), i])))], 'keys of all kinds': () => [[1, 2].map(() => ({ 7: 1, '-1': 2, é: 3, 'aé': 4, 'a\u0000': 5, '\ud83d\ude00': 6, constructor: 7 }))],
  'keys in another order': () => [[{ a: 1, b: 2, c: 3 }, { a: 1, c: 2, b: 3 }, { b: 1 }, { c: 1, a: 2 }, {}, { a: { a: { b: 1 } } }]], 'ninety objects, each thrice': () => { const l = Array.from({ length: 90 }, (_, i) => ({ i })); return [[...l, l, ...l, ...l]]; },
  'of a frame': () => [new frame.Array(1, 2), new frame.Object(), new frame.Map([[1, 2]]), new frame.Date(5), new frame.Uint8Array(3)], Blob: () => [new Blob(['x'])].slice(1), 'AbortSignal': () => [1, { signal: new AbortController().signal }],
  traceparent: () => [1, { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }], 'no traceparent': () => [{ traceparent: 'x' }], 'proxy as options': () => [new Proxy({ traceparent: 'x' }, { getOwnPropertyDescriptor() { throw 1; } })],
  'too large': () => [new Uint8Array(64 << 20)], 'large': () => [new Uint8Array(5 << 20).fill(3)],
};
`

// What the page calls directly does what a function of the preload's does: the same values arrive and come back, and the same are refused.
func TestBrowserDirectValues(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		serveDirect(a)
		w := show(t, a, window.Options{Preload: direct})
		for _, bad := range eval[[]string](t, w, `(async () => {`+describe+twice+oddValues+`
			const bad = [];
			for (const name of Object.keys(odd)) for (const channel of ['all', 'look', 'two']) bad.push(await twice(channel, name, odd[name]));
			return bad.filter((text) => text !== '');
		})()`) {
			t.Error(bad)
		}
		for _, bad := range eval[[]string](t, w, `(async () => {`+describe+generator+twice+`
			const bad = [];
			for (const seed of [3, 4]) {
				const first = generator(seed), second = generator(seed); // the same values twice
				for (let i = 0; i < 400 && bad.length < 5; i++) {
					const made = [[first()], [second()]];
					const text = await twice('all', 'value ' + i + ' of seed ' + seed, () => made.pop());
					if (text !== '') bad.push(text);
				}
			}
			return bad;
		})()`) {
			t.Error(bad)
		}
	})
}

// A page that changes its prototypes between two calls hears nothing of what comes, and gets properties that are the objects' own.
func TestBrowserDirectPrototypes(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		serveDirect(a)
		w := show(t, a, window.Options{Preload: direct})
		if got := eval[string](t, w, `(async () => {
			const list = () => Array.from({ length: 30 }, (_, i) => ({ ['name ' + i]: i, note: i, title: 't' + i }));
			let heard = 0;
			const trap = (o, name) => Object.defineProperty(o, name, { get() { return 'page'; }, set() { heard++; }, configurable: true });
			let ends = 'first ' + (JSON.stringify(await direct.all(list())) === JSON.stringify([list()]));
			const want = JSON.stringify([list()]), names = ['note', 'name 7'];
			for (const name of names) trap(Object.prototype, name);
			for (const i of [0, 5, 29, 100]) trap(Array.prototype, i);
			const back = await direct.all(list());
			for (const name of names) delete Object.prototype[name];
			for (const i of [0, 5, 29, 100]) delete Array.prototype[i];
			return ends + ', then ' + (JSON.stringify(back) === want) + ', heard ' + heard + ', own ' + Object.hasOwn(back[0][3], 'note');
		})()`); got != "first true, then true, heard 0, own true" {
			t.Error(got)
		}
	})
}

func serveDirect(a *app.App) {
	ipc.Handle(a.IPC(), "all", func(_ context.Context, args ipc.Args) ([]any, error) {
		all := make([]any, args.Len())
		for i := range all {
			if err := args.Decode(i, &all[i]); err != nil {
				return nil, err
			}
		}
		return all, nil
	})
	ipc.Handle(a.IPC(), "look", func(_ context.Context, args ipc.Args) (string, error) { return fmt.Sprint(args.Len()), nil })
	ipc.Handle(a.IPC(), "fail", func(context.Context, any) (any, error) {
		return nil, fmt.Errorf("save: %w", codedError{map[string]any{"free": 3}})
	})
	ipc.Handle(a.IPC(), "secret", func(context.Context, ipc.Args) (any, error) { return nil, errors.New("was reached") })
	ipc.HandleFunc(a.IPC(), "push", func(ctx context.Context, values ...any) error { return ipc.Reply(ctx, "pushed", values...) })
}

// Errors, refusals and the texts of either are the same, and what the preload made is the preload's function still.
func TestBrowserDirectErrors(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		serveDirect(a)
		told := make(chan string, 10)
		ipc.On(a.IPC(), "tell", func(_ context.Context, text string) { told <- text })
		allow := []protocol.Rule{{Channels: []string{"all", "look", "fail", "nobody", "push", "pushed", "tell"}, Origins: []string{a.Origin()}}}
		w := show(t, a, window.Options{Preload: direct, Allow: allow})
		for _, bad := range eval[[]string](t, w, `(async () => {`+describe+twice+`
			const bad = [];
			for (const channel of ['fail', 'nobody', 'secret', 'secretSend', 'tellSend']) for (const value of ['x', () => {}, window]) bad.push(await twice(channel, channel, () => [value]));
			return bad.filter((text) => text !== '');
		})()`) {
			t.Error(bad)
		}
		for range 2 {
			if text := wait(t, told); text != "x" {
				t.Errorf("main was told %q", text)
			}
		}
		for script, want := range map[string]string{
			`own.call(1, [2], 'x')`:                "3",
			`direct.secret(1).catch(String)`:       "Error: Error invoking remote method 'secret': Error: Channel 'secret' is not allowed for origin '" + a.Origin() + "'",
			`String(own.isHome(own.home))`:         "true",
			`String(own.counts)`:                   "true",
			`own.calls`:                            "1",
			`own.home(1, 2)`:                       "2",
			`direct.look.toString()`:               "function () { [native code] }",
			`String(Object.isFrozen(direct.look))`: "true",
			`own.makers`:                           "TypeError: Missing required channel argument,TypeError: Missing required channel argument,TypeError: Missing required channel argument",
		} {
			if got := eval[string](t, w, script); got != want {
				t.Errorf("%s is %q, want %q", script, got, want)
			}
		}
	})
}

// Who subscribes directly hears what an ordinary listener hears, in the order it was sent, until it ends that.
func TestBrowserDirectListeners(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		serveDirect(a)
		w := show(t, a, window.Options{Preload: direct})
		for _, bad := range eval[[]string](t, w, `(async () => {`+describe+`
			const bad = [];
			const check = (what, is, want) => { if (is !== want) bad.push(what + ': ' + is + ' and not ' + want); };
			const values = () => [[1, 'a'], [{ list: [new Date(5), new Uint8Array(70000), 2n ** 70n] }], [new Map([[1, { a: 1 }]]), new Set([1])], [], [undefined, null]];
			const hears = async (on) => {
				const heard = [];
				const stop = on((...args) => { heard.push(describe(args)); });
				for (const args of values()) await direct.push(...args);
				stop();
				await direct.push('after');
				return heard.join('; ');
			};
			const want = await hears(closure.onPushed);
			check('a listener', await hears(direct.onPushed), want);
			check('several messages', want.split('; ').length, values().length);
			// Two listeners each get what is theirs alone.
			const got = [];
			const stops = [direct.onPushed((v) => got.push(v)), direct.onPushed((v) => got.push(v)), closure.onPushed((v) => got.push(v))];
			await direct.push({ a: [1] });
			check('three listeners', got.map(describe).join(), got.map(() => describe({ a: [1] })).join());
			check('which are not the same', new Set(got).size, 3);
			stops.forEach((stop) => stop());
			check('all are gone', own.listeners(), 0);
			// One that throws keeps nobody from hearing, itself included.
			let count = 0;
			const stop = direct.onPushed(() => { count++; throw new TypeError('mine'); });
			await direct.push(1);
			await direct.push(2);
			check('throwing', count, 2);
			own.removeAll();
			await direct.push(3);
			check('removed by the preload', count, 2);
			stop();
			// One that ends another within a packet.
			let late = 0, stopLate;
			const ends = closure.onPushed(() => stopLate());
			stopLate = direct.onPushed(() => { late++; });
			await Promise.all([direct.push(1), direct.push(2), direct.push(3)]);
			check('ended meanwhile', late <= 1, true);
			ends();
			for (const f of [1, null, {}]) { try { direct.onPushed(f); bad.push('no error for ' + f); } catch (error) { check('no function', String(error), 'TypeError: The listener must be a function'); } }
			// A page that calls while it hears.
			const answers = [];
			const again = direct.onPushed((n) => { answers.push(direct.look(...new Array(n))); if (n > 1) direct.push(n - 1); });
			await direct.push(5);
			while (answers.length < 5) await direct.look();
			check('calls of a listener', (await Promise.all(answers)).join(), '5,4,3,2,1');
			again();
			return bad;
		})()`) {
			t.Error(bad)
		}
	})
}
