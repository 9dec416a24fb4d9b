package fetch

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	thirdparty "github.com/oriel-go/oriel/third_party"
)

// child is what a process of the test binary does instead of testing, when childEnv tells it.
type child struct {
	Manifest  *thirdparty.Manifest
	Dir, Site string
}

const childEnv = "ORIEL_FETCH_CHILD"

func TestMain(m *testing.M) {
	text := os.Getenv(childEnv)
	if text == "" {
		os.Exit(m.Run())
	}
	var c child
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		panic(err)
	}
	f := quick(c.Manifest, c.Dir, c.Site)
	f.Source, f.answer, f.stall, f.Output = SourceBuilds, time.Minute, time.Minute, os.Stderr
	if _, err := f.run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// start runs a fetch in a process of its own.
func (c child) start(t *testing.T, env ...string) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), childEnv+"="+string(text)), env...)
	cmd.Stderr = new(bytes.Buffer)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// content is a made-up runtime.
var content = map[string]string{
	"libcef.so":         strings.Repeat("machine code ", 20_000),
	"icudtl.dat":        "characters",
	"locales/en-US.pak": "words",
}

// pinned is the manifest of content.
func pinned() *thirdparty.Manifest {
	m := &thirdparty.Manifest{Version: "1.2.3+test", GOOS: "linux", GOARCH: "amd64"}
	m.Builds.Archive = "cef_binary_1.2.3+test_linux64_minimal.tar.bz2"
	m.Maven.Coordinate = "org.example:cef:1.2.3+test"
	for name, text := range content {
		m.Files = append(m.Files, thirdparty.File{Name: name, Size: int64(len(text)), SHA256: sum([]byte(text))})
	}
	return m
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// quick is a fetcher that loses patience at once and sees no network but site.
func quick(m *thirdparty.Manifest, dir, site string) *fetcher {
	return &fetcher{
		Options: Options{Dir: dir}, manifest: m, goos: "linux", goarch: "amd64", site: site, mvn: "no-such-mvn",
		free: func(string) (uint64, error) { return 1 << 40, nil },
		dial: time.Second, answer: 300 * time.Millisecond, stall: 300 * time.Millisecond,
	}
}

// entry is one thing in a made-up archive. A link's text is where it leads.
type entry struct {
	name, text string
	kind       byte
}

// published lays the runtime out as CEF's builds site does.
func published() []entry {
	return []entry{
		{"cef_binary/", "", tar.TypeDir},
		{"cef_binary/LICENSE.txt", "may be used", 0},
		{"cef_binary/README.txt", "not needed", 0},
		{"cef_binary/Release/libcef.so", content["libcef.so"], 0},
		{"cef_binary/Release/libother.so", "not needed", 0},
		{"cef_binary/Resources/icudtl.dat", content["icudtl.dat"], 0},
		{"cef_binary/Resources/locales/en-US.pak", content["locales/en-US.pak"], 0},
	}
}

// flat lays it out as the Maven artifact does.
func flat() []entry {
	list := []entry{{"./libjcef.so", "not needed", 0}}
	for name, text := range content {
		list = append(list, entry{"./" + name, text, 0})
	}
	return list
}

func tarGz(t *testing.T, entries []entry) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.text)), Typeflag: e.kind}
		if e.kind == tar.TypeSymlink || e.kind == tar.TypeLink {
			h.Linkname, h.Size, e.text = e.text, 0, ""
		}
		if e.kind == 0 {
			h.Typeflag = tar.TypeReg
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zipped(t *testing.T, entries []entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, e := range entries {
		f, err := w.Create(e.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func tarBz2(t *testing.T) []byte {
	t.Helper()
	out, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(publishedBzip2, "\n", ""))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// isWhole checks the folder and that nothing else lies beside it.
func isWhole(t *testing.T, dir string) {
	t.Helper()
	for name, text := range content {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != text {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"README.txt", "libother.so", "libjcef.so"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s was unpacked", name)
		}
	}
	onlyEntries(t, filepath.Dir(dir), filepath.Base(dir))
}

// onlyEntries fails if dir holds anything but names; a dir that is not there holds nothing.
func onlyEntries(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(names, e.Name()) {
			t.Errorf("%s was left in %s", e.Name(), dir)
		}
	}
}

// fails runs f, which must fail with this kind and these words, and leave nothing.
func (f *fetcher) fails(t *testing.T, kind error, words ...string) {
	t.Helper()
	before, _ := os.Stat(filepath.Dir(f.Dir))
	_, err := f.run(t.Context())
	if err == nil || kind != nil && !errors.Is(err, kind) {
		t.Fatalf("%v, want kind %v", err, kind)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q is not in: %v", w, err)
		}
	}
	onlyEntries(t, filepath.Dir(f.Dir))
	if after, _ := os.Stat(filepath.Dir(f.Dir)); before == nil && after != nil {
		t.Errorf("%s was left", filepath.Dir(f.Dir))
	}
}

// target is a folder that does not exist, in a folder that does not either.
func target(t *testing.T) string { return filepath.Join(t.TempDir(), "cache", "1.2.3+test") }

func TestFromEveryKindOfArchive(t *testing.T) {
	inner := tarGz(t, flat())
	for name, archive := range map[string][]byte{
		"tar.gz":  inner,
		"tar.bz2": tarBz2(t),
		"zip":     zipped(t, published()[1:]),
		"jar":     zipped(t, []entry{{"META-INF/MANIFEST.MF", "x", 0}, {"natives.tar.gz", string(inner), 0}}),
	} {
		t.Run(name, func(t *testing.T) {
			f := quick(pinned(), target(t), "")
			f.From, f.Offline = write(t, "some.file", archive), true // its name does not matter
			dir, err := f.run(t.Context())
			if err != nil || dir != f.Dir {
				t.Fatalf("%q, %v", dir, err)
			}
			isWhole(t, dir)
		})
	}
}

func TestFromURL(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(tarGz(t, flat())) }))
	defer server.Close()
	f := quick(pinned(), target(t), "")
	f.From = server.URL + "/anything"
	if _, err := f.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	isWhole(t, f.Dir)
}

