package distribution

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// make a folder that looks like a distribution, without the files named in not.
func makeDistribution(t *testing.T, dir string, not ...string) string {
	t.Helper()
	for _, name := range Required {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range not {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAgreesWithThirdParty(t *testing.T) {
	text, err := os.ReadFile("../../third_party/cef.json")
	if err != nil {
		t.Fatal(err)
	}
	var pinned struct {
		Version    string
		APIVersion int    `json:"api_version"`
		APIHash    string `json:"api_hash"`
		Files      []struct{ Name string }
	}
	if err := json.Unmarshal(text, &pinned); err != nil {
		t.Fatal(err)
	}
	if pinned.Version != Version || pinned.APIVersion != APIVersion || pinned.APIHash != APIHash {
		t.Errorf("cef.json has %s, %d, %s", pinned.Version, pinned.APIVersion, pinned.APIHash)
	}
	names := map[string]bool{}
	for _, f := range pinned.Files {
		names[f.Name] = true
	}
	for _, name := range Required {
		if !names[name] {
			t.Errorf("%s is required but not pinned in cef.json", name)
		}
		delete(names, name)
	}
	for name := range names {
		if !strings.HasPrefix(name, "locales/") {
			t.Errorf("%s is pinned in cef.json but not required", name)
		}
	}
}

func TestCacheDir(t *testing.T) {
	t.Setenv("HOME", "/home/someone")
	for _, test := range []struct{ xdg, want string }{
		{"", "/home/someone/.cache/oriel/cef/" + Version},
		{"/var/caches", "/var/caches/oriel/cef/" + Version},
		{"relative", "/home/someone/.cache/oriel/cef/" + Version},
	} {
		t.Setenv("XDG_CACHE_HOME", test.xdg)
		if got, err := CacheDir(); err != nil || got != test.want {
			t.Errorf("XDG_CACHE_HOME=%q: %q, %v", test.xdg, got, err)
		}
	}
	t.Setenv("HOME", "")
	if dir, err := CacheDir(); err == nil {
		t.Errorf("no home: %q", dir)
	}
}

func TestVerify(t *testing.T) {
	base := t.TempDir()
	file := filepath.Join(base, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	empty := makeDistribution(t, filepath.Join(base, "empty-pak"))
	if err := os.Truncate(filepath.Join(empty, "resources.pak"), 0); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, dir, want string }{
		{"whole", makeDistribution(t, filepath.Join(base, "whole")), ""},
		{"absent", filepath.Join(base, "absent"), "no such folder"},
		{"a file", file, "not a folder"},
		{"nothing in it", t.TempDir(), "holds no libcef.so"},
		{"an empty file", empty, "resources.pak missing or empty"},
		{"two missing", makeDistribution(t, filepath.Join(base, "two"), "icudtl.dat", "locales/en-US.pak"), "icudtl.dat, locales/en-US.pak missing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := Verify(test.dir)
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
			} else if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

func TestLocateOrder(t *testing.T) {
	base := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", filepath.Join(base, "cache"))
	t.Setenv(EnvDir, "")
	cache, err := CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	expect := func(explicit, want string) {
		t.Helper()
		if got, err := Locate(explicit); err != nil || got != want {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
	expect("", makeDistribution(t, cache))
	exe, err := executable()
	if err != nil {
		t.Fatal(err)
	}
	// The test binary lies in a scratch folder of its own, so its neighbours are ours to make.
	beside := filepath.Join(filepath.Dir(exe), "cef")
	makeDistribution(t, beside)
	t.Cleanup(func() { os.RemoveAll(beside) })
	expect("", beside)
	env := makeDistribution(t, filepath.Join(base, "env"))
	t.Setenv(EnvDir, env)
	expect("", env)
	expect(makeDistribution(t, filepath.Join(base, "option")), filepath.Join(base, "option"))
}

func TestLocateError(t *testing.T) {
	base := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", base)
	t.Setenv(EnvDir, "")
	_, err := Locate("")
	if !errors.Is(err, ErrNotFound) {
		t.Fatalf("%v", err)
	}
	exe, _ := executable()
	for _, want := range []string{Version, "libcef.so", EnvDir, filepath.Dir(exe), filepath.Join(base, "oriel/cef", Version), "make setup", "go run github.com/oriel-go/oriel/scripts/fetch-cef@latest"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %q:\n%v", want, err)
		}
	}
}

func TestChosenPlaceIsFinal(t *testing.T) {
	base := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", base)
	cache, err := CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	makeDistribution(t, cache)
	broken := makeDistribution(t, filepath.Join(base, "broken"), Library)
	t.Setenv(EnvDir, broken)
	if dir, err := Locate(""); err == nil || !strings.Contains(err.Error(), broken) {
		t.Errorf("a broken %s: %q, %v", EnvDir, dir, err)
	}
	if dir, err := Locate(filepath.Join(base, "absent")); err == nil || strings.Contains(err.Error(), broken) {
		t.Errorf("an absent option: %q, %v", dir, err)
	}
}
