package renderer

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/oriel-go/oriel/protocol"
	"github.com/oriel-go/oriel/renderer/ring"
)

var token = strings.Repeat("0a", TokenLength/2)

// TestConstants compares constants.go with constants.h.
func TestConstants(t *testing.T) {
	header, err := os.ReadFile("constants.h")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^#define (ORIEL_\w+) +([^/\n]+?) *(?://.*)?$`).FindAllStringSubmatch(string(header), -1) {
		got[m[1]] = m[2]
	}
	want := map[string]string{
		"ORIEL_SWITCH_CEF_DIR": strconv.Quote(SwitchCEFDir),
		"ORIEL_SWITCH_SCHEMES": strconv.Quote(SwitchSchemes),
		"ORIEL_ENV_CEF_DIR":    strconv.Quote(EnvCEFDir),
		"ORIEL_MESSAGE":        strconv.Quote(Message),
		"ORIEL_RING_MESSAGE":   strconv.Quote(RingMessage),
		"ORIEL_KEY_TOKEN":      strconv.Quote(KeyToken),
		"ORIEL_KEY_SUBFRAMES":  strconv.Quote(KeySubframes),
		"ORIEL_BOOTSTRAP":      strconv.Quote(bootstrap),
		"ORIEL_TOKEN_LENGTH":   strconv.Itoa(TokenLength),
		"ORIEL_PACKET_MIN":     strconv.Itoa(PacketMin),
		"ORIEL_PACKET_HEADER":  strconv.Itoa(protocol.HeaderSize),
		"ORIEL_RING_DATA":      strconv.Itoa(ring.DataOffset),
	}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %s in C and %s in Go", name, got[name], value)
		}
	}
	for name, value := range map[string]int{"ORIEL_PACKET_MAX": PacketMax, "ORIEL_SHARED_MEMORY_FROM": SharedMemoryFrom, "ORIEL_RING_SIZE": ring.Size} {
		product := 1
		for _, factor := range regexp.MustCompile(`\d+`).FindAllString(got[name], -1) {
			n, _ := strconv.Atoi(factor)
			product *= n
		}
		if product != value {
			t.Errorf("%s is %s in C and %d in Go", name, got[name], value)
		}
	}
	if PacketMax != protocol.MaxPacket || PacketMin != protocol.HeaderSize+1 {
		t.Errorf("packets of %d to %d bytes are not what protocol has", PacketMin, PacketMax)
	}
}

func TestSource(t *testing.T) {
	script, err := Source(Config{Token: token, Preload: "</script>\u2028`${1}`\"'\\", Allow: []Rule{{Channels: []string{"*"}, Origins: []string{"app://a"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(script, token) != 1 {
		t.Error("the token is not in the script exactly once")
	}
	for _, name := range fragments {
		text, err := fragment(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(script, text) {
			t.Errorf("%s.js is missing", name)
		}
	}
	if strings.Contains(script, "</script>") || strings.Contains(script, "\u2028") {
		t.Error("the preload is not escaped")
	}
}

func TestSourceRefuses(t *testing.T) {
	for _, c := range []Config{
		{},
		{Token: token[1:]},
		{Token: strings.ToUpper(token)},
		{Token: token, Allow: []Rule{{Channels: []string{"a*b"}, Origins: []string{"*"}}}},
		{Token: token, Allow: []Rule{{Channels: []string{"a"}, Origins: []string{"https://example.com*"}}}},
	} {
		if _, err := Source(c); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}

func TestFormatSchemes(t *testing.T) {
	got, err := FormatSchemes(map[string]int{"lab": 1, "app": 85})
	if err != nil || got != "app=85,lab=1" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, bad := range []map[string]int{nil, {"": 1}, {"App": 1}, {"a=b": 1}, {"a,b": 1}, {"1a": 1}, {"app": -1}} {
		if got, err := FormatSchemes(bad); err == nil {
			t.Errorf("%v became %q", bad, got)
		}
	}
}
