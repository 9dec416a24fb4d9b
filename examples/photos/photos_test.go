package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/pages"
	"github.com/oriel-go/oriel/main/window"
	"github.com/oriel-go/oriel/utility"
)

func TestMain(m *testing.M) { apptest.Main(m) }

const drawn = 120

// watched counts what is put into tiles, waits for the picture that ends the process to be found out, which comes first, and for those that were
// asked for together with it, and then scrolls the wall down and up until all thumbnails are there, counting frames.
const watched = `(() => {
	window.put = document.querySelectorAll('#wall img').length;
	window.taken = 0;
	new MutationObserver((changes) => {
		for (const c of changes) { put += c.addedNodes.length; taken += c.removedNodes.length; }
	}).observe(document.getElementById('wall'), { childList: true, subtree: true });
	const until = async (ok) => { while (!ok()) await new Promise(requestAnimationFrame); };
	return until(() => document.querySelector('[data-name="bomb.png"].broken') && put >= 5).then(() => { window.rolled = new Promise((done) => {
		const wall = document.getElementById('wall');
		const gaps = [];
		let last = performance.now(), step = 20;
		const frame = (now) => {
			gaps.push(now - last);
			last = now;
			const before = wall.scrollTop;
			wall.scrollTop += step;
			if (wall.scrollTop === before) step = -step;
			if (document.body.dataset.ready) done(gaps.slice(1));
			else requestAnimationFrame(frame);
		};
		requestAnimationFrame(frame);
	}); return 0; });
})()`

func TestPhotos(t *testing.T) {
	o := app.Options{Name: "oriel-photos", Pages: pages.FS(ui, pages.Folder("ui"))}
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		folder := filepath.Join(a.DataDir(), "pictures")
		if err := drawPictures(folder, drawn); err != nil {
			t.Fatal(err)
		}
		hostile(t, folder)
		w, err := start(a.Host().Context(), a, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := w.LoadURL(a.Host().Context(), "/"); err != nil {
			t.Fatal(err)
		}
		apptest.Eval[int](t, w, watched)
		for _, count := range []int{10, 50} {
			kill(t, w, count)
		}
		gaps := apptest.Eval[[]float64](t, w, "rolled")
		if said := apptest.Eval[string](t, w, "document.getElementById('state').textContent"); !regexp.MustCompile(`^thumbnailer \d+, in a sandbox, repaired \d+ ×$`).MatchString(said) {
			t.Errorf("the page says %q", said)
		}
		report(t, gaps)

		if got := apptest.Eval[[]int](t, w, `[
			[...document.querySelectorAll('figure')].filter((f) => f.querySelectorAll('img').length === 1).length,
			document.querySelectorAll('figure').length, put, taken]`); fmt.Sprint(got) != fmt.Sprint([]int{drawn, drawn + 3, drawn, 0}) {
			t.Errorf("tiles with one thumbnail, tiles, thumbnails put, thumbnails taken away: %v", got)
		}
		got := apptest.Eval[[]string](t, w, "[...document.querySelectorAll('figure.broken')].map((f) => f.dataset.name + ': ' + f.title)")
		want := "[bomb.png: This picture ends the thumbnailer huge.png: 60000 × 60000 pixels are too many text.jpg: image: unknown format]"
		if fmt.Sprint(got) != want {
			t.Errorf("broken: %v", got)
		}
		compare(t, w, folder, 0)
		compare(t, w, folder, 5)
	})
}

// hostile puts things into the folder that are no pictures, too large ones, and what must not be opened.
func hostile(t *testing.T, folder string) {
	t.Helper()
	for name, content := range map[string][]byte{"text.jpg": []byte("# Milk"), "huge.png": bomb(60000, 60000), "bomb.png": bomb(11000, 12000)} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(folder, "waits for ever.jpg"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(folder, "elsewhere.jpg")); err != nil {
		t.Fatal(err)
	}
}

