package socket

import (
	"bytes"
	"encoding/hex"
	"os"
	"regexp"
	"strings"
	"testing"
)

// The datagrams in the page for authors of other programs are what a connection says of a region.
func TestGoldenDatagrams(t *testing.T) {
	page, err := os.ReadFile("../../../docs/utility.md")
	if err != nil {
		t.Fatal(err)
	}
	want := [][]byte{
		words(nil, regionMark, RegionSize),
		words(nil, beginMark, 1<<20, regionLine, regionStep),
		words(nil, moreMark, 1<<20),
		words(nil, takenMark, 1),
	}
	rows := regexp.MustCompile("(?m)^\\| `(0[3-6](?: [0-9a-f]{2})+)` \\|").FindAllStringSubmatch(string(page), -1)
	if len(rows) != len(want) {
		t.Fatalf("the page has %d datagrams, want %d", len(rows), len(want))
	}
	for i, row := range rows {
		if got, err := hex.DecodeString(strings.ReplaceAll(row[1], " ", "")); err != nil || !bytes.Equal(got, want[i]) {
			t.Errorf("the page says\n%s, want\n% x", row[1], want[i])
		}
	}
}
