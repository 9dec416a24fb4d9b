// Package store keeps notes as Markdown files in one folder.
package store

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fsnotify/fsnotify"
)

// MaxSize is the largest note in bytes.
const MaxSize = 4 << 20

const ext = ".md"

// A Note is one file. ID is its name without the ending.
type Note struct {
	ID       string    `json:"id"`
	Text     string    `json:"text"`
	Modified time.Time `json:"modified"`
}

// A Draft is a note to be saved. One that has not been saved before has no ID.
type Draft struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// A Summary is what a list shows of a note.
type Summary struct {
	ID       string    `json:"id"`
	Title    string    `json:"title"`
	Excerpt  string    `json:"excerpt"`
	Modified time.Time `json:"modified"`
}

// An Error is a refusal with a code that a page can tell apart.
type Error struct{ code, text string }

func (e *Error) Error() string { return e.text }

// Code is what the page finds as error.code.
func (e *Error) Code() string { return e.code }

// Refusals.
var (
	ErrNotFound = &Error{"NOT_FOUND", "there is no such note"}
	ErrName     = &Error{"BAD_NAME", "that is not a note's name"}
	ErrTooLarge = &Error{"TOO_LARGE", "the note is larger than 4 MiB"}
	ErrNotText  = &Error{"NOT_TEXT", "the file is not text"}
)

// A Store is a folder of notes. Its methods may be called from any goroutine.
type Store struct {
	dir  string
	root *os.Root // no name leads out of the folder
}

// Open opens the folder, which is made if there is none.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("notes: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("notes: %w", err)
	}
	return &Store{dir, root}, nil
}

// file is the name of a note's file.
func file(id string) (string, error) {
	if id == "" || strings.HasPrefix(id, ".") || strings.ContainsAny(id, "/\x00") || len(id) > 200 {
		return "", ErrName
	}
	return id + ext, nil
}

// List lists the notes that contain every word of the query, newest first.
func (s *Store) List(query string) ([]Summary, error) {
	entries, err := fs.ReadDir(s.root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("notes: %w", err)
	}
	words := strings.Fields(strings.ToLower(query))
	list := []Summary{}
	for _, e := range entries {
		id, isNote := strings.CutSuffix(e.Name(), ext)
		if !isNote || !e.Type().IsRegular() {
			continue
		}
		n, err := s.Read(id)
		if errors.Is(err, ErrNotFound) || errors.Is(err, ErrTooLarge) || errors.Is(err, ErrName) {
			continue // gone since, or not one of ours
		}
		if err != nil {
			return nil, err
		}
		lower := strings.ToLower(n.Text)
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(lower, w) }) {
			list = append(list, summary(n))
		}
	}
	slices.SortFunc(list, func(a, b Summary) int {
		return cmp.Or(b.Modified.Compare(a.Modified), strings.Compare(a.ID, b.ID))
	})
	return list, nil
}

// summary takes the first line that has something in it as the title and the next ones as the excerpt.
func summary(n Note) Summary {
	var lines []string
	for line := range strings.Lines(n.Text) {
		if line = strings.TrimSpace(strings.TrimLeft(line, "#> ")); line != "" {
			lines = append(lines, line)
		}
		if len(lines) == 4 {
			break
		}
	}
	sum := Summary{ID: n.ID, Title: "Untitled", Modified: n.Modified}
	if len(lines) > 0 {
		sum.Title, sum.Excerpt = lines[0], short(strings.Join(lines[1:], " "), 160)
	}
	return sum
}

func short(s string, runes int) string {
	if utf8.RuneCountInString(s) <= runes {
		return s
	}
	return string([]rune(s)[:runes]) + "…"
}

// Read returns a note.
func (s *Store) Read(id string) (Note, error) {
	name, err := file(id)
	if err != nil {
		return Note{}, err
	}
	info, err := s.root.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Note{}, ErrNotFound
	case err != nil:
		return Note{}, fmt.Errorf("notes: %w", err)
	case info.Size() > MaxSize:
		return Note{}, ErrTooLarge
	}
	text, err := s.root.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return Note{}, ErrNotFound
	}
	if err != nil {
		return Note{}, fmt.Errorf("notes: %w", err)
	}
	return Note{id, string(text), info.ModTime()}, nil
}

// Save writes a note; one without an ID gets one. The file is replaced whole, so that a crash leaves the old or the new.
func (s *Store) Save(d Draft) (Note, error) {
	if len(d.Text) > MaxSize {
		return Note{}, ErrTooLarge
	}
	if d.ID == "" {
		d.ID = s.newID(d.Text)
	}
	name, err := file(d.ID)
	if err != nil {
		return Note{}, err
	}
	scratch := "." + name + ".new"
	if err := s.root.WriteFile(scratch, []byte(d.Text), 0o600); err != nil {
		return Note{}, fmt.Errorf("notes: %w", err)
	}
	if err := s.root.Rename(scratch, name); err != nil {
		return Note{}, errors.Join(fmt.Errorf("notes: %w", err), s.root.Remove(scratch))
	}
	return s.Read(d.ID)
}

// newID makes a name of a note's title that no other note has.
func (s *Store) newID(text string) string {
	slug := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r == ' ' || r == '-':
			return '-'
		}
		return -1
	}, strings.ToLower(short(summary(Note{Text: text}).Title, 40)))
	slug = cmp.Or(strings.Trim(slug, "-"), "note")
	for i := 1; ; i++ {
		id := slug
		if i > 1 {
			id += "-" + strconv.Itoa(i)
		}
		if _, err := s.root.Stat(id + ext); errors.Is(err, fs.ErrNotExist) {
			return id
		}
	}
}

// Delete removes a note.
func (s *Store) Delete(id string) error {
	name, err := file(id)
	if err != nil {
		return err
	}
	err = s.root.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNotFound
	}
	return err
}

// Import makes a note of a file's content. A file without a heading gets its name as one.
func (s *Store) Import(name string, content []byte) (Note, error) {
	switch {
	case len(content) > MaxSize:
		return Note{}, ErrTooLarge
	case !utf8.Valid(content) || bytes.IndexByte(content, 0) >= 0:
		return Note{}, ErrNotText
	}
	text := string(content)
	if title := strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)); !strings.HasPrefix(strings.TrimSpace(text), "#") && title != "" {
		text = "# " + title + "\n\n" + text
	}
	return s.Save(Draft{Text: text})
}

// settle is how long a file must be left alone before its change is told: editors write in several steps.
const settle = 50 * time.Millisecond

// Watch calls changed with the ID of every note whose file has changed, until ctx ends. Calls come one at a time.
func (s *Store) Watch(ctx context.Context, changed func(id string)) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("notes: watch: %w", err)
	}
	defer w.Close()
	if err := w.Add(s.dir); err != nil {
		return fmt.Errorf("notes: watch: %w", err)
	}
	pending := map[string]bool{}
	quiet := time.NewTimer(settle)
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-w.Errors:
			return fmt.Errorf("notes: watch: %w", err)
		case e := <-w.Events:
			if id, isNote := strings.CutSuffix(filepath.Base(e.Name), ext); isNote && !strings.HasPrefix(id, ".") {
				pending[id] = true
				quiet.Reset(settle)
			}
		case <-quiet.C:
			for id := range pending {
				changed(id)
			}
			clear(pending)
		}
	}
}
