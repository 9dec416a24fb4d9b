package renderer_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
)

// numbered is n bytes that only the message with that number has.
func numbered(number, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i*31 + number)
	}
	return p
}

const lentPreload = `
const { contextBridge, ipcRenderer } = require('electron');
const refused = (options) => { try { ipcRenderer.subscriber('pushed', options); return 'taken'; } catch (error) { return error.message; } };
const own = ipcRenderer.subscriber('pushed', { lend: true });
const kept = [];
contextBridge.exposeInMainWorld('api', {
  push: ipcRenderer.invoker('push', 2),
  flood: ipcRenderer.invoker('flood', 2),
  onLent: ipcRenderer.subscriber('pushed', { lend: true }),
  onOwned: ipcRenderer.subscriber('pushed'),
  hear: () => own((number, bytes) => { kept.push([number, bytes]); }), // a listener of the preload's own
  heard: () => kept.map(([number, bytes]) => [number, bytes, bytes.buffer.byteLength]),
  removeAll: () => { ipcRenderer.removeAllListeners('pushed'); },
  refused: [refused(1), refused(null), refused({}), refused({ lend: false })],
});
`

// lentPage: push has main send messages of these sizes, numbered from a new number on, and returns when a listener has heard them all; each gets its
// number within the call, the bytes, and their number.
const lentPage = `
	const bad = [];
	const is = (got, want, what) => { if (got !== want) bad.push(what + ': ' + got + ' and not ' + want); };
	const wrong = (bytes, number, n) => {
		if (!(bytes instanceof Uint8Array) || !(bytes.buffer instanceof ArrayBuffer)) return 'no bytes of the page';
		if (bytes.length !== n) return bytes.length + ' bytes and not ' + n;
		for (let i = 0; i < n; i++) if (bytes[i] !== (i * 31 + number & 255)) return 'byte ' + i + ' is ' + bytes[i];
		return '';
	};
	const gone = (bytes) => bytes.length === 0 && bytes.buffer.byteLength === 0 && bytes.buffer.detached;
	let first = 1;
	const push = async (sizes, listener, on = api.onLent) => {
		const from = first;
		first += sizes.length;
		let stop, count = 0;
		const all = new Promise((resolve) => {
			stop = on((number, bytes) => {
				is(number, from + count, 'the number');
				is(wrong(bytes, number, sizes[count]), '', 'the bytes of message ' + count);
				if (++count === sizes.length) resolve();
				return listener(count - 1, bytes, number);
			});
		});
		await api.push(from, sizes);
		await all;
		stop();
	};
	const MiB = 1 << 20;
`

// What is subscribed to with { lend: true } has its bytes until it is done, and the same memory is used again.
func TestLent(t *testing.T) {
	inApp(t, site(nil), func(t *testing.T, a *app.App) {
		ipc.HandleFunc(a.IPC(), "push", func(ctx context.Context, first int, sizes []int) error {
			for i, n := range sizes {
				if err := ipc.Reply(ctx, "pushed", first+i, numbered(first+i, n)); err != nil {
					return err
				}
			}
			return nil
		})
		ipc.HandleFunc(a.IPC(), "flood", func(ctx context.Context, count, size int) error {
			bytes := make([]byte, size)
			for i := range count {
				if err := ipc.Reply(ctx, "pushed", i, bytes); err != nil {
					return err
				}
			}
			return nil
		})
		w := open(t, a, window.Options{Preload: lentPreload})
		for _, test := range lentTests {
			t.Run(test.name, func(t *testing.T) {
				for _, bad := range eval[[]string](t, w, "(async () => {"+lentPage+test.script+"; return bad; })()") {
					t.Error(bad)
				}
			})
		}
		t.Run("memory", func(t *testing.T) { lentMemory(t, w) })
	})
}

