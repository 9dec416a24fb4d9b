package ipc_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
)

// blocks is a preload that notes what it gets of a block, and can be told what to do with the next update. It gives the page's script a
// buffer by a message port, and draws the block 'picture'.
const blocks = `
const { contextBridge, ipcRenderer } = require('electron');
const noted = [];
let last, next, port, done;
ipcRenderer.handleBlock('block', async (event, { buffer, offset, length }) => {
  const bytes = new Uint8Array(buffer);
  noted.push([offset, length, buffer.byteLength, buffer === last, bytes.reduce((sum, b) => (sum * 31 + b) % 65521, 0)].join(' '));
  last = buffer;
  const now = next;
  next = null;
  if (now === 'wait') {
    ipcRenderer.send('waiting');
    await new Promise((resolve) => { done = resolve; event.signal.onabort = resolve; });
  }
  if (now === 'throw') throw new RangeError('no more');
  if (now === 'move') port.postMessage(buffer, [buffer]);
});
ipcRenderer.handleBlock('picture', (event, { buffer }) => {
  document.querySelector('canvas').getContext('2d').putImageData(new ImageData(new Uint8ClampedArray(buffer), 2, 1), 0, 0);
});
ipcRenderer.handle('plain', () => true);
const tried = (call) => { try { call(); return ''; } catch (error) { return String(error); } };
contextBridge.exposeInMainWorld('api', {
  noted: () => noted.splice(0), next: (what) => { next = what; }, done: () => done(),
  connect() {
    const channel = new MessageChannel();
    port = channel.port1;
    window.postMessage('block', location.origin, [channel.port2]);
  },
  refused: [tried(() => ipcRenderer.handleBlock('plain', () => {})), tried(() => ipcRenderer.handleBlock('x', 1)), tried(() => ipcRenderer.handleBlock('', () => {}))],
});
`

func sumOf(data []byte) (sum int) {
	for _, b := range data {
		sum = (sum*31 + int(b)) % 65521
	}
	return sum
}

// A blockRig is a block, what is to be in it, and the window that has it.
type blockRig struct {
	t     *testing.T
	w     *window.Window
	block *ipc.Block
	data  []byte
}

func (r *blockRig) write(offset int, p ...byte) {
	r.t.Helper()
	copy(r.data[offset:], p)
	if n, err := r.block.WriteAt(p, int64(offset)); n != len(p) || err != nil {
		r.t.Errorf("%d bytes written, %v", n, err)
	}
}

func (r *blockRig) flush() {
	r.t.Helper()
	if err := r.block.Flush(patience(r.t)); err != nil {
		r.t.Error(err)
	}
}

// noted expects updates: the range of each, whether its buffer was that of the one before, and after the last the block's content.
func (r *blockRig) noted(want ...string) {
	r.t.Helper()
	got := eval[[]string](r.t, r.w, "api.noted()")
	if n := len(want) - 1; n >= 0 {
		want[n] += fmt.Sprintf(" %d", sumOf(r.data))
	}
	if !slices.EqualFunc(got, want, func(g, w string) bool { return len(g) >= len(w) && g[:len(w)] == w }) {
		r.t.Errorf("the page noted %q, want %q", got, want)
	}
}

func TestBrowserBlock(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		waiting := make(chan struct{}, 1)
		ipc.On(a.IPC(), "waiting", func(context.Context, any) { waiting <- struct{}{} })
		w := show(t, a, window.Options{Preload: blocks})
		const size = 300 << 10 // more than what begins to use shared memory
		block, err := ipc.NewBlock(w, "block", size)
		if err != nil {
			t.Fatal(err)
		}
		r := &blockRig{t, w, block, make([]byte, size)}
		r.flush()
		r.noted("0 307200 307200 false")
		r.flush()
		r.noted()
		r.write(1000, 1, 2, 3)
		r.write(1010, 4)
		r.write(1005, 5)
		r.flush()
		r.noted("1000 11 307200 true")
		r.write(0, slices.Repeat([]byte{7}, size)...)
		r.write(5)
		r.flush()
		r.noted("0 307200 307200 true")
		blockWaits(t, r, waiting)
		blockFails(t, r, waiting)
		blockMoves(t, r)
		old, err := ipc.NewBlock(w.MainFrame(), "block", size)
		if err == nil {
			err = old.Flush(patience(t))
		}
		if err != nil {
			t.Fatal(err)
		}
		eval[any](t, w, "api.noted()")
		reload(t, w)
		if err := old.Flush(patience(t)); !errors.Is(err, ipc.ErrNavigated) {
			t.Errorf("a block that has not changed, of a document that has gone: %v", err)
		}
		r.flush() // nothing has changed, but the document
		r.noted("0 307200 307200 false")
		blockDrawn(t, w)
		if got := eval[[]string](t, w, "api.refused"); !slices.Equal(got, []string{"Error: Attempted to register a second handler for 'plain'",
			"TypeError: Expected handler to be a function, but found type 'number'", "TypeError: Missing required channel argument"}) {
			t.Errorf("what handleBlock refuses: %q", got)
		}
		blockEdges(t, w)
		w.Destroy()
		wait(t, w.Closed())
		r.write(0, 1)
		if err := block.Flush(t.Context()); !errors.Is(err, ipc.ErrClosed) {
			t.Errorf("a window that is closed: %v", err)
		}
	})
}

