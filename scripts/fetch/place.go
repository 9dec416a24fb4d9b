package fetch

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	thirdparty "github.com/oriel-go/oriel/third_party"
)

// whole tells whether every pinned file lies in dir with its pinned size. What is in the files was checked when they came.
func (f *fetcher) whole(dir string) bool {
	for _, want := range f.manifest.Files {
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(want.Name)))
		if err != nil || !info.Mode().IsRegular() || !sizeFits(want, info.Size()) {
			return false
		}
	}
	return true
}

// sizeFits allows an ELF file to be larger than the pinned one, by the symbols it still carries.
func sizeFits(want thirdparty.File, size int64) bool {
	return size == want.Size || want.Image != "" && size > want.Size
}

// fromCache gives the per-user cache's files a second name, or copies them where that cannot be.
func (f *fetcher) fromCache(made string) error {
	copied := false
	for _, name := range append(f.names(), documents...) {
		from, to := filepath.Join(f.cache, filepath.FromSlash(name)), filepath.Join(made, filepath.FromSlash(name))
		if _, err := os.Stat(from); errors.Is(err, os.ErrNotExist) {
			continue // a document: whole has seen the others
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if os.Link(from, to) == nil {
			continue
		}
		if !copied {
			if err := f.space(f.manifest.Size()); err != nil {
				return err
			}
			copied = true
		}
		if err := copyFile(from, to); err != nil {
			return f.spaceError(err)
		}
	}
	return nil
}

func (f *fetcher) names() []string {
	var names []string
	for _, file := range f.manifest.Files {
		names = append(names, file.Name)
	}
	return names
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm())
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// space refuses early what would fill the disk half-way. A file system that does not tell its free space is believed.
func (f *fetcher) space(need int64) error {
	parent := filepath.Dir(f.Dir)
	free, err := f.free(parent)
	if err != nil || uint64(need) <= free {
		return nil
	}
	return fmt.Errorf("%w in %s: %s needed, %s free", ErrSpace, parent, bytesText(need), bytesText(int64(free)))
}

// spaceError gives the file system's own words for a full disk the kind and the place.
func (f *fetcher) spaceError(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w in %s: %w", ErrSpace, filepath.Dir(f.Dir), err)
	}
	return err
}

func freeSpace(dir string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}
