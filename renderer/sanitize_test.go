package renderer_test

import (
	"bytes"
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The C that a hostile process can reach, built with AddressSanitizer and UndefinedBehaviorSanitizer and given what "make fuzz" has found
// worth keeping. It talks to a fake of libcef (renderer/fuzz), since sanitizers cannot run inside libcef.
func TestSanitized(t *testing.T) {
	corpus, err := filepath.Abs("fuzz/testdata/corpus.txt")
	if err != nil {
		t.Fatal(err)
	}
	replay := filepath.Join(t.TempDir(), "replay")
	if out, err := exec.Command("fuzz/build.sh", replay, "address,undefined", "fuzz/replay.c").CombinedOutput(); err != nil {
		t.Fatalf("build by %s: %v\n%s", cmp.Or(os.Getenv("CC"), "gcc"), err, out)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(replay, corpus)
	cmd.Stderr = &stderr
	// What is left over is counted by the fake, exactly; the sanitizer's own search needs ptrace, which containers may forbid.
	cmd.Env = append(os.Environ(), "ASAN_OPTIONS=detect_leaks=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	cases, _ := os.ReadFile(corpus)
	if n := bytes.Count(cases, []byte("\n")); n < 100 || !strings.HasSuffix(strings.TrimSpace(string(out)), "cases") {
		t.Errorf("%d cases in the corpus, replayed: %s", n, out)
	}
}

// What a document keeps of lent buffers ends where the limits say, and the buffer for small packets is nobody's when it is used again, shown with the
// same fake.
func TestKeptBuffers(t *testing.T) {
	edges := filepath.Join(t.TempDir(), "edges")
	if out, err := exec.Command("fuzz/build.sh", edges, "address,undefined", "fuzz/edges.c").CombinedOutput(); err != nil {
		t.Fatalf("build by %s: %v\n%s", cmp.Or(os.Getenv("CC"), "gcc"), err, out)
	}
	cmd := exec.Command(edges)
	cmd.Env = append(os.Environ(), "ASAN_OPTIONS=detect_leaks=0")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "edges hold") {
		t.Errorf("%v\n%s", err, out)
	}
}
