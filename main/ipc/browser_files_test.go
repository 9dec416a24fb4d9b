package ipc_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/ipc"
	"github.com/oriel-go/oriel/main/window"
)

// choose makes a file the one of an <input> that the page knows as file.
func choose(t *testing.T, w *window.Window, name string) {
	t.Helper()
	command := func(method string, params map[string]any) (result struct {
		Root struct {
			NodeID int `json:"nodeId"`
		}
		NodeID int `json:"nodeId"`
	}) {
		t.Helper()
		if err := w.DevToolsCommand(patience(t), method, params, &result); err != nil {
			t.Fatal(err)
		}
		return result
	}
	eval[any](t, w, "document.body.innerHTML = '<input type=file>'; 0")
	root := command("DOM.getDocument", nil).Root.NodeID
	input := command("DOM.querySelector", map[string]any{"nodeId": root, "selector": "input"}).NodeID
	command("DOM.setFileInputFiles", map[string]any{"nodeId": input, "files": []string{name}})
	eval[any](t, w, "window.file = document.querySelector('input').files[0]; 0")
}

// A handler that reads a file of the user's gets all of it or an error, also where the file changes meanwhile.
func TestBrowserFiles(t *testing.T) {
	apptest.InApp(t, site(), func(t *testing.T, a *app.App) {
		const size = 16 << 20
		name := filepath.Join(apptest.Dir(), "chosen")
		var meanwhile func() error
		ipc.Handle(a.IPC(), "read", func(_ context.Context, in io.Reader) (int64, error) {
			n, err := io.CopyN(io.Discard, in, 1<<20)
			if err == nil {
				err = meanwhile()
			}
			if err != nil {
				return n, err
			}
			more, err := io.Copy(io.Discard, in)
			return n + more, err
		})
		w := show(t, a, window.Options{})
		eval[any](t, w, pageStreams)
		for what, c := range map[string]struct {
			change func() error
			want   string
		}{
			"nothing":   {func() error { return nil }, "no error: 16777216"},
			"removed":   {func() error { return os.Remove(name) }, "no error: 16777216"},
			"shortened": {func() error { return os.Truncate(name, 2<<20) }, "true|Error|Error invoking remote method 'read': NotReadableError: The file has become shorter"},
		} {
			if err := os.WriteFile(name, make([]byte, size), 0o600); err != nil {
				t.Fatal(err)
			}
			meanwhile = c.change
			choose(t, w, name)
			if got := eval[string](t, w, "tried(api.invoke('read', file))"); !strings.HasPrefix(got, c.want) {
				t.Errorf("%s: %s", what, got)
			}
		}
	})
}
