//go:build cefdebug

package cef_test

import (
	"context"
	"testing"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
)

const bridge = `
const { contextBridge, ipcRenderer } = require('oriel');
contextBridge.exposeInMainWorld('api', { invoke: (channel, ...args) => ipcRenderer.invoke(channel, ...args) });`

// ctx bounds a step that could wait for ever.
func ctx(t *testing.T) context.Context {
	c, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return c
}

// life opens a window, has two documents in it, one after the other, that ask main something, and closes it: by asking its page, or without.
func life(t *testing.T, a *app.App, ask bool) {
	t.Helper()
	w, err := window.New(a, window.Options{Preload: bridge, URL: "about:blank"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.LoadURL(ctx(t), "/"); err != nil {
		t.Fatal(err)
	}
	loaded := make(chan struct{}, 10)
	w.OnLoaded(func(window.Loaded) { loaded <- struct{}{} })
	add := func() {
		t.Helper()
		var sum int
		if err := w.Eval(ctx(t), "window.open('about:blank'); api.invoke('add', 1, 2)", &sum); err != nil || sum != 3 {
			t.Fatalf("invoke gave %d, %v", sum, err)
		}
	}
	add()
	if err := w.Reload(false); err != nil {
		t.Fatal(err)
	}
	await(t, "the second document", loaded)
	add()
	if ask {
		w.Close()
	} else {
		w.Destroy()
	}
	await(t, "the window's end", w.Closed())
}

func TestWindowsLeaveNothingBehind(t *testing.T) {
	apptest.InApp(t, site(nil), func(t *testing.T, a *app.App) {
		ipc.HandleFunc(a.IPC(), "add", func(x, y int) int { return x + y })
		for i := range 5 {
			life(t, a, i%2 == 0) // Chromium starts what it keeps
		}
		var before census
		onUI(t, func() { before = count(t) })
		for i := range 50 {
			life(t, a, i%2 == 0)
		}
		var after census
		eventually(t, func() []string {
			onUI(t, func() { after = count(t) })
			return after.more(before)
		})
		t.Logf("before %v", before)
		t.Logf("after  %v", after)
		if n := cef.StaleCalls(); n != 0 {
			t.Errorf("%d calls came for handlers that were gone", n)
		}
	})
}
