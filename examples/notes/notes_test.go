package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
	"github.com/oriel-go/oriel/main/pages"
	"github.com/oriel-go/oriel/main/window"
)

func TestMain(m *testing.M) { apptest.Main(m) }

// do runs a script in the page; until(f) in it waits until f is true.
func do(t *testing.T, w *window.Window, script string) (result string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	whole := `(async () => {
		const $ = (id) => document.getElementById(id);
		const until = async (ok) => { while (!(await ok())) await new Promise((next) => setTimeout(next, 20)); };
		const titles = () => [...document.querySelectorAll('#list b')].map((b) => b.textContent).join(', ');
		await until(() => document.body?.dataset.ready);
		` + script + ` })()`
	if err := w.Eval(ctx, whole, &result); err != nil {
		t.Fatalf("%s\n%v", script, err)
	}
	return result
}

func TestNotes(t *testing.T) {
	o := app.Options{Name: "oriel-notes", Pages: pages.FS(ui, pages.Folder("ui"))}
	apptest.InApp(t, o, func(t *testing.T, a *app.App) {
		w, err := start(a.Host().Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.LoadURL(a.Host().Context(), "/"); err != nil {
			t.Fatal(err)
		}
		do(t, w, `$('text').value = '# First\n\nhello'; $('text').dispatchEvent(new Event('input')); await until(() => titles() === 'First');`)
		path := filepath.Join(a.DataDir(), "notes", "first.md")
		if text, err := os.ReadFile(path); err != nil || string(text) != "# First\n\nhello" {
			t.Errorf("on disk: %q, %v", text, err)
		}
		if err := os.WriteFile(path, []byte("# Changed outside"), 0o600); err != nil {
			t.Fatal(err)
		}
		do(t, w, `await until(() => $('text').value === '# Changed outside');`)
		do(t, w, `
			const data = new DataTransfer();
			data.items.add(new File(['flour'], 'Bread.txt'));
			document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
			await until(() => titles() === 'Bread, Changed outside');`)
		do(t, w, `$('search').value = 'FLOUR'; $('search').dispatchEvent(new Event('input')); await until(() => titles() === 'Bread');`)
		do(t, w, `$('window').click(); await 0;`)
		second := otherWindow(t, a, w)
		if err := second.LoadURL(a.Host().Context(), "/?note=bread"); err != nil {
			t.Fatal(err)
		}
		if got := do(t, second, `await until(() => $('text').value !== ''); return $('text').value;`); got != "# Bread\n\nflour" {
			t.Errorf("the second window shows %q", got)
		}
		do(t, second, `$('text').value += ', salt'; $('text').dispatchEvent(new Event('input')); await 0;`)
		do(t, w, `await until(() => $('text').value.endsWith('flour, salt'));`)
		do(t, w, `$('delete').click(); await until(() => titles() === '');`)
		if _, err := os.Stat(filepath.Join(a.DataDir(), "notes", "bread.md")); !os.IsNotExist(err) {
			t.Errorf("the deleted note: %v", err)
		}
		got := do(t, w, `return await window.notes.read('../../etc/passwd').then(() => 'read', (e) => e.code + ' ' + e.message);`)
		if !strings.HasPrefix(got, "BAD_NAME Error invoking remote method 'notes:read': Error: ") {
			t.Errorf("a path for a name: %s", got)
		}
	})
}

// otherWindow waits for a second window.
func otherWindow(t *testing.T, a *app.App, w *window.Window) *window.Window {
	t.Helper()
	limit := time.After(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			for _, other := range window.All(a) {
				if other != w {
					return other
				}
			}
		case <-limit:
			t.Fatal("no second window opened")
		}
	}
}
