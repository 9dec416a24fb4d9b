package pages

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"sync"
)

// tags makes ETags. Files with a time of change are told apart by it and by their size; files of an embed.FS, which have none and never
// change, by their content, read once. Other files without a time get no tag.
type tags struct {
	mu    sync.Mutex
	known map[string]string
}

// embeddedFile is the type of an embed.FS's files, which fs.Sub passes through though it hides the embed.FS.
const embeddedFile = "*embed.openFile"

func (t *tags) of(name string, info fs.FileInfo, content io.ReadSeeker) (string, error) {
	if m := info.ModTime(); !m.IsZero() {
		return `"` + strconv.FormatInt(m.UnixNano(), 36) + "-" + strconv.FormatInt(info.Size(), 36) + `"`, nil
	}
	if fmt.Sprintf("%T", content) != embeddedFile {
		return "", nil
	}
	t.mu.Lock()
	tag := t.known[name]
	t.mu.Unlock()
	if tag != "" {
		return tag, nil
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, content); err != nil {
		return "", err
	}
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	tag = `"` + base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:15]) + `"`
	t.mu.Lock()
	t.known[name] = tag
	t.mu.Unlock()
	return tag, nil
}
