// Package files writes generated files all or none, or says which are not up to date.
package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A File is one to be written.
type File struct{ Name, Text string }

// Compare returns an error that names the files which do not have their text.
func Compare(all []File) error {
	var stale []string
	for _, f := range all {
		text, err := os.ReadFile(f.Name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err != nil || string(text) != f.Text {
			stale = append(stale, f.Name)
		}
	}
	if len(stale) > 0 {
		return fmt.Errorf("not up to date: %s", strings.Join(stale, ", "))
	}
	return nil
}

// Replace writes the files that differ from what is there. A file that has something in it and does not begin with the mark is somebody's own:
// then nothing is written at all. Each file is whole at any time; the names change only when all texts are on the disk. A symbolic link stays one.
func Replace(all []File, mark string) (err error) {
	var fresh []File
	for _, f := range all {
		if real, err := filepath.EvalSymlinks(f.Name); err == nil {
			f.Name = real
		}
		text, err := os.ReadFile(f.Name)
		switch {
		case err == nil && string(text) == f.Text:
			continue
		case err == nil && len(text) > 0 && !strings.HasPrefix(string(text), mark):
			return fmt.Errorf("%s was not written by this command: move it away first", f.Name)
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return err
		}
		fresh = append(fresh, f)
	}
	scratch := make([]string, len(fresh))
	defer func() {
		for _, name := range scratch {
			if name != "" && err != nil {
				err = errors.Join(err, os.Remove(name))
			}
		}
	}()
	for i, f := range fresh {
		if scratch[i], err = write(f); err != nil {
			return err
		}
	}
	for i, f := range fresh {
		if err = os.Rename(scratch[i], f.Name); err != nil {
			return err
		}
		scratch[i] = ""
	}
	return nil
}

// write puts the text into a file beside the one that it is for, and returns its name.
func write(f File) (name string, err error) {
	if err := os.MkdirAll(filepath.Dir(f.Name), 0o755); err != nil {
		return "", err
	}
	scratch, err := os.CreateTemp(filepath.Dir(f.Name), ".oriel-*")
	if err != nil {
		return "", err
	}
	_, err = scratch.WriteString(f.Text)
	return scratch.Name(), errors.Join(err, scratch.Chmod(0o644), scratch.Close())
}
