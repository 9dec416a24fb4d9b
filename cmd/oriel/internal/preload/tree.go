// Package preload writes what exposes an app's channels to its pages: a preload, and a TypeScript declaration of what the preload exposes.
package preload

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/oriel-go/oriel/cmd/oriel/internal/channels"
	"github.com/oriel-go/oriel/cmd/oriel/internal/typescript"
)

// lone is the object for channels whose name has one part only.
const lone = "api"

// A node is an object with members, or a function. Members are in the order of their names.
type node struct {
	name    string
	channel *channels.Channel // nil for an object
	members []*node
}

// windowText lists what a page's window has already, one name a line: Chromium's own, and what TypeScript believes it to have.
//
//go:embed window.txt
var windowText string

// tree arranges the channels as objects and functions. "notes:tags:add" is add of tags of window.notes.
func tree(all []channels.Channel) (*node, channels.Faults) {
	root := &node{}
	var faults channels.Faults
	for i := range all {
		c := &all[i]
		path, err := pathOf(c)
		if err == nil {
			err = root.put(path, c)
		}
		if err != nil {
			faults = append(faults, channels.Fault{At: c.At, Text: err.Error()})
		}
	}
	if len(faults) > 0 {
		return nil, faults.Sorted()
	}
	root.sort()
	return root, nil
}

// pathOf is where the function for a channel is. Parts are divided by ':', '/' and '.'; within a part, what cannot be in a name goes and the
// next letter is a capital one: "open-window" is openWindow.
func pathOf(c *channels.Channel) ([]string, error) {
	parts := strings.FieldsFunc(c.Name, func(r rune) bool { return strings.ContainsRune(":/.", r) })
	for i, part := range parts {
		name := camel(part)
		if !typescript.IsIdentifier(name) {
			return nil, fmt.Errorf("channel %q: no name can be made of %q", c.Name, part)
		}
		parts[i] = name
	}
	if len(parts) == 0 {
		return nil, fmt.Errorf("channel %q: no name can be made of it", c.Name)
	}
	if len(parts) == 1 {
		parts = []string{lone, parts[0]}
	}
	last := &parts[len(parts)-1]
	switch c.Kind {
	case channels.On:
		*last = "on" + capital(*last)
	case channels.Handle, channels.Block:
		*last = "handle" + capital(*last)
	}
	for i, part := range parts {
		if i == 0 && slices.Contains(strings.Fields(windowText), part) {
			return nil, fmt.Errorf("channel %q: every page has a window.%s already", c.Name, part)
		}
		if slices.Contains([]string{"__proto__", "constructor", "prototype", "then"}, part) {
			return nil, fmt.Errorf("channel %q: %s has a meaning of its own in JavaScript", c.Name, part)
		}
	}
	return parts, nil
}

// camel takes out of a part what cannot be in a name.
func camel(part string) string {
	words := strings.FieldsFunc(part, func(r rune) bool { return r != '_' && r != '$' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i := range words {
		if i > 0 {
			words[i] = capital(words[i])
		}
	}
	return strings.Join(words, "")
}

func capital(name string) string {
	r, n := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(r)) + name[n:]
}

// put adds the function for a channel.
func (n *node) put(path []string, c *channels.Channel) error {
	for i, name := range path {
		at := slices.IndexFunc(n.members, func(m *node) bool { return m.name == name })
		isLast := i == len(path)-1
		if at < 0 {
			n.members = append(n.members, &node{name: name})
			at = len(n.members) - 1
		} else if m := n.members[at]; isLast || m.channel != nil {
			return fmt.Errorf("channel %q and channel %q (%s) would both be window.%s", c.Name, m.first().Name, m.first().At, strings.Join(path[:i+1], "."))
		}
		n = n.members[at]
	}
	n.channel = c
	return nil
}

// first is the channel of a node, or one below it.
func (n *node) first() *channels.Channel {
	for n.channel == nil {
		n = n.members[0]
	}
	return n.channel
}

func (n *node) sort() {
	slices.SortFunc(n.members, func(a, b *node) int { return cmp.Compare(a.name, b.name) })
	for _, m := range n.members {
		m.sort()
	}
}
