// Package fetch brings the pinned CEF runtime onto this machine: from a file or URL the user names, the per-user cache, CEF's own
// builds site or Maven, whichever answers first in that order. Every file is compared with third_party/cef.json before it gets
// its final name, and the folder appears whole or not at all.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/oriel-go/oriel/cef/distribution"
	thirdparty "github.com/oriel-go/oriel/third_party"
)

// Names of the sources on the network, for Options.Source.
const (
	SourceBuilds = "builds" // CEF's own builds site
	SourceMaven  = "maven"  // the Maven artifact, by the mvn client
)

// Options says what to fetch and how. The zero value fetches into the per-user cache from wherever it is to be had.
type Options struct {
	// Dir is the folder to make. Empty means the per-user cache.
	Dir string
	// From is a file or an http(s) URL to take instead of everything else: jar, zip, tar.gz or tar.bz2.
	From string
	// Source, if set, is the only network source to try.
	Source string
	// Offline never opens a connection.
	Offline bool
	// Output gets progress and one line for each source that was given up. Nil means silence.
	Output io.Writer
}

// Kinds of errors, for errors.Is.
var (
	ErrPlatform = errors.New("no CEF for this platform")
	ErrChecksum = errors.New("wrong checksum")
	ErrSpace    = errors.New("not enough space")
	ErrArchive  = errors.New("unusable archive")
	// ErrNoMaven is among the reasons when Maven was the last hope and mvn is not installed.
	ErrNoMaven = errors.New("mvn is not installed")
)

// fetcher is one run. Its fields are what tests replace.
type fetcher struct {
	Options
	manifest     *thirdparty.Manifest
	goos, goarch string
	cache        string // where the per-user cache has this version; empty: no cache
	site         string
	mvn          string // the mvn client's name
	free         func(dir string) (uint64, error)
	dial         time.Duration // to connect
	answer       time.Duration // to the first byte of an answer
	stall        time.Duration // between bytes
	out          *console
}

// CEF makes sure that the pinned runtime is in place and returns its folder.
func CEF(ctx context.Context, o Options) (string, error) {
	manifest := thirdparty.CEF()
	cache, err := distribution.CacheDir()
	if err != nil && o.Dir == "" {
		return "", err
	}
	f := &fetcher{
		Options: o, manifest: manifest, goos: runtime.GOOS, goarch: runtime.GOARCH, cache: cache, site: manifest.Builds.Site,
		mvn: "mvn", free: freeSpace, dial: 3 * time.Second, answer: 10 * time.Second, stall: 20 * time.Second,
	}
	return f.run(ctx)
}

func (f *fetcher) run(ctx context.Context) (string, error) {
	f.out = newConsole(f.Output)
	m := f.manifest
	if f.goos != m.GOOS || f.goarch != m.GOARCH {
		return "", fmt.Errorf("%w: CEF %s is pinned for %s/%s, and this is %s/%s", ErrPlatform, m.Version, m.GOOS, m.GOARCH, f.goos, f.goarch)
	}
	if f.Dir == "" {
		f.Dir = f.cache
	}
	dir, err := filepath.Abs(f.Dir)
	if err != nil {
		return "", err
	}
	f.Dir = dir
	if err := f.mayReplace(); err != nil {
		return "", err
	}
	if f.From == "" && f.whole(dir) {
		f.out.line("CEF %s is in %s", m.Version, dir)
		return dir, nil
	}
	unlock, waited, err := lock(ctx, filepath.Dir(dir), func() {
		f.out.line("Another process is fetching CEF: waiting for it")
	})
	if err != nil {
		return "", err
	}
	defer unlock()
	if (waited || f.From == "") && f.whole(dir) {
		f.out.line("CEF %s is in %s", m.Version, dir)
		return dir, nil
	}
	return dir, f.locked(ctx)
}

// mayReplace refuses to put CEF over a folder that holds something else.
func (f *fetcher) mayReplace() error {
	entries, err := os.ReadDir(f.Dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 || f.Dir == f.cache {
		return nil
	}
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == distribution.Library }) {
		return fmt.Errorf("%s holds something that is not CEF: name a new or an empty folder", f.Dir)
	}
	return nil
}

// scratchPrefix marks folders that belong to the holder of the lock: whoever holds it may remove all others.
const scratchPrefix = ".fetch-"

