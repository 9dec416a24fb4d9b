package main

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oriel-go/oriel/cmd/oriel/internal/typescript"
	"github.com/oriel-go/oriel/cmd/oriel/testdata/shop"
	"github.com/oriel-go/oriel/protocol"
)

var update = flag.Bool("update", false, "write the golden files anew")

// oriel runs the command in this process.
func oriel(args ...string) (status int, stderr string) {
	var out, said strings.Builder
	if len(args) > 0 && tags != "" {
		args = slices.Insert(args, 1, "-tags="+tags) // so that what the tests are made of is not compiled a second time
	}
	status = run(args, &out, &said)
	return status, said.String()
}

func TestGolden(t *testing.T) {
	dir := t.TempDir()
	if *update {
		dir = "testdata/shop"
	}
	if status, text := oriel("generate", "-o", dir, "./testdata/shop"); status != ok {
		t.Fatal(text)
	}
	for _, name := range []string{"preload.js", "preload.d.ts"} {
		got, want := read(t, filepath.Join(dir, name)), read(t, filepath.Join("testdata/shop", name))
		if got != want {
			t.Errorf("%s is another one (go test -update writes it):\n%s", name, firstDifference(got, want))
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d: %s\nwant:   %s", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

// tsc runs the TypeScript compiler and returns what it complains of.
func tsc(t *testing.T, args ...string) string {
	t.Helper()
	found, _ := filepath.Glob("../../build/typescript/node_modules/@typescript/*/lib/tsc")
	if len(found) != 1 {
		t.Fatal("no TypeScript compiler in build/typescript: scripts/setup.sh test fetches it")
	}
	args = append([]string{"--strict", "--noEmit", "--target", "esnext", "--module", "esnext", "--moduleResolution", "bundler", "--types", "",
		"--exactOptionalPropertyTypes", "--pretty", "false"}, args...)
	out, err := exec.CommandContext(t.Context(), found[0], args...).CombinedOutput()
	if err != nil && len(out) == 0 {
		t.Fatal(err)
	}
	return string(out)
}

// TestLibraryNames compares the list of names that no object may have with those that TypeScript's library declares.
func TestLibraryNames(t *testing.T) {
	libraries, _ := filepath.Glob("../../build/typescript/node_modules/@typescript/*/lib/lib.*.d.ts")
	declared := regexp.MustCompile(`(?m)^declare (?:var|let|const|function|class) ([\w$]+)`)
	names := map[string]bool{}
	for _, file := range libraries {
		if !strings.Contains(file, "webworker") && !strings.Contains(file, "scripthost") {
			for _, m := range declared.FindAllStringSubmatch(read(t, file), -1) {
				names[m[1]] = true
			}
		}
	}
	for name := range names {
		if !slices.Contains(strings.Fields(windowText), name) {
			t.Errorf("internal/preload/window.txt lacks %s", name)
		}
	}
	if len(names) < 900 {
		t.Errorf("%d names", len(names))
	}
}

func TestPagesAgainstTypes(t *testing.T) {
	if out := tsc(t, "testdata/shop/page.ts", "testdata/shop/preload.d.ts"); out != "" {
		t.Error(out)
	}
}

// What protocol makes of a Go value has to be what the declaration of its type says: it is written as a literal of that type.
func TestValuesAgainstTypes(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "preload.d.ts"), []byte(read(t, "testdata/shop/preload.d.ts")), 0o600); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	text.WriteString("import type { Values } from './preload';\n")
	for i, v := range []shop.Values{shop.Sample(), {View: protocol.NewView([]int8{}), OmitNil: new([]string)}} {
		fmt.Fprintf(&text, "export const value%d: Values = %s;\n", i, literal(t, v))
	}
	file := filepath.Join(dir, "values.ts")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := tsc(t, file); out != "" {
		t.Errorf("%s\n%s", out, text.String())
	}
}

// literal writes a Go value as TypeScript, the way it arrives.
func literal(t *testing.T, v any) string {
	t.Helper()
	raw, err := protocol.AppendValue(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	var x any
	if err := protocol.DecodeValue(raw, &x); err != nil {
		t.Fatal(err)
	}
	return written(t, x)
}

func written(t *testing.T, x any) string {
	t.Helper()
	switch x := x.(type) {
	case nil:
		return "null"
	case bool:
		return fmt.Sprint(x)
	case int64:
		if x > 1<<53 {
			return fmt.Sprintf("%dn", x)
		}
		return fmt.Sprint(x)
	case float64:
		if math.IsNaN(x) {
			return "NaN"
		}
		return fmt.Sprint(x)
	case string:
		return typescript.Quote(x)
	case []byte:
		return fmt.Sprintf("new Uint8Array(%d)", len(x))
	case time.Time:
		return fmt.Sprintf("new Date(%d)", x.UnixMilli())
	case *big.Int:
		return x.String() + "n"
	case protocol.View:
		return "new " + x.Kind.String() + "()"
	case *protocol.Error:
		return "new Error(" + typescript.Quote(x.Message) + ")"
	case []any:
		var all []string
		for _, e := range x {
			all = append(all, written(t, e))
		}
		return "[" + strings.Join(all, ", ") + "]"
	case map[string]any:
		var all []string
		for key, e := range x {
			all = append(all, typescript.Quote(key)+": "+written(t, e))
		}
		return "{ " + strings.Join(all, ", ") + " }"
	}
	t.Fatalf("no literal for %T", x)
	return ""
}

var want = regexp.MustCompile(`// want "(.*)"$`)

func TestFaults(t *testing.T) {
	for _, name := range []string{"calls", "names", "broken", "missing"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := "testdata/faulty/" + name + "/" + name + ".go"
			status, text := oriel("generate", "-o", dir, "./testdata/faulty/"+name)
			if left, _ := os.ReadDir(dir); status != fault || len(left) > 0 {
				t.Errorf("exit status %d, %d files written", status, len(left))
			}
			said := strings.Split(strings.TrimSpace(text), "\n")
			for i, line := range strings.Split(read(t, file), "\n") {
				m := want.FindStringSubmatch(line)
				if m == nil {
					continue
				}
				at := slices.IndexFunc(said, func(s string) bool {
					return strings.HasPrefix(s, fmt.Sprintf("%s:%d:", file, i+1)) && strings.Contains(s, m[1])
				})
				if at < 0 {
					t.Errorf("line %d: not said: %s", i+1, m[1])
					continue
				}
				said = slices.Delete(said, at, at+1)
			}
			for _, s := range said {
				t.Errorf("said, but not wanted: %s", s)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	script, types := filepath.Join(dir, "preload.js"), filepath.Join(dir, "preload.d.ts")
	expect := func(what string, wantStatus int, wantText string, args ...string) {
		t.Helper()
		status, text := oriel(append([]string{"generate", "-o", dir}, args...)...)
		if status != wantStatus || !strings.Contains(text, wantText) {
			t.Errorf("%s: exit status %d, want %d: %s", what, status, wantStatus, text)
		}
	}
	expect("nothing there", fault, "not up to date: "+script+", "+types, "-check", "./testdata/shop")
	if _, err := os.Stat(dir); err == nil {
		t.Error("-check has made the folder")
	}
	expect("to be embedded, but not there yet", ok, "", "./testdata/fresh")
	if text := read(t, types); !strings.Contains(text, "greet(name: string, options?: CallOptions): Promise<string>;") {
		t.Error(text)
	}
	expect("written", ok, "", "./testdata/shop")
	expect("up to date", ok, "", "-check", "./testdata/shop")
	whole := read(t, types)
	if err := os.WriteFile(types, []byte(whole+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect("changed", fault, "not up to date: "+types, "-check", "./testdata/shop")
	expect("written again", ok, "", "./testdata/shop")
	if read(t, types) != whole {
		t.Error("the changed file stays changed")
	}
	expect("a broken package", fault, "undefined: missing", "./testdata/faulty/broken")
	expect("a package without channels", fault, "the packages have no channel", "./testdata/shop/catalog")
	expect("still up to date", ok, "", "-check", "./testdata/shop")

	elsewhere := filepath.Join(t.TempDir(), "elsewhere.d.ts")
	if err := errors.Join(os.Remove(types), os.WriteFile(elsewhere, nil, 0o600), os.Symlink(elsewhere, types)); err != nil {
		t.Fatal(err)
	}
	expect("an empty file that a link leads to", ok, "", "./testdata/shop")
	if to, err := os.Readlink(types); err != nil || to != elsewhere || read(t, elsewhere) != whole {
		t.Errorf("the link leads to %q, %v", to, err)
	}
	if err := os.Remove(types); err != nil {
		t.Fatal(err)
	}

	if err := os.WriteFile(types, []byte("// mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(script); err != nil {
		t.Fatal(err)
	}
	expect("a file of one's own", fault, types+" was not written by this command", "./testdata/shop")
	if left, _ := os.ReadDir(dir); len(left) != 1 || read(t, types) != "// mine\n" {
		t.Errorf("%v is left, with %q", left, read(t, types))
	}
}

// TestWorkspace has an app whose handlers are in another module of its workspace.
func TestWorkspace(t *testing.T) {
	module, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir, goLine := t.TempDir(), regexp.MustCompile(`(?m)^go .*\n`).FindString(read(t, "../../go.mod"))
	for name, text := range map[string]string{
		"go.work":         goLine + "use (\n\t./app\n\t./handlers\n\t" + module + "\n)\n",
		"app/go.mod":      "module example.com/app\n" + goLine,
		"app/main.go":     "package main\nimport \"example.com/handlers\"\nfunc main() { handlers.Serve(nil) }\n",
		"handlers/go.mod": "module example.com/handlers\n" + goLine,
		"handlers/handlers.go": "package handlers\nimport \"github.com/oriel-go/oriel/main/ipc\"\n" +
			"// Serve registers.\nfunc Serve(r *ipc.Router) { ipc.HandleFunc(r, \"far:away\", func() {}) }\n",
	} {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(filepath.Join(dir, "app"))
	if status, text := oriel("generate"); status != ok {
		t.Fatal(text)
	}
	if script := read(t, "preload.js"); !strings.Contains(script, "ipcRenderer.invoker('far:away', 0)") || strings.Count(script, "ipcRenderer.invoker") > 1 {
		t.Error(script)
	}
}

// TestExamples keeps the examples up to date, and their pages to the types.
func TestExamples(t *testing.T) {
	for _, example := range []string{"notes", "photos"} {
		folder := "../../examples/" + example
		if status, text := oriel("generate", "-check", "-o", folder, folder); status != ok {
			t.Errorf("%s: go generate ./examples/%s", text, example)
		}
		if out := tsc(t, "--checkJs", "--moduleDetection", "force", folder+"/ui/app.js"); out != "" {
			t.Error(out)
		}
	}
}

func TestCommandLine(t *testing.T) {
	for _, c := range []struct {
		args   []string
		status int
		text   string
	}{
		{nil, usage, "usage: oriel COMMAND"},
		{[]string{"genrate"}, usage, `there is no command "genrate"`},
		{[]string{"generate", "-x"}, usage, "flag provided but not defined"},
		{[]string{"generate", "-h"}, ok, "usage: oriel generate"},
		{[]string{"generate", "./nowhere"}, fault, "oriel generate: stat "},
		{[]string{"generate", "."}, fault, "oriel generate: the packages have no channel"},
	} {
		if status, text := oriel(c.args...); status != c.status || !strings.Contains(text, c.text) {
			t.Errorf("oriel %q: exit status %d, want %d: %s", c.args, status, c.status, text)
		}
	}
}
