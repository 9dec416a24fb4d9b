package app_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/pages"
	"github.com/oriel-go/oriel/main/window"
)

func TestMain(m *testing.M) { apptest.Main(m) }

const preload = `
const { contextBridge, ipcRenderer } = require('oriel');
contextBridge.exposeInMainWorld('api', { invoke: (channel, ...args) => ipcRenderer.invoke(channel, ...args) });`

// site is an app with one page.
func site() app.Options {
	return app.Options{Pages: pages.FS(fstest.MapFS{
		"index.html": {Data: []byte(`<!doctype html><title>A page</title><h1>Hi</h1>`)},
		"loop.html":  {Data: []byte(`<!doctype html><title>Never idle</title>`)},
		"stay.html":  {Data: []byte(`<!doctype html><title>Stays</title><script src=stay.js></script>`)},
		"stay.js":    {Data: []byte(`addEventListener('beforeunload', e => { e.preventDefault(); });`)},
	})}
}

// open opens a window and waits for its page.
func open(t *testing.T, a *app.App, url string) *window.Window {
	t.Helper()
	return apptest.Open(t, a, window.Options{URL: url, Preload: preload})
}

func ctx(t *testing.T) context.Context { return apptest.Context(t) }

func eval[T any](t *testing.T, w *window.Window, script string) T {
	t.Helper()
	return apptest.Eval[T](t, w, script)
}

// eventually waits until ok says yes.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// signal and await let a test's two processes, the one with the app and the one that watches it, take turns.
func signal(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
		t.Fatal(err)
	}
}

func await(t *testing.T, dir, name string) {
	t.Helper()
	eventually(t, "the other process says "+name, func() bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return err == nil
	})
}

// dirOf is the folder of the test process with that number.
func dirOf(t *testing.T, pid int) string {
	t.Helper()
	dir, err := os.Readlink(filepath.Join("/proc", itoa(pid), "cwd"))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
