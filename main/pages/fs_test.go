package pages_test

import (
	"embed"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/oriel-go/oriel/main/pages"
)

//go:embed testdata/site
var embedded embed.FS

var changed = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text), ModTime: changed} }

var site = fstest.MapFS{
	"index.html":       file("<h1>home</h1>"),
	"app.js":           file("1"),
	"lib/mod.mjs":      file("2"),
	"lib/code.WASM":    file("3"),
	"docs/index.html":  file("docs"),
	"empty/readme.txt": file("r"),
	".hidden":          file("h"),
	"a b ü.txt":        file("space"),
	"digits.txt":       file("0123456789"),
	"noext":            file("<html>not sniffed"),
}

// get asks h for a path with header lines "Name: value".
func get(h http.Handler, method, path string, header ...string) *http.Response {
	r := httptest.NewRequest(method, "http://test/", nil)
	raw, query, _ := strings.Cut(path, "?")
	r.URL.Path, r.URL.RawQuery = raw, query
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func text(r *http.Response) string {
	b, _ := io.ReadAll(r.Body)
	return string(b)
}

func TestFiles(t *testing.T) {
	h := pages.FS(site)
	for _, c := range []struct {
		path, contentType, body string
		status                  int
	}{
		{"/", "text/html; charset=utf-8", "<h1>home</h1>", 200},
		{"/index.html", "text/html; charset=utf-8", "<h1>home</h1>", 200},
		{"/app.js", "text/javascript; charset=utf-8", "1", 200},
		{"/app.js?v=1", "text/javascript; charset=utf-8", "1", 200},
		{"/lib/mod.mjs", "text/javascript; charset=utf-8", "2", 200},
		{"/lib/code.WASM", "application/wasm", "3", 200},
		{"/docs/", "text/html; charset=utf-8", "docs", 200},
		{"/.hidden", "application/octet-stream", "h", 200},
		{"/a b ü.txt", "text/plain; charset=utf-8", "space", 200},
		{"/noext", "application/octet-stream", "<html>not sniffed", 200},
		{"/nothing.js", "text/plain; charset=utf-8", "404 the app has no file for \"/nothing.js\"\n", 404},
		{"/empty/", "text/plain; charset=utf-8", "404 the app has no file for \"/empty/\"\n", 404},
		{"/empty", "text/plain; charset=utf-8", "404 the app has no file for \"/empty\"\n", 404},
		{"/app.js/", "text/plain; charset=utf-8", "404 the app has no file for \"/app.js/\"\n", 404},
	} {
		r := get(h, "GET", c.path)
		if got := text(r); r.StatusCode != c.status || got != c.body || r.Header.Get("Content-Type") != c.contentType {
			t.Errorf("%s: %d %q %q", c.path, r.StatusCode, r.Header.Get("Content-Type"), got)
		}
		if r.Header.Get("X-Content-Type-Options") != "nosniff" || r.Header.Get("Content-Security-Policy") != pages.DefaultCSP {
			t.Errorf("%s: headers %v", c.path, r.Header)
		}
	}
}

func TestFolder(t *testing.T) {
	h := pages.FS(embedded, pages.Folder("testdata/site"))
	if r := get(h, "GET", "/"); r.StatusCode != 200 || r.Header.Get("ETag") == "" || !strings.Contains(text(r), "embedded") {
		t.Errorf("%d %v", r.StatusCode, r.Header)
	}
	defer func() {
		if recover() == nil {
			t.Error("a folder that is no path is taken")
		}
	}()
	pages.FS(embedded, pages.Folder("/testdata/"))
}

func TestPathsThatAreNone(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "secret"), "secret")
	write(t, filepath.Join(dir, "www", "index.html"), "home")
	h := pages.FS(os.DirFS(filepath.Join(dir, "www")), pages.SinglePage("index.html"))
	for _, path := range []string{"/../secret", "/x/../../secret", "//secret", "/./index.html", "/a//b", "/..", "/.", "/\x00", "/index.html\x00.js"} {
		if r := get(h, "GET", path, "Sec-Fetch-Mode: navigate"); r.StatusCode != 400 {
			t.Errorf("%q: %d %q", path, r.StatusCode, text(r))
		}
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestOnlyRegularFiles(t *testing.T) {
	dir := t.TempDir()
	mkfifo(t, filepath.Join(dir, "pipe"))
	if r := get(pages.FS(os.DirFS(dir)), "GET", "/pipe"); r.StatusCode != 404 {
		t.Errorf("a named pipe gives %d", r.StatusCode)
	}
}

func TestFolderWithoutSlash(t *testing.T) {
	r := get(pages.FS(site), "GET", "/docs?q=1")
	if r.StatusCode != 307 || r.Header.Get("Location") != "./docs/?q=1" {
		t.Errorf("%d to %q", r.StatusCode, r.Header.Get("Location"))
	}
}

func TestMethods(t *testing.T) {
	h := pages.FS(site)
	if r := get(h, "HEAD", "/digits.txt"); r.StatusCode != 200 || text(r) != "" || r.Header.Get("Content-Length") != "10" {
		t.Errorf("HEAD: %d %v", r.StatusCode, r.Header)
	}
	for _, m := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
		if r := get(h, m, "/"); r.StatusCode != 405 || r.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d", m, r.StatusCode)
		}
	}
}

