package renderer_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
)

// TestManyBytes: bytes of every size arrive whole both ways, each in a buffer that is theirs alone, whatever way they travel.
func TestManyBytes(t *testing.T) {
	inApp(t, site(nil), func(t *testing.T, a *app.App) {
		pattern := func(n int) []byte {
			p := make([]byte, n)
			for i := range p {
				p[i] = byte(i*31 + n)
			}
			return p
		}
		ipc.Handle(a.IPC(), "echo", func(_ context.Context, in []byte) ([]byte, error) {
			if !bytes.Equal(in, pattern(len(in))) {
				return nil, fmt.Errorf("%d bytes came damaged", len(in))
			}
			return in, nil
		})
		ipc.HandleFunc(a.IPC(), "push", func(ctx context.Context, n int) error { return ipc.Reply(ctx, "pushed", "first", pattern(n)) })
		w := open(t, a, window.Options{Preload: `
const { contextBridge, ipcRenderer } = require('electron');
const check = (bytes, n) => {
  if (!(bytes instanceof Uint8Array) || bytes.byteOffset !== 0 || bytes.buffer.byteLength !== n) return 'a buffer of ' + bytes.buffer.byteLength;
  for (let i = 0; i < n; i++) if (bytes[i] !== (i * 31 + n & 255)) return 'byte ' + i + ' is ' + bytes[i];
  return '';
};
contextBridge.exposeInMainWorld('api', {
  echo: async (n) => check(await ipcRenderer.invoke('echo', Uint8Array.from({ length: n }, (x, i) => i * 31 + n)), n),
  push: (n) => new Promise((resolve) => {
    ipcRenderer.once('pushed', (event, text, bytes) => resolve(text === 'first' ? check(bytes, n) : 'the text came as ' + text));
    ipcRenderer.invoke('push', n).catch((error) => resolve(String(error)));
  }),
});
contextBridge.exposeInMainWorld('direct', { echo: ipcRenderer.invoker('echo'), push: ipcRenderer.invoker('push'), onPushed: ipcRenderer.subscriber('pushed') });`})
		eval[any](t, w, `(() => {
			window.check = (bytes, n) => {
				if (!(bytes instanceof Uint8Array) || bytes.byteOffset !== 0 || bytes.buffer.byteLength !== n || !(bytes.buffer instanceof ArrayBuffer)) return 'a buffer of ' + bytes.buffer.byteLength;
				const bad = bytes.findIndex((b, i) => b !== (i * 31 + n & 255));
				return bad < 0 ? '' : 'byte ' + bad + ' is ' + bytes[bad];
			};
			window.page = {
				echo: async (n) => check(await direct.echo(Uint8Array.from({ length: n }, (x, i) => i * 31 + n)), n),
				push: (n) => new Promise((resolve) => {
					const stop = direct.onPushed((text, bytes) => { stop(); resolve(text === 'first' ? check(bytes, n) : 'the text came as ' + text); });
					direct.push(n).catch((error) => resolve(String(error)));
				}),
			};
		})()`)
		const tail, shared = 32 << 10, 192 << 10
		for _, n := range []int{0, 1, 64, 65, tail - 20, tail - 1, tail, tail + 1, 65535, 65536, shared - 20, shared, 1<<20 + 1, 5 << 20} {
			for _, way := range []string{"api.echo", "api.push", "page.echo", "page.push"} {
				if problem := eval[string](t, w, fmt.Sprintf("%s(%d)", way, n)); problem != "" {
					t.Errorf("%s of %d bytes: %s", way, n, problem)
				}
			}
		}
	})
}

// TestManySmall: what came in one of many small messages stays what it is while others come, to whoever hears them.
func TestManySmall(t *testing.T) {
	inApp(t, site(nil), func(t *testing.T, a *app.App) {
		ipc.HandleFunc(a.IPC(), "push", func(ctx context.Context, count int) error {
			for i := range count {
				if err := ipc.Reply(ctx, "pushed", i, numbered(i, i%1500), []float64{float64(i)}, map[string]string{"text": fmt.Sprint("number ", i)}); err != nil {
					return err
				}
			}
			return nil
		})
		ipc.HandleFunc(a.IPC(), "echo", func(in any) any { return in })
		w := open(t, a, window.Options{Preload: `
const { contextBridge, ipcRenderer } = require('electron');
const kept = [];
ipcRenderer.on('pushed', (event, ...args) => { kept.push(args); });
contextBridge.exposeInMainWorld('api', {
  push: ipcRenderer.invoker('push', 1),
  echo: ipcRenderer.invoker('echo', 1),
  copied: (value) => ipcRenderer.invoke('echo', value),
  heard: () => kept,
  only: () => { kept.length = 0; ipcRenderer.removeAllListeners('pushed'); },
  onPushed: ipcRenderer.subscriber('pushed'),
});`})
		const count = 4000
		for _, bad := range eval[[]string](t, w, fmt.Sprintf(`(async () => {
			const bad = [];
			const wrong = ([number, bytes, floats, object], i) => number !== i || bytes.length !== i %% 1500 || bytes.some((b, at) => b !== (at * 31 + i & 255)) ||
				floats.length !== 1 || floats[0] !== i || object.text !== 'number ' + i;
			const check = (what, list) => {
				const at = list.findIndex(wrong);
				if (list.length !== %[1]d || at >= 0) bad.push(what + ': ' + list.length + ' messages, the first that is wrong is ' + at);
			};
			await api.push(%[1]d);
			check('preload', api.heard());
			api.only();
			const kept = [];
			api.onPushed((...args) => { kept.push(args); });
			await api.push(%[1]d);
			check('page', kept);
			for (const echo of [api.echo, api.copied]) {
				const all = await Promise.all(kept.map((args) => echo(args)));
				check('answers', all);
			}
			check('page, later', kept);
			return bad;
		})()`, count)) {
			t.Error(bad)
		}
	})
}
