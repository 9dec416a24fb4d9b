package main

import (
	"os"
	"path/filepath"
	"testing"

	thirdparty "github.com/oriel-go/oriel/third_party"
)

// Pinning what is pinned already must not change a byte of the file, or a new CEF's diff would hide in a new layout.
func TestFormatIsTheCommittedOne(t *testing.T) {
	want, err := os.ReadFile("../../third_party/cef.json")
	if err != nil {
		t.Fatal(err)
	}
	if got := format(thirdparty.CEF()); string(got) != string(want) {
		t.Errorf("third_party/cef.json is laid out differently")
	}
}

func TestPinNeedsEverything(t *testing.T) {
	dir := t.TempDir()
	manifest := filepath.Join(dir, "cef.json")
	if err := os.WriteFile(manifest, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := pin(manifest, dir); err == nil {
		t.Error("an empty folder was pinned")
	}
	if text, err := os.ReadFile(manifest); err != nil || string(text) != "{}" {
		t.Errorf("%q, %v", text, err)
	}
}
