package fetch

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// lock takes the folder for this process, making it if needed. The kernel drops the lock of a killed process. The lock's file, and
// the folders that were made for it and stayed empty, are removed by unlock: a failed run leaves nothing behind.
func lock(ctx context.Context, dir string, waiting func()) (unlock func(), waited bool, err error) {
	made := missingFolders(dir)
	name := filepath.Join(dir, ".lock")
	for {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, waited, err
		}
		file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o644)
		if errors.Is(err, fs.ErrNotExist) {
			continue // another process cleared the folder away between the two calls
		}
		if err != nil {
			return nil, waited, err
		}
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil && sameFile(file, name) {
			return func() {
				os.Remove(name) // while it is held, so that nobody waits for a file that has no name
				file.Close()
				for _, dir := range made {
					os.Remove(dir) // fails, as it should, where something is in it
				}
			}, waited, nil
		}
		file.Close()
		if err != nil && !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, waited, &fs.PathError{Op: "lock", Path: name, Err: err}
		}
		if err == nil {
			continue // the holder removed the file before we got it: take the new one
		}
		if !waited {
			waited = true
			waiting()
		}
		select {
		case <-ctx.Done():
			return nil, waited, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// missingFolders lists dir and its parents that are not there yet, innermost first.
func missingFolders(dir string) []string {
	var missing []string
	for {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			return missing
		}
		missing = append(missing, dir)
		dir = filepath.Dir(dir)
	}
}

// sameFile tells whether the open file is still the one that has the name.
func sameFile(file *os.File, name string) bool {
	a, err := file.Stat()
	if err != nil {
		return false
	}
	b, err := os.Stat(name)
	return err == nil && os.SameFile(a, b)
}
