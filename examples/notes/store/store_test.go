package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func open(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "notes"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func save(t *testing.T, s *Store, d Draft) Note {
	t.Helper()
	n, err := s.Save(d)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSaveReadList(t *testing.T) {
	s := open(t)
	first := save(t, s, Draft{Text: "# Bread & butter\n\nflour, water"})
	if first.ID != "bread--butter" {
		t.Errorf("the note is called %q", first.ID)
	}
	if second := save(t, s, Draft{Text: "# Bread & butter\n\nagain"}); second.ID != "bread--butter-2" {
		t.Errorf("the second note of that title is called %q", second.ID)
	}
	first.Text = "# Bread\n\nrye flour"
	if got := save(t, s, Draft{first.ID, first.Text}); got.ID != first.ID || got.Text != first.Text {
		t.Errorf("saved again: %+v", got)
	}
	list, err := s.List("FLOUR rye")
	if err != nil || len(list) != 1 || list[0].Title != "Bread" || list[0].Excerpt != "rye flour" {
		t.Errorf("found %+v, %v", list, err)
	}
	if list, _ := s.List(""); len(list) != 2 {
		t.Errorf("%d notes, 2 were saved", len(list))
	}
	if entries, _ := os.ReadDir(s.dir); len(entries) != 2 {
		t.Errorf("the folder holds %v", entries)
	}
}

func TestRefusals(t *testing.T) {
	s := open(t)
	outside := filepath.Join(filepath.Dir(s.dir), "secret.md")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(s.dir, "link.md")); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"", ".", "..", "../secret", "/etc/passwd", ".hidden", "a\x00b", strings.Repeat("x", 201)} {
		if _, err := s.Read(id); !errors.Is(err, ErrName) {
			t.Errorf("reading %q: %v", id, err)
		}
		if err := s.Delete(id); !errors.Is(err, ErrName) {
			t.Errorf("deleting %q: %v", id, err)
		}
	}
	if n, err := s.Read("link"); err == nil {
		t.Errorf("a link led out of the folder, to %q", n.Text)
	}
	if _, err := s.Read("none"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a note that is not there: %v", err)
	}
	if _, err := s.Save(Draft{Text: strings.Repeat("x", MaxSize+1)}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a note too large: %v", err)
	}
	if _, err := s.Import("x.bin", []byte{0xFF, 0}); !errors.Is(err, ErrNotText) {
		t.Errorf("a file that is not text: %v", err)
	}
}

func TestImport(t *testing.T) {
	s := open(t)
	n, err := s.Import("/home/x/Trip to Graz.txt", []byte("train at nine"))
	if err != nil || n.ID != "trip-to-graz" || n.Text != "# Trip to Graz\n\ntrain at nine" {
		t.Errorf("imported %+v, %v", n, err)
	}
}

func TestWatch(t *testing.T) {
	s := open(t)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	changed := make(chan string, 100)
	go func() { ended <- s.Watch(ctx, func(id string) { changed <- id }) }()
	path := filepath.Join(s.dir, "outside.md")
	stop := time.After(10 * time.Second)
	for i := 0; ; i++ { // the watch begins some time after its goroutine
		if err := os.WriteFile(path, []byte(strings.Repeat("x", i)), 0o600); err != nil {
			t.Fatal(err)
		}
		select {
		case id := <-changed:
			if id != "outside" {
				t.Errorf("%q changed", id)
			}
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			return
		case <-time.After(2 * settle):
		case <-stop:
			t.Fatal("the change was not told")
		}
	}
}
