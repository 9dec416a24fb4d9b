package thirdparty

import (
	"bytes"
	"encoding/hex"
	"io/fs"
	"strings"
	"testing"
)

func TestManifest(t *testing.T) {
	m := CEF()
	isHash := func(s string) bool {
		b, err := hex.DecodeString(s)
		return err == nil && len(b) == 32
	}
	names := map[string]bool{}
	for _, f := range m.Files {
		if names[f.Name] || !fs.ValidPath(f.Name) || f.Size <= 0 || !isHash(f.SHA256) {
			t.Errorf("%+v", f)
		}
		names[f.Name] = true
		elf := strings.Contains(f.Name, ".so") || f.Name == "chrome-sandbox"
		if elf != (f.Image != "") || elf && !isHash(f.Image) {
			t.Errorf("%s: image %q", f.Name, f.Image)
		}
	}
	if !isHash(m.Maven.SHA256) || !isHash(m.Maven.InnerSHA256) || m.Maven.Size <= 0 || len(strings.Split(m.Maven.Coordinate, ":")) != 3 {
		t.Errorf("%+v", m.Maven)
	}
	if !strings.HasPrefix(m.Builds.Site, "https://") || !strings.Contains(m.Builds.Archive, "_"+m.Version+"_"+m.Platform+"_") {
		t.Errorf("%+v", m.Builds)
	}
	if m.Size() < 100<<20 {
		t.Errorf("%d bytes in all", m.Size())
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"", "[]", "{}", `{"version":"1","api_version":1,"api_hash":"0123456789012345678901234567890123456789"}`} {
		if m, err := parse([]byte(text)); err == nil {
			t.Errorf("%q: %+v", text, m)
		}
	}
}

func TestImageHashRefuses(t *testing.T) {
	for _, text := range []string{"", "\x7fELF", "text that is long enough to hold an ELF header, but is none of it at all"} {
		if h, err := ImageHash(bytes.NewReader([]byte(text))); err == nil {
			t.Errorf("%q: %s", text, h)
		}
	}
}
