package fetch

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	thirdparty "github.com/oriel-go/oriel/third_party"
)

// Bounds on what an archive may make us read or write.
const (
	maxUnpacked = 12 << 30 // decompressed, in all
	maxEntries  = 100_000
	maxELF      = 4 << 30 // a library with its symbols
	maxDocument = 64 << 20
)

// documents are kept if the archive has them: they tell licences and are pinned by nothing.
var documents = []string{"LICENSE.txt", "CREDITS.html"}

// unpacker takes the pinned files, and nothing else, out of one archive.
type unpacker struct {
	ctx     context.Context
	archive string // its name, for errors
	made    string // the folder to fill
	wanted  map[string]thirdparty.File
	taken   map[string]bool
	entries int
}

// unpack fills the folder made from an archive of any kind we know. With inner, a jar's inner archive must have that SHA-256.
func (f *fetcher) unpack(ctx context.Context, archive, made, inner string) error {
	in, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w: %s is not a file", ErrArchive, archive)
	}
	u := &unpacker{ctx: ctx, archive: filepath.Base(archive), made: made, wanted: map[string]thirdparty.File{}, taken: map[string]bool{}}
	for _, file := range f.manifest.Files {
		u.wanted[file.Name] = file
	}
	for _, name := range documents {
		u.wanted[name] = thirdparty.File{Name: name}
	}
	if err := os.Mkdir(made, 0o755); err != nil {
		return err
	}
	bar := f.out.bar("Unpacking CEF", info.Size())
	defer bar.end()
	if err := u.any(in, info.Size(), bar, inner); err != nil {
		return f.spaceError(err)
	}
	return u.complete(f.names())
}

// any tells the archive's kind by its first bytes: names lie.
func (u *unpacker) any(in *os.File, size int64, bar *bar, inner string) error {
	magic := make([]byte, 4)
	n, err := in.ReadAt(magic, 0)
	if err != nil && err != io.EOF {
		return err
	}
	counted := io.TeeReader(in, bar)
	switch magic := string(magic[:n]); {
	case strings.HasPrefix(magic, "PK\x03\x04"):
		return u.zip(in, size, bar, inner)
	case strings.HasPrefix(magic, "\x1f\x8b"):
		return u.gzip(counted)
	case strings.HasPrefix(magic, "BZh"):
		return u.tar(bzip2.NewReader(bufio.NewReaderSize(counted, 1<<16)))
	}
	return fmt.Errorf("%w: %s is neither jar, zip, tar.gz nor tar.bz2", ErrArchive, u.archive)
}

func (u *unpacker) gzip(r io.Reader) error {
	z, err := gzip.NewReader(bufio.NewReaderSize(r, 1<<16))
	if err != nil {
		return u.damaged(err)
	}
	return u.tar(z)
}

// zip unpacks a zip, or the one tar.gz that a jar of natives holds.
func (u *unpacker) zip(in *os.File, size int64, bar *bar, inner string) error {
	z, err := zip.NewReader(in, size)
	if err != nil {
		return u.damaged(err)
	}
	var nested []*zip.File
	for _, entry := range z.File {
		if strings.HasSuffix(entry.Name, ".tar.gz") {
			nested = append(nested, entry)
		}
	}
	if len(nested) == 1 {
		return u.nested(nested[0], bar, inner)
	}
	var budget int64 = maxUnpacked
	for _, entry := range z.File {
		if entry.FileInfo().IsDir() {
			continue
		}
		if budget -= int64(min(entry.UncompressedSize64, maxUnpacked)); budget < 0 {
			return fmt.Errorf("%w: %s unpacks to more than %s", ErrArchive, u.archive, bytesText(maxUnpacked))
		}
		r, err := entry.Open()
		if err != nil {
			return u.damaged(err)
		}
		err = u.entry(entry.Name, entry.Mode().IsRegular(), r)
		r.Close()
		if err != nil {
			return err
		}
		bar.set(bar.done + int64(entry.CompressedSize64))
	}
	return nil
}

func (u *unpacker) nested(entry *zip.File, bar *bar, want string) error {
	r, err := entry.Open()
	if err != nil {
		return u.damaged(err)
	}
	defer r.Close()
	h := sha256.New()
	// The bar counts the jar's bytes; the tar.gz inside is as long, for it cannot be compressed again.
	var stream io.Reader = io.TeeReader(io.LimitReader(r, maxArchive), bar)
	if want != "" {
		stream = io.TeeReader(stream, h)
	}
	if err := u.gzip(stream); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, stream); err != nil {
		return u.damaged(err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); want != "" && got != want {
		return fmt.Errorf("%w: %s has SHA-256 %s, pinned is %s", ErrChecksum, entry.Name, got, want)
	}
	return nil
}

