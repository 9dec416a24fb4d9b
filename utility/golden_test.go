package utility_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/utility/port"
)

// The bytes in the page for authors of other programs are what a port says.
func TestGoldenFrames(t *testing.T) {
	page, err := os.ReadFile("../docs/utility.md")
	if err != nil {
		t.Fatal(err)
	}
	head := protocol.AppendHeader(nil, 1)
	must := func(b []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	want := [][]byte{
		protocol.AppendHello(head),
		must(protocol.AppendSend(head, port.MessageChannel, "hi")),
		must(protocol.AppendInvoke(head, 1, "upper", "hi")),
		must(protocol.Writer{Meta: map[string]string{"k": "v"}}.AppendInvoke(head, 1, "upper", "hi")),
		must(protocol.AppendResult(head, 1, "HI")),
		must(protocol.AppendError(head, 1, protocol.ErrorValue{Name: "Error", Message: "no", Code: "ERR_X"})),
		protocol.AppendCancel(head, 1),
		must(protocol.AppendSend(head, port.ChannelError, "it went wrong", "")),
		must(protocol.AppendSend(head, port.ChannelRegion)),
	}
	rows := regexp.MustCompile("(?m)^\\| `(01 (?:[0-9a-f]{2} )+[0-9a-f]{2})` \\|").FindAllStringSubmatch(string(page), -1)
	if len(rows) != len(want) {
		t.Fatalf("the page has %d packets, want %d", len(rows), len(want))
	}
	for i, row := range rows {
		if got, err := hex.DecodeString(strings.ReplaceAll(row[1], " ", "")); err != nil || !bytes.Equal(got, want[i]) || protocol.Check(got) != nil {
			t.Errorf("the page says\n%s, want\n% x", row[1], want[i])
		}
	}
}