func TestSinglePage(t *testing.T) {
	h := pages.FS(site, pages.SinglePage("index.html"))
	for _, c := range []struct {
		path, header string
		status       int
	}{
		{"/notes/3", "Sec-Fetch-Mode: navigate", 200},
		{"/notes/3.5", "Sec-Fetch-Mode: navigate", 200},
		{"/notes/3", "Accept: text/html,*/*", 200},
		{"/notes/3", "Accept: */*", 404},
		{"/missing.js", "Sec-Fetch-Mode: cors", 404},
		{"/docs/", "Sec-Fetch-Mode: navigate", 200},
	} {
		r := get(h, "GET", c.path, c.header)
		got := text(r)
		if r.StatusCode != c.status || c.status == 200 && c.path != "/docs/" && got != "<h1>home</h1>" {
			t.Errorf("%s with %s: %d %q", c.path, c.header, r.StatusCode, got)
		}
	}
	if r := get(pages.FS(site), "GET", "/notes/3", "Sec-Fetch-Mode: navigate"); r.StatusCode != 404 {
		t.Errorf("without the option: %d", r.StatusCode)
	}
	if r := get(pages.FS(site, pages.SinglePage("gone.html")), "GET", "/x", "Sec-Fetch-Mode: navigate"); r.StatusCode != 404 {
		t.Errorf("the page itself missing: %d", r.StatusCode)
	}
}

func TestRanges(t *testing.T) {
	h := pages.FS(site)
	for _, c := range []struct {
		header, contentRange, body string
		status                     int
	}{
		{"bytes=2-4", "bytes 2-4/10", "234", 206},
		{"bytes=7-", "bytes 7-9/10", "789", 206},
		{"bytes=-2", "bytes 8-9/10", "89", 206},
		{"bytes=50-", "bytes */10", "", 416},
	} {
		r := get(h, "GET", "/digits.txt", "Range: "+c.header)
		got := text(r)
		if r.StatusCode != c.status || r.Header.Get("Content-Range") != c.contentRange || c.status == 206 && got != c.body {
			t.Errorf("%s: %d %q %q", c.header, r.StatusCode, r.Header.Get("Content-Range"), got)
		}
	}
}