var lentTests = []struct{ name, script string }{
	{"content", `
		const views = [];
		for (const round of [1, 2])
			await push([64, 100, 40 << 10, 90 << 10, MiB, MiB, MiB + 1, 300000, 64 << 10, 5 * MiB, 20 * MiB, 3 * MiB, 2 * MiB, 100], (i, bytes) => { views.push(bytes); });
		is(views.length, 28, 'messages');
		views.forEach((view, i) => { if (i % 14 > 0) is(gone(view), true, 'message ' + i + ' is gone'); });
		is(api.refused.join('; '), 'The options must be an object; The options must be an object; taken; taken', 'options');`},
	{"few bytes", `
		const sizes = Array.from({ length: 500 }, (x, i) => 65 + i * 37 % 6000);
		const views = [];
		await push(sizes, (i, bytes, number) => {
			const last = views.at(-1);
			if (last !== undefined && last[0].length > 0) is(wrong(last[0], last[1], sizes[i - 1]), '', 'the bytes of the message before');
			views.push([bytes, number]);
			if (i % 50 === 7) throw new Error('number ' + i);
			return i % 50 === 8 ? {} : i % 50 === 9 ? Object.create(Promise.prototype) : undefined;
		});
		is(views.every(([bytes]) => gone(bytes)), true, 'all are gone');
		is(new Set(views.map(([bytes]) => bytes.buffer)).size < 250, true, 'they have buffers in common');`},
	{"few bytes and promises", `
		const sizes = new Array(200).fill(1000);
		const views = [], settle = [];
		await push(sizes, (i, bytes, number) => {
			views.push([bytes, number]);
			return new Promise((resolve) => { settle.push(resolve); });
		});
		await new Promise((resolve) => setTimeout(resolve));
		await push(sizes, () => {});
		for (const [bytes, number] of views) is(wrong(bytes, number, 1000), '', 'bytes of a promise that waits');
		settle[0]();
		await new Promise((resolve) => setTimeout(resolve));
		is(gone(views[0][0]), true, 'the first is gone');
		for (const [bytes, number] of views.slice(1)) is(wrong(bytes, number, 1000), '', 'bytes of a promise that waits on');`},
	{"few bytes and a page that takes them", `
		const taken = [];
		await push(new Array(300).fill(1000), (i, bytes, number) => {
			const at = bytes.byteOffset;
			if (i % 10 === 4) taken.push([new Uint8Array(structuredClone(bytes.buffer, { transfer: [bytes.buffer] }), at, 1000), number]);
			if (i % 10 === 5) taken.push([new Uint8Array(bytes.buffer.transfer(), at, 1000), number]);
		});
		is(taken.length, 60, 'messages that were taken');
		for (const [bytes, number] of taken) is(wrong(bytes, number, 1000), '', 'what was taken');`},
	{"a listener that throws", `
		const views = [];
		await push(new Array(6).fill(MiB), (i, bytes) => { views.push(bytes); throw new Error('number ' + i); });
		is(views.length, 6, 'messages');
		is(views.every(gone), true, 'all are gone');`},
	{"listeners with promises", `
		const views = [], settle = [], unhandled = [];
		const hear = (event) => { unhandled.push(event.reason); event.preventDefault(); };
		addEventListener('unhandledrejection', hear);
		await push(new Array(8).fill(MiB), (i, bytes, number) => {
			views.push([bytes, number]);
			return new Promise((resolve, reject) => { settle.push(i % 2 ? resolve : reject); });
		});
		for (const [bytes, number] of views) is(wrong(bytes, number, MiB), '', 'bytes of a promise that waits');
		for (const [i, done] of settle.entries()) {
			await new Promise((resolve) => setTimeout(resolve)); // with its microtasks
			is(gone(views[i][0]), false, i + ' is there before');
			done('reason ' + i);
			await new Promise((resolve) => setTimeout(resolve));
			is(gone(views[i][0]), true, i + ' is gone behind');
			for (const [bytes, number] of views.slice(i + 1)) is(wrong(bytes, number, MiB), '', 'bytes of a promise that waits on');
		}
		await push([MiB, MiB, MiB, MiB, MiB, MiB], async () => {});
		await new Promise((resolve) => setTimeout(resolve, 0));
		removeEventListener('unhandledrejection', hear);
		is(unhandled.join(), 'reason 0,reason 2,reason 4,reason 6', 'unhandled rejections');`},
	{"what is no promise", `
		class Odd extends Promise { static get [Symbol.species]() { throw new Error('mine'); } }
		const results = [{ then() { throw new Error('called'); } }, new Proxy(Promise.resolve(), {}), Odd.resolve(), Object.create(Promise.prototype), 7, document.all, Symbol(),
			Object.defineProperty(Promise.resolve(), 'constructor', { get() { throw new Error('mine'); } })];
		const views = [];
		await push(new Array(results.length).fill(MiB), (i, bytes) => { views.push(bytes); return results[i]; });
		is(views.every(gone), true, 'all are gone');`},
	{"a page that takes them", `
		const taken = [];
		await push(new Array(5).fill(MiB), (i, bytes, number) => { taken.push([new Uint8Array(structuredClone(bytes.buffer, { transfer: [bytes.buffer] })), number]); });
		await push([MiB, MiB], (i, bytes, number) => { taken.push([new Uint8Array(bytes.buffer.transferToFixedLength(), 0, MiB), number]); });
		const { port1, port2 } = new MessageChannel();
		const last = new Promise((resolve) => { port2.onmessage = ({ data }) => resolve(data); });
		await push([MiB], (i, bytes) => { port1.postMessage(bytes, [bytes.buffer]); });
		const there = await last;
		await push(new Array(5).fill(MiB), () => {});
		for (const [bytes, number] of taken) is(wrong(bytes, number, MiB), '', 'what was taken');
		is(wrong(there, taken.at(-1)[1] + 1, MiB), '', 'what was posted');`},
	{"a page with other builtins", `
		const { transfer } = ArrayBuffer.prototype, { then } = Promise.prototype;
		ArrayBuffer.prototype.transfer = Promise.prototype.then = () => { throw new Error('called'); };
		const views = [];
		let all = push([MiB, MiB], (i, bytes) => { views.push(bytes); return i === 0 ? undefined : Promise.resolve(); });
		Promise.prototype.then = then;
		await all;
		ArrayBuffer.prototype.transfer = transfer;
		await new Promise((resolve) => setTimeout(resolve));
		is(views.every(gone), true, 'all are gone');`},
	{"several listeners", `
		const views = [], also = [];
		const stop = api.onLent((number, bytes) => { also.push([bytes, number]); });
		await push([MiB, MiB, 2 * MiB], (i, bytes, number) => { views.push([bytes, number]); });
		stop();
		await push([MiB, MiB], () => {});
		is(also.length, 3, 'messages of the other one');
		for (const [bytes, number] of [...views, ...also]) is(wrong(bytes, number, bytes.length), '', 'a copy');
		is(views.some(([bytes]) => bytes.length < MiB) || also.some(([bytes]) => bytes.length < MiB), false, 'none is gone');`},
	{"owned behind lent", `
		const views = [];
		await push([2 * MiB], () => {}, (listener) => { api.onLent(listener); return api.removeAll; });
		// The memory of the first is still there.
		await push([MiB, MiB, 2 * MiB], (i, bytes, number) => { views.push([bytes, number]); }, api.onOwned);
		await push([MiB, MiB], () => {});
		for (const [bytes, number] of views) is(wrong(bytes, number, bytes.length), '', 'what is owned');
		is(views.map(([bytes]) => bytes.buffer.byteLength).join(), [MiB, MiB, 2 * MiB].join(), 'buffers');`},
	{"the preload's own listener", `
		const stops = [];
		let from;
		await push([3 * MiB, MiB, 2 * MiB, MiB], (i, bytes, number) => {
			if (i === 0) {
				from = number + 1;
				stops.push(api.hear()); // there is memory of 3 MiB when it hears its first
			}
		});
		stops[0]();
		await push([2 * MiB, 2 * MiB], () => {});
		api.heard().slice(-3).forEach(([number, bytes, whole], i) => {
			const n = i === 1 ? 2 * MiB : MiB;
			is(number, from + i, 'number');
			is(whole, n, 'the buffer of what the preload keeps');
			is(wrong(bytes, number, n), '', 'what the preload keeps');
		});`},
}

