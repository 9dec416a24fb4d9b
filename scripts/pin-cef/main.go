// Command pin-cef writes the list of files in third_party/cef.json anew from an unpacked CEF runtime: what is there must be known
// to be right, for everything fetched from then on is compared with it. Used when Oriel moves to another CEF.
//
//	go run ./scripts/pin-cef third_party/cef.json DIR
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"

	thirdparty "github.com/oriel-go/oriel/third_party"
)

// patterns are the files that an app needs at run time.
var patterns = []string{
	"libcef.so", "icudtl.dat", "v8_context_snapshot.bin", "*.pak", "locales/*.pak", "libEGL.so", "libGLESv2.so",
	"libvk_swiftshader.so", "libvulkan.so.1", "vk_swiftshader_icd.json", "chrome-sandbox",
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: pin-cef CEF.JSON DIR")
		os.Exit(2)
	}
	if err := pin(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "pin-cef:", err)
		os.Exit(1)
	}
}

func pin(manifest, dir string) error {
	text, err := os.ReadFile(manifest)
	if err != nil {
		return err
	}
	var m thirdparty.Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return err
	}
	m.Files = nil
	for _, pattern := range patterns {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return err
		}
		if len(names) == 0 {
			return fmt.Errorf("%s: no %s", dir, pattern)
		}
		sort.Strings(names)
		for _, name := range names {
			f, err := describe(dir, name)
			if err != nil {
				return err
			}
			m.Files = append(m.Files, f)
		}
	}
	return os.WriteFile(manifest, format(&m), 0o644)
}

func describe(dir, name string) (thirdparty.File, error) {
	var entry thirdparty.File
	f, err := os.Open(name)
	if err != nil {
		return entry, err
	}
	defer f.Close()
	rel, err := filepath.Rel(dir, name)
	if err != nil {
		return entry, err
	}
	h := sha256.New()
	if entry.Size, err = io.Copy(h, f); err != nil {
		return entry, err
	}
	entry.Name, entry.SHA256 = filepath.ToSlash(rel), hex.EncodeToString(h.Sum(nil))
	magic := make([]byte, 4)
	if n, _ := f.ReadAt(magic, 0); n == 4 && string(magic) == "\x7fELF" {
		entry.Image, err = thirdparty.ImageHash(f)
	}
	return entry, err
}

// format writes one line per file: a list of 240 is read by looking at one line of it.
func format(m *thirdparty.Manifest) []byte {
	head := *m
	head.Files = []thirdparty.File{}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(head) // strings and numbers only
	text := bytes.TrimSuffix(out.Bytes(), []byte("]\n}\n"))
	for i, f := range m.Files {
		line, _ := json.Marshal(f)
		text = append(append(text, "\n    "...), line...)
		if i < len(m.Files)-1 {
			text = append(text, ',')
		}
	}
	return append(text, "\n  ]\n}\n"...)
}
