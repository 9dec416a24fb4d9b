// Package distribution knows where a CEF distribution lies on this machine and whether it is whole. It never loads libcef and
// never goes to the network: fetching is the work of package fetch in scripts/.
package distribution

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The CEF build that Oriel is made for. third_party/cef.json says the same; a test compares the two.
const (
	Version    = "146.0.10+g8219561+chromium-146.0.7680.179"
	APIVersion = 14600
	// APIHash is what cef_api_hash(APIVersion, 0) answers on Linux.
	APIHash = "7cec742972d6735aa8a955fc2e098a1f6669c3d5"
)

// EnvDir is the environment variable that names a distribution's folder.
const EnvDir = "ORIEL_CEF_DIR"

// Library is the file that a distribution is recognised by.
const Library = "libcef.so"

// Required lists the files without which an app does not start or pages break silently. A whole distribution has more locales.
var Required = []string{
	Library,
	"icudtl.dat",
	"v8_context_snapshot.bin",
	"resources.pak",
	"chrome_100_percent.pak",
	"chrome_200_percent.pak",
	"locales/en-US.pak",
	"libEGL.so",
	"libGLESv2.so",
	"libvk_swiftshader.so",
	"libvulkan.so.1",
	"vk_swiftshader_icd.json",
	"chrome-sandbox",
}

// ErrNotFound is the kind of Locate's error when no place holds a distribution.
var ErrNotFound = errors.New("no CEF distribution found")

// CacheRoot returns the per-user folder that holds one folder for each fetched version.
func CacheRoot() (string, error) {
	cache := os.Getenv("XDG_CACHE_HOME")
	if !filepath.IsAbs(cache) { // the XDG specification says to ignore a relative one
		home, err := os.UserHomeDir()
		if err != nil || !filepath.IsAbs(home) {
			return "", errors.New("no per-user cache: neither XDG_CACHE_HOME nor HOME is an absolute path")
		}
		cache = filepath.Join(home, ".cache")
	}
	return filepath.Join(cache, "oriel", "cef"), nil
}

// CacheDir returns where the pinned version lies in the per-user cache, whether or not it is there.
func CacheDir() (string, error) {
	root, err := CacheRoot()
	if err != nil {
		return "", err
	}
	return filepath.Join(root, Version), nil
}

// Verify tells whether dir holds a whole distribution; the error names what is missing. It looks at names and sizes only: what
// the files must be was checked when they were fetched, and the library's API hash is checked when it is loaded.
func Verify(dir string) error {
	switch info, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("no such folder")
	case errors.Is(err, fs.ErrPermission):
		return errors.New("not readable for this user")
	case err != nil:
		return err
	case !info.IsDir():
		return errors.New("not a folder")
	}
	var missing, unreadable []string
	for _, name := range Required {
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name)))
		switch {
		case errors.Is(err, fs.ErrPermission):
			unreadable = append(unreadable, name)
		case err != nil || !info.Mode().IsRegular() || info.Size() == 0:
			missing = append(missing, name)
		}
	}
	switch {
	case len(unreadable) > 0:
		return fmt.Errorf("not readable for this user: %s", strings.Join(unreadable, ", "))
	case len(missing) == len(Required):
		return fmt.Errorf("holds no %s", Library)
	case len(missing) > 0:
		return fmt.Errorf("not whole: %s missing or empty", strings.Join(missing, ", "))
	}
	return nil
}
