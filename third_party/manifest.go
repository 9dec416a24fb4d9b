// Package thirdparty says which Chromium Embedded Framework (CEF) this Oriel is built for, where it comes from and what each of
// its files must be. It holds facts only; package fetch in scripts/ acts on them.
package thirdparty

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"
)

//go:embed cef.json
var cefJSON []byte

// Manifest is the content of cef.json.
type Manifest struct {
	Version    string `json:"version"`     // CEF's own full version
	APIVersion int    `json:"api_version"` // what cef_api_hash is asked for
	APIHash    string `json:"api_hash"`    // what it must answer on Platform
	Platform   string `json:"platform"`    // CEF's name of the platform
	GOOS       string `json:"goos"`
	GOARCH     string `json:"goarch"`
	Builds     Builds `json:"builds"`
	Maven      Maven  `json:"maven"`
	Files      []File `json:"files"`
}

// Builds is the archive on CEF's own builds site. A file <archive>.sha1 lies beside it.
type Builds struct {
	Site    string `json:"site"`
	Archive string `json:"archive"`
}

// Maven is the same build as a Maven artifact: a jar around one tar.gz.
type Maven struct {
	Coordinate  string `json:"coordinate"`
	Size        int64  `json:"size"`
	SHA256      string `json:"sha256"`
	InnerSHA256 string `json:"inner_sha256"`
}

// File is one file of the unpacked runtime, by its path below the runtime's folder.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	// Image, for ELF files, is the hash of what the loader maps. A copy that still carries its symbols has another SHA-256 and
	// another size, but the same image.
	Image string `json:"image,omitempty"`
}

// CEF returns the manifest of the CEF build that this Oriel is pinned to.
var CEF = sync.OnceValue(func() *Manifest {
	m, err := parse(cefJSON)
	if err != nil {
		panic("oriel: third_party/cef.json: " + err.Error()) // embedded at build time: a test has read it
	}
	return m
})

func parse(text []byte) (*Manifest, error) {
	m := new(Manifest)
	if err := json.Unmarshal(text, m); err != nil {
		return nil, err
	}
	if m.Version == "" || m.APIVersion == 0 || len(m.APIHash) != 40 || len(m.Files) == 0 {
		return nil, fmt.Errorf("version, API hash or files are missing")
	}
	return m, nil
}

// Size is the number of bytes that the unpacked runtime takes.
func (m *Manifest) Size() int64 {
	var n int64
	for _, f := range m.Files {
		n += f.Size
	}
	return n
}
