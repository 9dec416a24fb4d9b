package protocol

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ReservedPrefix starts the channel names that are Oriel's own. An app can
// neither send on them nor listen to them.
const ReservedPrefix = "oriel:"

// ErrChannel is the kind of every error about a channel name or a pattern.
var ErrChannel = errors.New("invalid channel")

// ValidChannel reports why an app cannot use the channel name, or nil.
func ValidChannel(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: the name is empty", ErrChannel)
	case len(name) > MaxChannel:
		return fmt.Errorf("%w: the name has %d bytes, %d are allowed", ErrChannel, len(name), MaxChannel)
	case !utf8.ValidString(name):
		return fmt.Errorf("%w: the name is not UTF-8", ErrChannel)
	case strings.HasPrefix(name, ReservedPrefix):
		return fmt.Errorf("%w: %q: names starting with %q are reserved", ErrChannel, name, ReservedPrefix)
	}
	return nil
}

// A Rule lets pages of some origins use some channels. A pattern is an exact
// name, or a prefix and a trailing "*". In an origin the "*" can stand only for
// everything ("*"), every host of a scheme ("app://*") or every port of a host
// ("http://localhost:*"): a freer one would let "https://example.com*" match
// https://example.com.evil.example. An opaque origin, "null", is matched by
// "null" alone.
type Rule struct {
	Channels []string `json:"channels"`
	Origins  []string `json:"origins"`
}

// Validate reports the first pattern of r that is not one.
func (r Rule) Validate() error {
	for _, p := range r.Channels {
		if p == "" || strings.Contains(strings.TrimSuffix(p, "*"), "*") {
			return fmt.Errorf("%w pattern %q", ErrChannel, p)
		}
	}
	for _, p := range r.Origins {
		if !validOriginPattern(p) {
			return fmt.Errorf("%w: origin pattern %q", ErrChannel, p)
		}
	}
	return nil
}

// Allowed reports whether one of the rules lets a page of the origin use the
// channel. No rules allow nothing, and no rule opens a reserved channel.
func Allowed(rules []Rule, origin, channel string) bool {
	if origin == "" || strings.HasPrefix(channel, ReservedPrefix) {
		return false
	}
	for _, r := range rules {
		if matchAny(r.Channels, channel, matchChannel) && matchAny(r.Origins, origin, matchOrigin) {
			return true
		}
	}
	return false
}

func matchAny(patterns []string, s string, match func(pattern, s string) bool) bool {
	for _, p := range patterns {
		if match(p, s) {
			return true
		}
	}
	return false
}

func matchChannel(pattern, s string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(s, prefix)
	}
	return pattern == s
}

func matchOrigin(pattern, origin string) bool {
	if origin == "null" || !validOriginPattern(pattern) {
		return pattern == origin
	}
	// An origin leaves out its scheme's default port.
	return matchChannel(pattern, origin) || strings.TrimSuffix(pattern, ":*") == origin
}

// validOriginPattern says whether a "*" stands only at a border of the origin.
func validOriginPattern(p string) bool {
	prefix, wild := strings.CutSuffix(p, "*")
	if !wild {
		return p != "" && !strings.Contains(p, "*")
	}
	scheme, host, _ := strings.Cut(prefix, "://")
	return prefix == "" ||
		!strings.Contains(prefix, "*") && scheme != "" && strings.Contains(prefix, "://") &&
			(host == "" || strings.HasSuffix(host, ":") && host != ":")
}
