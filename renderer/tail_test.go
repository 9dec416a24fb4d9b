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