func TestValidators(t *testing.T) {
	sub, err := fs.Sub(embedded, "testdata/site")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "index.html"), "x")
	for name, c := range map[string]struct {
		fsys fs.FS
		path string
		tag  bool
	}{
		"embed":      {embedded, "/testdata/site/index.html", true},
		"sub":        {sub, "/index.html", true},
		"dir":        {os.DirFS(dir), "/index.html", true},
		"with times": {site, "/index.html", true},
		"no times":   {fstest.MapFS{"index.html": {Data: []byte("x")}}, "/index.html", false},
	} {
		h := pages.FS(c.fsys)
		r := get(h, "GET", c.path)
		tag := r.Header.Get("ETag")
		if (tag != "") != c.tag || r.StatusCode != 200 || r.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %d, tag %q, %v", name, r.StatusCode, tag, r.Header)
		}
		if tag == "" {
			continue
		}
		if r := get(h, "GET", c.path, "If-None-Match: "+tag); r.StatusCode != 304 || text(r) != "" {
			t.Errorf("%s: %d for what is known", name, r.StatusCode)
		}
		if r := get(h, "GET", c.path, "If-None-Match: \"other\""); r.StatusCode != 200 {
			t.Errorf("%s: %d for what has changed", name, r.StatusCode)
		}
	}
}

// unseekable serves files that can only be read on.
type unseekable struct{ fs.FS }

func (u unseekable) Open(name string) (fs.File, error) {
	f, err := u.FS.Open(name)
	return struct{ fs.File }{f}, err
}

func TestFilesThatCannotSeek(t *testing.T) {
	h := pages.FS(unseekable{site})
	if r := get(h, "GET", "/digits.txt", "Range: bytes=2-4"); r.StatusCode != 200 || text(r) != "0123456789" || r.Header.Get("Content-Length") != "10" {
		t.Errorf("%d %v", r.StatusCode, r.Header)
	}
	if r := get(h, "HEAD", "/digits.txt"); text(r) != "" || r.Header.Get("Content-Length") != "10" {
		t.Errorf("HEAD: %v", r.Header)
	}
}

// broken fails to open anything.
type broken struct{ err error }

func (b broken) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: "/private/place/" + name, Err: b.err}
}

func TestErrorsKeepPlacesPrivate(t *testing.T) {
	for err, status := range map[error]int{fs.ErrPermission: 403, fs.ErrNotExist: 404, errors.New("disk on fire"): 500} {
		r := get(pages.FS(broken{err}), "GET", "/x")
		if got := text(r); r.StatusCode != status || strings.Contains(got, "private") || strings.Contains(got, "fire") {
			t.Errorf("%v: %d %q", err, r.StatusCode, got)
		}
	}
}

func TestSecure(t *testing.T) {
	h := pages.Secure(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Referrer-Policy", "origin")
	}), pages.CSP("default-src 'none'"), pages.Header("X-Own", "1"), pages.Header("Cross-Origin-Resource-Policy", ""))
	want := map[string]string{
		"Content-Security-Policy": "default-src 'none'", "X-Own": "1", "Cross-Origin-Resource-Policy": "", "Referrer-Policy": "origin",
		"X-Content-Type-Options": "nosniff", "Access-Control-Allow-Origin": "",
	}
	for range 2 { // what one answer changes does not reach the next
		r := get(h, "GET", "/")
		for name, value := range want {
			if got := r.Header.Get(name); got != value {
				t.Errorf("%s: %q", name, got)
			}
		}
	}
	if r := get(pages.FS(site, pages.CSP("")), "GET", "/"); r.Header["Content-Security-Policy"] != nil {
		t.Error("a policy in spite of none")
	}
}

func TestNames(t *testing.T) {
	for name, ok := range map[string]bool{
		"notes": true, "a": true, "my-app2": true, strings.Repeat("a", 63): true,
		"": false, "Notes": false, "2do": false, "-a": false, "a-": false, "a.b": false, "a_b": false, "ä": false, "a/b": false, strings.Repeat("a", 64): false,
	} {
		if err := pages.CheckName(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
	if pages.Origin("notes") != "app://notes" || pages.SecureOrigin("notes") != "https://notes.localhost" || pages.SecureHost("notes") != "notes.localhost" {
		t.Error("origins have changed: what pages stored would be lost")
	}
}
