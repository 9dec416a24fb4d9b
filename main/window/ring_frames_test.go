package window_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/renderer/ring"
)

// frameFiles is a page for frames that tells main its number.
var frameFiles = map[string]string{
	"frame.html": `<!doctype html><script src=frame.js></script>`,
	"frame.js":   `api.invoke('frame', +location.hash.slice(1)).then((n) => api.send('heard', n));`,
}

// Frames have rings of their own, as many as there may be. Those of the rest talk to main all the same.
func ringsOfFrames(t *testing.T, a *app.App) {
	before := apptest.Shared(t, ring.MemorySize)
	w := open(t, a, window.Options{PreloadInSubFrames: true})
	defer w.Destroy()
	ipc.Handle(w.IPC(), "frame", func(_ context.Context, n int) (int, error) { return n, nil })
	heard := make(chan int, window.MaxRings+1)
	ipc.On(w.IPC(), "heard", func(_ context.Context, n int) { heard <- n })
	add := func(from, to int) {
		t.Helper()
		eval[any](t, w, fmt.Sprintf(`for (let n = %d; n < %d; n++) {
			const frame = document.createElement('iframe');
			frame.src = '/frame.html#' + n;
			document.body.append(frame);
		}; 0`, from, to))
		for range to - from {
			select {
			case <-heard:
			case <-ctx(t).Done():
				t.Fatal("a frame is not answered")
			}
		}
	}
	add(0, window.MaxRings-1)
	if n := apptest.Shared(t, ring.MemorySize) - before; n != window.MaxRings {
		t.Errorf("%d documents have %d rings", window.MaxRings, n)
	}
	add(window.MaxRings-1, window.MaxRings+1)
	if n := apptest.Shared(t, ring.MemorySize) - before; n != window.MaxRings {
		t.Errorf("two documents more than %d have %d rings", window.MaxRings, n)
	}
}
