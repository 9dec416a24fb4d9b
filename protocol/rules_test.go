package protocol

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
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

// TestAllowed reads a table that is there for the renderer's tests too.
func TestAllowed(t *testing.T) {
	b, err := os.ReadFile("testdata/rules.json")
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Rules []Rule
		Cases []struct {
			Origin, Channel string
			Allowed         bool
		}
	}
	if err := json.Unmarshal(b, &table); err != nil {
		t.Fatal(err)
	}
	rules := table.Rules
	for _, c := range table.Cases {
		if got := Allowed(rules, c.Origin, c.Channel); got != c.Allowed {
			t.Errorf("%s on %s: %v", c.Channel, c.Origin, got)
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
		{fmt.Errorf("x: %w", ErrLimit), ErrorValue{Name: "Error", Message: "x: limit exceeded", Code: "ERR_LIMIT"}},
		{fmt.Errorf("%w, %w", ErrLimit, coded{errors.New("y")}), ErrorValue{Name: "Error", Message: "limit exceeded, y", Code: "E_CODE", Data: 7}},
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
