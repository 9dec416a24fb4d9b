package fetch

import (
	"archive/tar"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	thirdparty "github.com/oriel-go/oriel/third_party"
)

func TestHostileArchives(t *testing.T) {
	rest := func(but string) (list []entry) {
		for _, e := range flat() {
			if e.name != "./"+but {
				list = append(list, e)
			}
		}
		return list
	}
	larger := entry{"libcef.so", content["libcef.so"] + "x", 0}
	other := entry{"libcef.so", strings.Replace(content["libcef.so"], "m", "n", 1), 0}
	for name, test := range map[string]struct {
		entries []entry
		kind    error
		want    string
	}{
		"climbs out":          {append(flat(), entry{"../../evil", "x", 0}), ErrArchive, "leads out"},
		"climbs out inside":   {append(flat(), entry{"a/../../evil", "x", 0}), ErrArchive, "leads out"},
		"absolute":            {append(flat(), entry{"/etc/evil", "x", 0}), ErrArchive, "leads out"},
		"backslashes":         {append(flat(), entry{`..\evil`, "x", 0}), ErrArchive, "leads out"},
		"needed file a link":  {append(rest("libcef.so"), entry{"libcef.so", "/etc/passwd", tar.TypeSymlink}), ErrArchive, "is a link"},
		"needed a hard link":  {append(rest("libcef.so"), entry{"libcef.so", "/etc/passwd", tar.TypeLink}), ErrArchive, "is a link"},
		"needed file a pipe":  {append(rest("libcef.so"), entry{"libcef.so", "", tar.TypeFifo}), ErrArchive, "is a link"},
		"twice":               {append(flat(), entry{"x/libcef.so", content["libcef.so"], 0}), ErrArchive, "twice"},
		"larger than pinned":  {append(rest("libcef.so"), larger), ErrChecksum, "larger"},
		"other than pinned":   {append(rest("libcef.so"), other), ErrChecksum, sum([]byte(other.text))},
		"shorter than pinned": {append(rest("libcef.so"), entry{"libcef.so", "x", 0}), ErrChecksum, "SHA-256"},
		"not whole":           {rest("icudtl.dat"), ErrArchive, "lacks icudtl.dat"},
		"something else":      {[]entry{{"readme", "hello", 0}}, ErrArchive, "holds no CEF"},
	} {
		t.Run(name, func(t *testing.T) {
			f := quick(pinned(), target(t), "")
			f.From = write(t, "given.tar.gz", tarGz(t, test.entries))
			f.fails(t, test.kind, test.want, "given.tar.gz")
		})
	}
}

// A link that is not needed is as good as absent: nothing of it is made.
func TestNeedlessLinksAreLeftOut(t *testing.T) {
	f := quick(pinned(), target(t), "")
	f.From = write(t, "a", tarGz(t, append(flat(), entry{"locales/evil", "/etc", tar.TypeSymlink})))
	if _, err := f.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(f.Dir, "locales/evil")); err == nil {
		t.Error("the link was made")
	}
}

func TestDamagedArchives(t *testing.T) {
	whole := tarGz(t, flat())
	flipped := append([]byte(nil), whole...)
	flipped[len(flipped)/2] ^= 0x40
	zip := zipped(t, flat())
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"cut":            {whole[:len(whole)-20], "damaged"},
		"a bit flipped":  {flipped, "given"},
		"zip cut":        {zip[:len(zip)-10], "damaged"},
		"empty":          {nil, "neither jar"},
		"not an archive": {[]byte("hello"), "neither jar, zip, tar.gz nor tar.bz2"},
	} {
		t.Run(name, func(t *testing.T) {
			f := quick(pinned(), target(t), "")
			f.From = write(t, "given", test.data)
			f.fails(t, nil, test.want)
		})
	}
	f := quick(pinned(), target(t), "")
	f.From = filepath.Join(t.TempDir(), "absent")
	f.fails(t, os.ErrNotExist, f.From)
	f.From = t.TempDir()
	f.fails(t, ErrArchive, "not a file")
	f.From = "ftp://example.org/x"
	f.fails(t, nil, "only http and https")
}

func TestUnpackingCanBeInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := quick(pinned(), target(t), "")
	f.out = newConsole(nil)
	made := filepath.Join(t.TempDir(), "made")
	if err := f.unpack(ctx, write(t, "a", tarGz(t, flat())), made, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// CEF publishes its libraries with symbols, and pinned is one without: the same code must be let in, other code must not.
func TestLibraryWithSymbols(t *testing.T) {
	dir := t.TempDir()
	build := func(name, value string) []byte {
		t.Helper()
		library := filepath.Join(dir, name)
		source := write(t, "x.c", []byte("static int hidden(int x) { return x * "+value+"; } int shown(int x) { return hidden(x) + 1; }"))
		if out, err := exec.Command("gcc", "-g", "-O0", "-shared", "-fPIC", "-Wl,--build-id=none", "-o", library, source).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		data, err := os.ReadFile(library)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	full, other := build("full.so", "3"), build("other.so", "4")
	stripped := filepath.Join(dir, "stripped.so")
	if out, err := exec.Command("strip", "-o", stripped, filepath.Join(dir, "full.so")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	file, err := os.Open(stripped)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	image, err := thirdparty.ImageHash(file)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(stripped)
	if err != nil {
		t.Fatal(err)
	}
	if len(full) <= len(data) {
		t.Fatal("nothing was stripped")
	}
	m := &thirdparty.Manifest{Version: "1", GOOS: "linux", GOARCH: "amd64", Files: []thirdparty.File{
		{Name: "libcef.so", Size: int64(len(data)), SHA256: sum(data), Image: image}}}
	for name, test := range map[string]struct {
		library []byte
		good    bool
	}{"as pinned": {data, true}, "with its symbols": {full, true}, "other code": {other, false}, "no library": {[]byte("x"), false}} {
		t.Run(name, func(t *testing.T) {
			f := quick(m, target(t), "")
			f.From = write(t, "a", tarGz(t, []entry{{"libcef.so", string(test.library), 0}}))
			if !test.good {
				f.fails(t, ErrChecksum)
				return
			}
			if _, err := f.run(t.Context()); err != nil || !f.whole(f.Dir) {
				t.Errorf("%v", err)
			}
			if info, err := os.Stat(filepath.Join(f.Dir, "libcef.so")); err != nil || info.Mode().Perm() != 0o755 {
				t.Errorf("%v, %v", info, err)
			}
		})
	}
}
