package app_test

import (
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/oriel-go/oriel/internal/apptest"
	"github.com/oriel-go/oriel/main/app"
)

// A page can store something in a folder whose name is not ASCII, also where the locale does not exist or has no such letters.
func TestOddLocale(t *testing.T) {
	for _, env := range [][]string{{"LANG=C"}, {"LANG=de_XX.UTF-8"}, {"LC_ALL=C"}} {
		t.Run(env[0], func(t *testing.T) {
			o := site()
			o.DataDir = filepath.Join(apptest.Dir(), "süß")
			apptest.InAppWith(t, apptest.Process{Env: env}, o, func(t *testing.T, a *app.App) {
				w := open(t, a, "index.html")
				if got := eval[string](t, w, "navigator.language"); strings.HasPrefix(env[0], "LANG=de") != strings.HasPrefix(got, "de") {
					t.Errorf("the page's language is %s", got)
				}
				if got := eval[string](t, w, `new Promise((done) => {
	const open = indexedDB.open('db', 1);
	open.onupgradeneeded = () => open.result.createObjectStore('s');
	open.onerror = () => done(String(open.error));
	open.onsuccess = () => {
		const put = open.result.transaction('s', 'readwrite').objectStore('s').put('kept', 'key');
		put.onsuccess = () => done('stored');
		put.onerror = () => done(String(put.error));
	};
})`); got != "stored" {
					t.Errorf("a database: %s", got)
				}
			})
		})
	}
}

// An app that cannot start says why, also where its log is silent.
func TestNoDisplay(t *testing.T) {
	apptest.InProcess(t, apptest.Process{Env: []string{"DISPLAY=:4711"}}, func(t *testing.T) {
		o := site()
		o.Log = zap.NewNop()
		err := run(t, app.New(apptest.Options(o)))
		for _, want := range []string{"Missing X server", `DISPLAY is ":4711"`} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v does not say %q", err, want)
			}
		}
	})
}
