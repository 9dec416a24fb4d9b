package distribution

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// place is one folder that Locate looks at.
type place struct {
	what string // how the reader of an error calls it
	dir  string // empty: not given
	why  string // why there is no dir
	// chosen by someone: if it is no distribution, that is the error, and no other place is tried silently.
	chosen bool
}

// Locate returns the absolute path of the distribution to load. It looks, in this order, at explicit (an app's option), at
// ORIEL_CEF_DIR, beside the executable, in a folder "cef" beside the executable, and in the per-user cache. A place that someone
// chose, by option or variable, is final: the app must not run another Chromium than the one asked for.
func Locate(explicit string) (dir string, err error) {
	return locate(places(explicit))
}

func places(explicit string) []place {
	all := []place{
		{what: "the option", dir: explicit, why: "not set", chosen: true},
		{what: EnvDir, dir: os.Getenv(EnvDir), why: "not set", chosen: true},
	}
	if exe, err := executable(); err == nil {
		beside := filepath.Dir(exe)
		all = append(all,
			place{what: "beside the executable", dir: beside},
			place{what: "beside the executable", dir: filepath.Join(beside, "cef")})
	} else {
		all = append(all, place{what: "beside the executable", why: err.Error()})
	}
	cache := place{what: "the per-user cache"}
	if dir, err := CacheDir(); err == nil {
		cache.dir = dir
	} else {
		cache.why = err.Error()
	}
	return append(all, cache)
}

// executable follows links, so that an app started by a link in a bin folder finds what lies beside the app itself.
func executable() (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(exe)
}

func locate(all []place) (string, error) {
	var tried strings.Builder
	for _, p := range all {
		if p.dir == "" {
			fmt.Fprintf(&tried, "  %-22s %s\n", p.what+":", p.why)
			continue
		}
		dir, err := filepath.Abs(p.dir)
		if err == nil {
			err = Verify(dir)
		}
		if err == nil {
			return dir, nil
		}
		fmt.Fprintf(&tried, "  %-22s %s: %v\n", p.what+":", p.dir, err)
		if p.chosen {
			break
		}
	}
	return "", &notFound{tried.String()}
}

type notFound struct{ tried string }

func (e *notFound) Error() string {
	return fmt.Sprintf(`%v: Oriel needs CEF %s, a folder with %s and its resources.
Looked at:
%sTo fetch it: in Oriel's checkout, make setup; anywhere else,
  go run github.com/oriel-go/oriel/scripts/fetch-cef@latest`, ErrNotFound, Version, Library, e.tried)
}

func (e *notFound) Is(target error) bool { return target == ErrNotFound }
