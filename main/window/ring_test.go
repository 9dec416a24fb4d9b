package window_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/internal/engine"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/renderer/ring"
)

// rendererThreads counts those of the app's processes that show pages.
func rendererThreads(t *testing.T) (n int) {
	t.Helper()
	for _, pid := range apptest.Renderers(t) {
		tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		n += len(tasks)
	}
	return n
}

// A document's packets travel through memory, and neither the UI thread nor a page that is stuck holds up anybody else.
func TestRing(t *testing.T) {
	o := site(frameFiles)
	o.Log = zap.NewNop()
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		ipc.Handle(a.IPC(), "echo", func(_ context.Context, n int) (int, error) { return n, nil })
		other := open(t, a, window.Options{})
		p99(t, other, 100)
		t.Run("UI thread", func(t *testing.T) { ringWithoutUI(t, a) })
		t.Run("order", func(t *testing.T) { ringOrder(t, a) })
		t.Run("memory model", func(t *testing.T) { ringInOrderOfMemory(t, a, other) })
		t.Run("frames", func(t *testing.T) { ringsOfFrames(t, a) })
		t.Run("given back", func(t *testing.T) { ringsGivenBack(t, a, other) })
		t.Run("cut off", func(t *testing.T) { ringsCutOff(t, a) })
		t.Run("offered again", func(t *testing.T) { ringOfferedAgain(t, a, other) })
		t.Run("stuck", func(t *testing.T) { ringStuck(t, a, other) })
		p99(t, other, 100)
	})
}

// While the UI thread is busy, invokes are answered.
func ringWithoutUI(t *testing.T, a *app.App) {
	w := open(t, a, window.Options{})
	defer w.Destroy()
	calls := make(chan int)
	ipc.Handle(a.IPC(), "count", func(ctx context.Context, n int) (int, error) {
		select {
		case calls <- n:
		case <-ctx.Done():
		}
		return n + 1, nil
	})
	eval[any](t, w, "(async () => { for (let n = 0; ; ) n = await api.invoke('count', n); })(); 0")
	for n := range 100 { // by now the document has its ring
		if got := <-calls; got != n {
			t.Fatalf("call %d comes as %d", got, n)
		}
	}
	busy, release := make(chan struct{}), make(chan struct{})
	engine.Post(func() { close(busy); <-release })
	<-busy
	defer close(release)
	for n := 100; n < 400; n++ {
		select {
		case <-calls:
		case <-ctx(t).Done():
			t.Fatalf("call %d is not answered while the UI thread is busy", n)
		}
	}
}

// What is done before a script runs comes before what is done for its messages, and that before what is done with its result: in Go's memory
// model, too, which the race detector goes by.
func ringInOrderOfMemory(t *testing.T, a *app.App, w *window.Window) {
	word := ""
	ipc.Handle(a.IPC(), "word", func(context.Context, any) (string, error) { return word, nil })
	for i := range 50 {
		word = strconv.Itoa(i)
		if got := eval[string](t, w, "api.invoke('word')"); got != word {
			t.Fatalf("the page heard %q, want %q", got, word)
		}
	}
}

