package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../.."

func TestGeneratedFilesAreUpToDate(t *testing.T) {
	dir := t.TempDir()
	if err := generate(filepath.Join(root, "api"), dir); err != nil {
		t.Fatal(err)
	}
	written := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		written++
		name, _ := filepath.Rel(dir, path)
		want, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			t.Errorf("cef/%s is not what the generator writes: go generate in cef", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(root, "*_gen.*")); written < len(left) {
		t.Errorf("%d files written, but %d lie there: one is generated no more", written, len(left))
	}
}

// Every run gives the same text: no map's order shows.
func TestGenerationIsDeterministic(t *testing.T) {
	first, err := generated(filepath.Join(root, "api"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := generated(filepath.Join(root, "api"))
	if err != nil {
		t.Fatal(err)
	}
	for name := range first {
		if !bytes.Equal(first[name], second[name]) {
			t.Errorf("%s differs between two runs", name)
		}
	}
}

// What no rule covers would leak or crash: the generator refuses it.
func TestRefusals(t *testing.T) {
	const callback = "cef_task_t\t48\t%d\tmethod\t%s\t%s\tstruct _cef_task_t *self%s\n"
	many := ""
	for i := range 65 {
		many += fmt.Sprintf(callback, i, fmt.Sprint("m", i), "void", "")
	}
	for name, c := range map[string]struct{ file, rows, want string }{
		"short row":                {"structs.tsv", "cef_new_t\t8\n", "2 columns, want 7"},
		"no number":                {"structs.tsv", "cef_new_t\t8\tx\tfield\tn\tint\t\n", `parsing "x"`},
		"unlisted struct":          {"structs.tsv", "cef_new_t\t8\t0\tfield\tbase\tcef_base_ref_counted_t\t\n", "cef_new_t is in no list"},
		"too many callbacks":       {"structs.tsv", many, "the set of those wanted has 64 bits"},
		"callback makes a string":  {"structs.tsv", fmt.Sprintf(callback, 48, "name", "cef_string_userfree_t", ""), "nobody makes the strings"},
		"callback fills an array":  {"structs.tsv", fmt.Sprintf(callback, 48, "fill", "void", ", size_t *idsCount, int64_t *ids"), "filled in by no rule"},
		"scoped object handed in":  {"functions.tsv", "cef_new\tvoid\tstruct _cef_scheme_registrar_t *registrar\n", "has no references to hand over"},
		"result with strings":      {"functions.tsv", "cef_new\tcef_settings_t\t\n", "nobody frees the strings in its result"},
		"array with strings":       {"functions.tsv", "cef_new\tvoid\tsize_t nCount, const struct _cef_cookie_t *n\n", "nobody frees the strings in cef_cookie_t"},
		"handler by way of result": {"functions.tsv", "cef_new\tvoid\tstruct _cef_client_t **client\n", "nothing takes a handler back"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			copyTable(t, dir, c.file, c.rows)
			if _, err := generated(dir); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func TestListsMeanSomething(t *testing.T) {
	tab, err := readTable(filepath.Join(root, "api"))
	if err != nil {
		t.Fatal(err)
	}
	trueByDefault["download_handler.no_such_method"] = true
	defer delete(trueByDefault, "download_handler.no_such_method")
	if _, err := newGen(tab); err == nil || !strings.Contains(err.Error(), "no_such_method") {
		t.Errorf("got %v, want an error that names the method", err)
	}
}

// copyTable copies the table to dir, with rows added to one of its files.
func copyTable(t *testing.T, dir, file, rows string) {
	t.Helper()
	for _, name := range []string{"structs.tsv", "functions.tsv", "enums.tsv", "typedefs.tsv"} {
		text, err := os.ReadFile(filepath.Join(root, "api", name))
		if err != nil {
			t.Fatal(err)
		}
		if name == file {
			text = append(text, rows...)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