// locked does the work while no other process does.
func (f *fetcher) locked(ctx context.Context) error {
	parent := filepath.Dir(f.Dir)
	stale, _ := filepath.Glob(filepath.Join(escapeGlob(parent), scratchPrefix+"*"))
	for _, dir := range stale {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	scratch, err := os.MkdirTemp(parent, scratchPrefix)
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	made := filepath.Join(scratch, "cef")
	if err := f.fill(ctx, scratch, made); err != nil {
		return err
	}
	if err := os.Rename(f.Dir, filepath.Join(scratch, "old")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(made, f.Dir); err != nil {
		return err
	}
	f.out.line("CEF %s is in %s", f.manifest.Version, f.Dir)
	return nil
}

// escapeGlob makes a path literal for filepath.Glob.
func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// fill makes the folder made from the first source that has it.
func (f *fetcher) fill(ctx context.Context, scratch, made string) error {
	if f.From != "" {
		return f.from(ctx, scratch, made)
	}
	if f.cache != "" && f.cache != f.Dir && f.whole(f.cache) {
		return f.fromCache(made)
	}
	if f.Offline {
		return fmt.Errorf("CEF %s is not in the per-user cache, and --offline forbids fetching it: name an archive with --from", f.manifest.Version)
	}
	type source struct {
		name, title string
		get         func(ctx context.Context, scratch, made string) error
	}
	var failed []error
	for _, s := range []source{
		{SourceBuilds, "CEF's builds site", f.fromBuilds},
		{SourceMaven, "Maven", f.fromMaven},
	} {
		if f.Source != "" && f.Source != s.name {
			continue
		}
		err := f.attempt(ctx, s.get, scratch, made)
		if err == nil || final(ctx, err) {
			return err
		}
		f.out.line("%s: %v", s.title, err)
		failed = append(failed, fmt.Errorf("%s: %w", s.title, err))
	}
	if len(failed) == 0 {
		return fmt.Errorf("unknown source %q: it is %s or %s", f.Source, SourceBuilds, SourceMaven)
	}
	return &noSource{f.manifest.Version, failed}
}

// attempt gives a source a scratch folder of its own and leaves nothing of it for the next one.
func (f *fetcher) attempt(ctx context.Context, get func(context.Context, string, string) error, scratch, made string) error {
	own, err := os.MkdirTemp(scratch, "source-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(own)
	err = get(ctx, own, made)
	if err != nil {
		os.RemoveAll(made)
	}
	return err
}

// final tells the errors that another source cannot mend.
func final(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, ErrSpace) || errors.Is(err, fs.ErrPermission)
}

// noSource is the error when all sources failed.
type noSource struct {
	version string
	reasons []error
}

func (e *noSource) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "CEF %s could not be fetched:", e.version)
	for _, r := range e.reasons {
		fmt.Fprintf(&text, "\n  %v", r)
	}
	text.WriteString("\nWith an archive of it at hand: --from FILE or URL")
	return text.String()
}

func (e *noSource) Unwrap() []error { return e.reasons }

// from takes what the user named; its failure is final, for another source would not be what was asked for.
func (f *fetcher) from(ctx context.Context, scratch, made string) error {
	file := f.From
	if strings.Contains(file, "://") {
		if f.Offline {
			return fmt.Errorf("%s is on the network, and --offline forbids it", file)
		}
		file = filepath.Join(scratch, "archive")
		if err := f.download(ctx, f.From, file, f.manifest.Size()); err != nil {
			return fmt.Errorf("%s: %w", f.From, err)
		}
	}
	if err := f.space(f.manifest.Size()); err != nil {
		return err
	}
	if err := f.unpack(ctx, file, made, ""); err != nil {
		if file != f.From {
			return fmt.Errorf("%s: %w", f.From, err)
		}
		return err
	}
	return nil
}

// fromBuilds takes the archive that CEF publishes.
func (f *fetcher) fromBuilds(ctx context.Context, scratch, made string) error {
	url := strings.TrimSuffix(f.site, "/") + "/" + strings.ReplaceAll(f.manifest.Builds.Archive, "+", "%2B")
	file := filepath.Join(scratch, "cef.tar.bz2")
	if err := f.download(ctx, url, file, f.manifest.Size()); err != nil {
		return err
	}
	if err := f.checkSHA1(ctx, url, file); err != nil {
		return err
	}
	return f.unpack(ctx, file, made, "")
}