func TestWhatIsThereIsUsed(t *testing.T) {
	f := quick(pinned(), target(t), "")
	f.From = write(t, "a", tarGz(t, flat()))
	if _, err := f.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := quick(pinned(), f.Dir, "http://127.0.0.1:1")
	if _, err := again.run(t.Context()); err != nil {
		t.Errorf("a second run: %v", err)
	}
	// A folder elsewhere is made from the cache, also without a network.
	other := quick(pinned(), target(t), "http://127.0.0.1:1")
	other.cache, other.Offline = f.Dir, true
	if _, err := other.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	isWhole(t, other.Dir)
	// A broken one is replaced whole.
	if err := os.Truncate(filepath.Join(other.Dir, "icudtl.dat"), 1); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(f.Dir, "icudtl.dat"))
	if err != nil || len(content) != 1 {
		t.Fatalf("the files are not shared: %q, %v", content, err)
	}
	mended := quick(pinned(), other.Dir, "")
	mended.From = write(t, "b", tarGz(t, flat()))
	if _, err := mended.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	isWhole(t, other.Dir)
}

func TestAnothersFolderIsNotTouched(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "documents")
	if err := os.MkdirAll(filepath.Join(dir, "letters"), 0o755); err != nil {
		t.Fatal(err)
	}
	f := quick(pinned(), dir, "")
	f.From = write(t, "a", tarGz(t, flat()))
	if _, err := f.run(t.Context()); err == nil || !strings.Contains(err.Error(), "not CEF") {
		t.Errorf("%v", err)
	}
	onlyEntries(t, dir, "letters")
}

func TestWrongPlatform(t *testing.T) {
	f := quick(pinned(), target(t), "")
	f.goarch = "riscv64"
	f.fails(t, ErrPlatform, "linux/riscv64", "linux/amd64")
}

func TestOfflineNeverDials(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { t.Errorf("%s was asked for", r.URL) }))
	defer server.Close()
	f := quick(pinned(), target(t), server.URL)
	f.Offline = true
	f.fails(t, nil, "--offline", "--from")
	f.From = server.URL
	f.fails(t, nil, "--offline")
}

func TestNoSpace(t *testing.T) {
	f := quick(pinned(), target(t), "")
	f.From = write(t, "a", tarGz(t, flat()))
	f.free = func(string) (uint64, error) { return 100, nil }
	f.fails(t, ErrSpace, "needed", "100 bytes free")
	err := f.spaceError(&fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC})
	if !errors.Is(err, ErrSpace) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v", err)
	}
}

func TestTwoProcessesAtOnce(t *testing.T) {
	var downloads atomic.Int32
	archive := tarGz(t, published())
	begun := make(chan struct{}, 2)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".sha1") {
			http.NotFound(w, r)
			return
		}
		downloads.Add(1)
		begun <- struct{}{}
		w.Write(archive[:100])
		w.(http.Flusher).Flush()
		time.Sleep(500 * time.Millisecond) // the other process comes meanwhile
		w.Write(archive[100:])
	}))
	defer server.Close()
	c := child{pinned(), target(t), server.URL}
	first := c.start(t)
	<-begun
	second := c.start(t)
	for _, cmd := range []*exec.Cmd{first, second} {
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %s", err, cmd.Stderr)
		}
	}
	if said := fmt.Sprint(second.Stderr); !strings.Contains(said, "waiting") {
		t.Errorf("the second said: %s", said)
	}
	if n := downloads.Load(); n != 1 {
		t.Errorf("%d downloads", n)
	}
	isWhole(t, c.Dir)
}

func TestKilledRun(t *testing.T) {
	begun, stuck := make(chan struct{}), make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("\x1f\x8b"))
		w.(http.Flusher).Flush()
		close(begun)
		<-stuck
	}))
	defer slow.Close()
	defer close(stuck)
	c := child{pinned(), target(t), slow.URL}
	cmd := c.start(t)
	<-begun
	cmd.Process.Kill()
	cmd.Wait()
	stale, _ := filepath.Glob(filepath.Join(filepath.Dir(c.Dir), scratchPrefix+"*"))
	if len(stale) != 1 {
		t.Fatalf("the killed run left %v", stale)
	}
	f := quick(pinned(), c.Dir, "")
	f.From = write(t, "a", tarGz(t, flat()))
	if _, err := f.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	isWhole(t, c.Dir)
}

func TestProxyVariables(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Host != "cef.example" || strings.HasSuffix(r.URL.Path, ".sha1") {
			http.NotFound(w, r)
			return
		}
		w.Write(tarGz(t, published()))
	}))
	defer proxy.Close()
	c := child{pinned(), target(t), "http://cef.example/"}
	cmd := c.start(t, "HTTP_PROXY="+proxy.URL, "http_proxy="+proxy.URL, "NO_PROXY=", "no_proxy=")
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, cmd.Stderr)
	}
	isWhole(t, c.Dir)
}
