package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const root = "../.."

// A file is one that git keeps, by its path from the root with slashes.
type file struct{ name, text string }

func (f file) is(suffixes ...string) bool {
	for _, s := range suffixes {
		if strings.HasSuffix(f.name, s) {
			return true
		}
	}
	return false
}

func (f file) test() bool { return f.is("_test.go") }

// folder is the file's, "." at the root.
func (f file) folder() string { return filepath.ToSlash(filepath.Dir(f.name)) }

// parse reads a Go file; one that is no Go is reported by the compiler, not here.
func (f file) parse() (*token.FileSet, *ast.File) {
	set := token.NewFileSet()
	tree, _ := parser.ParseFile(set, f.name, f.text, parser.ParseComments)
	return set, tree
}

// names lists what git keeps, or in a copy without git what lies there.
var names = sync.OnceValues(func() ([]string, error) {
	// The checkout may belong to somebody else, as when root runs the tests in a user's folder.
	out, err := exec.Command("git", "-c", "safe.directory=*", "-C", root, "ls-files", "-z").Output()
	if err == nil {
		return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"), nil
	}
	var all []string
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		if d.IsDir() && (name == "build" || name == ".git") {
			return filepath.SkipDir
		}
		if d.Type().IsRegular() {
			all = append(all, filepath.ToSlash(name))
		}
		return nil
	})
	return all, err
})

// repository reads every file that git keeps and that is there.
func repository(t *testing.T) []file {
	t.Helper()
	all, err := names()
	if err != nil {
		t.Fatal(err)
	}
	var files []file
	for _, name := range all {
		text, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // deleted, but not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file{name, string(text)})
	}
	if len(files) < 100 {
		t.Fatalf("only %d files found: these rules look at nothing", len(files))
	}
	return files
}

// A rule names what is wrong with files.
type rule func(files []file) []string

// holds fails for everything that is wrong with the repository.
func holds(t *testing.T, r rule) {
	t.Helper()
	for _, fault := range r(repository(t)) {
		t.Error(fault)
	}
}

// finds fails unless the rule finds exactly one fault, with the words given, in the files.
func finds(t *testing.T, r rule, words string, files ...file) {
	t.Helper()
	faults := r(files)
	if len(faults) != 1 || !strings.Contains(faults[0], words) {
		t.Errorf("found %q in the bad example %s, want one fault with %q", faults, files[0].name, words)
	}
}

// passes fails if the rule finds anything wrong with the files.
func passes(t *testing.T, r rule, files ...file) {
	t.Helper()
	if faults := r(files); len(faults) > 0 {
		t.Errorf("found %q in the good example %s", faults, files[0].name)
	}
}