// A GiB that is lent takes some MiB of memory, and few pages are touched for the first time.
func lentMemory(t *testing.T, w *window.Window) {
	const size, pieces, page = 1 << 20, 1024, 4096
	flood := func(count int) {
		eval[any](t, w, fmt.Sprintf(`(async () => {
			let stop, heard = 0;
			const all = new Promise((resolve) => { stop = api.onLent(() => { if (++heard === %d) resolve(); }); });
			await api.flood(%[1]d, %d);
			await all;
			stop();
		})()`, count, size))
	}
	flood(16)
	_, before, faults := memoryOf(t)
	flood(pieces)
	peak, _, after := memoryOf(t)
	if all := pieces * size / page; after-faults > all/8 {
		t.Errorf("%d page faults for %d pages that were lent", after-faults, all)
	}
	if grown := peak - before; grown > 96<<10 {
		t.Errorf("a GiB took %d KiB of memory", grown)
	}
}

// TestLargeCallsAreForgotten: what a page has sent at once takes no memory in it afterwards, whichever way it went.
func TestLargeCallsAreForgotten(t *testing.T) {
	inApp(t, site(nil), func(t *testing.T, a *app.App) {
		ipc.Handle(a.IPC(), "size", func(_ context.Context, in []byte) (int, error) { return len(in), nil })
		w := open(t, a, window.Options{Preload: `
const { contextBridge, ipcRenderer } = require('electron');
contextBridge.exposeInMainWorld('api', { closure: (v) => ipcRenderer.invoke('size', v), direct: ipcRenderer.invoker('size', 1) });`})
		const size = 60 << 20
		present := func() int {
			if err := w.DevToolsCommand(ctx(t), "HeapProfiler.collectGarbage", struct{}{}, nil); err != nil {
				t.Fatal(err)
			}
			_, present, _ := memoryOf(t)
			return present
		}
		for _, call := range []string{"api.closure(v)", "api.direct(v)", "api.direct([v, new Map()])"} {
			t.Run(call, func(t *testing.T) {
				eval[any](t, w, "api.closure(new Uint8Array(1))")
				before := present()
				eval[any](t, w, fmt.Sprintf("(async () => { const v = new Uint8Array(%d); try { await %s; } catch {} })()", size, call))
				apptest.Until(t, "the memory is given back", func() bool { return present() < before+size>>12 })
			})
		}
	})
}

// memoryOf adds up the most and the present memory of this process's renderers, in KiB, and their page faults.
func memoryOf(t *testing.T) (peak, present, faults int) {
	t.Helper()
	for _, pid := range apptest.Renderers(t) {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			t.Fatal(err)
		}
		for name, to := range map[string]*int{"VmHWM": &peak, "VmRSS": &present} {
			found := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(status)
			n, err := strconv.Atoi(string(found[1]))
			if err != nil {
				t.Fatal(err)
			}
			*to += n
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(stat), ") ")
		n, err := strconv.Atoi(strings.Fields(rest)[7])
		if err != nil {
			t.Fatal(err)
		}
		faults += n
	}
	return peak, present, faults
}