func (u *unpacker) tar(r io.Reader) error {
	limited := &io.LimitedReader{R: r, N: maxUnpacked}
	t := tar.NewReader(limited)
	for {
		header, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			if limited.N <= 0 {
				err = fmt.Errorf("it unpacks to more than %s", bytesText(maxUnpacked))
			}
			return u.damaged(err)
		}
		if header.Typeflag == tar.TypeDir {
			continue
		}
		if err := u.entry(header.Name, header.Typeflag == tar.TypeReg, t); err != nil {
			return err
		}
	}
}

// entry takes one file if it is wanted. A name that leads out of the archive spoils the whole of it: nobody makes one by accident.
func (u *unpacker) entry(name string, regular bool, r io.Reader) error {
	if err := u.ctx.Err(); err != nil {
		return err
	}
	if u.entries++; u.entries > maxEntries {
		return fmt.Errorf("%w: %s has more than %d entries", ErrArchive, u.archive, maxEntries)
	}
	clean := path.Clean(name)
	if !fs.ValidPath(clean) || strings.ContainsAny(name, "\\\x00") {
		return fmt.Errorf("%w: %s has an entry %q that leads out of it", ErrArchive, u.archive, name)
	}
	file, ok := u.match(clean)
	switch {
	case !ok:
		return nil
	case !regular:
		return fmt.Errorf("%w: in %s, %s is a link", ErrArchive, u.archive, name)
	case u.taken[file.Name]:
		return fmt.Errorf("%w: %s has %s twice", ErrArchive, u.archive, file.Name)
	}
	u.taken[file.Name] = true
	return u.write(file, r)
}

// match finds the wanted file that an entry is. Files lie in the archive's root, below one folder, or, as CEF publishes them, in
// Release and Resources below one folder.
func (u *unpacker) match(name string) (thirdparty.File, bool) {
	parts := strings.Split(name, "/")
	candidates := []string{name, strings.Join(parts[1:], "/")}
	if len(parts) > 2 && (parts[1] == "Release" || parts[1] == "Resources") {
		candidates = append(candidates, strings.Join(parts[2:], "/"))
	}
	for _, c := range candidates {
		if file, ok := u.wanted[c]; ok {
			return file, true
		}
	}
	return thirdparty.File{}, false
}

// write puts a wanted file in its place and compares it with what is pinned.
func (u *unpacker) write(want thirdparty.File, r io.Reader) error {
	name := filepath.Join(u.made, filepath.FromSlash(want.Name))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	mode, bound := os.FileMode(0o644), want.Size
	switch {
	case want.SHA256 == "":
		bound = maxDocument
	case want.Image != "":
		mode, bound = 0o755, max(bound, maxELF)
	}
	out, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer out.Close()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, h), &cancellable{u.ctx, io.LimitReader(r, bound+1)})
	if err != nil {
		var onDisk *fs.PathError // from out; everything else is the archive's
		if errors.As(err, &onDisk) || u.ctx.Err() != nil {
			return err
		}
		return u.damaged(err)
	}
	if n > bound {
		return fmt.Errorf("%w: %s in %s is larger than the %s pinned", ErrChecksum, want.Name, u.archive, bytesText(bound))
	}
	if got := hex.EncodeToString(h.Sum(nil)); want.SHA256 != "" && got != want.SHA256 && !sameImage(out, want) {
		return fmt.Errorf("%w: %s in %s has SHA-256 %s, pinned is %s", ErrChecksum, want.Name, u.archive, got, want.SHA256)
	}
	return out.Close()
}

// sameImage tells whether a library is the pinned one with its symbols still in it.
func sameImage(file *os.File, want thirdparty.File) bool {
	if want.Image == "" {
		return false
	}
	got, err := thirdparty.ImageHash(file)
	return err == nil && got == want.Image
}

// complete names what the archive did not have.
func (u *unpacker) complete(names []string) error {
	var missing []string
	for _, name := range names {
		if !u.taken[name] {
			missing = append(missing, name)
		}
	}
	switch {
	case len(missing) == 0:
		return nil
	case len(missing) == len(names):
		return fmt.Errorf("%w: %s holds no CEF for this platform", ErrArchive, u.archive)
	case len(missing) > 3:
		return fmt.Errorf("%w: %s lacks %s and %d more files", ErrArchive, u.archive, strings.Join(missing[:3], ", "), len(missing)-3)
	}
	return fmt.Errorf("%w: %s lacks %s", ErrArchive, u.archive, strings.Join(missing, ", "))
}

func (u *unpacker) damaged(err error) error {
	return fmt.Errorf("%w: %s is damaged: %w", ErrArchive, u.archive, err)
}

// cancellable stops a long copy when its context ends.
type cancellable struct {
	ctx context.Context
	r   io.Reader
}

func (c *cancellable) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
