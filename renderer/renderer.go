// Package renderer is everything of Oriel that runs in Chromium's renderer processes.
//
// Three parts run in three places:
//
//   - The C files run in every process of Chromium's other than the browser. A constructor (entry.c) sees --type= in the arguments
//     before the Go runtime has started and never returns, so such a process has no Go in it. Importing this package, for its name
//     or blank, links the constructor in. In renderers the C offers a one-shot function to every world that is not a page's
//     (world.c) and moves bytes for the one that proves itself by the browser's token (session.c, message.c).
//   - The files in runtime/ run in an isolated world of each document: codec, ipcRenderer, contextBridge, preload. [Source] makes
//     one script of them, which the main process registers by Page.addScriptToEvaluateOnNewDocument. runtime/world.js also runs
//     in the page's own world, as the other half of the bridge.
//   - The Go files run in the main process and only put that script together.
package renderer

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"

	_ "github.com/oriel-go/oriel/cef" // libcef's loader, which the C here calls
	"github.com/oriel-go/oriel/protocol"
)

// #cgo CFLAGS: -std=c11 -I${SRCDIR}/../cef
import "C"

// WorldName is the name of the isolated world in which the runtime runs.
const WorldName = "oriel"

//go:embed runtime/*.js
var runtime embed.FS

// fragments of the runtime in the order in which they are joined.
var fragments = []string{"world", "world_natures", "world_dom", "world_signal", "world_stream", "outbox", "handshake",
	"codec_tables", "codec_natures", "codec_values", "codec_span", "codec_decode", "codec",
	"rules", "emitter", "handlers", "blocks", "streams", "ports_heard", "ports", "unheard", "ipc", "bridge", "direct", "process", "modules", "preload"}

// pageScripts are what runs in the page's world, by the runtime's name for it: the fragments, and what the script yields.
var pageScripts = []struct {
	name      string
	fragments []string
	result    string
}{
	// The page's half of the bridge, before any script of the page.
	{"MAIN_WORLD", []string{"world", "world_natures", "world_dom", "world_signal", "world_stream", "world_direct"}, "createHalf"},
	// The codec of direct functions, when there are any.
	{"DIRECT_WORLD", []string{"direct_encoder", "direct_decoder"}, "(install) => install(createDirectEncoder, createDirectDecoder)"},
}

// Rule lets origins use channels.
type Rule = protocol.Rule

// Config is what the runtime of one browser has to know.
type Config struct {
	// Token is the browser's token, the same as under [KeyToken] in its extra_info.
	Token string `json:"token"`
	// Target is what a document of this script names itself by towards the main process; "" where no other script is registered.
	Target string `json:"target"`
	// Preload is the text of the preload script; empty, there is none.
	Preload string `json:"preload"`
	// PreloadPath is the name of the preload script in stack traces and messages.
	PreloadPath string `json:"preloadPath"`
	// Argv is process.argv in the preload.
	Argv []string `json:"argv"`
	// Versions is process.versions in the preload.
	Versions map[string]string `json:"versions"`
	// Platform is process.platform in the preload; empty, it is "linux".
	Platform string `json:"platform"`
	// Arch is process.arch in the preload.
	Arch string `json:"arch"`
	// Allow says who may use which channel; empty, nobody may use any.
	Allow []Rule `json:"allow"`
}

// Source returns the script that the main process registers for the world [WorldName] of every new document.
// It holds the token, so it must not be shown to any page.
func Source(config Config) (string, error) {
	if !isToken(config.Token) {
		return "", fmt.Errorf("renderer: a token has %d lower-case hex digits", TokenLength)
	}
	for _, rule := range config.Allow {
		if err := rule.Validate(); err != nil {
			return "", fmt.Errorf("renderer: %w", err)
		}
	}
	encoded, err := json.Marshal(config) // escapes <, > and U+2028 too, so it is JavaScript as well
	if err != nil {
		return "", fmt.Errorf("renderer: encode config: %w", err)
	}
	var b strings.Builder
	b.WriteString("(() => {\n'use strict';\nconst CONFIG = ")
	b.Write(encoded)
	b.WriteString(";\n")
	for _, s := range pageScripts {
		literal, err := pageScript(s.fragments, s.result)
		if err != nil {
			return "", err
		}
		b.WriteString("const " + s.name + " = ")
		b.Write(literal)
		b.WriteString(";\n")
	}
	for _, name := range fragments {
		text, err := fragment(name)
		if err != nil {
			return "", err
		}
		b.WriteString(text)
	}
	b.WriteString("})();\n//# sourceURL=oriel-runtime.js\n")
	return b.String(), nil
}

// pageScript returns, as a string literal, a script that yields what is defined by fragments.
func pageScript(fragments []string, result string) ([]byte, error) {
	var b strings.Builder
	b.WriteString("(() => {\n'use strict';\n")
	for _, name := range fragments {
		text, err := fragment(name)
		if err != nil {
			return nil, err
		}
		b.WriteString(text)
	}
	b.WriteString("return " + result + ";\n})()")
	quoted, err := json.Marshal(b.String())
	if err != nil {
		return nil, fmt.Errorf("renderer: encode a script for the page's world: %w", err)
	}
	return quoted, nil
}

func fragment(name string) (string, error) {
	text, err := runtime.ReadFile("runtime/" + name + ".js")
	if err != nil {
		return "", fmt.Errorf("renderer: %w", err)
	}
	return string(text), nil
}

func isToken(s string) bool {
	return len(s) == TokenLength && strings.Trim(s, "0123456789abcdef") == ""
}

// FormatSchemes returns the value of [SwitchSchemes] for schemes and their options (bits of cef_scheme_options_t).
func FormatSchemes(schemes map[string]int) (string, error) {
	var parts []string
	for name, options := range schemes {
		if !isScheme(name) || options < 0 {
			return "", fmt.Errorf("renderer: bad custom scheme %q with options %d", name, options)
		}
		parts = append(parts, name+"="+strconv.Itoa(options))
	}
	if len(parts) == 0 {
		return "", errors.New("renderer: no custom scheme")
	}
	sort.Strings(parts)
	return strings.Join(parts, ","), nil
}

func isScheme(name string) bool {
	if name == "" || name[0] < 'a' || name[0] > 'z' {
		return false
	}
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789+-.") == ""
}