// A document sends and gets messages of all sizes from its first script on, before it has its ring and after. None overtakes another.
func ringOrder(t *testing.T, a *app.App) {
	const messages = 4000
	size := func(i int) int {
		switch {
		case i%500 == 499:
			return 3 << 20
		case i%50 == 7:
			return 200_000
		}
		return i % 700 * (i % 30)
	}
	ended := make(chan error, 1)
	next := 0
	ipc.On(a.IPC(), "up", func(_ context.Context, args ipc.Args) {
		var i int
		var data []byte
		err := errors.Join(args.Decode(0, &i), args.Decode(1, &data))
		switch {
		case err != nil || i != next || len(data) != size(i) || len(data) > 0 && (data[0] != byte(i) || data[len(data)-1] != byte(i)):
			select {
			case ended <- fmt.Errorf("message %d of %d bytes comes in the place of %d", i, len(data), next):
			default:
			}
		case i == messages-1:
			ended <- nil
		}
		next++
	})
	w := open(t, a, window.Options{URL: "/", Preload: preload + fmt.Sprintf(`
		const size = (i) => i %% 500 === 499 ? 3 << 20 : i %% 50 === 7 ? 200000 : i %% 700 * (i %% 30);
		let heard = 0, wrong = '';
		ipcRenderer.on('down', (event, i, data) => {
			if (i !== heard || data.length !== size(i) || data.length && (data[0] !== i %% 256 || data.at(-1) !== i %% 256))
				wrong ||= i + ' of ' + data.length + ' bytes in the place of ' + heard;
			heard++;
		});
		contextBridge.exposeInMainWorld('down', () => wrong || heard);
		let said = 0;
		const say = () => { for (let n = 0; n < 40 && said < %d; n++, said++) ipcRenderer.send('up', said, new Uint8Array(size(said)).fill(said)); if (said < %[1]d) setTimeout(say); };
		say();`, messages)})
	defer w.Destroy()
	for i := range messages {
		data := make([]byte, size(i))
		for j := range data {
			data[j] = byte(i)
		}
		if err := w.Send("down", i, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	apptest.Until(t, "the page has heard everything", func() bool {
		got := eval[any](t, w, "down()")
		if text, wrong := got.(string); wrong {
			t.Fatal(text)
		}
		return got == float64(messages)
	})
}

// Documents that have gone leave no memory, and no threads in their process; nor do windows.
func ringsGivenBack(t *testing.T, a *app.App, other *window.Window) {
	apptest.Until(t, "one window has one ring", func() bool { return apptest.Shared(t, ring.MemorySize) == 1 })
	w := open(t, a, window.Options{})
	p99(t, w, 100)
	threads := rendererThreads(t)
	for range 30 {
		if err := w.LoadURL(ctx(t), "/"); err != nil {
			t.Fatal(err)
		}
		p99(t, w, 10)
	}
	apptest.Until(t, "two windows have two rings", func() bool { return apptest.Shared(t, ring.MemorySize) == 2 })
	apptest.Until(t, "threads of documents have ended", func() bool { return rendererThreads(t) <= threads+10 })
	w.Destroy()
	apptest.Until(t, "the window's ring is given back", func() bool { return apptest.Shared(t, ring.MemorySize) == 1 })
	p99(t, other, 10)
}

// Documents that end in the middle of large messages, both ways, harm nobody.
func ringsCutOff(t *testing.T, a *app.App) {
	ipc.On(a.IPC(), "much", func(context.Context, []byte) {})
	w := open(t, a, window.Options{})
	pour := "{ const much = new Uint8Array(20 << 20); setInterval(() => api.send('much', much)); } 0"
	much := make([]byte, 20<<20)
	for round := range 5 {
		eval[any](t, w, pour)
		sent := make(chan error, 1)
		go func() { sent <- errors.Join(w.Send("much", much), w.Send("much", much)) }()
		if err := w.LoadURL(ctx(t), "/"); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if err := <-sent; err != nil && !errors.Is(err, ipc.ErrNavigated) && !errors.Is(err, protocol.ErrLimit) {
			t.Errorf("round %d: %v", round, err)
		}
		p99(t, w, 100)
	}
	eval[any](t, w, pour)
	crash(t, w)
	w.Destroy()
	apptest.Until(t, "its ring is given back", func() bool { return apptest.Shared(t, ring.MemorySize) == 1 })
}

// Whoever sends to a page that takes nothing waits, and is told in the end; nobody else is.
func ringStuck(t *testing.T, a *app.App, other *window.Window) {
	w := open(t, a, window.Options{})
	defer w.Destroy()
	p99(t, w, 100)
	eval[any](t, w, "setTimeout(() => { for (;;); }); 0")
	data, failed := make([]byte, 1<<20), make(chan error, 1)
	go func() {
		for n := 0; ; n++ {
			if err := w.Send("data", n, data); err != nil {
				if n > 64 {
					err = fmt.Errorf("%d messages of 1 MiB were taken", n)
				}
				failed <- err
				return
			}
		}
	}()
	for len(failed) == 0 {
		p99(t, other, 100)
	}
	if err := <-failed; !errors.Is(err, protocol.ErrLimit) {
		t.Error(err)
	}
}
