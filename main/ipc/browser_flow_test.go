package ipc_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/protocol"
)

// flowBound is how much memory the app's processes together may take for a stream, whatever its length: the window of each of its legs and
// what the collectors of Go and of V8 let lie around.
const flowBound = 128 << 20

// aheadBound is how far a writer may be ahead of a reader that does not read: the window, and a chunk in the hands of each end.
const aheadBound = protocol.StreamWindow + 2*protocol.ChunkBytes

// A meter counts the bytes that pass and looks at the app's memory as they do. One goroutine at a time calls look; what orders it and the
// test, the page, is nothing that the race detector sees.
type meter struct {
	first, most, next, passed atomic.Int64
}

func (m *meter) begin() {
	m.first.Store(memory())
	for _, n := range []*atomic.Int64{&m.most, &m.next, &m.passed} {
		n.Store(0)
	}
}

// look samples every 8 MiB.
func (m *meter) look(n int) {
	if m.passed.Add(int64(n)) < m.next.Load() {
		return
	}
	m.next.Add(8 << 20)
	m.most.Store(max(m.most.Load(), memory()))
}

// memory is what this process and those that it started have in memory of their own or share among themselves.
func memory() (total int64) {
	parents, sizes := map[int]int{}, map[int]int64{}
	statuses, _ := filepath.Glob("/proc/[0-9]*/status")
	for _, name := range statuses {
		text, _ := os.ReadFile(name)
		pid, _ := strconv.Atoi(strings.Split(name, "/")[2])
		for line := range strings.Lines(string(text)) {
			key, value, _ := strings.Cut(line, ":")
			n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			switch key {
			case "PPid":
				parents[pid] = int(n)
			case "RssAnon", "RssShmem":
				sizes[pid] += n << 10
			}
		}
	}
	for pid, size := range sizes {
		for p := pid; p > 1; p = parents[p] {
			if p == os.Getpid() {
				total += size
				break
			}
		}
	}
	return total
}

// zeros is a reader of n bytes.
type zeros struct {
	left int64
	m    *meter
}

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), z.left))
	clear(p[:n])
	z.left -= int64(n)
	z.m.look(n)
	return n, nil
}

// flow sends size bytes from main to the page, and from the page to main.
func flow(t *testing.T, size int64, patience time.Duration) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		m := new(meter)
		ipc.Handle(a.IPC(), "down", func(_ context.Context, n int64) (io.Reader, error) { return &zeros{n, m}, nil })
		ipc.Handle(a.IPC(), "up", func(_ context.Context, in io.Reader) (int64, error) {
			b := make([]byte, 64<<10)
			for {
				n, err := in.Read(b)
				if m.look(n); err == io.EOF {
					return m.passed.Load(), nil
				} else if err != nil {
					return 0, err
				}
			}
		})
		w := show(t, a, window.Options{})
		stall(t, a, w)
		scripts := map[string]string{
			"main to page": `api.invoke('down', ARG).then(async (s) => { let n = 0; for await (const piece of s) n += piece.length; return n; })`,
			"page to main": `{ let left = ARG; api.invoke('up', new ReadableStream({ pull(c) {
				const n = Math.min(left, 256 << 10);
				left -= n;
				if (n > 0) c.enqueue(new Uint8Array(n));
				else c.close();
			} }, { highWaterMark: 0 })) }`,
		}
		for name, script := range scripts {
			for _, n := range []int64{16 << 20, size} { // the first is to warm up
				m.begin()
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				begin := time.Now()
				var got int64
				err := w.Eval(ctx, strings.ReplaceAll(script, "ARG", fmt.Sprint(n)), &got)
				cancel()
				if err != nil || got != n {
					t.Fatalf("%s: %d of %d bytes, %v", name, got, n, err)
				}
				first := m.first.Load()
				grown := m.most.Load() - first
				t.Logf("%s: %d MiB, %.0f MiB/s, memory %d MiB and %d more", name, n>>20, float64(n>>20)/time.Since(begin).Seconds(), first>>20, grown>>20)
				if grown > flowBound {
					t.Errorf("%s: %d MiB took %d MiB of memory", name, n>>20, grown>>20)
				}
			}
		}
	})
}

// stall does not read, and sees that the other side does not write.
func stall(t *testing.T, a *app.App, w *window.Window) {
	m := new(meter)
	release := make(chan struct{})
	ipc.Handle(a.IPC(), "endless", func(context.Context, any) (io.Reader, error) { return &zeros{1 << 40, m}, nil })
	ipc.Handle(a.IPC(), "passed", func(context.Context, any) (int64, error) { return m.passed.Load(), nil })
	ipc.Handle(a.IPC(), "stall", func(_ context.Context, in io.Reader) (any, error) { <-release; return nil, nil })
	const wait = "for (let i = 0; i < 20; i++) { await new Promise((done) => setTimeout(done, 10)); ahead = await api.invoke('passed'); }"
	if n := eval[int64](t, w, `api.invoke('endless').then(async (s) => { const r = s.getReader(); let ahead = 0; `+wait+` await r.cancel(); return ahead; })`); n == 0 || n > aheadBound {
		t.Errorf("main is %d bytes ahead of a page that does not read", n)
	}
	if n := eval[int64](t, w, `(async () => {
		let ahead = 0, sent = 0;
		api.invoke('stall', new ReadableStream({ pull(c) { sent += 256 << 10; c.enqueue(new Uint8Array(256 << 10)); } }, { highWaterMark: 0 }));
		`+wait+` return sent;
	})()`); n == 0 || n > aheadBound {
		t.Errorf("the page is %d bytes ahead of a handler that does not read", n)
	}
	close(release)
}

// A stream's length has nothing to do with the memory that it takes. make soak sends 4 GiB each way.
func TestSoakFlow(t *testing.T) {
	if apptest.Soak(t) > 0 {
		flow(t, 4<<30, 10*time.Minute)
	} else {
		flow(t, 128<<20, time.Minute)
	}
}
