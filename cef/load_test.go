package cef_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/cef"
	"github.com/oriel-go/oriel/cef/distribution"
	"github.com/oriel-go/oriel/internal/apptest"
)

// loadEnv makes the test binary load libcef from the folders it lists, one after the other, and print what came of each. Loading is for
// the life of a process, so every case gets one of its own.
const loadEnv = "ORIEL_TEST_LOAD"

func TestMain(m *testing.M) {
	dirs := os.Getenv(loadEnv)
	if dirs == "" {
		apptest.Main(m)
		return
	}
	for dir := range strings.SplitSeq(dirs, ":") {
		fmt.Println(cef.Load(dir))
	}
	os.Exit(0)
}

// load loads from dirs in a fresh process and returns the error of each, "<nil>" for none.
func load(t *testing.T, dirs ...string) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), loadEnv+"="+strings.Join(dirs, ":"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(dirs) {
		t.Fatalf("%d folders, %d answers:\n%s", len(dirs), len(lines), out)
	}
	return lines
}

// stub builds a libcef.so that exports every function but the one named, and answers with the hash given, as C. It returns its folder.
func stub(t *testing.T, hash, without string) string {
	t.Helper()
	table, err := os.Open("api/functions.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	var source strings.Builder
	sc := bufio.NewScanner(table)
	for sc.Scan() {
		name, _, _ := strings.Cut(sc.Text(), "\t")
		switch name {
		case "function", without:
		case "cef_api_hash":
			fmt.Fprintf(&source, "const char *cef_api_hash(int version, int entry) { return entry == 0 && version == %d ? %s : \"\"; }\n", cef.APIVersion, hash)
		default:
			fmt.Fprintf(&source, "void %s(void) { __builtin_trap(); }\n", name) // nothing else may be called
		}
	}
	dir := t.TempDir()
	cmd := exec.Command("gcc", "-shared", "-fPIC", "-x", "c", "-", "-o", filepath.Join(dir, "libcef.so"))
	cmd.Stdin = strings.NewReader(source.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

func runtimeDir(t testing.TB) string {
	t.Helper()
	dir, err := distribution.Locate("")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestLoadRefuses(t *testing.T) {
	noLibrary := t.TempDir()
	if err := os.WriteFile(filepath.Join(noLibrary, "libcef.so"), []byte("not a library\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	const other = "0123456789abcdef0123456789abcdef01234567"
	for name, c := range map[string]struct {
		dir  string
		want []string
	}{
		"another hash":     {stub(t, `"`+other+`"`, ""), []string{other, cef.APIHash}},
		"a long hash":      {stub(t, `"`+strings.Repeat("f", 4000)+`"`, ""), []string{"ffff", cef.APIHash}},
		"no such version":  {stub(t, "0", ""), []string{"no such version", cef.APIHash}},
		"a missing symbol": {stub(t, `"`+cef.APIHash+`"`, "cef_zip_reader_create"), []string{"cef_zip_reader_create"}},
		"not a library":    {noLibrary, []string{"cannot open", "libcef.so"}},
		"no file":          {filepath.Join(noLibrary, "nowhere"), []string{"cannot open", "nowhere"}},
		"a relative path":  {"nowhere", []string{"must be absolute"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := load(t, c.dir)[0]
			for _, want := range append(c.want, filepath.Join(c.dir, "libcef.so")) {
				if !strings.Contains(got, want) {
					t.Errorf("the error %q does not name %q", got, want)
				}
			}
		})
	}
}

// A stub with the right hash is let in, so the refusals above are about what they say.
func TestLoadTakesTheRightHash(t *testing.T) {
	if got := load(t, stub(t, `"`+cef.APIHash+`"`, ""))[0]; got != "<nil>" {
		t.Error(got)
	}
}

func TestLoadTwice(t *testing.T) {
	dir := runtimeDir(t)
	got := load(t, dir, dir, dir+"/", t.TempDir())
	for i, g := range got[:3] {
		if g != "<nil>" {
			t.Errorf("load %d of the same libcef: %s", i+1, g)
		}
	}
	if want := "has already loaded " + filepath.Join(dir, "libcef.so"); !strings.Contains(got[3], want) {
		t.Errorf("another libcef: got %q, want it to say %q", got[3], want)
	}
}

func TestLoadAfterRefusal(t *testing.T) {
	got := load(t, stub(t, `"wrong"`, ""), runtimeDir(t))
	if !strings.Contains(got[0], "wrong") || got[1] != "<nil>" {
		t.Errorf("got %q", got)
	}
}