// blockWaits shows that while the page is at work nothing is sent, and that then one update brings what many have waited with.
func blockWaits(t *testing.T, r *blockRig, waiting chan struct{}) {
	t.Helper()
	eval[any](t, r.w, "api.next('wait')")
	r.write(9, 1)
	var all sync.WaitGroup
	all.Go(r.flush)
	wait(t, waiting)
	for i := range 20 {
		r.write(20+i, byte(i))
		all.Go(r.flush)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.block.Flush(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a flush that is given up while it waits: %v", err)
	}
	if got := eval[int](t, r.w, "api.noted().length"); got != 1 {
		t.Errorf("%d updates while the page is at work", got)
	}
	eval[any](t, r.w, "api.done(); 0")
	all.Wait()
	r.noted("20 20 307200 true")
}

// blockFails shows that what a failed flush should have brought comes with the next one.
func blockFails(t *testing.T, r *blockRig, waiting chan struct{}) {
	t.Helper()
	r.write(100, 1)
	eval[any](t, r.w, "api.next('throw')")
	var e *ipc.RemoteError
	if err := r.block.Flush(patience(t)); !errors.As(err, &e) || e.Name != "RangeError" || e.Message != "no more" {
		t.Errorf("a handler that throws: %v", err)
	}
	r.noted("100 1 307200 true")
	eval[any](t, r.w, "api.next('wait')")
	r.write(104, 1)
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() { failed <- r.block.Flush(ctx) }()
	wait(t, waiting)
	cancel()
	if err := wait(t, failed); !errors.Is(err, context.Canceled) {
		t.Errorf("a flush that is given up: %v", err)
	}
	r.noted("100 5 307200 true")
	r.write(102, 9)
	r.flush()
	r.noted("100 5 307200 true")
	eval[any](t, r.w, "api.next('wait')")
	r.write(106, 1)
	go func() { failed <- r.block.Flush(t.Context()) }()
	wait(t, waiting)
	reload(t, r.w)
	if err := wait(t, failed); !errors.Is(err, ipc.ErrNavigated) {
		t.Errorf("a document that goes: %v", err)
	}
	r.flush()
	r.noted("0 307200 307200 false")
}

// blockMoves shows that a preload may give the page's script the very buffer, without a copy; the next update makes another.
func blockMoves(t *testing.T, r *blockRig) {
	t.Helper()
	reload(t, r.w)
	eval[any](t, r.w, `window.moved = new Promise((resolve) => {
		addEventListener('message', ({ ports: [port] }) => {
			port.onmessage = ({ data }) => resolve(new Uint8Array(data).reduce((sum, b) => (sum * 31 + b) % 65521, 0));
		});
		api.next('move');
		api.connect();
	}); 0`)
	r.flush()
	if sum := eval[int](t, r.w, "moved"); sum != sumOf(r.data) {
		t.Errorf("the page has %d, main %d", sum, sumOf(r.data))
	}
	r.noted("0 307200 307200 false")
	r.write(50, 1)
	r.flush()
	r.noted("0 307200 307200 false")
	r.write(51, 2)
	r.flush()
	r.noted("51 1 307200 true")
}

// blockDrawn shows the preload drawing on the page's canvas.
func blockDrawn(t *testing.T, w *window.Window) {
	t.Helper()
	eval[any](t, w, "document.body.append(document.createElement('canvas')); 0")
	picture, err := ipc.NewBlock(w.MainFrame(), "picture", 8)
	if err == nil {
		err = picture.Change(4, 4, func(pixel []byte) { copy(pixel, []byte{10, 20, 30, 255}) })
	}
	if err == nil {
		err = picture.Flush(patience(t))
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := eval[string](t, w, "document.querySelector('canvas').getContext('2d').getImageData(0, 0, 2, 1).data.join()"); got != "0,0,0,0,10,20,30,255" {
		t.Errorf("the canvas has %s", got)
	}
}

func blockEdges(t *testing.T, w *window.Window) {
	t.Helper()
	for _, size := range []int{-1, 0, ipc.MaxBlock + 1} {
		if _, err := ipc.NewBlock(w, "block", size); !errors.Is(err, protocol.ErrLimit) {
			t.Errorf("a block of %d bytes: %v", size, err)
		}
	}
	if _, err := ipc.NewBlock(w, "", 1); err == nil {
		t.Error("a block without a name")
	}
	big, err := ipc.NewBlock(w, "block", ipc.MaxBlock)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := big.WriteAt([]byte{1, 2}, ipc.MaxBlock-1); n != 0 || err == nil {
		t.Errorf("past the end: %d, %v", n, err)
	}
	if _, err := big.WriteAt(nil, -1); err == nil {
		t.Error("before the begin")
	}
	if _, err := big.WriteAt([]byte{1}, 1<<32); err == nil {
		t.Error("far past the end")
	}
	if err := big.Flush(patience(t)); err != nil {
		t.Errorf("the largest block: %v", err)
	}
	if got := eval[[]string](t, w, "api.noted()"); len(got) != 1 || got[0] != fmt.Sprintf("0 %d %[1]d false 0", ipc.MaxBlock) {
		t.Errorf("the largest block: %q", got)
	}
	plain, err := ipc.NewBlock(w, "nobody", 1)
	if err != nil {
		t.Fatal(err)
	}
	var e *ipc.RemoteError
	if err := plain.Flush(patience(t)); !errors.As(err, &e) || e.Code != "ERR_NO_HANDLER" {
		t.Errorf("a block without a handler: %v", err)
	}
}