// bomb is the beginning of a PNG of eight bytes a pixel: a decoder makes room for all of it.
func bomb(width, height uint32) []byte {
	out := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, data []byte) {
		out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
		body := append([]byte(kind), data...)
		out = binary.BigEndian.AppendUint32(append(out, body...), crc32.ChecksumIEEE(body))
	}
	size := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	chunk("IHDR", append(size, 16, 6, 0, 0, 0))
	chunk("IDAT", []byte{0x78, 0x9c, 0, 0, 0, 0, 0, 0})
	return out
}

// kill kills the thumbnailer in the middle of its work, when so many thumbnails are there, after a look at its sandbox.
func kill(t *testing.T, w *window.Window, count int) {
	t.Helper()
	apptest.Eval[int](t, w, fmt.Sprintf(`new Promise((done) => {
		const look = () => { if (put >= %d) done(0); else requestAnimationFrame(look); };
		look();
	})`, count))
	running := utility.Processes()
	if len(running) != 1 || running[0].Name() != "thumbnails" {
		t.Fatalf("processes: %v", running)
	}
	p := running[0]
	pid := p.PID()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{`(?m)^NoNewPrivs:\s+1$`, `(?m)^Seccomp:\s+2$`} {
		if !regexp.MustCompile(line).Match(status) {
			t.Errorf("no line %s in the thumbnailer's status:\n%s", line, status)
		}
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if e := p.Wait(); e.Signal != syscall.SIGKILL {
		t.Errorf("the thumbnailer's end: %v", e)
	}
	if shown := apptest.Eval[int](t, w, "put"); shown >= drawn {
		t.Errorf("%d thumbnails were there before the kill: it was not in the middle", shown)
	}
}

// report says how smoothly the page scrolled meanwhile.
func report(t *testing.T, gaps []float64) {
	t.Helper()
	longest, late, total := 0.0, 0, 0.0
	for _, gap := range gaps {
		longest, total = math.Max(longest, gap), total+gap
		if gap > 34 {
			late++
		}
	}
	t.Logf("%d frames in %.0f ms while thumbnails came and the wall scrolled; %d came more than 34 ms after the one before, the longest %.0f ms",
		len(gaps), total, late, longest)
}

// compare looks at a tile on the screen: its quarters have the colours of the picture on disk.
func compare(t *testing.T, w *window.Window, folder string, tile int) {
	t.Helper()
	type place struct {
		Name       string
		X, Y, W, H float64
	}
	at := apptest.Eval[place](t, w, fmt.Sprintf(`(async () => {
		document.getElementById('wall').scrollTop = 0;
		const image = document.querySelectorAll('#wall img')[%d];
		await image.decode();
		await Promise.all(image.getAnimations().map((a) => a.finished));
		await new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
		const r = image.getBoundingClientRect();
		return { Name: image.alt, X: r.x, Y: r.y, W: r.width, H: r.height };
	})()`, tile))
	shot, err := w.Capture(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	screen, _, err := image.Decode(bytes.NewReader(shot))
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(folder, at.Name))
	if err != nil {
		t.Fatal(err)
	}
	picture, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	box := image.Rect(int(at.X), int(at.Y), int(at.X+at.W), int(at.Y+at.H))
	for quarter := range 4 {
		got, want := mean(screen, box, quarter), mean(picture, picture.Bounds(), quarter)
		for i := range got {
			if math.Abs(got[i]-want[i]) > 8 {
				t.Errorf("%s, quarter %d: the screen has %.0f, the file %.0f", at.Name, quarter, got, want)
				break
			}
		}
	}
}

// mean is the mean red, green and blue of one of a box's quarters, of 255.
func mean(m image.Image, box image.Rectangle, quarter int) (sum [3]float64) {
	w, h := box.Dx()/2, box.Dy()/2
	corner := box.Min.Add(image.Pt(quarter%2*w, quarter/2*h))
	for y := range h {
		for x := range w {
			r, g, b, _ := m.At(corner.X+x, corner.Y+y).RGBA()
			sum = [3]float64{sum[0] + float64(r>>8), sum[1] + float64(g>>8), sum[2] + float64(b>>8)}
		}
	}
	for i := range sum {
		sum[i] /= float64(w * h)
	}
	return sum
}
