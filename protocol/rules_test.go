package protocol

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
)

func TestValidChannel(t *testing.T) {
	for _, name := range []string{"a", "notes:save", "Grüße", strings.Repeat("x", 255), "oriel", "*"} {
		if err := ValidChannel(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", strings.Repeat("x", 256), "a\xff", "oriel:x", "oriel:"} {
		if err := ValidChannel(name); !errors.Is(err, ErrChannel) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestAllowed(t *testing.T) {
	rules := []Rule{
		{Channels: []string{"notes:*", "quit"}, Origins: []string{"app://notes"}},
		{Channels: []string{"*"}, Origins: []string{"http://localhost:*", "lab://*"}},
		{Channels: []string{"bad"}, Origins: []string{"https://example.com*", "htt*", "https://*:80", "null"}},
		{Channels: []string{"open"}, Origins: []string{"*"}},
	}
	for _, c := range []struct {
		origin, channel string
		want            bool
	}{
		{"app://notes", "notes:save", true},
		{"app://notes", "notes:", true},
		{"app://notes", "notes", false},
		{"app://notes", "quit", true},
		{"app://notes", "quit2", false},
		{"app://notes.evil", "quit", false},
		{"app://note", "quit", false},
		{"http://localhost:3000", "x", true},
		{"http://localhost", "x", true},
		{"http://localhost.evil:3000", "x", false},
		{"https://localhost:3000", "x", false},
		{"lab://anything", "x", true},
		{"https://example.com", "bad", false},
		{"https://example.com.evil", "bad", false},
		{"https://x:80", "bad", false},
		{"null", "bad", true},
		{"null", "open", false},
		{"https://example.com", "open", true},
		{"http://localhost:3000", "oriel:x", false},
		{"", "open", false},
	} {
		if got := Allowed(rules, c.origin, c.channel); got != c.want {
			t.Errorf("%s on %s: %v", c.channel, c.origin, got)
		}
	}
	if Allowed(nil, "app://notes", "x") {
		t.Error("no rules allow something")
	}
	for i, r := range rules {
		if err := r.Validate(); (err != nil) != (i == 2) {
			t.Errorf("rule %d: %v", i, err)
		}
	}
	for _, r := range []Rule{{Channels: []string{"a*b"}}, {Channels: []string{""}}, {Origins: []string{""}}, {Origins: []string{"://*"}}, {Origins: []string{"a://:*"}}} {
		if err := r.Validate(); !errors.Is(err, ErrChannel) {
			t.Errorf("%v: %v", r, err)
		}
	}
	if b, err := json.Marshal(rules[0]); err != nil || string(b) != `{"channels":["notes:*","quit"],"origins":["app://notes"]}` {
		t.Errorf("%s, %v", b, err)
	}
}

type coded struct{ error }

func (coded) Code() string { return "E_CODE" }
func (coded) Data() any    { return 7 }

func TestAsError(t *testing.T) {
	secret := &fs.PathError{Op: "open", Path: "/home/me/notes", Err: fs.ErrNotExist}
	public := &PublicError{ErrorValue{Message: "no such note", Code: "ENOENT"}, secret}
	for _, c := range []struct {
		err  error
		want ErrorValue
	}{
		{nil, ErrorValue{Name: "Error"}},
		{errors.New("boom"), ErrorValue{Name: "Error", Message: "boom"}},
		{public, ErrorValue{Name: "Error", Message: "no such note", Code: "ENOENT"}},
		{fmt.Errorf("save: %w", public), ErrorValue{Name: "Error", Message: "no such note", Code: "ENOENT"}},
		{fmt.Errorf("x: %w", coded{errors.New("y")}), ErrorValue{Name: "Error", Message: "x: y", Code: "E_CODE", Data: 7}},
		{&PublicError{ErrorValue{Message: "no"}, coded{errors.New("secret")}}, ErrorValue{Name: "Error", Message: "no"}},
		{&ErrorValue{Name: "TypeError", Message: "m"}, ErrorValue{Name: "TypeError", Message: "m"}},
	} {
		if got := AsError(c.err); got != c.want {
			t.Errorf("%v: %+v", c.err, got)
		}
	}
	if !errors.Is(public, fs.ErrNotExist) || !strings.Contains(public.Error(), "/home/me/notes") {
		t.Errorf("the log does not see the cause: %v", public)
	}
	// As a value, too, an error shows only its public text.
	got := decodeInto[*Error](t, encode(t, public))
	if got.Message != "no such note" || got.Name != "Error" {
		t.Errorf("%+v", got)
	}
}

func TestPathsAreBounded(t *testing.T) {
	v := any(func() {})
	for range 40 {
		v = map[string]any{strings.Repeat("k", 50): v}
	}
	_, err := AppendValue(nil, v)
	if err == nil || len(err.Error()) > 400 {
		t.Error(err)
	}
}
